"""Reading the books of one company, all of them or what changed, one batch per page.

In full: accounts, journals, tax codes, one question for the extent, entries by id, contacts.
Changes: accounts, journals and tax codes whole (they are few, and their codes and names can change
without a trace), entries by the time they were written, deletions by comparing ids, contacts.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

from attrs import define, evolve, field

from adapters.providers.odoo import decoding
from adapters.providers.odoo.bookmark import Bookmark, Stage
from adapters.providers.odoo.entries import TOO_LARGE, Entries, MovesPage, split
from adapters.providers.odoo.questions import IDS_PER_PAGE, MASTERS_PER_PAGE
from adapters.providers.odoo.rows import (
    AccountRow,
    Extent,
    JournalRow,
    PartnerGroup,
    PartnerRow,
    TaxRow,
    id_of,
    text_of,
)
from adapters.providers.odoo.rpc import Question
from adapters.providers.odoo.session import Session
from core.domain.books import Batch, Coverage, Delta, Everything, Record, RecordKind
from core.domain.failures import NotUnderstood
from core.ports.environment import Clock

Row = TypeVar("Row", AccountRow, JournalRow, TaxRow)

REFERRED_MAX: Final = 100_000
"""Contacts named by entries and remembered until the contacts are read."""


@define
class Pull:
    """One pull of one company. ``mark`` is the bookmark of what was yielded last."""

    session: Session
    company: int
    currency: str
    mark: Bookmark
    clock: Clock
    expected_lines: int | None = None
    referred: set[int] = field(factory=set)
    knows_referred: bool = True
    """False when an earlier worker read some of the entries: who they name is asked then."""
    entries: Entries = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.entries = Entries(self.session, self.company, self.clock)
        begun = self.mark.stage is Stage.ENTRIES and self.mark.last > 0
        self.knows_referred = not (begun or self.mark.stage is Stage.CONTACTS)

    def run(self) -> Iterator[Batch]:
        """Batches until the last."""
        while True:
            stage, full = self.mark.stage, self.mark.full
            if stage is Stage.ACCOUNTS:
                yield from self._accounts()
            elif stage is Stage.JOURNALS:
                yield from self._journals()
            elif stage is Stage.TAXES:
                yield from self._taxes()
            elif stage is Stage.ENTRIES:
                yield from self._all_entries() if full else self._changed_entries()
            elif stage is Stage.DELETIONS:
                yield from self._deletions()
            elif stage is Stage.CONTACTS:
                yield from self._contacts()
                if full:
                    return
            else:
                yield from self._contact_deletions()
                return

    # -- masters ---------------------------------------------------------------------------------

    def _accounts(self) -> Iterator[Batch]:
        ask, kind = self.session.questions.accounts, RecordKind.ACCOUNT
        yield from self._masters(ask, AccountRow, decoding.account, kind, Stage.JOURNALS)

    def _journals(self) -> Iterator[Batch]:
        ask, kind = self.session.questions.journals, RecordKind.JOURNAL
        yield from self._masters(ask, JournalRow, decoding.journal, kind, Stage.TAXES)

    def _taxes(self) -> Iterator[Batch]:
        ask, kind = self.session.questions.taxes, RecordKind.TAX_CODE
        yield from self._masters(ask, TaxRow, decoding.tax_code, kind, Stage.ENTRIES)

    def _masters(
        self,
        ask: Callable[[int, int], Question],
        row_type: type[Row],
        decode: Callable[[Row], Record],
        kind: RecordKind,
        following: Stage,
    ) -> Iterator[Batch]:
        while True:
            # A list type made of a variable is not a type to the checker, but is one to msgspec.
            page_type: type[Sequence[Row]] = tuple[row_type, ...]  # type: ignore[valid-type]
            rows = self.session.ask(partial(ask, self.company, self.mark.last), page_type)
            ended = len(rows) < MASTERS_PER_PAGE
            stage, first = self.mark.stage, self.mark.last == 0
            after = self.mark.at(following) if ended else self.mark.at(stage, rows[-1].id)
            records = tuple(decode(row) for row in rows)
            coverage = Everything(kind=kind, first=first, last=ended)
            yield self._batch(after, records, (coverage,), stage)
            if ended:
                return

    # -- entries ---------------------------------------------------------------------------------

    def _all_entries(self) -> Iterator[Batch]:
        if self.mark.last == 0:
            self._measure()
        following = self.mark.at(Stage.CONTACTS)
        while True:
            page = self.entries.posted_after(self.mark.last)
            self._note(page)
            yield from self._entry_batches(page, following if page.ended else None)
            if page.ended:
                return

    def _measure(self) -> None:
        """The newest write before anything is read: later ones are left to the next pull."""
        ask = partial(self.session.questions.extent, self.company)
        for row in self.session.ask(ask, tuple[Extent, ...]):
            self.expected_lines = row.count
            self.mark = evolve(self.mark, until=text_of(row.formatted or row.plain) or "")

    def _note(self, page: MovesPage) -> None:
        room = REFERRED_MAX - len(self.referred)
        self.referred.update(sorted(page.partner_ids - self.referred)[:room])
        if self.mark.until:
            seen = self.mark.seen.plus(page.written, until=self.mark.until)
            self.mark = evolve(self.mark, seen=seen)

    def _entry_batches(self, page: MovesPage, following: Bookmark | None) -> Iterator[Batch]:
        """A page as batches of a bearable size; only the very last one ends the enumeration."""
        following = following and evolve(following, seen=self.mark.seen, until=self.mark.until)
        begins = self.mark.last == 0
        pieces = split(page, self.currency)
        for place, piece in enumerate(pieces):
            final = place == len(pieces) - 1
            after = self.mark.at(Stage.ENTRIES, piece.last_id or self.mark.last)
            if final and following is not None:
                after = following
            everything = Everything(
                kind=RecordKind.ENTRY, first=begins and place == 0, last=final and page.ended
            )
            coverage: tuple[Coverage, ...] = (piece.delta,)
            if self.mark.full:
                coverage = (piece.delta, everything)
            yield self._batch(after, piece.records, coverage, Stage.ENTRIES)

    def _changed_entries(self) -> Iterator[Batch]:
        """Entries written since the last pull, whatever their state became.

        The time up to which the next pull may rely on this one is fixed by the first look: what
        is written while pages are read has a later time and is looked at again.
        """
        since = self.mark.since_with_overlap
        try:
            written = self.entries.written_since(since)
        except NotUnderstood as failure:
            if failure.code != TOO_LARGE:
                raise
            written = {}
        if not written:
            # Not even the newest record known is there: the database was put back from a copy,
            # or changed as a whole. Nothing told by times can be relied on.
            self.mark = Bookmark(place=self.mark.place)
            return
        newest = max((*written.values(), self.mark.until))
        if self.mark.last == 0:
            self.mark = evolve(self.mark, until=newest)
        wanted = sorted(
            number
            for (kind, number), time in written.items()
            if number > self.mark.last and not self.mark.seen.holds(kind, number, time)
        )
        following = self.mark.at(Stage.DELETIONS)
        pages = self.entries.by_ids(tuple(dict.fromkeys(wanted)))
        for page in pages:
            self._note(page)
            yield from self._entry_batches(page, following if page.ended else None)
        if not wanted:
            self.mark = following

    def _deletions(self) -> Iterator[Batch]:
        """Every posted entry there is: what we hold besides was deleted or is no longer posted."""
        ask = self.session.questions.posted_ids
        yield from self._present(ask, RecordKind.ENTRY, Stage.DELETIONS, Stage.CONTACTS)

    # -- contacts --------------------------------------------------------------------------------

    def _contacts(self) -> Iterator[Batch]:
        if not self.knows_referred:
            ask = partial(self.session.questions.referred_contacts, self.company)
            groups = self.session.ask(ask, tuple[PartnerGroup, ...])
            found = {id_of(group.partner_id) for group in groups}
            self.referred.update(number for number in found if number is not None)
            self.knows_referred = True
        full = self.mark.full
        since = "" if full else self.mark.since_with_overlap
        while True:
            ask = partial(
                self.session.questions.contacts,
                self.company,
                self.mark.last,
                referred=self.referred,
                since=since,
            )
            rows = self.session.ask(ask, tuple[PartnerRow, ...])
            ended = len(rows) < MASTERS_PER_PAGE
            after = self.mark.at(Stage.CONTACTS, rows[-1].id) if rows else self.mark
            if ended:
                after = self.mark.next_night() if full else self.mark.at(Stage.CONTACT_DELETIONS)
            coverage: Coverage = (
                Everything(kind=RecordKind.CONTACT, first=self.mark.last == 0, last=ended)
                if full
                else Delta()
            )
            records = tuple(decoding.contact(row) for row in rows)
            yield self._batch(after, records, (coverage,), Stage.CONTACTS, last=full and ended)
            if ended:
                return

    def _contact_deletions(self) -> Iterator[Batch]:
        ask = self.session.questions.contact_ids
        yield from self._present(ask, RecordKind.CONTACT, Stage.CONTACT_DELETIONS, None)

    # -- shapes ----------------------------------------------------------------------------------

    def _present(
        self,
        ask: Callable[[int, int], Question],
        kind: RecordKind,
        stage: Stage,
        following: Stage | None,
    ) -> Iterator[Batch]:
        """Ids of all that is alive of one kind; ``following`` None: this ends the pull."""
        while True:
            ids = self.session.ask(partial(ask, self.company, self.mark.last), tuple[int, ...])
            ended = len(ids) < IDS_PER_PAGE
            after = self.mark.at(stage, ids[-1]) if ids else self.mark
            if ended:
                after = self.mark.at(following) if following else self.mark.next_night()
            present = frozenset(str(number) for number in ids)
            coverage = Everything(kind=kind, present=present, first=self.mark.last == 0, last=ended)
            yield self._batch(after, (), (coverage,), stage, last=ended and following is None)
            if ended:
                return

    def _batch(
        self,
        after: Bookmark,
        records: tuple[Record, ...],
        coverage: tuple[Coverage, ...],
        stage: Stage,
        *,
        last: bool = False,
    ) -> Batch:
        self.mark = after
        return Batch(
            bookmark=after.text(),
            records=records,
            coverage=coverage,
            stage=stage.value,
            expected_lines=self.expected_lines,
            last=last,
        )
