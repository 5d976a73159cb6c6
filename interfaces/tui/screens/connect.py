"""Adding an integration, reconnecting one, or following more of what one covers."""

from typing import ClassVar

from core.domain.catalogue import entry_of
from core.domain.integration import Integration
from core.services.connecting import Connection
from core.services.linking import Selection
from interfaces.tui.wizard.consent import ConsentPanel
from interfaces.tui.wizard.flow import WizardScreen
from interfaces.tui.wizard.form import FormPanel
from interfaces.tui.wizard.selecting import SelectPanel
from interfaces.tui.wizard.software import SoftwarePanel


class ConnectScreen(WizardScreen):
    """Pushed by the integrations screen, which shows again when it ends."""

    GROUPED = True
    crumb = "Add"
    STEPS: ClassVar[tuple[str, ...]] = (SoftwarePanel.STEP, FormPanel.STEP, SelectPanel.STEP)
    HELP: ClassVar[str] = """
Choose what to connect, fill in what it asks for, allow access there, and choose what to follow.
Escape goes one step back. Nothing changes before it says so.
"""

    def load(self) -> None:
        if self.panel is None:
            self.choose()

    def leave(self) -> None:
        if isinstance(self.panel, ConsentPanel):
            self.fill_in(self.panel.entry, self.panel.begun.integration.fields)
        elif isinstance(self.panel, FormPanel):
            self.step_back()
        else:
            self.app.pop_screen()

    def connected(self, connection: Connection, sentence: str) -> None:
        if sentence:
            self.notify(sentence, markup=False)
        self.reconnecting = None
        self.select_from(connection.integration.id, connection.warnings)

    def followed(self, integration_id: str, selection: Selection) -> None:  # noqa: ARG002
        count = len(selection.created)
        self.notify(f"{count} more followed; the first import of each is waiting.", markup=False)
        self.app.pop_screen()


class ReconnectScreen(ConnectScreen):
    """Authorises one integration again: its entities, history and bookmarks stay."""

    STEPS = (FormPanel.STEP,)
    crumb = "Reconnect"

    def __init__(self, integration: Integration) -> None:
        super().__init__()
        self.integration = integration
        self.reconnecting = integration.id

    def load(self) -> None:
        if self.panel is None:
            self.fill_in(entry_of(self.integration.provider), self.integration.fields)

    def step_back(self) -> None:
        self.app.pop_screen()

    def connected(self, connection: Connection, sentence: str) -> None:
        name = entry_of(connection.integration.provider).name
        self.notify(f"{name} works again. {sentence}".strip(), markup=False)
        for warning in connection.warnings:
            self.notify(warning, severity="warning", markup=False)
        self.app.pop_screen()


class FollowScreen(ConnectScreen):
    """Follows more of what an integration covers."""

    STEPS = (SelectPanel.STEP,)
    crumb = "Select entities"

    def __init__(self, integration: Integration) -> None:
        super().__init__()
        self.integration = integration

    def load(self) -> None:
        if self.panel is None:
            self.select_from(self.integration.id)

    def choose(self) -> None:
        self.app.pop_screen()
