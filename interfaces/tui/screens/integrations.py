"""Connections: how each is, what hangs on it, and what can be done about it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Final

from attrs import frozen
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, DataTable, Static

from core.domain.catalogue import entry_of
from core.domain.integration import Integration, IntegrationStatus
from core.services.connecting import Connection
from core.services.services import Services
from interfaces.tui.screen import Dialog, MonitrScreen
from interfaces.tui.screens.connect import ConnectScreen, FollowScreen, ReconnectScreen
from interfaces.tui.widgets.cells import cell, widths
from interfaces.tui.widgets.shell import WHAT_TO_DO
from interfaces.tui.wizard.panel import fits
from interfaces.tui.wording import ahead, category_of, moment

NAMES_SHOWN_MAX: Final = 12
"""Entities named one by one; the rest is counted."""

_HEALTH: Final[dict[IntegrationStatus, tuple[str, str]]] = {
    IntegrationStatus.PENDING: ("○ not confirmed yet", "$warning"),
    IntegrationStatus.ACTIVE: ("✓ works", "$success"),
    IntegrationStatus.NEEDS_RECONNECT: ("✗ needs reconnect", "bold $error"),
    IntegrationStatus.DISCONNECTED: ("- disconnected", "$foreground-muted"),
}
_COLUMNS: Final = ("Software", "Category", "Health", "Account", "Expires", "Entities")


@frozen(kw_only=True)
class Held:
    """An integration with the names of the entities linked to it."""

    integration: Integration
    entities: tuple[str, ...]
    administrations: int

    @property
    def name(self) -> str:
        return entry_of(self.integration.provider).name


class DisconnectDialog(Dialog[bool]):
    """Says what disconnecting affects before it is done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "disconnect", "Disconnect")]
    CSS = """
    DisconnectDialog { align: center middle; }
    DisconnectDialog > Vertical { width: 90%; max-width: 72; height: auto; max-height: 90%;
        background: $panel; border: round $error; padding: 0 1; }
    DisconnectDialog Horizontal { height: auto; margin: 1 0 0 0; }
    DisconnectDialog Button { margin-right: 2; background: $boost; }
    DisconnectDialog Button:focus { background: $primary; color: $background; }
    """

    def __init__(self, name: str, affected: Sequence[str]) -> None:
        super().__init__()
        self.name_shown = name
        self.affected = affected

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(f"Disconnect {self.name_shown}?", classes="title", markup=False)
            yield Static(self._words(), id="affects", markup=False)
            with Horizontal():
                yield Button("Keep it", variant="primary", id="keep", compact=True)
                yield Button("Disconnect for good (x)", variant="error", id="go", compact=True)

    def _words(self) -> str:
        if not self.affected:
            ends = "No entity is imported through it."
        else:
            shown = ", ".join(self.affected[:NAMES_SHOWN_MAX])
            more = len(self.affected) - NAMES_SHOWN_MAX
            rest = f" and {more} more" if more > 0 else ""
            ends = f"This ends the imports of {len(self.affected)}: {shown}{rest}."
        return f"{ends} Books imported so far stay; its secrets are deleted. It is final."

    @on(Button.Pressed, "#keep")
    def _keep(self) -> None:
        self.dismiss(False)  # noqa: FBT003 - the dialog's answer

    @on(Button.Pressed, "#go")
    def action_disconnect(self) -> None:
        self.dismiss(True)  # noqa: FBT003 - the dialog's answer


