"""Overview: headline figures, result and balance by period."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from core.domain.books import RecordKind
from core.domain.catalogue import entry_of
from core.domain.money import E4_PER_UNIT
from interfaces.tui.screens.entity.pane import Pane
from interfaces.tui.widgets.charts import Bar, Chart
from interfaces.tui.widgets.words import (
    amount,
    changes_words,
    count,
    integration_cell,
    proof_words,
    when,
)

if TYPE_CHECKING:
    from core.services.figures import Figures, PeriodFigures
    from core.services.reading import EntityStatus

PERIODS_SHOWN: Final = 24


class OverviewPane(Pane):
    """Nothing is computed here: figures come from the reading service."""

    NAME = "overview"
    DEFAULT_CSS = """
    OverviewPane #figures { height: auto; margin-bottom: 1; }
    OverviewPane #figures Static { width: 1fr; height: auto; }
    OverviewPane Chart { height: 1fr; min-height: 4; max-height: 14; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal(id="figures"):
            yield Static(id="money")
            yield Static(id="state")
        yield Chart(id="result")
        yield Chart(id="balance")

    def load(self) -> None:
        status = self.home.status
        if status is None:
            return
        self.put("state", state_lines(status))
        if status.published is None:
            self.put("money", Content("No books yet: n imports them now."))
            return
        organisation_id, entity_id = self.home.organisation_id, self.home.entity_id
        number = str(status.published.number)
        self.home.ask(
            lambda services: services.reading.figures(organisation_id, entity_id, as_of=number),
            self._show,
            group="figures",
        )

    def news(self) -> None:
        """The head is read again first; figures only when other books were published."""

    def status_changed(self, status: "EntityStatus") -> None:
        self.put("state", state_lines(status))
        self.load()

    def _show(self, figures: "Figures") -> None:
        status = self.home.status
        assert status is not None, "read before the pane"
        currency = status.entity.currency
        self.put("money", money_lines(figures, status))
        shown = figures.periods[-PERIODS_SHOWN:]
        self.query_one("#result", Chart).show(
            f"Result by period, {currency} ({_extent([one.result_e4 for one in shown])})",
            _bars(shown, [one.result_e4 for one in shown]),
        )
        self.query_one("#balance", Chart).show(
            f"Balance total by period, {currency} "
            f"({_extent([one.balance_total_e4 for one in shown])})",
            _bars(shown, [one.balance_total_e4 for one in shown]),
        )


def money_lines(figures: "Figures", status: "EntityStatus") -> Content:
    """The newest year beside the one before it."""
    if not figures.periods:
        return Content("These books have no posting yet.")
    year = figures.periods[-1].year
    mine = [one for one in figures.periods if one.year == year]
    result_e4 = figures.result_of_year_e4(year)
    income_e4 = sum(one.income_e4 for one in mine)
    expense_e4 = sum(one.expense_e4 for one in mine)
    parts = [("  income", income_e4), ("  expense", expense_e4)]
    neither_e4 = result_e4 - income_e4 + expense_e4
    if neither_e4:  # accounts whose class the provider does not tell
        parts = [part for part in parts if part[1]] + [("  unclassed", neither_e4)]
    rows = [
        (f"Result {year}", result_e4),
        *parts,
        (f"Result {year - 1}", figures.result_of_year_e4(year - 1)),
        ("Balance total", figures.periods[-1].balance_total_e4),
    ]
    lines = [Content.styled(f"Figures in {status.entity.currency}", "bold $primary")]
    lines += [Content(f"{name:<14}{amount(value_e4):>20}") for name, value_e4 in rows]
    if figures.unplaced:
        words = (
            f"{count(figures.unplaced, 'account')} in no figure: the provider names no such account"
        )
        lines.append(Content.styled(words, "$warning"))
    return Content("\n").join(lines)


def state_lines(status: "EntityStatus") -> Content:
    integration, published = status.integration, status.published
    source = entry_of(integration.provider).name if integration is not None else "nothing"
    lines = [Content.styled("Books", "bold $primary")]
    if published is not None:
        counts = published.counts
        lines += [
            Content(f"generation {published.number} of {when(published.published_at)}"),
            Content(changes_words(published)),
            Content(
                f"{count(counts.get(RecordKind.ENTRY, 0), 'entry', 'entries')}, "
                f"{count(counts.get(RecordKind.LINE, 0), 'line')}, "
                f"{count(counts.get(RecordKind.ACCOUNT, 0), 'account')}"
            ),
            Content(proof_words(published.proof, status.entity.currency)),
        ]
    else:
        lines.append(Content("none yet"))
    lines.append(Content(f"from {source} ({integration_cell(integration).text})"))
    lines.append(Content(f"next import {when(status.next_slot_at)}"))
    return Content("\n").join(lines)


def _extent(values_e4: Sequence[int]) -> str:
    """Lowest and highest in whole units: the scale of the bars."""
    if not values_e4:
        return "nothing posted"
    low, high = (round(value / E4_PER_UNIT) for value in (min(values_e4), max(values_e4)))
    return f"{low:,} to {high:,}"


def _bars(periods: "Sequence[PeriodFigures]", values_e4: Sequence[int]) -> list[Bar]:
    bars = []
    for index, (one, value_e4) in enumerate(zip(periods, values_e4, strict=True)):
        new_year = index == 0 or periods[index - 1].year != one.year
        bars.append(
            Bar(
                value=value_e4,
                label=str(one.year) if new_year else "",
                mark=str(one.period),
                tone="$success" if value_e4 >= 0 else "$error",
            )
        )
    return bars
