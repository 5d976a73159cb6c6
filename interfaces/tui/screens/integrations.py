"""The integrations screen."""

from interfaces.tui.screen import MonitrScreen


class IntegrationsScreen(MonitrScreen):
    """Being written."""

    NAME = "integrations"
