"""Where one can go: each place is a mode of the app, its screen imported when visited."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from interfaces.tui.screen import MonitrScreen


@frozen
class Place:
    """``keys`` are comma-separated, as Textual writes bindings; ``screen`` is module:class."""

    name: str
    title: str
    keys: str
    screen: str
    help: str

    def make(self) -> "MonitrScreen":
        """Its screen, imported now."""
        module, _, name = self.screen.partition(":")
        screen: MonitrScreen = getattr(import_module(f"interfaces.tui.screens.{module}"), name)()
        return screen


PLACES: Final = (
    Place("dashboard", "Dashboard", "1,d", "dashboard:DashboardScreen", "How everything stands"),
    Place("entities", "Entities", "2,e", "entities:EntitiesScreen", "Every company and its books"),
    Place(
        "integrations",
        "Integrations",
        "3,i",
        "integrations:IntegrationsScreen",
        "Connections to your software",
    ),
    Place("activity", "Activity", "4,a", "activity:ActivityScreen", "What happened, as it happens"),
    Place("onboarding", "Set-up", "5,o", "onboarding:OnboardingScreen", "The steps to first books"),
)

BY_NAME: Final = {place.name: place for place in PLACES}
