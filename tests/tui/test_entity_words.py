"""One entity: keys of its parts, and wording that needs no terminal."""

from attrs import evolve
from textual.binding import Binding, BindingType

from core.domain.proof import WHOLE_YEAR, Cell, ControlTotals, hold_against
from core.services.figures import Figures, PeriodFigures
from interfaces.tui.screens.entity.imports import proof_lines
from interfaces.tui.screens.entity.overview import money_lines
from interfaces.tui.screens.entity.run import proof_rows
from interfaces.tui.screens.entity.screen import PANES
from tests.tui.houses import imported_house


def _keys(bindings: list[BindingType]) -> set[str]:
    found = [one.key if isinstance(one, Binding) else one[0] for one in bindings]
    return {key for each in found for key in each.split(",")}


def test_no_part_of_an_entity_takes_a_key_that_the_bar_of_parts_shows() -> None:
    shown = {kind.key for kind in PANES}
    for kind in PANES:
        assert not _keys(type(kind.pane()).BINDINGS) & shown, kind.name


def test_residuals_of_whole_years_are_not_said_to_be_of_a_month() -> None:
    cell = Cell(account_key="1", year=2026, period=WHOLE_YEAR)
    proof = hold_against({cell: 1_0000}, ControlTotals(balances_e4={}, by_year=True))
    assert [one.text for one in proof_rows(proof, [])[0].cells] == [
        "2026", "1", "1.00", "0.00", "1.00",
    ]  # fmt: skip
    house = imported_house()
    run = evolve(house.services.reading.runs(house.org)[0], proof=proof)
    assert "2026  1: ours 1.00" in str(proof_lines(run, {}, "EUR"))


def test_a_result_of_accounts_without_a_class_is_not_shown_as_nothing() -> None:
    house = imported_house()
    status = house.services.reading.entities(house.org)[0]
    mute = PeriodFigures(
        year=2026, period=1, income_e4=0, expense_e4=0, result_e4=-5_0000, balance_total_e4=0
    )
    said = str(money_lines(Figures(periods=(mute,), unplaced=0), status))
    assert "unclassed" in said
    assert "income" not in said
    assert "unclassed" not in str(
        money_lines(house.services.reading.figures(house.org, status.entity.id), status)
    )
