"""The onboarding screen."""

from interfaces.tui.screen import MonitrScreen


class OnboardingScreen(MonitrScreen):
    """Being written."""

    NAME = "onboarding"