class IntegrationsScreen(MonitrScreen):
    """A row per integration, and everything about the one under the cursor."""

    NAME = "integrations"
    FILTERS = True
    HELP: ClassVar[str] = """
Every connection of your organisation. The line below the list, or beside it, tells about the one
under the cursor. Reconnecting keeps its entities, their history and where imports continue; if the
new consent is by another account or covers less, you are told before anything changes.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "Add"),
        Binding("c", "reconnect", "Reconnect"),
        Binding("k", "check", "Check"),
        Binding("s", "select", "Select entities"),
        Binding("x", "disconnect", "Disconnect"),
    ]
    CSS = """
    IntegrationsScreen #both { layout: vertical; height: 1fr; }
    IntegrationsScreen.-very-wide #both { layout: horizontal; }
    IntegrationsScreen DataTable { height: 1fr; width: 1fr; }
    IntegrationsScreen #detail { height: 50%; border-top: solid $primary-muted; }
    IntegrationsScreen.-very-wide #detail { height: 1fr; width: 40%; border-top: none;
        border-left: solid $primary-muted; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.held: tuple[Held, ...] = ()
        self._now: datetime | None = None
        self._rows: tuple[tuple[str, ...], ...] | None = None

    def body(self) -> Iterable[Widget]:
        table: DataTable[Text] = DataTable(cursor_type="row", zebra_stripes=True, id="list")
        detail = VerticalScroll(Static("", id="about"), id="detail", can_focus=False)
        return [Horizontal(table, detail, id="both")]

    # What is shown

    def load(self) -> None:
        organisation_id = self.organisation_id

        def question(services: Services) -> tuple[tuple[Held, ...], datetime]:
            found = []
            for one in services.connecting.integrations(organisation_id):
                stored = services.connecting.get(organisation_id, one.id)
                names = services.connecting.affected(organisation_id, one.id)
                found.append(
                    Held(
                        integration=one,
                        entities=tuple(names),
                        administrations=len(stored.administrations),
                    )
                )
            return tuple(found), services.ports.clock.now()

        self.ask(question, self._loaded)

    def _loaded(self, answer: tuple[tuple[Held, ...], datetime]) -> None:
        held, self._now = answer
        # What is over goes last; otherwise as they were connected.
        self.held = tuple(
            sorted(held, key=lambda one: one.integration.status is IntegrationStatus.DISCONNECTED)
        )
        self._fill()

    def filtered(self, words: str) -> None:  # noqa: ARG002 - read again where rows are made
        self._fill()

    def _shown(self) -> list[Held]:
        return [
            one
            for one in self.held
            if fits(
                self.filter_words,
                one.name,
                category_of(entry_of(one.integration.provider)),
                one.integration.status,
                one.integration.account.name if one.integration.account else "",
            )
        ]

    def _fill(self) -> None:
        shown = self._shown()
        cells = [self._cells(one) for one in shown]
        rows = tuple(
            (one.integration.id, *(text.plain for text in row))
            for one, row in zip(shown, cells, strict=True)
        )
        if rows != self._rows:
            self._rows = rows
            table = self._table()
            present = self._chosen_id()
            table.clear(columns=True)
            for label, width in zip(_COLUMNS, widths(_COLUMNS, cells), strict=True):
                table.add_column(label, width=width)
            for one, row in zip(shown, cells, strict=True):
                table.add_row(*row, key=one.integration.id)
            for place, one in enumerate(shown):
                if one.integration.id == present:
                    table.move_cursor(row=place)
        self._tell()

    def _cells(self, one: Held) -> tuple[Text, ...]:
        assert self._now is not None, "loaded"
        integration = one.integration
        words, style = _HEALTH[integration.status]
        if integration.trouble is not None and integration.usable:
            words, style = "! see below", "$warning"
        account = integration.account.name if integration.account else "-"
        return (
            cell(self.app, one.name, "bold"),
            cell(self.app, category_of(entry_of(integration.provider))),
            cell(self.app, words, style),
            cell(self.app, account),
            cell(self.app, ahead(integration.expires_at, self._now)),
            cell(self.app, str(len(one.entities))),
        )

    def _table(self) -> "DataTable[Text]":
        table: DataTable[Text] = self.query_one("#list", DataTable)
        return table

    def _chosen_id(self) -> str | None:
        table = self._table()
        if not table.row_count:
            return None
        return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value

    def chosen(self) -> Held | None:
        """The one under the cursor."""
        chosen_id = self._chosen_id()
        return next((one for one in self.held if one.integration.id == chosen_id), None)

    @on(DataTable.RowHighlighted)
    def _moved(self, message: DataTable.RowHighlighted) -> None:
        message.stop()
        self._tell()

    def _tell(self) -> None:
        """Everything about the one under the cursor."""
        one = self.chosen()
        about = self.query_one("#about", Static)
        if one is not None and self._now is not None:
            words = _about(one, self._now)
        elif self.held:
            words = Content("Nothing fits the filter.")
        else:
            words = Content("Nothing is connected yet: n adds a connection.")
        if about.content != words:
            about.update(words)

    # What can be done

    def action_add(self) -> None:
        self.app.push_screen(ConnectScreen())

    def _with_living(self) -> Held | None:
        one = self.chosen()
        if one is None:
            self.notify("Choose an integration first, or add one with n.", markup=False)
            return None
        return one

    def action_reconnect(self) -> None:
        if (one := self._with_living()) is not None:
            self._open(ReconnectScreen(one.integration))

    def action_select(self) -> None:
        if (one := self._with_living()) is not None:
            self._open(FollowScreen(one.integration))

    def _open(self, screen: Screen[None]) -> None:
        self.app.push_screen(screen)

    def action_check(self) -> None:
        one = self._with_living()
        if one is None:
            return
        organisation_id, integration_id = self.organisation_id, one.integration.id
        self.notify(f"Asking {one.name}", markup=False)

        def checked(connection: Connection) -> None:
            for warning in connection.warnings:
                self.notify(warning, severity="warning", markup=False)
            found = len(connection.administrations)
            self.notify(f"{one.name} answers: {found} administrations.", markup=False)
            self.load()

        self.ask(
            lambda services: services.connecting.check(organisation_id, integration_id),
            checked,
            group="check",
            otherwise=lambda _failure: self.load(),
        )

    def action_disconnect(self) -> None:
        one = self._with_living()
        if one is None:
            return
        organisation_id, integration_id = self.organisation_id, one.integration.id
        operator = self.monitr.operator

        def decided(go: bool | None) -> None:  # noqa: FBT001 - the dialog's answer
            if go:
                self.ask(
                    lambda services: services.connecting.disconnect(
                        organisation_id, integration_id, operator=operator
                    ),
                    ended,
                    group="disconnect",
                )

        def confirm(names: Sequence[str]) -> None:
            self.app.push_screen(DisconnectDialog(one.name, names), decided)

        def ended(names: Sequence[str]) -> None:
            said = f"{len(names)} entities are no longer imported."
            self.notify(f"{one.name} is disconnected. {said}", markup=False)
            self.load()

        self.ask(
            lambda services: services.connecting.affected(organisation_id, integration_id),
            confirm,
            group="disconnect",
        )


