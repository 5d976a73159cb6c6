"""What texts say, read once each: in a ledger the same dates and amounts come again and again."""

from collections.abc import Callable
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class Unusual(Exception):
    """Something among many rows is to be looked at one by one."""


class Kept(dict[_K, _V], Generic[_K, _V]):
    """By how it is written; at most so many, then from anew. What ``read`` raises is not kept."""

    def __init__(self, read: Callable[[_K], _V], most: int) -> None:
        super().__init__()
        self._read, self._most = read, most

    def __missing__(self, text: _K) -> _V:
        if len(self) >= self._most:
            self.clear()
        value = self[text] = self._read(text)
        return value
