"""The dashboard screen."""

from interfaces.tui.screen import MonitrScreen


class DashboardScreen(MonitrScreen):
    """Being written."""

    NAME = "dashboard"
