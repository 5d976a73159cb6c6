"""Settings: where the books come from, what else is linked, by which clock, and past slots."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from attrs import frozen
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from core.domain.catalogue import Category, entry_of
from core.domain.entity import Entity, LinkRole
from core.domain.integration import Administration, Integration, IntegrationStatus
from core.domain.schedule import SLOT_TIMES, SlotRecord
from interfaces.tui.screens.entity.pane import Pane
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.dialogs import AskText, Choose, Confirm
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.widgets.pages import Cell, Row, row
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import integration_cell, moment, when

if TYPE_CHECKING:
    from core.services.services import Services

_LINKS: Final = (
    Column(title="Link", width=11),
    Column(title="Software", width=14),
    Column(title="Administration", width=16, share=1),
    Column(title="Connection", width=15),
)
_SLOTS: Final = (
    Column(title="Night", width=10),
    Column(title="Slot", width=4, right=True),
    Column(title="Opened", width=19),
    Column(title="What became of it", width=20, share=1),
)
_INTEGRATIONS: Final = (
    Column(title="Software", width=14),
    Column(title="Account", width=16, share=1),
    Column(title="Connection", width=15),
)
_ADMINISTRATIONS: Final = (
    Column(title="Administration", width=20, share=2),
    Column(title="Key", width=12, share=1),
    Column(title="Obstacle", width=12, share=2),
)


@frozen(kw_only=True)
class Linked:
    """The entity with what its links point at, and its slots."""

    entity: Entity
    organisation_zone: str
    integrations: "dict[str, Integration]"
    names: dict[tuple[str, str], str]
    """Administration names by (integration id, administration key)."""
    slots: Sequence[SlotRecord]


class SettingsPane(Pane):
    """Each change is one call of the linking service, which says what may not be."""

    NAME = "settings"
    FILTERS = True
    DEFAULT_CSS = """
    SettingsPane #links { height: auto; min-height: 3; max-height: 8; margin-bottom: 1; }
    SettingsPane #clock { height: auto; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "link('primary')", "Link accounting"),
        Binding("A", "link('additional')", "Add a link", key_display="A"),
        Binding("z", "time_zone", "Time zone"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._linked: Linked | None = None

    def compose(self) -> ComposeResult:
        yield ListTable(_LINKS, empty="Linked to nothing: l links it.", id="links")
        yield Static(id="clock")
        yield ListTable(_SLOTS, empty="No slot was due yet.", id="slots")

    def enter(self) -> None:
        self.query_one("#links", ListTable).focus()

    def load(self) -> None:
        organisation_id, entity_id = self.home.organisation_id, self.home.entity_id

        def question(services: "Services") -> Linked:
            entity = services.reading.entity(organisation_id, entity_id).entity
            held = {link.integration_id for link in entity.links}
            connections = [services.connecting.get(organisation_id, one) for one in held]
            names = {
                (one.integration.id, found.key): found.name
                for one in connections
                for found in one.administrations
            }
            zones = {one.id: one.time_zone for one in services.onboarding.organisations()}
            return Linked(
                entity=entity,
                organisation_zone=zones[organisation_id],
                integrations={one.integration.id: one.integration for one in connections},
                names=names,
                slots=services.nights.history(organisation_id, entity_id),
            )

        self.home.ask(question, self._show, group="settings")

    def _show(self, linked: Linked) -> None:
        self._linked = linked
        self.query_one("#links", ListTable).show_rows(link_rows(linked))
        self.query_one("#slots", ListTable).show_rows([slot_row(one) for one in linked.slots])
        own = linked.entity.time_zone
        zone = own or f"{linked.organisation_zone}, as the organisation"
        times = " and ".join(f"{one:%H:%M}" for one in SLOT_TIMES)
        status = self.home.status
        words = f"Imported every night at {times} by the clock of {zone}."
        if status is not None:
            words += f" Next: {when(status.next_slot_at)} on this machine's clock."
        self.put("clock", Content(words))

    # Linking

    def action_link(self, role: str) -> None:
        """Choose an integration, then an administration, then confirm."""
        organisation_id = self.home.organisation_id
        self.home.ask(
            lambda services: services.connecting.integrations(organisation_id),
            partial(self._choose_integration, LinkRole(role)),
            group="link",
        )

    def _choose_integration(self, role: LinkRole, found: Sequence[Integration]) -> None:
        fitting = [
            one
            for one in found
            if one.status is not IntegrationStatus.DISCONNECTED
            and (
                role is LinkRole.ADDITIONAL
                or entry_of(one.provider).category is Category.BOOKKEEPING
            )
        ]
        words = (
            "Import the books from which accounting integration?"
            if role is LinkRole.PRIMARY
            else "Add which integration beside the accounting?"
        )
        rows = [
            row(
                one.id,
                entry_of(one.provider).name,
                one.account.name if one.account else "-",
                integration_cell(one),
            )
            for one in fitting
        ]
        self.app.push_screen(
            Choose(
                "Link", f"{words} Others are connected under Integrations (3).", _INTEGRATIONS, rows
            ),
            partial(self._integration_chosen, role),
        )

    def _integration_chosen(self, role: LinkRole, integration_id: str | None) -> None:
        if integration_id is None:
            return
        organisation_id = self.home.organisation_id
        self.home.ask(
            lambda services: (
                services.connecting.get(organisation_id, integration_id).administrations
            ),
            partial(self._choose_administration, role, integration_id),
            group="link",
        )

    def _choose_administration(
        self, role: LinkRole, integration_id: str, found: Sequence[Administration]
    ) -> None:
        rows = [
            row(one.key, one.name, one.key, "" if one.importable else one.obstacle or "blocked")
            for one in found
        ]
        names = {one.key: one.name for one in found}

        def chosen(key: str | None) -> None:
            if key is not None:
                self._confirm(role, integration_id, key, names[key])

        self.app.push_screen(
            Choose("Link", "Which administration is this entity?", _ADMINISTRATIONS, rows), chosen
        )

    def _confirm(self, role: LinkRole, integration_id: str, key: str, name: str) -> None:
        if role is LinkRole.PRIMARY:
            words = (
                f"Import from {name} from now on? The next import brings its books whole; what was "
                "imported before stays readable as earlier generations."
            )
        else:
            words = f"Link {name} to this entity as well?"

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - Textual's callback
            if yes:
                self._link(role, integration_id, key)

        self.app.push_screen(Confirm("Link", words), answered)

    def _link(self, role: LinkRole, integration_id: str, key: str) -> None:
        organisation_id, entity_id = self.home.organisation_id, self.home.entity_id
        operator = self.home.monitr.operator
        self.home.ask(
            lambda services: services.linking.link(
                organisation_id, entity_id, integration_id, key, role=role, operator=operator
            ),
            lambda _: self.home.load(),
            group="link",
        )

    # The clock

    def action_time_zone(self) -> None:
        if self._linked is None:
            return
        self.app.push_screen(
            AskText(
                "Time zone",
                "By which clock are this entity's nights? An IANA name such as Europe/Brussels; "
                f"empty for the organisation's ({self._linked.organisation_zone}).",
                self._linked.entity.time_zone or "",
                self._linked.organisation_zone,
            ),
            self._set_time_zone,
        )

    def _set_time_zone(self, name: str | None) -> None:
        if name is None:
            return
        organisation_id, entity_id = self.home.organisation_id, self.home.entity_id
        operator = self.home.monitr.operator
        self.home.ask(
            lambda services: services.linking.set_time_zone(
                organisation_id, entity_id, name or None, operator=operator
            ),
            lambda _: self.home.load(),
            group="zone",
        )

    @on(PagedTable.Chosen, "#slots")
    def _open_run(self, message: PagedTable.Chosen) -> None:
        message.stop()
        if message.row.key.startswith("run_"):
            from interfaces.tui.screens.entity.run import RunScreen  # noqa: PLC0415 - when asked

            self.app.push_screen(RunScreen(self.home.entity_id, message.row.key))


def link_rows(linked: Linked) -> list[Row]:
    return [
        row(
            one.id,
            one.role.value,
            entry_of(one.provider).name,
            linked.names.get((one.integration_id, one.administration_key), one.administration_key),
            integration_cell(linked.integrations.get(one.integration_id)),
        )
        for one in linked.entity.links
    ]


def slot_row(one: SlotRecord) -> Row:
    late = ", late" if one.late else ""
    became = (
        Cell(f"skipped: {one.skipped.value}", "warn")
        if one.skipped is not None
        else Cell(f"import requested{late}: Enter shows what became of it")
    )
    key = one.run_id or f"{one.slot.local_date} {one.slot.ordinal}"
    return row(
        key, one.slot.local_date.isoformat(), str(one.slot.ordinal), moment(one.opened_at), became
    )
