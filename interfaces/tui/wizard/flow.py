"""The screen that leads from one panel to the next."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import Failure
from core.ports.provider import ConnectForm
from core.ports.storage import Event
from core.services.authorising import callback_path
from core.services.connecting import Connection
from core.services.linking import Selection
from core.services.services import Services
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.wizard.consent import ConsentPanel
from interfaces.tui.wizard.following import connection_of, followed_of, newest_connection
from interfaces.tui.wizard.form import FormPanel
from interfaces.tui.wizard.panel import Panel
from interfaces.tui.wizard.review import ReviewPanel
from interfaces.tui.wizard.selecting import Found, SelectPanel
from interfaces.tui.wizard.software import SoftwarePanel


class WizardScreen(MonitrScreen):
    """Software, form, consent, review, selection. Subclasses say how it begins and ends.

    ``reconnecting`` is the id of the integration that is authorised again, else None.
    """

    FILTERS = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back")]
    GROUPED: ClassVar[bool] = False
    STEPS: ClassVar[tuple[str, ...]] = ()
    CSS = """
    WizardScreen #trail { height: 1; color: $text-muted; }
    WizardScreen #stage { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.panel: Panel | None = None
        self.entry: CatalogueEntry | None = None
        self.reconnecting: str | None = None
        self._filled: Mapping[str, str] = {}
        self._begun_at: datetime | None = None
        self._putting = asyncio.Lock()

    def body(self) -> Iterable[Widget]:
        yield Static("", id="trail")
        yield Vertical(id="stage")

    # How it begins and ends

    def connected(self, connection: Connection, sentence: str) -> None:
        """The connection works and is in use: what to do next."""
        raise NotImplementedError

    def followed(self, integration_id: str, selection: Selection) -> None:
        """Entities were selected."""
        raise NotImplementedError

    # The stage

    async def put(self, panel: Panel) -> None:
        """Show that panel alone."""
        stage = self.query_one("#stage")
        self.panel = panel
        self.clear_filter()
        await stage.remove_children()
        await stage.mount(panel)
        self.refresh_bindings()
        trail = self._trail(panel.STEP)
        line = self.query_one("#trail", Static)
        if line.content != trail:
            line.update(trail)

    def show_panel(self, panel: Panel, then: Callable[[], None] = lambda: None) -> None:
        """Show it, after whatever is being put there; ``then`` is called once it stands."""

        async def shown() -> None:
            async with self._putting:
                await self.put(panel)
            then()

        self.run_worker(shown(), group="stage", exit_on_error=True)

    def _trail(self, step: str) -> Content:
        place = self.STEPS.index(step) if step in self.STEPS else -1
        parts = []
        for number, name in enumerate(self.STEPS):
            if number < place:
                parts.append(Content.styled(f"✓ {name}", "$success"))
            elif number == place:
                parts.append(Content.styled(f"● {name}", "bold $primary"))
            else:
                parts.append(Content(f"○ {name}"))
        return Content("  →  ").join(parts)

    def activity_seen(self, events: Iterable[Event]) -> None:
        """An answer that came in moves a waiting consent on at once."""
        if isinstance(self.panel, ConsentPanel) and any(
            event.kind.startswith("authorisation.") for event in events
        ):
            self.panel.look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter":
            return self.panel is not None and type(self.panel).filtered is not Panel.filtered
        return super().check_action(action, parameters)

    def filtered(self, words: str) -> None:
        if self.panel is not None:
            self.panel.filtered(words)

    # Software

    def choose(self) -> None:
        """Show the product's list."""
        organisation_id = self.organisation_id
        self.ask(
            lambda services: services.onboarding.choices(organisation_id),
            lambda choices: self.show_panel(SoftwarePanel(choices, grouped=self.GROUPED)),
            group="step",
        )

    @on(SoftwarePanel.Chosen)
    def _chosen(self, message: SoftwarePanel.Chosen) -> None:
        self.fill_in(message.choice.entry)

    # Form

    def fill_in(self, entry: CatalogueEntry, held: Mapping[str, str] | None = None) -> None:
        """Show the provider's form; ``held``: what a reconnect keeps unless changed."""
        self.entry = entry

        base = self.monitr.launcher.callback_base

        def question(services: Services) -> tuple[ConnectForm, str | None]:
            by_consent = services.ports.provider(entry.key).oauth is not None
            redirect_uri = base.rstrip("/") + callback_path(entry.key) if by_consent else None
            return services.onboarding.form(entry.key), redirect_uri

        def show(found: tuple[ConnectForm, str | None]) -> None:
            form, redirect_uri = found
            self.show_panel(FormPanel(entry, form, held=held, redirect_uri=redirect_uri))

        self.ask(question, show, group="step")

    @on(FormPanel.Filled)
    def _filled_in(self, message: FormPanel.Filled) -> None:
        assert isinstance(self.panel, FormPanel)
        assert self.entry is not None
        self.panel.busy(f"Asking {self.entry.name}")
        self.begin(message.values)

    @on(FormPanel.Left)
    def _form_left(self) -> None:
        self.step_back()

    def step_back(self) -> None:
        """From the form, back to where it was opened from."""
        self.choose()

    def begin(self, values: Mapping[str, str]) -> None:
        """Connect or reconnect with these values."""
        assert self.entry is not None, "software is chosen before the form"
        self._filled = values
        app = self.monitr
        organisation_id, operator = self.organisation_id, app.operator
        key, reconnecting = self.entry.key, self.reconnecting

        def question(services: Services) -> tuple[Connection, datetime]:
            begun_at = services.ports.clock.now()
            base = app.launcher.callback_base
            if reconnecting is None:
                connection = services.connecting.connect(
                    organisation_id, key, values, operator=operator, redirect_base=base
                )
            else:
                connection = services.connecting.reconnect(
                    organisation_id, reconnecting, values, operator=operator, redirect_base=base
                )
            return connection, begun_at

        self.ask(question, self._begun, group="begin", otherwise=self._not_begun)

    def _not_begun(self, failure: Failure) -> None:
        if isinstance(self.panel, FormPanel):
            self.panel.refused(failure)
        elif isinstance(self.panel, ConsentPanel):
            self.panel.busy("")

    def _begun(self, answer: tuple[Connection, datetime]) -> None:
        connection, self._begun_at = answer
        if connection.authorize_url is not None:
            assert self.entry is not None
            self._filled = {}  # the registration is stored, sealed: nothing is kept here
            self.reconnecting = connection.integration.id
            self.show_panel(ConsentPanel(self.entry, connection))
        else:
            self._answered(connection, "")

    def _answered(self, connection: Connection, sentence: str) -> None:
        """In use already, or waiting for a confirmation."""
        integration = connection.integration
        review = connection.review
        adopted_at, begun_at = integration.authorised_at, self._begun_at
        adopted = adopted_at is not None and begun_at is not None and adopted_at >= begun_at
        if review is None and adopted:
            self.connected(connection, sentence)
            return
        words = review.sentence if review is not None else sentence
        self.show_panel(ReviewPanel(entry_of(integration.provider), integration.id, words))

    # Consent

    @on(ConsentPanel.Answered)
    def _consented(self, message: ConsentPanel.Answered) -> None:
        organisation_id = self.organisation_id
        self.ask(
            lambda services: newest_connection(services, organisation_id, message.integration_id),
            lambda connection: self._answered(connection, message.sentence),
            group="step",
        )

    @on(ConsentPanel.Again)
    def _consent_again(self) -> None:
        assert isinstance(self.panel, ConsentPanel)
        self.panel.busy("Beginning again")
        self.begin({})

    @on(ConsentPanel.Left)
    def _consent_left(self) -> None:
        assert isinstance(self.panel, ConsentPanel)
        self.fill_in(self.panel.entry, self.panel.begun.integration.fields)

    # Review

    @on(ReviewPanel.Confirmed)
    def _confirmed(self, message: ReviewPanel.Confirmed) -> None:
        assert isinstance(self.panel, ReviewPanel)
        panel = self.panel
        panel.busy(f"Asking {panel.entry.name}")
        organisation_id, operator = self.organisation_id, self.monitr.operator
        self.ask(
            lambda services: services.connecting.confirm_reconnect(
                organisation_id, message.integration_id, operator=operator
            ),
            lambda connection: self.connected(connection, "The new consent is in use."),
            group="begin",
            otherwise=lambda _failure: panel.busy(""),
        )

    @on(ReviewPanel.Left)
    def _review_left(self) -> None:
        self.leave()

    # Selection

    def select_from(self, integration_id: str, warnings: tuple[str, ...] = ()) -> None:
        """Show what the connection covers."""
        organisation_id = self.organisation_id

        def question(services: Services) -> Found:
            return Found(
                connection=connection_of(services, organisation_id, integration_id, warnings),
                followed=followed_of(services, organisation_id, integration_id),
            )

        self.ask(question, lambda found: self.show_panel(SelectPanel(found)), group="step")

    @on(SelectPanel.Decided)
    def _decided(self, message: SelectPanel.Decided) -> None:
        assert isinstance(self.panel, SelectPanel)
        panel = self.panel
        panel.busy("Following them")
        organisation_id, operator = self.organisation_id, self.monitr.operator
        self.ask(
            lambda services: services.linking.select(
                organisation_id, message.integration_id, message.keys, operator=operator
            ),
            lambda selection: self._selected(message.integration_id, selection),
            group="select",
            otherwise=lambda _failure: panel.busy(""),
        )

    def _selected(self, integration_id: str, selection: Selection) -> None:
        for administration, why in selection.refused:
            self.notify(f"{administration.name}: {why}", severity="warning", markup=False)
        self.followed(integration_id, selection)

    @on(SelectPanel.Left)
    def _select_left(self) -> None:
        self.reconnecting = None
        self.choose()
