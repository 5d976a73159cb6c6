"""Connections: how each is, what hangs on it, and what can be done about it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Final

from attrs import frozen
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from core.domain.catalogue import AuthKind, entry_of
from core.domain.integration import Integration, IntegrationStatus
from core.services.budgets import BudgetLeft
from core.services.connecting import Connection
from core.services.services import Services
from interfaces.limits import limit_words
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.screens.connect import ConnectScreen, FollowScreen, ReconnectScreen
from interfaces.tui.screens.disconnecting import DisconnectDialog, names_words
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.dialogs import Confirm
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.widgets.pages import Cell, Row, row
from interfaces.tui.widgets.shell import WHAT_TO_DO
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import ahead, category_of, count, moment, when

_HEALTH: Final[dict[IntegrationStatus, Cell]] = {
    IntegrationStatus.PENDING: Cell("○ not confirmed yet", "warn"),
    IntegrationStatus.ACTIVE: Cell("✓ works", "good"),
    IntegrationStatus.NEEDS_RECONNECT: Cell("✗ needs reconnect", "bad"),
    IntegrationStatus.DISCONNECTED: Cell("- disconnected", "muted"),
}
_STAGED: Final = Cell("! confirm it (f)", "warn")
_TROUBLED: Final = Cell("! see below", "warn")
_TONES: Final = {"good": "$success", "bad": "bold $error", "warn": "$warning"}
_COLUMNS: Final = (
    Column(title="Software", width=14, share=1),
    Column(title="Category", width=13, from_width=92),
    Column(title="Health", width=19),
    Column(title="Account", width=14, share=2),
    Column(title="Expires", width=11),
    Column(title="Entities", width=8, right=True),
    Column(title="Calls left", width=14, right=True, from_width=106),
)
_UNCONFIRMED: Final = (
    "A new consent is here and waits for you: f takes it, c asks for another one. Until then "
    "nothing has changed."
)


@frozen(kw_only=True)
class Held:
    """An integration with the names of the entities linked to it.

    ``connects_by``: what connecting it takes. ``staged``: a finished new consent waits for its
    confirmation.
    """

    integration: Integration
    connects_by: AuthKind
    entities: tuple[str, ...]
    administrations: int
    budgets: tuple[BudgetLeft, ...] = ()
    staged: bool = False

    @property
    def name(self) -> str:
        return entry_of(self.integration.provider).name

    @property
    def health(self) -> Cell:
        if self.staged:
            return _STAGED
        if self.integration.trouble is not None and self.integration.usable:
            return _TROUBLED
        return _HEALTH[self.integration.status]


class IntegrationsScreen(MonitrScreen):
    """A row per integration, and everything about the one under the cursor."""

    NAME = "integrations"
    FILTERS = True
    AUTO_FOCUS = "ListTable"
    HELP: ClassVar[str] = """
