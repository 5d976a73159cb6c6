"""Books at rest: row versions per entity, readable as of any generation.

A row version lives in generations ``from_generation <= g < to_generation`` (open when the latter is
absent). The generation being built is published + 1: its rows are invisible to readers of any
published generation, closing a row in it hides nothing from them, and discarding it restores what
was there. Readers always name a generation; the entity's ``published_generation`` is the newest.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from attrs import frozen

from core.domain.ageing import Posting
from core.domain.books import (
    Applied,
    Batch,
    Contact,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    RecordKind,
    TaxCode,
)
from core.domain.proof import Cell, Finding, Proof
from core.ports.retention import RetainedBooks

PAGE_MAX: int = 1_000
"""No page of rows is larger."""


@frozen(kw_only=True)
class Generation:
    """One published, numbered state of an entity's books. ``bookmark`` starts the next import.

    ``link_id`` is the link it came from: another link starts from nothing.
    ``counts`` are live records per kind; ``added``/``changed``/``removed`` against the one before.
    """

    entity_id: str
    number: int
    run_id: str
    link_id: str
    published_at: dt.datetime
    bookmark: str | None
    counts: dict[RecordKind, int]
    added: int
    changed: int
    removed: int
    proof: Proof


@frozen(kw_only=True)
class TrialBalanceRow:
    """One ledger account. ``opening_e4`` is before the asked range; debit and credit within it.

    ``closing_e4`` = opening + debit - credit. ``account`` is None for a key no account has.
    """

    account_key: str
    account: LedgerAccount | None
    opening_e4: int
    debit_e4: int
    credit_e4: int
    lines: int

    @property
    def closing_e4(self) -> int:
        return self.opening_e4 + self.debit_e4 - self.credit_e4


@frozen(kw_only=True)
class LineFilter:
    """All given conditions hold together. Dates inclusive; ``text`` is a substring, any case."""

    account_key: str | None = None
    entry_key: str | None = None
    journal_key: str | None = None
    contact_key: str | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    year: int | None = None
    period: int | None = None
    text: str | None = None


@frozen(kw_only=True)
class LineRow:
    """A line with its entry's header, for reading."""

    line: JournalLine
    entry: JournalEntry | None


@frozen(kw_only=True)
class LinePage:
    """Lines by (date, entry key, position, key). ``next_cursor`` None: no more."""

    rows: tuple[LineRow, ...]
    next_cursor: str | None


@frozen(kw_only=True)
class CellChange:
    """What happened to one account in one period between two generations."""

    cell: Cell
    added: int
    changed: int
    removed: int
    before_e4: int
    after_e4: int
    closed: int = 0
    """How many of those lines are dated in closed periods, before or after."""


@frozen(kw_only=True)
class LineChange:
    """One line that differs: ``before`` None = added, ``after`` None = removed."""

    before: JournalLine | None
    after: JournalLine | None


@frozen(kw_only=True)
class ChangePage:
    changes: tuple[LineChange, ...]
    next_cursor: str | None


