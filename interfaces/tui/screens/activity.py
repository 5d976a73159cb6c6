"""The activity screen."""

from interfaces.tui.screen import MonitrScreen


class ActivityScreen(MonitrScreen):
    """Being written."""

    NAME = "activity"