Every connection of your organisation. The part below the list, or beside it, tells about the one
under the cursor, calls left of what its provider allows included. Reconnecting keeps its entities,
their history and where imports continue; if the new consent is by another account or covers less,
it waits until you confirm it with f.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "Add"),
        Binding("c", "reconnect", "Reconnect"),
        Binding("f", "confirm", "Confirm new consent"),
        Binding("h", "check", "Check"),
        Binding("s", "select", "Select entities"),
        Binding("x", "disconnect", "Disconnect"),
    ]
    CSS = """
    IntegrationsScreen #both { layout: vertical; height: 1fr; }
    IntegrationsScreen.-very-wide #both { layout: horizontal; }
    IntegrationsScreen ListTable { height: 1fr; width: 1fr; }
    IntegrationsScreen #detail { height: 50%; border-top: solid $primary-muted; }
    IntegrationsScreen.-very-wide #detail { height: 1fr; width: 40%; border-top: none;
        border-left: solid $primary-muted; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, Held] = {}
        self._now: datetime | None = None

    def body(self) -> Iterable[Widget]:
        table = ListTable(_COLUMNS, empty="Reading…", id="list")
        detail = VerticalScroll(Static("", id="about"), id="detail", can_focus=False)
        return [Horizontal(table, detail, id="both")]

    # What is shown

    def load(self) -> None:
        organisation_id = self.organisation_id
        self.ask(lambda services: integrations_held(services, organisation_id), self._loaded)

    def _loaded(self, answer: tuple[tuple[Held, ...], datetime]) -> None:
        held, self._now = answer
        # What is over goes last; otherwise as they were connected.
        ordered = sorted(
            held, key=lambda one: one.integration.status is IntegrationStatus.DISCONNECTED
        )
        self.held = {one.integration.id: one for one in ordered}
        self.table.empty = (
            "Nothing fits the filter." if self.held else "Nothing is connected yet: n adds one."
        )
        self.table.show_rows([held_row(one, self._now) for one in ordered])
        self._tell()

    @property
    def table(self) -> ListTable:
        return self.query_one("#list", ListTable)

    def chosen(self) -> Held | None:
        """The one under the cursor."""
        current = self.table.current
        return self.held.get(current.key) if current is not None else None

    @on(PagedTable.Moved, "#list")
    def _moved(self, message: PagedTable.Moved) -> None:
        message.stop()
        self.refresh_bindings()
        self._tell()

    def _tell(self) -> None:
        """Everything about the one under the cursor."""
        one = self.chosen()
        about = self.query_one("#about", Static)
        if one is not None and self._now is not None:
            words = about_held(one, self._now)
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "confirm":
            one = self.chosen() if self.is_mounted else None
            return one is not None and one.staged
        return super().check_action(action, parameters)

    def action_confirm(self) -> None:
        """Take the new consent that waits; says first what that means."""
        one = self._with_living()
        if one is None or not one.staged:
            return
        organisation_id, integration_id = self.organisation_id, one.integration.id
        operator = self.monitr.operator

        def taken(connection: Connection) -> None:
            account = connection.integration.account
            who = account.name if account is not None else "the new account"
            self.notify(f"{one.name} is connected as {who} now.", markup=False)
            self.load()

        def decided(go: bool | None) -> None:  # noqa: FBT001 - the dialog's answer
            if go:
                self.ask(
                    lambda services: services.connecting.confirm_reconnect(
                        organisation_id, integration_id, operator=operator
                    ),
                    taken,
                    group="confirm",
                )

        words = (
            f"Use the new consent for {one.name} from now on? It may be by another account or "
            "cover less: entities it does not cover say so at their next import; their books stay."
        )
        self.app.push_screen(Confirm("Confirm new consent", words), decided)

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
            self.notify(f"{one.name} answers: {count(found, 'administration')}.", markup=False)
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
            said = f"{count(len(names), 'entity is', 'entities are')} no longer imported."
            self.notify(f"{one.name} is disconnected. {said}", markup=False)
            self.load()

        self.ask(
            lambda services: services.connecting.affected(organisation_id, integration_id),
            confirm,
            group="disconnect",
        )


def integrations_held(
    services: Services, organisation_id: str
) -> tuple[tuple[Held, ...], datetime]:
    """Every integration with what hangs on it, and the time it is now. Blocks."""
    connecting = services.connecting
    staged = connecting.awaiting_confirmation(organisation_id)
    budgets = services.budgets.left(organisation_id)
    found = tuple(
        Held(
            integration=one,
            connects_by=services.onboarding.connects_by(one.provider),
            entities=tuple(connecting.affected(organisation_id, one.id)),
            administrations=len(connecting.get(organisation_id, one.id).administrations),
            budgets=tuple(left for left in budgets if left.provider == one.provider),
            staged=one.id in staged,
        )
        for one in connecting.integrations(organisation_id)
    )
    return found, services.ports.clock.now()


def held_row(one: Held, now: datetime) -> Row:
    integration = one.integration
    return row(
        integration.id,
        Cell(one.name, "strong"),
        category_of(entry_of(integration.provider)),
        one.health,
        integration.account.name if integration.account else "-",
        ahead(integration.expires_at, now),
        f"{len(one.entities):,}",
        _tightest(one.budgets),
    )


def _tightest(budgets: Sequence[BudgetLeft]) -> Cell:
    """The limit with the smallest part left."""
    if not budgets:
        return Cell("-", "muted")
    least = min(budgets, key=lambda one: one.calls_left / one.limit.calls)
    words = f"{least.calls_left:,} of {least.limit.calls:,}"
    return Cell(words, "warn" if least.calls_left == 0 else "")


def budget_words(one: BudgetLeft) -> str:
    words = f"{one.calls_left:,} calls left of {limit_words(one.limit)}"
    return f"{words}; the next may leave {when(one.free_at)}" if one.free_at else words


def about_held(one: Held, now: datetime) -> Content:
    integration, entry, health = one.integration, entry_of(one.integration.provider), one.health
    style = _TONES.get(health.tone, "$foreground-muted")
    lines = [Content.assemble((entry.name, "bold $primary"), "  ", (health.text, style))]
    if one.staged:
        lines.append(Content.styled(_UNCONFIRMED, "$warning"))
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
        *(("Calls", budget_words(budget)) for budget in one.budgets),
        ("Type", f"{one.connects_by.value}; wire contract: {entry.contract.value}"),
        *((name.replace("_", " ").capitalize(), text) for name, text in integration.fields.items()),
        ("Covers", count(one.administrations, "administration")),
        ("Entities", names_words(one.entities) or "none yet: s selects them"),
    ]
    lines += [Content.assemble((f"{name:12} ", "$foreground-muted"), text) for name, text in facts]
    return Content("\n").join(lines)


def _ahead(at: datetime | None, now: datetime) -> str:
    return f"({ahead(at, now)})" if at is not None else "(no end is known)"
