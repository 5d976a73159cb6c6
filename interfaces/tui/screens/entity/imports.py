"""Imports: every run of the entity, newest first; Enter shows what one proved."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from textual import on
from textual.app import ComposeResult

from core.domain.import_run import ImportRun, RunStatus
from interfaces.tui.screens.entity.pane import Pane
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import PAGE_ROWS, Pages, Row, row
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import duration_words, run_words, status_cell, when

if TYPE_CHECKING:
    from datetime import datetime

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
    """Pages backwards in time."""

    NAME = "imports"

    def compose(self) -> ComposeResult:
        yield PagedTable(
            _COLUMNS, fetch=self._fetch, empty="Never imported: n imports it now.", id="runs"
        )

    @property
    def table(self) -> PagedTable:
        return self.query_one("#runs", PagedTable)

    def enter(self) -> None:
        self.table.focus()

    def load(self) -> None:
        """Read the newest again, unless the operator has gone further down."""
        if any(number for number, _ in self.table.shown_pages()):
            return
        self._ask(None, self._renew)

    def beat(self) -> None:
        status = self.home.status
        if status and status.run and status.run.status is RunStatus.IN_PROGRESS:
            self.load()

    def _renew(self, runs: Sequence[ImportRun]) -> None:
        pages = Pages.forward()
        rows = self._rows(runs)
        pages.put(0, rows, next_start=_next(runs))
        self.table.renew_pages(pages, {0: rows})

    def _fetch(self, number: int, start: str | None) -> None:
        def then(runs: Sequence[ImportRun]) -> None:
            self.table.page_arrived(number, self._rows(runs), next_start=_next(runs))

        self._ask(start, then)

    def _ask(self, before: str | None, then: Callable[[Sequence[ImportRun]], None]) -> None:
        organisation_id, entity_id = self.home.organisation_id, self.home.entity_id
        self.home.ask(
            lambda services: services.reading.runs(
                organisation_id, entity_id=entity_id, before=before, limit=PAGE_ROWS
            ),
            then,
            group="runs",
            otherwise=lambda _: self.table.fetch_failed(),
        )

    def _rows(self, runs: Sequence[ImportRun]) -> list[Row]:
        status = self.home.status
        currency = status.entity.currency if status is not None else ""
        now = self.home.monitr.services.ports.clock.now()
        return [run_row(run, currency, now) for run in runs]

    @on(PagedTable.Chosen, "#runs")
    def _open(self, message: PagedTable.Chosen) -> None:
        message.stop()
        from interfaces.tui.screens.entity.run import RunScreen  # noqa: PLC0415 - when asked

        self.app.push_screen(RunScreen(self.home.entity_id, message.row.key))


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
