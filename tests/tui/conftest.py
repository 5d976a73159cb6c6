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
    "test_lists.py",
    "test_onboarding.py",
}
VARIED_NAMES = {
    "test_an_audit_file_is_shown_and_imported_without_a_mapping",
    "test_every_place_survives_any_size",
    "test_it_fits_small_and_large_terminals_and_survives_being_resized",
    "test_looking_and_finding_nothing_paints_nothing",
    "test_the_filter_line_opens_filters_and_closes",
    "test_without_unicode_only_ascii_is_written",
}
"""Of the other files."""
QUICK = {
    "test_a_dead_key_is_shown_and_reconnected_without_filling_everything_in",
    "test_a_key_connects_from_the_list_to_proven_books",
    "test_a_list_is_sorted_by_key_and_by_its_titles_and_keeps_its_cursor",
    "test_an_answer_can_be_pasted_and_its_code_does_not_stay_on_screen",
    "test_disconnecting_says_what_it_affects_and_asks",
    "test_from_the_trial_balance_to_an_entry_and_back",
    "test_imports_with_proof_and_residuals_per_account",
    "test_no_more_than_so_many_are_held",
    "test_numbers_are_sorted_by_size_and_words_as_people_look_them_up",
    "test_thousands_page_by_keyset_and_few_rows_are_held",
    "test_titles_stay_where_they_fit_and_a_notice_comes_last",
    "test_what_is_wrong_can_be_copied",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the variations; before ``-m`` selects, because conftests are asked first."""
    for item in items:
        name = item.name.split("[")[0]
        varied = item.path.name in VARIATIONS and name not in QUICK
        if item.path.parent == HERE and (varied or name in VARIED_NAMES):
            item.add_marker(pytest.mark.fire)
