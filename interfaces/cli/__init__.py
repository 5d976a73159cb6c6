"""The command line."""

from interfaces.cli.app import build_app, main_with

__all__ = ["build_app", "main_with"]
