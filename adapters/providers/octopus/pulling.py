"""A pull: stage after stage, each answer turned into batches while the next is not yet asked for.

Octopus has no pages: an answer is whole, and a large one becomes several batches. A pull that is
stopped within one asks for that answer again. Purchases and sales of a bookyear are one answer
each and a third tells their invoices; they become batches together, because an invoice goes where
its document goes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec
from attrs import define, field

from adapters.providers.octopus import records, rows
from adapters.providers.octopus.bookmark import (
    STAGES,
    VAT_CODES_SECONDS,
    Bookmark,
    Mode,
    Part,
    Stage,
    Step,
    steps,
)
from adapters.providers.octopus.contract import (
    ACCOUNTS,
    ALL,
    AMOUNTS,
    BOOKINGS,
    BOOKYEARS,
    BUY_SELL,
    EVER,
    JOURNAL_ACCOUNT,
    JOURNALS,
    NUMBERS,
    OVERLAP_SECONDS,
    RELATIONS,
    VAT_CODES,
    Balances,
    JournalType,
    Operation,
    stamp,
)
from adapters.providers.octopus.declaration import PROVIDER
from adapters.providers.octopus.documents import (
    RECORDS_PER_BATCH,
    documents,
    is_upside_down,
    parts,
)
from adapters.providers.octopus.reader import Reader
from adapters.providers.octopus.slicing import sliced
from core.domain.books import Batch, Coverage, Delta, Everything, JournalLine, Record, RecordKind
from core.domain.failures import FixSettings, NotUnderstood, Wait
from core.domain.integration import Administration
from core.domain.proof import Cell

BOOKYEARS_MAX: Final = 200
_STEPS_MAX: Final = len(STAGES) + BOOKYEARS_MAX * len(Part)

_TYPES: Final = {
    Part.TRADE: (JournalType.PURCHASE, JournalType.SALES),
    Part.FINANCIAL: (JournalType.FINANCIAL,),
    Part.DIVERS: (JournalType.DIVERS,),
}


@define
class Pull:
    """One pull of one dossier; ``at`` moves on with each batch."""

    reader: Reader
    administration: Administration
    language: Callable[[], str | None]
    """Asks for the dossier's own language."""
    at: Bookmark
    now: Callable[[], datetime]
    sums: dict[Cell, int] | None = None
    """Of every line, while this pull has seen them all; None when another one read some."""
    amounts: list[rows.AmountRow] | None = None
    """The balances, where this pull had to ask for them."""
    records_max: int = RECORDS_PER_BATCH
    _behind: dict[tuple[int, int], str] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        if self.at == Bookmark():
            self.sums = defaultdict(int)

    def batches(self) -> Iterator[Batch]:
        stages: dict[Stage, Callable[[], Iterator[Batch]]] = {
            Stage.ACCOUNTS: self._accounts,
            Stage.JOURNALS: self._journals,
            Stage.RELATIONS: self._relations,
            Stage.VAT_CODES: self._vat_codes,
            Stage.BOOKINGS: self._bookings,
            Stage.BALANCES: self._balances,
        }
        for _ in range(_STEPS_MAX):
            stage = self.at.stage
            try:
                for batch in stages[stage]():
                    yield batch
                    if batch.last:
                        return
            except ValueError as error:
                raise _not_understood(stage.value, str(error)[:100]) from None

    # -- masters -----------------------------------------------------------------------------------

    def _accounts(self) -> Iterator[Batch]:
        """All of them every night: one call either way, and the newest bookyear's name counts."""
        at = self.at
        if at.mode is Mode.WHOLE:
            at = msgspec.structs.replace(
                at, todo=steps(self._bookyears()), language=self.language() or ""
            )
        body = self._get(ACCOUNTS, modifiedTimeStamp=EVER)
        found = [] if body is None else rows.ACCOUNTS.decode(body).modified or []
        if not found:
            raise _hidden("ledger accounts", "accounts/modified is empty")
        began = self.reader.told_at or self.now()
        started = stamp(began - timedelta(seconds=OVERLAP_SECONDS))
        yield self._batch(
            records.accounts(found, at.language),
            (Everything(kind=RecordKind.ACCOUNT, first=True),),
            msgspec.structs.replace(at, stage=at.next_stage(), started=started),
        )

    def _bookyears(self) -> list[int]:
        body = self._get(BOOKYEARS)
        found = [] if body is None else rows.BOOKYEARS.decode(body)
        if not found:
            raise _hidden("bookyears", "bookyears is empty")
        if len(found) > BOOKYEARS_MAX:
            raise _not_understood("the bookyears", f"{len(found)} of them")
        return [row.bookyear_key.id for row in found]

    def _journals(self) -> Iterator[Batch]:
        """All of them every night, as with accounts; an empty answer takes none away."""
        body = self._get(JOURNALS, modifiedTimeStamp=EVER)
        found = [] if body is None else rows.JOURNALS.decode(body).modified or []
        coverage: Coverage = Everything(kind=RecordKind.JOURNAL, first=True)
        if not found and self.at.mode is Mode.CHANGES:
            coverage = Delta()
        told = records.journals(found, self.at.language)
        yield self._batch(told, (coverage,), self._turned())

    def _relations(self) -> Iterator[Batch]:
        is_whole = self.at.mode is Mode.WHOLE
        body = self._get(RELATIONS, modifiedTimeStamp=EVER if is_whole else self.at.since)
        told = rows.Relations() if body is None else rows.RELATIONS.decode(body)
        contacts = [each for row in told.modified or () if (each := records.contact(row))]
        portions = [
            contacts[start : start + self.records_max]
            for start in range(0, len(contacts), self.records_max)
        ] or [[]]
        for number, portion in enumerate(portions, start=1):
            is_last = number == len(portions)
            coverage: Coverage = Delta()
            if is_whole:
                coverage = Everything(kind=RecordKind.CONTACT, first=number == 1, last=is_last)
            elif number == 1:
                gone = {key for row in told.deleted or () if (key := records.relation_key(row))}
                coverage = Delta(deleted=frozenset((RecordKind.CONTACT, key) for key in gone))
            yield self._batch(portion, (coverage,), self._turned() if is_last else self.at)

    def _vat_codes(self) -> Iterator[Batch]:
        """Once a week, and left as they are on a day on which they were asked for twice already."""
        now = int(self.now().timestamp())
        is_due = self.at.mode is Mode.WHOLE or now - self.at.vat_codes_at > VAT_CODES_SECONDS
        try:
            body = self._get(VAT_CODES) if is_due else None
        except Wait:
            is_due = False
        if not is_due:
            yield self._batch((), (Delta(),), self._turned())
            return
        found = [] if body is None else rows.VAT_CODES.decode(body)
        yield self._batch(
            [records.tax_code(row) for row in found],
            (Everything(kind=RecordKind.TAX_CODE, first=True),),
            msgspec.structs.replace(self._turned(), vat_codes_at=now),
        )

    # -- the ledger --------------------------------------------------------------------------------

    def _bookings(self) -> Iterator[Batch]:
        if self.at.mode is Mode.WHOLE:
            yield from self._bookyear()
        else:
            yield from self._changes()

    def _bookyear(self) -> Iterator[Batch]:
        """One part of one bookyear: what is held and in none of them is gone at the last."""
        step, rest = self.at.todo[0], self.at.todo[1:]
        lines = [row for kind in _TYPES[step.part] for row in self._lines_of(step.bookyear, kind)]
        invoices = self._invoices(step) if step.part is Part.TRADE else []
        if step.part is Part.TRADE and is_upside_down(lines):
            raise _not_understood("the bookings", "purchases credit their costs: the sign is other")
        following = msgspec.structs.replace(self.at, todo=rest, begun=True)
        if not rest:
            following = msgspec.structs.replace(following, stage=Stage.BALANCES)
        found = documents(lines, invoices).values()
        is_first = not self.at.begun
        for portion, keys, is_end in _with_end(
            parts(found, self._account_behind, self.records_max)
        ):
            coverage = (
                Delta(whole_entries=keys),
                Everything(kind=RecordKind.ENTRY, first=is_first, last=is_end and not rest),
            )
            is_first = False
            self._add_up(portion)
            yield self._batch(portion, coverage, following if is_end else self.at)

    def _changes(self) -> Iterator[Batch]:
        """Every bookyear and type at once; a document that was changed comes whole (*assumed*)."""
        since = self.at.since
        body = self._get(BOOKINGS, bookyear=ALL, journalTypeId=ALL, modifiedTimeStamp=since)
        told = rows.Bookings() if body is None else rows.BOOKINGS.decode(body)
        invoices = self._invoices(None)
        found = documents(told.modified or (), invoices)
        loose = [
            made
            for row in invoices
            if records.invoice_key(row) not in found and (made := records.invoice(row, ()))
        ]
        gone = frozenset(
            (
                RecordKind.ENTRY,
                records.document_key(row.bookyear_key.id, journal, row.document_sequence_nr),
            )
            for row in told.deleted or ()
            if (journal := records.journal_key(row.journal_type, row.journal_sequence_nr))
        )
        done = msgspec.structs.replace(self.at, stage=Stage.DONE)
        portions = parts(found.values(), self._account_behind, self.records_max)
        for portion, keys, is_end in _with_end(portions):
            coverage = Delta(deleted=gone, whole_entries=keys)
            gone = frozenset()
            told_records = [*portion, *loose] if is_end else portion
            yield self._batch(told_records, (coverage,), done if is_end else self.at)

    def _lines_of(self, bookyear: int, kind: JournalType) -> list[rows.BookingRow]:
        """All of one type; by time of change in several answers where one is too much."""
        asking = partial(self._get, BOOKINGS, bookyear=bookyear, journalTypeId=NUMBERS[kind])

        def read(first: str, last: str | None) -> list[rows.BookingRow]:
            span = {"modifiedTimeStamp": first}
            if last is not None:
                span["modifiedTimeStampTo"] = last
            body = asking(**span)
            return [] if body is None else rows.BOOKINGS.decode(body).modified or []

        return sliced(read, self.reader.told_at or self.now())

    def _invoices(self, step: Step | None) -> list[rows.BuySellRow]:
        """Of one bookyear, or the changed ones of all (None)."""
        body = self._get(
            BUY_SELL,
            bookyearId=ALL if step is None else step.bookyear,
            modifiedTimeStamp=self.at.since if step is None else EVER,
        )
        return [] if body is None else rows.BUY_SELL.decode(body)

    def _account_behind(self, bookyear: int, number: int) -> str:
        """Asked for only where a financial document comes without the bank's own line."""
        place = (bookyear, number)
        if place not in self._behind:
            body = self._get(JOURNAL_ACCOUNT, bookyear=bookyear, number=number)
            if body is None:
                raise _not_understood("a bank journal", f"F{number} of bookyear {bookyear}")
            self._behind[place] = str(rows.FINANCIAL_JOURNAL.decode(body).account)
        return self._behind[place]

    # -- balances ----------------------------------------------------------------------------------

    def _add_up(self, portion: Sequence[Record]) -> None:
        if self.sums is None:
            return
        for each in portion:
            if isinstance(each, JournalLine):
                cell = Cell(account_key=each.account_key, year=each.year, period=each.period)
                self.sums[cell] += each.amount_e4

    def _balances(self) -> Iterator[Batch]:
        """Which reading of the balances fits, where this pull has seen every line itself."""
        at = msgspec.structs.replace(self.at, stage=Stage.DONE)
        if self.sums is not None:
            self.amounts = self.read_amounts()
            fitting = fitting_reading(self.amounts, self.sums)
            if fitting is not None:
                at = msgspec.structs.replace(at, balances=fitting)
        yield self._batch((), (Delta(),), at)

    def read_amounts(self) -> list[rows.AmountRow]:
        body = self._get(AMOUNTS, modifiedTimeStamp=EVER)
        return [] if body is None else rows.AMOUNTS.decode(body).modified or []

    # -- within ------------------------------------------------------------------------------------

    def _get(self, operation: Operation, **named: str | int) -> bytes | None:
        """``bookyear`` and ``number`` belong into the path, everything else into the query."""
        place = {name: int(named.pop(name)) for name in ("bookyear", "number") if name in named}
        return self.reader.get(self.administration.key, operation, named, **place)

    def _turned(self) -> Bookmark:
        return msgspec.structs.replace(self.at, stage=self.at.next_stage())

    def _batch(
        self, portion: Sequence[Record], coverage: tuple[Coverage, ...], at: Bookmark
    ) -> Batch:
        stage = self.at.stage
        self.at = at
        return Batch(
            bookmark=at.encoded(),
            records=tuple(portion),
            coverage=coverage,
            stage=stage.value,
            last=at.stage is Stage.DONE,
        )


