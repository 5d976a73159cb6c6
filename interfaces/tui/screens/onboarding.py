"""The set-up: from nothing to first books, one step after another, to be left and come back to."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from attrs import frozen
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button, Static

from core.domain.catalogue import entry_of
from core.domain.failures import Failure
from core.domain.integration import Integration
from core.domain.onboarding import OnboardingStep, Organisation
from core.ports.storage import Event
from core.services.connecting import Connection
from core.services.linking import Selection
from core.services.reading import EntityStatus
from core.services.services import Services
from interfaces.tui.wizard.consent import ConsentPanel
from interfaces.tui.wizard.flow import WizardScreen
from interfaces.tui.wizard.following import Followed
from interfaces.tui.wizard.form import FormPanel
from interfaces.tui.wizard.imports import ImportsPanel
from interfaces.tui.wizard.naming import NamePanel
from interfaces.tui.wizard.panel import Panel
from interfaces.tui.wizard.review import ReviewPanel
from interfaces.tui.wizard.selecting import SelectPanel
from interfaces.tui.wizard.software import SoftwarePanel


class ResumePanel(Panel):
    """An authorisation was begun in another sitting: its link is gone, the rest is there."""

    STEP: ClassVar[str] = "Connect"
    FIRST: ClassVar[str] = "#again"

    class Again(Message):
        """Begin it again, with what was filled in."""

    class Other(Message):
        """Choose other software."""

    def __init__(self, integration: Integration) -> None:
        super().__init__()
        self.integration = integration

    def compose(self) -> ComposeResult:
        name = entry_of(self.integration.provider).name
        yield Static("You began here before", classes="title")
        yield Static(
            f"A connection to {name} was begun, and access was not granted yet. What you filled in "
            "is kept.",
            id="resume",
            markup=False,
        )
        with Horizontal(classes="row"):
            yield Button(f"Go on with {name}", variant="primary", id="again", compact=True)
            yield Button("Other software", id="other", compact=True)

    @on(Button.Pressed, "#again")
    def _again(self) -> None:
        self.post_message(self.Again())

    @on(Button.Pressed, "#other")
    def _other(self) -> None:
        self.post_message(self.Other())


_KEPT: dict[OnboardingStep, tuple[type[Panel], ...]] = {
    OnboardingStep.CHOOSE_SOFTWARE: (SoftwarePanel, FormPanel),
    OnboardingStep.AUTHORISE: (ResumePanel, ConsentPanel, SoftwarePanel, FormPanel, ReviewPanel),
    OnboardingStep.SELECT_ENTITIES: (SelectPanel, ReviewPanel, SoftwarePanel, FormPanel),
    OnboardingStep.FIRST_IMPORTS: (ImportsPanel,),
    OnboardingStep.DONE: (ImportsPanel,),
}
"""Panels that stay as they are when the operator comes back at that step."""


@frozen(kw_only=True)
class Standing:
    """Where the onboarding is, and what the panel of that step needs."""

    organisation: Organisation | None
    integration: Integration | None = None


class OnboardingScreen(WizardScreen):
    """Shows the step the organisation is at, or where the operator is within it."""

    NAME = "onboarding"
    HELP = """
