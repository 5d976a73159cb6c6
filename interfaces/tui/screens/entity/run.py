"""One import: what it did, and its proof account by account."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from attrs import frozen
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from core.domain.books import LedgerAccount
from core.domain.failures import CorrectRequest
from core.domain.import_run import ImportRun
from core.domain.proof import Proof
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.widgets.pages import Row, row
from interfaces.tui.widgets.words import (
    amount,
    count,
    duration_words,
    moment,
    percent_of,
    proof_words,
    run_words,
    status_cell,
    when,
)

if TYPE_CHECKING:
    from core.services.reading import EntityStatus
    from core.services.services import Services

_COLUMNS: Final = (
    Column(title="Period", width=8),
    Column(title="Account", width=16, share=1),
    Column(title="Ours", width=16, right=True),
    Column(title="Theirs", width=16, right=True),
    Column(title="Difference", width=16, right=True),
)


@frozen(kw_only=True)
class RunView:
    run: ImportRun
    status: "EntityStatus"
    accounts: Sequence[LedgerAccount]


class RunScreen(MonitrScreen):
    """A run of an entity; its residuals name account and period."""

    AUTO_FOCUS = ""
    FILTERS = True
    HELP = (
        "What one import did. The proof holds our balance per account and period against the "
        "provider's own; every place that differs is listed with both amounts."
    )
    CSS = "RunScreen #said { height: auto; margin-bottom: 1; }"

    def __init__(self, entity_id: str, run_id: str) -> None:
        super().__init__()
        self.entity_id = entity_id
        self.run_id = run_id

    def body(self) -> Iterable[Widget] | ComposeResult:
        yield Static(Content.styled("Reading…", "$text-muted"), id="said")
        yield ListTable(_COLUMNS, empty="", id="residuals")

    def on_mount(self) -> None:
        self.query_one(ListTable).focus()

    def load(self) -> None:
        organisation_id, entity_id, run_id = self.organisation_id, self.entity_id, self.run_id

        def question(services: "Services") -> RunView:
            run = services.reading.run(organisation_id, run_id)
            status = services.reading.entity(organisation_id, entity_id)
            accounts: Sequence[LedgerAccount] = ()
            if run.proof is not None and (run.proof.residuals or run.proof.findings):
                try:
                    accounts = services.reading.accounts(
                        organisation_id, entity_id, as_of=str(run.generation)
                    )
                except CorrectRequest:
                    accounts = ()  # no books are visible yet: keys stand for the names
            return RunView(run=run, status=status, accounts=accounts)

        self.ask(question, self._show, group="run")

    def beat(self) -> None:
        if not self.query_one("#said", Static).has_class("-over"):
            self.load()

    def _show(self, view: RunView) -> None:
        now = self.monitr.services.ports.clock.now()
        self.named(f"Import {when(view.run.requested_at)}")
        said = self.query_one("#said", Static)
        said.set_class(view.run.finished, "-over")
        words = run_lines(view, duration_words(view.run, now))
        if said.content != words:
            said.update(words)
        table = self.query_one("#residuals", ListTable)
        table.empty = "No place differs." if view.run.proof is not None else ""
        table.show_rows(proof_rows(view.run.proof, view.accounts))


def run_lines(view: RunView, took: str) -> Content:
    run, currency = view.run, view.status.entity.currency
    done = run.progress
    percent = percent_of(run) if not run.finished else None
    far = f" ({percent} %)" if percent is not None else ""
    lines = [
        Content.assemble(
            (f"{view.status.entity.name}: import {run.id}", "bold $primary"),
            f"  {status_cell(run).text}",
        ),
        Content(run_words(run, currency)),
        Content(
            f"requested {moment(run.requested_at)} ({run.cause.value}), "
            f"began {moment(run.started_at)}, ended {moment(run.finished_at)}, took {took}"
        ),
        Content(
            f"{count(done.batches, 'batch', 'batches')}, {count(done.records, 'record')}, "
            f"{count(done.lines, 'line')}{far}, "
            f"{count(done.changed, 'row')} changed, {count(done.calls, 'call')}, "
            f"{count(run.attempt, 'attempt')}"
        ),
    ]
    if run.proof is not None:
        lines.append(
            Content(
                f"Proof over {count(run.proof.accounts, 'account')} in "
                f"{count(run.proof.cells, 'period balance')}: {proof_words(run.proof, currency)}"
            )
        )
    if run.trouble is not None and run.trouble.detail:
        lines.append(Content.styled(f"For the log: {run.trouble.detail}", "$text-muted"))
    return Content("\n").join(lines)


def proof_rows(proof: Proof | None, accounts: Sequence[LedgerAccount]) -> list[Row]:
    """Residuals, the largest first, then what is wrong inside the books."""
    if proof is None:
        return []
    names = {one.key: f"{one.code} {one.name}".strip() for one in accounts}
    rows = [
        row(
            f"residual {at}",
            one.where,
            names.get(one.cell.account_key, one.cell.account_key),
            amount(one.ours_e4),
            amount(one.theirs_e4),
            amount(one.difference_e4),
        )
        for at, one in enumerate(proof.residuals)
    ]
    rows += [
        row(
            f"finding {at}",
            "",
            f"{one.kind.value}: {names.get(one.key, one.key)}",
            amount(one.amount_e4),
            "",
            "",
        )
        for at, one in enumerate(proof.findings)
    ]
    hidden = proof.residual_count - len(proof.residuals) + proof.finding_count - len(proof.findings)
    if hidden > 0:
        rows.append(row("more", "", f"and {hidden:,} more", "", "", ""))
    return rows