def _about(one: Held, now: datetime) -> Content:
    integration, entry = one.integration, entry_of(one.integration.provider)
    words, style = _HEALTH[integration.status]
    lines = [Content.assemble((entry.name, "bold $primary"), "  ", (words, style))]
    trouble = integration.trouble
    if trouble is not None:
        lines.append(Content.styled(trouble.sentence, "$warning"))
        lines.append(Content.styled(WHAT_TO_DO[trouble.action], "$foreground-muted"))
    account = integration.account
    who = "nobody yet"
    if account is not None:
        who = f"{account.name} ({account.email})" if account.email else account.name
    facts = [
        ("Account", who),
        ("Authorised", moment(integration.authorised_at)),
        ("Last answer", moment(integration.checked_at)),
        ("Expires", f"{moment(integration.expires_at)} {_ahead(integration.expires_at, now)}"),
        ("Type", f"{entry.auth.value}; wire contract: {entry.contract.value}"),
        *((name.replace("_", " ").capitalize(), text) for name, text in integration.fields.items()),
        ("Covers", f"{one.administrations} administrations"),
    ]
    lines += [Content.assemble((f"{name:12} ", "$foreground-muted"), text) for name, text in facts]
    shown = ", ".join(one.entities[:NAMES_SHOWN_MAX]) or "none yet: s selects them"
    more = len(one.entities) - NAMES_SHOWN_MAX
    if more > 0:
        shown += f" and {more} more"
    lines.append(Content.assemble((f"{'Entities':12} ", "$foreground-muted"), shown))
    return Content("\n").join(lines)


def _ahead(at: datetime | None, now: datetime) -> str:
    return f"({ahead(at, now)})" if at is not None else "(no end is known)"