Connect your accounting software, step by step. You can leave at any step, with any key that leads
elsewhere or by quitting: come back with 5 and go on.
"""
    STEPS = (
        NamePanel.STEP,
        SoftwarePanel.STEP,
        FormPanel.STEP,
        SelectPanel.STEP,
        ImportsPanel.STEP,
    )

    def __init__(self) -> None:
        super().__init__()
        self._followed: Followed | None = None
        self._changed: set[str] = set()
        self._watching = False

    def load(self) -> None:
        organisation_id = self.monitr.organisation_id

        def question(services: Services) -> Standing:
            found = next(
                (
                    one
                    for one in services.onboarding.organisations()
                    if organisation_id in {None, one.id}
                ),
                None,
            )
            if found is None or found.onboarding_integration_id is None:
                return Standing(organisation=found)
            connection = services.connecting.get(found.id, found.onboarding_integration_id)
            return Standing(organisation=found, integration=connection.integration)

        self.ask(question, self._stands)

    def _stands(self, standing: Standing) -> None:
        organisation = standing.organisation
        if organisation is None:
            if not isinstance(self.panel, NamePanel):
                self.show_panel(NamePanel())
            return
        if self.monitr.organisation_id is None:
            self.monitr.work_in(organisation)
        if isinstance(self.panel, _KEPT[organisation.step]):
            if isinstance(self.panel, ImportsPanel):
                self._watch()
            return
        integration = standing.integration
        if integration is None or organisation.step is OnboardingStep.CHOOSE_SOFTWARE:
            self.choose()
        elif organisation.step is OnboardingStep.AUTHORISE:
            self.show_panel(ResumePanel(integration))
        elif organisation.step is OnboardingStep.SELECT_ENTITIES:
            self.entry = entry_of(integration.provider)
            self.select_from(integration.id)
        else:
            self._show_imports(integration.id)

    def activity_seen(self, events: Iterable[Event]) -> None:
        super().activity_seen(events)
        if isinstance(self.panel, ImportsPanel):
            self._changed |= {event.entity_id for event in events if event.entity_id is not None}
            self._watch()

    def beat(self) -> None:
        if isinstance(self.panel, ImportsPanel):
            self._watch()

    def leave(self) -> None:
        """Escape: one panel back; nothing that was done is undone."""
        if isinstance(self.panel, FormPanel | ReviewPanel | SelectPanel):
            self.reconnecting = None
            self.choose()
        elif isinstance(self.panel, ConsentPanel):
            self.fill_in(self.panel.entry, self.panel.begun.integration.fields)

    # Steps of its own

    @on(NamePanel.Named)
    def _named(self, message: NamePanel.Named) -> None:
        assert isinstance(self.panel, NamePanel)
        panel = self.panel

        def started(organisation: Organisation) -> None:
            self.monitr.work_in(organisation)
            self.choose()

        def refused(_failure: Failure) -> None:
            panel.busy("")

        panel.busy("Setting up")
        self.ask(
            lambda services: services.onboarding.start(message.name, time_zone=message.time_zone),
            started,
            group="begin",
            otherwise=refused,
        )

    @on(ResumePanel.Again)
    def _resumed(self) -> None:
        assert isinstance(self.panel, ResumePanel)
        integration = self.panel.integration
        self.entry = entry_of(integration.provider)
        self.reconnecting = integration.id
        self.begin({})

    @on(ResumePanel.Other)
    def _other(self) -> None:
        self.reconnecting = None
        self.choose()

    def connected(self, connection: Connection, sentence: str) -> None:  # noqa: ARG002 - the panel says it
        self.reconnecting = None
        self.select_from(connection.integration.id, connection.warnings)

    def followed(self, integration_id: str, selection: Selection) -> None:
        if selection.created or selection.already:
            self.monitr.onboarded = True
            self._show_imports(integration_id)

    # First imports

    def _show_imports(self, integration_id: str) -> None:
        self._followed = Followed(integration_id)
        self.show_panel(ImportsPanel(), then=self._watch)

    def _watch(self) -> None:
        """One look at a time: what changes meanwhile is seen by the next."""
        organisation_id, followed = self.organisation_id, self._followed
        if followed is None or self._watching:
            return
        self._watching = True
        changed, self._changed = self._changed, set()

        def question(services: Services) -> tuple[dict[str, EntityStatus], datetime]:
            now = services.ports.clock.now()
            return followed.look(services, organisation_id, changed), now

        def refused(_failure: Failure) -> None:
            self._watching = False
            self._changed |= changed

        self.ask(question, self._watched, group="watch", otherwise=refused)

    def _watched(self, answer: tuple[dict[str, EntityStatus], datetime]) -> None:
        self._watching = False
        if isinstance(self.panel, ImportsPanel) and self.panel.is_mounted:
            self.panel.show(*answer)
        if self._changed:
            self._watch()

    @on(ImportsPanel.Finished)
    def _finished(self) -> None:
        self.monitr.action_go("dashboard")
