"""Imports: every run of the entity, newest first; Enter shows what one proved."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from core.domain.failures import CorrectRequest
from core.domain.import_run import ImportRun, RunStatus
from interfaces.tui.screens.entity.pane import Pane
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import PAGE_ROWS, Pages, Row, row
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import (
    amount,
    duration_words,
    fits,
    run_words,
    status_cell,
    when,
)

if TYPE_CHECKING:
    from datetime import datetime

    from core.services.services import Services

FILTERED_MAX: Final = 500
"""The filter looks through so many of the newest imports: more than half a year of nights."""

RESIDUALS_SHOWN: Final = 5

_COLUMNS: Final = (
    Column(title="Requested", width=12),
    Column(title="Status", width=16),
    Column(title="Lines", width=10, right=True),
    Column(title="Changed", width=9, right=True, from_width=84),
    Column(title="Calls", width=6, right=True),
    Column(title="Took", width=11, right=True),
    Column(title="Outcome", width=16, share=1),
    Column(title="Cause", width=14, from_width=110),
)


class ImportsPane(Pane):
    """Pages backwards in time; below the list, what the import under the cursor proved."""

    NAME = "imports"
    FILTERS = True
    DEFAULT_CSS = """
    ImportsPane #proof { height: auto; max-height: 9; border-top: solid $primary-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._runs: dict[str, ImportRun] = {}
        self._names: dict[int, dict[str, str]] = {}
        self._words = ""

    def compose(self) -> ComposeResult:
        yield PagedTable(
            _COLUMNS, fetch=self._fetch, empty="Never imported: n imports it now.", id="runs"
        )
        yield Static(id="proof")

    @property
    def table(self) -> PagedTable:
        return self.query_one("#runs", PagedTable)

    def enter(self) -> None:
        self.table.focus()

    def load(self) -> None:
        """Read the newest again, unless the operator has gone further down."""
        if self._words or any(number for number, _ in self.table.shown_pages()):
            return
        self._ask(None, self._renew)

    def beat(self) -> None:
        status = self.home.status
        if status and status.run and status.run.status is RunStatus.IN_PROGRESS:
            self.load()

    def filtered(self, words: str) -> None:
        """Narrows the newest FILTERED_MAX; "" pages through all of them again."""
        self._words = words
        if words:
            self._ask(None, self._narrowed, limit=FILTERED_MAX)
        else:
            self._ask(None, self._begin)

    def _narrowed(self, runs: Sequence[ImportRun]) -> None:
        rows = self._rows(runs)
        words = self._words
        self.table.show_rows(
            [one for one in rows if fits(words, *(cell.text for cell in one.cells))]
        )
        self.table.refresh()
        self._tell()

    def _begin(self, runs: Sequence[ImportRun]) -> None:
        pages = Pages.forward()
        pages.put(0, self._rows(runs), next_start=_next(runs))
        self.table.show_pages(pages)
        self._tell()

    def _renew(self, runs: Sequence[ImportRun]) -> None:
        pages = Pages.forward()
        rows = self._rows(runs)
        pages.put(0, rows, next_start=_next(runs))
        self.table.renew_pages(pages, {0: rows})
        self._tell()

    def _fetch(self, number: int, start: str | None) -> None:
        def then(runs: Sequence[ImportRun]) -> None:
            self.table.page_arrived(number, self._rows(runs), next_start=_next(runs))

        self._ask(start, then)

    def _ask(
        self,
        before: str | None,
        then: Callable[[Sequence[ImportRun]], None],
        limit: int = PAGE_ROWS,
    ) -> None:
        organisation_id, entity_id = self.home.organisation_id, self.home.entity_id
        self.home.ask(
            lambda services: services.reading.runs(
                organisation_id, entity_id=entity_id, before=before, limit=limit
            ),
            then,
            group="runs",
            otherwise=lambda _: self.table.fetch_failed(),
        )

    def _rows(self, runs: Sequence[ImportRun]) -> list[Row]:
        self._runs.update((run.id, run) for run in runs)
        now = self.home.monitr.services.ports.clock.now()
        return [run_row(run, self._currency, now) for run in runs]

    @property
    def _currency(self) -> str:
        return self.home.status.entity.currency if self.home.status is not None else ""

    # What the one under the cursor proved

    @on(PagedTable.Moved, "#runs")
    def _moved(self, message: PagedTable.Moved) -> None:
        message.stop()
        self._tell()

    def _tell(self) -> None:
        current = self.table.current
        run = self._runs.get(current.key) if current is not None else None
        proof = self.query_one("#proof", Static)
        proof.display = run is not None
        if run is None:
            return
        number = run.generation
        names = self._names.get(number, {}) if number is not None else {}
        differs = run.proof is not None and run.proof.residuals
        if differs and number is not None and number not in self._names:
            self._ask_names(number)
        self.put("proof", proof_lines(run, names, self._currency))

    def _ask_names(self, generation: int) -> None:
        """What the accounts are called; keys stand for them where those books are not visible."""
        organisation_id, entity_id = self.home.organisation_id, self.home.entity_id

        def question(services: "Services") -> dict[str, str]:
            try:
                found = services.reading.accounts(organisation_id, entity_id, as_of=str(generation))
            except CorrectRequest:
                return {}
            return {one.key: f"{one.code} {one.name}".strip() for one in found}

        def then(names: dict[str, str]) -> None:
            self._names[generation] = names
            self._tell()

        self.home.ask(question, then, group="names")

    @on(PagedTable.Chosen, "#runs")
    def _open(self, message: PagedTable.Chosen) -> None:
        message.stop()
        from interfaces.tui.screens.entity.run import RunScreen  # noqa: PLC0415 - when asked

        self.app.push_screen(RunScreen(self.home.entity_id, message.row.key))


def proof_lines(run: ImportRun, names: Mapping[str, str], currency: str) -> Content:
    """The outcome in full, then the residuals per account that are furthest apart."""
    lines = [Content.styled(run_words(run, currency), "bold")]
    residuals = run.proof.residuals if run.proof is not None else ()
    for one in residuals[:RESIDUALS_SHOWN]:
        name = names.get(one.cell.account_key, one.cell.account_key)
        lines.append(
            Content(
                f"{one.where}  {name}: ours {amount(one.ours_e4)}, "
                f"theirs {amount(one.theirs_e4)}, apart by {amount(one.difference_e4)} {currency}"
            )
        )
    if run.proof is not None and run.proof.residual_count > RESIDUALS_SHOWN:
        more = run.proof.residual_count - RESIDUALS_SHOWN
        lines.append(Content.styled(f"and {more:,} more: Enter lists them", "$text-muted"))
    return Content("\n").join(lines)


def _next(runs: Sequence[ImportRun]) -> str | None:
    return runs[-1].id if len(runs) == PAGE_ROWS else None


def run_row(run: ImportRun, currency: str, now: "datetime") -> Row:
    cause = f"{run.cause.value}{' (late)' if run.late else ''}"
    return row(
        run.id,
        when(run.requested_at),
        status_cell(run),
        f"{run.progress.lines:,}",
        f"{run.progress.changed:,}",
        f"{run.progress.calls:,}",
        duration_words(run, now),
        run_words(run, currency),
        cause,
    )
