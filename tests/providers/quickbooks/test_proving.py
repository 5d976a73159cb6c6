"""What holds the ledger of QuickBooks against its trial balances, and what is read again."""

from contextlib import closing
from datetime import date

from adapters.providers.kit.calls import Kit
from core.domain.integration import Administration
from core.domain.proof import WHOLE_YEAR, Verdict, hold_against
from core.ports.provider import START_OVER, ReadsAgain, Source
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS
from tests.providers.quickbooks.sandboxed import (
    BROKEN_YEAR,
    assert_true,
    authorised,
    booked,
    imported,
    view_of,
)
from tests.providers.sandboxed import Connected, run


def test_a_fiscal_year_that_begins_in_july(sandbox: Sandbox, kit: Kit) -> None:
    with closing(authorised(sandbox, kit, BROKEN_YEAR).open()) as source:
        (administration,) = source.administrations()
        ledger_read, _ = imported(source, administration)
        may = next(line for line in ledger_read.lines if line.date.month == 5)
        assert (may.year, may.period) == (may.date.year, 11)
        august = next(line for line in ledger_read.lines if line.date.month == 8)
        assert (august.year, august.period) == (august.date.year + 1, 2)
        assert_true(sandbox, source, administration, ledger_read)


def test_results_of_earlier_years_inside_retained_earnings_are_taken_out(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """A result of 2025 that nobody booked to equity stands there in 2026 nevertheless."""
    booked(sandbox, date(2025, 12, 30), cents=777_700)
    booked(sandbox, date(2024, 5, 5), cents=1_100)
    ledger_read, _ = imported(source, administration)
    assert_true(sandbox, source, administration, ledger_read)
    control = source.control_totals(administration)
    assert control is not None
    assert control.by_year
    assert {cell.period for cell in control.balances_e4} == {WHOLE_YEAR}
    assert {cell.year for cell in control.balances_e4} >= {2024, 2025, 2026}


def test_a_night_holds_only_the_years_that_were_read_against_their_totals(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    ledger_read, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    with closing(connected.open()) as tonight:
        bookmark = run(tonight, administration, bookmark, ledger_read)
        control = tonight.control_totals(administration)
        assert control is not None
        assert control.years == frozenset({2026})
    sandbox.advance(8 * NIGHT_SECONDS)
    with closing(connected.open()) as weekly:
        run(weekly, administration, bookmark, ledger_read)
        control = weekly.control_totals(administration)
        assert control is not None
        assert control.years is None


def test_what_nobody_told_is_found_by_the_trial_balance_and_read_again(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """A tax payment of last year changed: change data capture does not know its type."""
    view = view_of(sandbox)
    ledger_read, bookmark = imported(source, administration)
    payment = next(
        entry
        for entry in view.books.live_entries()
        if view.entity_and_label(entry)[0] == "TaxPayment" and entry.date.year == 2025
    )
    sandbox.advance(NIGHT_SECONDS)
    view.books.change_amount(payment, 4_400)
    bookmark = run(source, administration, bookmark, ledger_read)
    control = source.control_totals(administration, whole=True)
    proof = hold_against(ledger_read.cells, control)
    assert proof.verdict is Verdict.DIFFERS
    assert isinstance(source, ReadsAgain)
    years = frozenset(residual.cell.year for residual in proof.residuals)
    again = source.again(administration, bookmark, years)
    run(source, administration, again, ledger_read)
    assert_true(sandbox, source, administration, ledger_read)


def test_a_bookmark_nobody_can_read_is_read_again_from_nothing(
    source: Source, administration: Administration
) -> None:
    assert isinstance(source, ReadsAgain)
    assert source.again(administration, "nonsense", frozenset({2025})) == START_OVER
