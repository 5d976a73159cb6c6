"""Cells that end up in spreadsheets."""

from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets run a cell that starts like this (OWASP: CSV injection)."""


def harmless(value: object) -> object:
    """A text cell no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