def fitting_reading(told: Sequence[rows.AmountRow], sums: dict[Cell, int]) -> Balances | None:
    """The reading under which fewer cells differ from the lines; None when both fit alike."""
    wrong = {reading: _differing(records.balances(told, reading), sums) for reading in Balances}
    if len(set(wrong.values())) == 1:
        return None
    return min(wrong, key=lambda reading: wrong[reading])


def _differing(theirs: dict[Cell, int], ours: dict[Cell, int]) -> int:
    return sum(theirs.get(cell, 0) != ours.get(cell, 0) for cell in theirs.keys() | ours.keys())


def _with_end(
    portions: Iterator[tuple[list[Record], frozenset[str]]],
) -> Iterator[tuple[list[Record], frozenset[str], bool]]:
    """Each portion, and whether it is the last."""
    held = next(portions)
    for following in portions:
        yield *held, False
        held = following
    yield *held, True


def _hidden(what: str, detail: str) -> FixSettings:
    """What every dossier has and is not shown: an empty answer would pass for empty books."""
    return FixSettings(
        f"{PROVIDER} shows no {what} of this dossier: give the connected user the right to read "
        "everything in it, then try again.",
        detail=detail,
        code="rights-missing",
        setting="rights",
    )


def _not_understood(what: str, detail: str) -> NotUnderstood:
    return NotUnderstood(
        f"{PROVIDER} sent {what} in a form this version does not know: report it.",
        detail=f"{what}: {detail}",
    )
