"""Rows by the page: what a table holds of a list that may be far longer than memory wants.

A list has pages of PAGE_ROWS rows; each page begins after a key (keyset), the first after None.
Some lists tell where every page begins (a table of contents), others only where the next one does.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from attrs import define, field

PAGE_ROWS: Final = 50
PAGES_HELD_MAX: Final = 10
"""Of the pages that can be fetched again, so many are held: 500 rows."""


class Cell(NamedTuple):
    """Text in one tone: a component class of the table, see ``table.TONES``."""

    text: str
    tone: str = ""


class Row(NamedTuple):
    """``key`` names the row to who made it. One cell per column of the table."""

    key: str
    cells: tuple[Cell, ...]


def row(key: str, *cells: str | Cell) -> Row:
    return Row(key, tuple(one if isinstance(one, Cell) else Cell(one) for one in cells))


@define
class Pages:
    """``total`` rows are known to exist; ``more`` beyond them when the list tells no end yet."""

    total: int = 0
    more: bool = False
    starts: list[str | None] = field(factory=list)
    _held: OrderedDict[int, tuple[Row, ...]] = field(factory=OrderedDict, init=False)
    _whole: tuple[Row, ...] | None = field(default=None, init=False)

    @classmethod
    def whole(cls, rows: Sequence[Row]) -> "Pages":
        """A list that is all there."""
        made = cls(total=len(rows))
        made._whole = tuple(rows)
        return made

    @classmethod
    def listed(cls, total: int, starts: Sequence[str | None]) -> "Pages":
        """A list with a table of contents."""
        return cls(total=total, starts=list(starts))

    @classmethod
    def forward(cls) -> "Pages":
        """A list that tells after each page where the next begins."""
        return cls(more=True, starts=[None])

    @property
    def length(self) -> int:
        """Rows to show: those known, and one that stands for what may follow."""
        return self.total + self.more

    def at(self, index: int) -> Row | None:
        """The row, or None while its page is not here."""
        if self._whole is not None:
            return self._whole[index] if 0 <= index < self.total else None
        number, offset = divmod(index, PAGE_ROWS)
        page = self._held.get(number, ())
        return page[offset] if offset < len(page) else None

    def holds(self, number: int) -> bool:
        return self._whole is not None or number in self._held

    def can_ask(self, number: int) -> bool:
        """Whether it is known where that page begins."""
        return self._whole is None and 0 <= number < len(self.starts)

    def askable(self, first: int, last: int) -> list[tuple[int, str | None]]:
        """(page, start) of every page with a row between these two that can be asked for."""
        numbers = range(first // PAGE_ROWS, max(last, 0) // PAGE_ROWS + 1)
        return [(number, self.starts[number]) for number in numbers if self.can_ask(number)]

    def put(
        self, number: int, rows: Sequence[Row], *, next_start: str | None = None
    ) -> tuple[Row, ...]:
        """Take a page in; returns what was held of it before.

        ``next_start``: where the next page of a list without contents begins; None: it ends.
        """
        before = self._held.get(number, ())
        self._held[number] = tuple(rows)
        self._held.move_to_end(number)
        while len(self._held) > PAGES_HELD_MAX:
            self._held.popitem(last=False)
        if self.more and number == len(self.starts) - 1:
            self.total = number * PAGE_ROWS + len(rows)
            self.more = next_start is not None
            if next_start is not None:
                self.starts.append(next_start)
        return before

    def touch(self, number: int) -> None:
        """It is being looked at: keep it longer."""
        if number in self._held:
            self._held.move_to_end(number)

    def renew(self, newer: "Pages", fetched: Mapping[int, Sequence[Row]]) -> None:
        """Take over a newer table of contents; of the pages held, those fetched with it stay."""
        self._whole = None
        self.total, self.more, self.starts = newer.total, newer.more, newer.starts
        self._held = OrderedDict((number, tuple(rows)) for number, rows in fetched.items())
