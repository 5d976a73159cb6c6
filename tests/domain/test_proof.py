"""Holding our totals against the provider's."""

from hypothesis import given
from hypothesis import strategies as st

from core.domain.proof import (
    RESIDUALS_STORED_MAX,
    WHOLE_YEAR,
    Cell,
    ControlTotals,
    Finding,
    FindingKind,
    Verdict,
    hold_against,
)

cells = st.builds(
    Cell,
    account_key=st.sampled_from(["a", "b", "c"]),
    year=st.sampled_from([2024, 2025]),
    period=st.integers(min_value=0, max_value=14),
)
balances = st.dictionaries(cells, st.integers(min_value=-(10**9), max_value=10**9), max_size=12)


@given(balances)
def test_equal_totals_are_proven_and_zero_cells_do_not_matter(ours: dict[Cell, int]) -> None:
    theirs = {cell: amount for cell, amount in ours.items() if amount}
    proof = hold_against(ours, ControlTotals(balances_e4=theirs))
    assert proof.verdict is Verdict.PROVEN
    assert proof.sound
    assert proof.difference_e4 == 0


@given(ours=balances, theirs=balances)
def test_a_difference_of_any_size_anywhere_is_found(
    ours: dict[Cell, int], theirs: dict[Cell, int]
) -> None:
    proof = hold_against(ours, ControlTotals(balances_e4=theirs))
    different = {
        cell for cell in ours.keys() | theirs.keys() if ours.get(cell, 0) != theirs.get(cell, 0)
    }
    assert {residual.cell for residual in proof.residuals} == different
    assert (proof.verdict is Verdict.PROVEN) == (not different)
    assert proof.difference_e4 == sum(
        abs(ours.get(cell, 0) - theirs.get(cell, 0)) for cell in different
    )


def test_years_limit_what_is_compared() -> None:
    ours = {
        Cell(account_key="a", year=2024, period=1): 5,
        Cell(account_key="a", year=2025, period=1): 7,
    }
    theirs = {Cell(account_key="a", year=2025, period=1): 7}
    scoped = ControlTotals(balances_e4=theirs, years=frozenset({2025}))
    assert hold_against(ours, scoped).verdict is Verdict.PROVEN
    assert hold_against(ours, ControlTotals(balances_e4=theirs)).verdict is Verdict.DIFFERS


def test_moved_names_a_difference_only() -> None:
    cell = Cell(account_key="a", year=2025, period=1)
    ours = {cell: 7}
    nothing = ControlTotals(balances_e4={})
    assert hold_against(ours, nothing, moved={cell}).verdict is Verdict.MOVED
    same = hold_against(ours, ControlTotals(balances_e4=ours), moved={cell})
    assert same.verdict is Verdict.PROVEN


def test_what_moves_elsewhere_does_not_excuse_a_difference() -> None:
    still = Cell(account_key="a", year=2019, period=1)
    moving = Cell(account_key="b", year=2025, period=1)
    ours = {still: 7, moving: 5}
    nothing = ControlTotals(balances_e4={})
    assert hold_against(ours, nothing, moved={moving}).verdict is Verdict.DIFFERS


def test_findings_make_a_proof_unsound_but_do_not_hide_the_verdict() -> None:
    finding = Finding(kind=FindingKind.UNBALANCED_ENTRY, key="e1", amount_e4=100)
    proof = hold_against({}, ControlTotals(balances_e4={}), [finding])
    assert (proof.verdict, proof.sound, proof.finding_count) == (Verdict.PROVEN, False, 1)
    assert hold_against({}, None, [finding]).verdict is Verdict.NOT_OFFERED


def test_many_residuals_are_cut_but_counted_and_the_largest_stay() -> None:
    ours = {
        Cell(account_key=str(number), year=2025, period=1): number + 1
        for number in range(RESIDUALS_STORED_MAX + 50)
    }
    proof = hold_against(ours, ControlTotals(balances_e4={}))
    assert proof.residual_count == RESIDUALS_STORED_MAX + 50
    assert len(proof.residuals) == RESIDUALS_STORED_MAX
    assert proof.residuals[0].difference_e4 == RESIDUALS_STORED_MAX + 50


def test_totals_of_whole_years_are_compared_with_our_years() -> None:
    ours = {
        Cell(account_key="1", year=2025, period=3): 700,
        Cell(account_key="1", year=2025, period=9): -200,
        Cell(account_key="1", year=2026, period=1): 40,
    }
    theirs = {
        Cell(account_key="1", year=2025, period=WHOLE_YEAR): 500,
        Cell(account_key="1", year=2026, period=WHOLE_YEAR): 30,
    }
    control = ControlTotals(balances_e4=theirs, by_year=True)
    proof = hold_against(ours, control)
    assert proof.verdict is Verdict.DIFFERS
    assert [each.cell.year for each in proof.residuals] == [2026]
    assert [(each.period, each.where) for each in proof.residuals] == [(None, "2026")]
    assert proof.difference_e4 == 10