class Books(RetainedBooks, Protocol):
    """Writing happens inside a writing unit of work, behind the fence ``runs.held``."""

    @property
    def records_per_unit(self) -> int:
        """A batch of more records is better applied in parts (core.domain.parts), each in a unit
        of work of its own: this many take the write lock for a time others can bear. Storages may
        learn it from the units before.
        """
        ...

    def apply(self, entity_id: str, generation: int, batch: Batch) -> Applied:
        """Apply one batch, or a part of one, to the generation being built.

        Only rows that differ are written. Applying the same batch again changes nothing.
        ``whole_entries``, ``Everything`` and ``Window`` remove as their docstrings say; what was
        seen is remembered until the ``last`` batch of that coverage, across workers. Where much is
        to be removed, one call removes some of it and says ``more``: commit, and apply what
        ``parts.rest_of`` gives until it says so no longer.
        """
        ...

    def start_over(self, entity_id: str, generation: int) -> None:
        """Close every row in the generation being built: what a new link does not bring is gone.

        Begins it and remembers it; ``work_off`` does what is left, before anything is applied.
        """
        ...

    def settle(self, entity_id: str, generation: int) -> Applied:
        """After the last batch: drop entries without lines and invoices without their entry (only
        those whose ``entry_key`` is set), bring the balances up to date, and return how the whole
        generation differs from the one before. Doing it twice gives the same. ``more``: commit and
        call it again.
        """
        ...

    def discard(self, entity_id: str, generation: int) -> None:
        """Forget the generation being built. The published one is as it was.

        Begins it and remembers it; ``work_off`` does what is left.
        """
        ...

    def work_off(self, entity_id: str, generation: int) -> bool:
        """Some of what ``discard`` and ``start_over`` left; True when nothing is left (or was).

        Each call is a unit of work of its own. Whoever does it, and however often it is
        interrupted, comes to the same end.
        """
        ...

    def discards_left(self, *, limit: int) -> Sequence[str]:
        """Entities with a generation that is only half forgotten."""
        ...

    def publish(self, generation: Generation) -> None:
        """Record it as the newest; the caller saves the entity's pointer in the same unit."""
        ...

    def generation(self, entity_id: str, number: int) -> Generation | None:
        """Also one that retired; None for one that is compacted."""
        ...

    def generations(
        self, entity_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Generation]:
        """Newest first; those that retired are left out."""
        ...

    def newest(self, entity_ids: Sequence[str]) -> dict[str, Generation]:
        """The newest published generation per entity, for those that have one."""
        ...

    def generation_at(self, entity_id: str, instant: dt.datetime) -> int | None:
        """The newest generation published at or before the instant, also one that is gone."""
        ...

    def cells(self, entity_id: str, generation: int) -> dict[Cell, int]:
        """Balance per account, year and period; zero cells may be absent. Needs ``settle``."""
        ...

    def findings(self, entity_id: str, generation: int, *, limit: int) -> Sequence[Finding]:
        """Entries that do not balance and accounts lines name but nobody has, by key."""
        ...

    def counts(self, entity_id: str, generation: int) -> dict[RecordKind, int]:
        """Live records per kind, every kind present."""
        ...

    def trial_balance(
        self,
        entity_id: str,
        generation: int,
        *,
        since: tuple[int, int] | None = None,
        until: tuple[int, int] | None = None,
    ) -> Sequence[TrialBalanceRow]:
        """Per account by code then key, for cells with since <= (year, period) <= until.

        Cells before ``since`` make the opening. Accounts without any line are left out.
        """
        ...

    def lines(
        self,
        entity_id: str,
        generation: int,
        *,
        where: LineFilter,
        cursor: str | None = None,
        limit: int = 100,
    ) -> LinePage:
        """CorrectRequest (``bad-cursor``) for a cursor this storage did not give."""
        ...

    def entry(
        self, entity_id: str, generation: int, key: str
    ) -> tuple[JournalEntry, Sequence[JournalLine]] | None:
        """A journal entry with its lines by position."""
        ...

    def accounts(self, entity_id: str, generation: int) -> Sequence[LedgerAccount]:
        """By code, then key."""
        ...

    def journals(self, entity_id: str, generation: int) -> Sequence[Journal]: ...

    def tax_codes(self, entity_id: str, generation: int) -> Sequence[TaxCode]: ...

    def contacts(
        self, entity_id: str, generation: int, *, after: str | None = None, limit: int = 100
    ) -> Sequence[Contact]:
        """By key."""
        ...

    def invoices(
        self,
        entity_id: str,
        generation: int,
        *,
        direction: InvoiceDirection | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[Invoice]:
        """By key."""
        ...

    def has_open_amounts(
        self, entity_id: str, generation: int, direction: InvoiceDirection
    ) -> bool:
        """Whether the provider says of any such invoice what is still open of it."""
        ...

    def postings(
        self, entity_id: str, generation: int, account_keys: Collection[str], *, until: dt.date
    ) -> Iterator[Posting]:
        """Lines on these accounts up to that day, account by account, by date, read as they are
        asked for; only while the unit is open.
        """
        ...

    def changed_cells(
        self, entity_id: str, *, older: int, newer: int, closed_through: dt.date | None = None
    ) -> Sequence[CellChange]:
        """Per account and period that differs between two generations, by (year, period, account).

        A line that moved between cells counts as removed there and added here. Lines dated up to
        ``closed_through`` are counted as closed too.
        """
        ...

    def changed_lines(
        self,
        entity_id: str,
        *,
        older: int,
        newer: int,
        cursor: str | None = None,
        limit: int = 100,
    ) -> ChangePage:
        """Line by line, by key."""
        ...
