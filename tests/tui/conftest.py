"""Which walks through the terminal interface run at each change, and which under ``make fire``.

A Pilot test starts an app and costs seconds of CPU. One walk through each screen stays with the
quick suite; the variations are long proofs.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
VARIATIONS = {
    "test_activity.py",
    "test_entities.py",
    "test_entity.py",
    "test_integrations.py",
    "test_onboarding.py",
}
QUICK = {
    "test_a_dead_key_is_shown_and_reconnected_without_filling_everything_in",
    "test_a_key_connects_from_the_list_to_proven_books",
    "test_an_answer_can_be_pasted_and_its_code_does_not_stay_on_screen",
    "test_disconnecting_says_what_it_affects_and_asks",
    "test_from_the_trial_balance_to_an_entry_and_back",
    "test_imports_with_proof_and_residuals_per_account",
    "test_no_more_than_so_many_are_held",
    "test_thousands_page_by_keyset_and_few_rows_are_held",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the variations; before ``-m`` selects, because conftests are asked first."""
    for item in items:
        varied = item.path.parent == HERE and item.path.name in VARIATIONS
        if varied and item.name.split("[")[0] not in QUICK:
            item.add_marker(pytest.mark.fire)
