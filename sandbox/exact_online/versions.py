"""Row versions: the ``Timestamp`` by which sync resources are read, one counter per division."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from sandbox.books import Books
from sandbox.records import Account, Action, Change, Contact, Entry, Line

FIRST_DATABASE = 20_000_000_000
"""Where the counter of a division begins; far above 32 bits."""

LATER_DATABASE = 7_000_000_000
"""Where it begins after a move: lower, so that a cursor kept over a move finds nothing at all."""

DELETED_KEPT_MS = 61 * 86_400_000
LINE_TYPE, CONTACT_TYPE, DOCUMENT_TYPE, ACCOUNT_TYPE = 1, 2, 6, 7


class Numbered(Protocol):
    @property
    def serial(self) -> int: ...


R = TypeVar("R", bound=Numbered)


class Stream(Generic[R]):
    """Records in the order of their row version; an edit moves a record to the end.

    Both "all after a cursor" and "move this one" cost the same in a book of any size.
    """

    def __init__(self) -> None:
        self._versions = array("q")
        self._records: list[R | None] = []
        self._place: dict[int, int] = {}
        self._in_order = 0  # the first so many serials sit at the place of their serial

    def fill(self, records: list[R | None], counter: "Counter") -> None:
        for record in records:
            self._versions.append(counter.next())
            self._records.append(record)
        self._in_order = len(records)

    def put(self, record: R, version: int) -> None:
        self.drop(record)
        self._place[record.serial] = len(self._records)
        self._versions.append(version)
        self._records.append(record)

    def drop(self, record: R) -> None:
        place = self._place.pop(record.serial, None)
        if place is None and record.serial < self._in_order:
            place = record.serial
        if place is not None and self._records[place] is record:
            self._records[place] = None

    def after(self, cursor: int) -> Iterator[tuple[int, R]]:
        place = bisect_right(self._versions, cursor)
        while place < len(self._records):
            record = self._records[place]
            if record is not None:
                yield self._versions[place], record
            place += 1

    def record_at(self, version: int) -> R | None:
        place = bisect_right(self._versions, version) - 1
        if place < 0 or self._versions[place] != version:
            return None
        return self._records[place]


class Counter:
    def __init__(self, start: int) -> None:
        self.value = start

    def next(self) -> int:
        self.value += 1
        return self.value


@frozen
class Tombstone:
    serial: int
    kind: int  # Exact's EntityType
    record: int  # serial of what was deleted
    at_ms: int


class DivisionVersions:
    """The streams of one division, kept level with the changes of its books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._seen = 0
        self._gone: list[Tombstone] = []
        self.moved_ms: int | None = None
        self._number_anew(FIRST_DATABASE)

    def _number_anew(self, start: int) -> None:
        self._counter = Counter(start)
        self.accounts: Stream[Account] = Stream()
        self.contacts: Stream[Contact] = Stream()
        self.lines: Stream[Line] = Stream()
        self.deleted: Stream[Tombstone] = Stream()
        self.accounts.fill(list(self._books.accounts), self._counter)
        self.contacts.fill(list(self._books.contacts), self._counter)
        self.lines.fill(list(self._books.lines), self._counter)
        self.deleted.fill(list(self._gone), self._counter)

    def move_division(self) -> None:
        """The division goes to another database: every row version is given out again."""
        self.catch_up()
        self.moved_ms = self._books.clock.now_ms()
        self._number_anew(LATER_DATABASE)

    def catch_up(self) -> None:
        changes = self._books.changes
        while self._seen < len(changes):
            self._apply(changes[self._seen])
            self._seen += 1

    def _apply(self, change: Change) -> None:
        record = change.record
        if isinstance(record, Account):
            self.accounts.put(record, self._counter.next())
        elif isinstance(record, Contact):
            self.contacts.put(record, self._counter.next())
        elif isinstance(record, Line):
            self._apply_line(change, record)
        else:
            self._apply_entry(change, record)

    def _apply_entry(self, change: Change, entry: Entry) -> None:
        for line in entry.lines:
            self._apply_line(change, line)
        if change.action is Action.DELETED and entry.invoice_number is not None:
            self._bury(DOCUMENT_TYPE, entry.serial, change.at_ms)  # its scan goes with it

    def _apply_line(self, change: Change, line: Line) -> None:
        if change.action is Action.DELETED:
            self.lines.drop(line)
            self._bury(LINE_TYPE, line.serial, change.at_ms)
        elif self._books.lines[line.serial] is line:  # not deleted again in the meantime
            self.lines.put(line, self._counter.next())

    def _bury(self, kind: int, serial: int, at_ms: int) -> None:
        stone = Tombstone(len(self._gone), kind, serial, at_ms)
        self._gone.append(stone)
        self.deleted.put(stone, self._counter.next())

    def deleted_after(self, cursor: int) -> Iterator[tuple[int, Tombstone]]:
        """Deletes younger than two months; older ones are no longer told."""
        oldest = self._books.clock.now_ms() - DELETED_KEPT_MS
        return (pair for pair in self.deleted.after(cursor) if pair[1].at_ms >= oldest)
