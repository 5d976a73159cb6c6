"""Connecting, step by step: panels, and the screen that leads from one to the next.

The set-up (``screens.onboarding``) and adding or reconnecting an integration
(``screens.connect``) are the same panels in a different frame.
"""
