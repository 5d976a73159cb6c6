"""The switches of a contract nobody has confirmed: names in either case, amounts as text or
numbers, pages by offset or by cursor, and what comes inside or beside what.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from attrs import define

from sandbox.horus.rows import Row
from sandbox.wire import WireRequest, WireResponse, json_response

T = TypeVar("T")

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 500
_AMOUNT = re.compile(r"-?\d+\.\d+")
_AMOUNT_NAMES: Final = frozenset(
    {
        "debit",
        "credit",
        "amountCurrency",
        "openingDebit",
        "openingCredit",
        "balance",
        "totalExclVat",
        "totalVat",
        "totalInclVat",
        "openAmount",
        "rate",
    }
)


@define
class Shapes:
    """``page_rows``: rows on a page whatever is asked for (0: as asked).

    ``pascal``: member names begin with a capital. ``numbers``: amounts are JSON numbers.
    ``cursor``: pages by ``last`` and ``take``. ``counts``: whether ``totalCount`` is told.
    ``sideloads``: whether ``include`` brings related records. ``lines_beside``: lines of entries
    come in an array of their own instead of inside.
    """

    page_rows: int = 0
    pascal: bool = False
    numbers: bool = False
    cursor: bool = False
    counts: bool = True
    sideloads: bool = True
    lines_beside: bool = False

    def answer(self, body: Row, status: int = 200) -> WireResponse:
        return json_response(self._shaped(body), status)

    def page(
        self,
        request: WireRequest,
        envelope: str,
        found: Sequence[T],
        write: Callable[[T], Row],
        identify: Callable[[T], str],
        beside: Callable[[Sequence[T]], Mapping[str, object]] = lambda _: {},
    ) -> WireResponse:
        """One page. ``beside``: further arrays that belong to the rows of the page."""
        begin = self._begin(request.query, found, identify)
        asked = request.query.get("take" if self.cursor else "limit", "")
        size = min(int(asked) if asked.isdecimal() else LIMIT_DEFAULT, LIMIT_MAX)
        size = min(size, self.page_rows or size)
        shown = found[begin : begin + size]
        body: Row = {envelope: [write(one) for one in shown], **beside(shown)}
        if self.counts and not self.cursor:
            body["totalCount"] = len(found)
        return self.answer(body)

    def _begin(
        self, query: Mapping[str, str], found: Sequence[T], identify: Callable[[T], str]
    ) -> int:
        if not self.cursor:
            told = query.get("offset", "0")
            return int(told) if told.isdecimal() else 0
        last = query.get("last", "")
        if not last:
            return 0
        places = (place for place, one in enumerate(found) if identify(one) == last)
        return next(places, len(found) - 1) + 1

    def _shaped(self, value: object, name: str = "") -> object:
        if isinstance(value, Mapping):
            return {
                (key[:1].upper() + key[1:] if self.pascal else key): self._shaped(inner, key)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self._shaped(inner) for inner in value]
        if self.numbers and name in _AMOUNT_NAMES and isinstance(value, str):
            assert _AMOUNT.fullmatch(value), "only amounts are turned into numbers"
            return msgspec.Raw(value.encode())
        return value
