"""Calls a day per operation, as low as two: honoured by the budgets, and no reason to fail."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.octopus.contract import BOOKINGS, VAT_CODES
from adapters.providers.octopus.declaration import (
    QUOTA_SPENT,
    dossier_session_charges,
    operation_charges,
    tomorrow,
)
from core.domain.books import RecordKind
from core.domain.failures import Wait
from core.domain.integration import Administration
from core.ports.budget import BudgetSpent
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.octopus.sandboxed import (
    FIRST,
    KEY,
    asked,
    assert_true,
    imported,
    signed_in,
    stand_in_of,
    view_of,
)
from tests.providers.sandboxed import Connected, run, run_into_failure

NIGHT_SECONDS = 24 * 3600
BRUSSELS = ZoneInfo("Europe/Brussels")


def test_two_nights_a_day_stay_far_below(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    for _ in range(6):
        sandbox.advance(NIGHT_SECONDS / 2)
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, administration, bookmark, ledger)
            assert_true(sandbox, tonight, administration, ledger)
    spent = stand_in_of(sandbox).quotas.spent
    per_night = {
        operation: count
        for (day, place, operation), count in spent.items()
        if place == FIRST and day != "2026-11-20"
    }
    assert max(per_night.values()) <= 2


def test_vat_codes_are_left_as_they_are_when_their_two_calls_are_gone(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """Three whole readings in a day: the third goes without, and loses nothing. A fourth is what
    the 48 calls for bookings no longer allow.
    """
    ledger = Ledger()
    for _ in range(3):
        run(source, administration, None, ledger)
    assert asked(sandbox, "/vatcodes") == VAT_CODES.calls
    assert ledger.records[RecordKind.TAX_CODE]
    assert_true(sandbox, source, administration, ledger)
    failure, _ = run_into_failure(source, administration, ledger)
    assert isinstance(failure, BudgetSpent)
    assert asked(sandbox, "/bookings/modified") == BOOKINGS.calls


def test_vat_codes_are_asked_for_again_when_they_had_to_be_left(
    sandbox: Sandbox, kit: Kit, budgets: FakeBudgets
) -> None:
    with closing(signed_in(sandbox, kit).open()) as source:
        administration = next(each for each in source.administrations() if each.key == FIRST)
        told = '{"errorMessage":"Maximum allowed calls per day: 2"}'
        fault = {"kind": "status", "status": 403, "body": told, "path": "*vatcodes"}
        sandbox.add_fault(KEY, fault)
        ledger, bookmark = imported(source, administration)
        assert not ledger.records[RecordKind.TAX_CODE]
        assert_true(sandbox, source, administration, ledger)
        sandbox.advance(2 * NIGHT_SECONDS)
        budgets.learned.clear()
        run(source, administration, bookmark, ledger)
        codes = {tax.serial for tax in view_of(sandbox).books.tax_codes}
        assert len(ledger.records[RecordKind.TAX_CODE]) >= len(codes)


def test_a_first_load_of_many_bookyears_goes_on_the_next_day(
    sandbox: Sandbox, source: Source, administration: Administration, budgets: FakeBudgets
) -> None:
    scope = next(iter(_bookings_scope(sandbox)))
    left = 6
    now = sandbox.clock.now()
    budgets.spent[scope, BOOKINGS.limit.seconds] = [now] * (BOOKINGS.calls - left)
    ledger = Ledger()
    failure, bookmark = run_into_failure(source, administration, ledger)
    assert isinstance(failure, BudgetSpent)
    assert failure.retry_at is not None
    assert asked(sandbox, "bookyears/") == left
    assert failure.retry_at - now <= timedelta(days=1)
    sandbox.advance((failure.retry_at - sandbox.clock.now()).total_seconds() + 1)
    run(source, administration, bookmark, ledger)
    assert_true(sandbox, source, administration, ledger)


def _bookings_scope(sandbox: Sandbox) -> list[str]:
    place = sandbox.url(KEY).partition("://")[2]
    return [f"octopus@{place}:{FIRST}:{BOOKINGS.name}"]


@pytest.mark.parametrize("status", [403, 429])
def test_octopus_own_count_is_believed_and_told_to_all(
    sandbox: Sandbox, kit: Kit, budgets: FakeBudgets, status: int
) -> None:
    """Somebody else used the calls: our budgets know of none of them."""
    sandbox.settings(KEY, quota_status=status)
    quotas = stand_in_of(sandbox).quotas
    today = sandbox.clock.now().astimezone(BRUSSELS).date()
    quotas.spent[today.isoformat(), FIRST, "bookings/modified"] = BOOKINGS.calls
    with closing(signed_in(sandbox, kit).open()) as source:
        administration = next(each for each in source.administrations() if each.key == FIRST)
        sandbox.clear_log(KEY)
        failure, bookmark = run_into_failure(source, administration, ledger := Ledger())
        assert isinstance(failure, Wait)
        assert failure.code == QUOTA_SPENT
        assert asked(sandbox, "bookings/modified") == 1  # never repeated within the run
        assert failure.retry_at is not None
        midnight = failure.retry_at.astimezone(BRUSSELS)
        assert (midnight.date() - today).days == 1
        assert midnight.hour == 0
        learned = [(limit, remaining) for _, limit, remaining, _ in budgets.learned]
        assert learned == [(BOOKINGS.limit, 0)]
        sandbox.advance((failure.retry_at - sandbox.clock.now()).total_seconds())
        run(source, administration, bookmark, ledger)
        assert_true(sandbox, source, administration, ledger)


def test_quotas_begin_anew_at_midnight_in_brussels_whatever_the_season() -> None:
    for now, expected in (
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), datetime(2026, 7, 1, 22, 5, tzinfo=UTC)),
        (datetime(2026, 7, 1, 22, 1, tzinfo=UTC), datetime(2026, 7, 2, 22, 5, tzinfo=UTC)),
        (datetime(2026, 12, 1, 12, 0, tzinfo=UTC), datetime(2026, 12, 1, 23, 5, tzinfo=UTC)),
    ):
        assert tomorrow({}, now) == expected
    assert tomorrow({"retry-after": "20"}, now) is None


def test_calls_of_one_dossier_follow_each_other(
    sandbox: Sandbox, source: Source, administration: Administration, budgets: FakeBudgets
) -> None:
    seen = {len(budgets.under_way) for _ in source.pull(administration, None)}
    assert seen == {0}
    place = sandbox.url(KEY).partition("://")[2]
    assert (f"octopus@{place}:{FIRST}:bookings", BOOKINGS.limit.seconds) in budgets.spent


def test_the_same_user_shares_its_budgets_over_connections() -> None:
    first = dossier_session_charges({"user": "A@example.be"}, "int_1")
    again = dossier_session_charges({"user": " a@example.be "}, "int_2")
    other = dossier_session_charges({"user": "b@example.be"}, "int_1")
    assert first == again != other
    assert "example" not in first[0].scope


def test_a_stand_in_takes_nothing_from_the_real_octopus() -> None:
    real = operation_charges({}, FIRST, VAT_CODES)
    here = operation_charges({"address": "http://127.0.0.1:9409"}, FIRST, VAT_CODES)
    assert {charge.scope for charge in real}.isdisjoint(charge.scope for charge in here)
