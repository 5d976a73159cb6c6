"""The entities screen."""

from interfaces.tui.screen import MonitrScreen


class EntitiesScreen(MonitrScreen):
    """Being written."""

    NAME = "entities"
