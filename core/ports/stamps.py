"""Telling cheaply whether anything in the storage changed."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Stamped(Protocol):
    """A storage may offer this: what was read under a stamp still holds while it is the same."""

    def stamp(self) -> int | None:
        """Another number after any commit by anybody, in this process or another; microseconds.

        None: it cannot be told, so nothing may be taken for unchanged.
        """
        ...
