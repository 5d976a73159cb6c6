"""A pull by REST: lists say what there is, details are fetched one by one where blocks differ.

No list says what changed, so it is found: by heads that look different, by numbers that are gone,
and, where only rows were changed, by balances that no longer agree with the lines held.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Iterator as Iterating
from datetime import date
from typing import Final

import msgspec
from attrs import define, field

from adapters.providers.eboekhouden import rest_rows, sums
from adapters.providers.eboekhouden.blocks import (
    PENDING_NUMBERS_MAX,
    Blocks,
    Head,
    block_key,
    by_month,
    first_of,
    fitting,
    gathered,
    heads_of,
    joined,
    split,
)
from adapters.providers.eboekhouden.bookmark import Bookmark, Marks, Mode, Stage
from adapters.providers.eboekhouden.chart import Chart
from adapters.providers.eboekhouden.checking import (
    better_rules,
    lines_sum,
    month_of,
    span,
    with_lines,
)
from adapters.providers.eboekhouden.declaration import PROVIDER
from adapters.providers.eboekhouden.documents import Mutation
from adapters.providers.eboekhouden.invoice_accounts import InvoiceAccounts
from adapters.providers.eboekhouden.masters import MASTER_COVERAGE, master_records, nothing_seen
from adapters.providers.eboekhouden.posting import Booked, booked
from adapters.providers.eboekhouden.rest import RestClient
from core.domain.books import Batch, Coverage, Delta, Everything, Record, RecordKind
from core.domain.failures import FixSettings, NotUnderstood

DETAILS_PER_BATCH: Final = 20
"""Each is a call; a pull that is killed asks again for so many at most."""
ROTATION_NIGHTS: Final = 28
"""A relation's list row tells its code only: its details are read again once in so many pulls."""
STEPS_MAX: Final = 1_000_000
MUTATIONS_MAX: Final = 400_000
"""By REST, a call each: more than a day's worth of calls."""
_OPENING: Final = 0
_REASON_CHARACTERS: Final = 100


@define
class RestPull:
    """One pull of the administration of an API token; ``at`` moves on with each batch."""

    client: RestClient
    at: Bookmark
    today: date
    chart: Chart = field(init=False)
    _heads: list[Head] | None = field(default=None, init=False)
    _opening: Mutation | None = field(default=None, init=False)
    _relations: list[Head] | None = field(default=None, init=False)
    _accounts_of: InvoiceAccounts = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.chart = Chart(self.at.ledgers)
        self._accounts_of = InvoiceAccounts(self.client.invoice_ledgers)

    def batches(self) -> Iterating[Batch]:
        steps: dict[Stage, Callable[[], Batch]] = {
            Stage.ACCOUNTS: self._accounts,
            Stage.CONTACTS: self._contacts,
            Stage.LEDGER: self._ledger,
            Stage.CHECK: self._check,
        }
        if self.at.stage is not Stage.ACCOUNTS and not self.at.ledgers:
            self._learn(self.client.ledgers())
        for _ in range(STEPS_MAX):
            stage = self.at.stage
            try:
                batch = steps[stage]()
            except ValueError as error:
                raise bad_value(stage.value, error) from None
            yield batch
            if batch.last:
                return

    def _learn(self, rows: Iterable[rest_rows.LedgerRow]) -> None:
        self.chart = Chart(tuple(rest_rows.ledger(row) for row in rows))
        self.at = msgspec.structs.replace(self.at, ledgers=self.chart.ledgers)

    # -- master data -------------------------------------------------------------------------------

    def _accounts(self) -> Batch:
        rows = self.client.ledgers()
        if not rows:
            raise nothing_seen()
        self._learn(rows)
        return self._batch(
            master_records(
                [(rest_rows.ledger(r), r.description or r.code) for r in rows], self.today
            ),
            MASTER_COVERAGE,
            msgspec.structs.replace(self.at, stage=Stage.CONTACTS),
        )

    def _contacts(self) -> Batch:
        if self.at.todo:
            return self._fetched_contacts()
        if self._relations is None:
            self._relations = [
                Head(row.id, "", sums.of_text(row.print)) for row in self.client.relations()
            ]
        heads = self._relations
        blocks = fitting(self.at.relations, heads)
        fresh = gathered(heads, blocks.width)
        changed = {key for key, value in fresh.items() if heads_of(blocks, key) != value}
        if not self.at.listed and self.at.mode is Mode.CHANGES:
            night = self.at.pulls % ROTATION_NIGHTS
            changed |= {key for key in fresh if int(key[1:]) % ROTATION_NIGHTS == night}
        todo, taken = first_of(heads, changed, blocks.width)
        held = {key: text for key, text in blocks.held.items() if key in fresh}
        held |= {key: joined(fresh[key], 0) for key in taken}
        at = msgspec.structs.replace(
            self.at,
            relations=Blocks(width=blocks.width, held=held),
            todo=todo,
            more=len(taken) < len(changed),
            listed=True,
        )
        present = frozenset(str(head.number) for head in heads)
        return self._contacts_batch((), at, present=present, is_first=not self.at.listed)

    def _fetched_contacts(self) -> Batch:
        numbers, rest = self.at.todo[:DETAILS_PER_BATCH], self.at.todo[DETAILS_PER_BATCH:]
        rows = [row for number in numbers if (row := self.client.relation(number)) is not None]
        at = msgspec.structs.replace(self.at, todo=rest)
        return self._contacts_batch([rest_rows.contact(row) for row in rows], at)

    def _contacts_batch(
        self,
        records: Sequence[Record],
        at: Bookmark,
        *,
        present: frozenset[str] = frozenset(),
        is_first: bool = False,
    ) -> Batch:
        is_over = not at.todo and not at.more
        if is_over:
            at = msgspec.structs.replace(at, stage=Stage.LEDGER, listed=False)
        coverage = Everything(
            kind=RecordKind.CONTACT, present=present, first=is_first, last=is_over
        )
        return self._batch(records, (coverage,), at)

    # -- the ledger --------------------------------------------------------------------------------

    def _ledger(self) -> Batch:
        if self.at.todo:
            return self._fetched()
        return self._listed()

    def _listed(self) -> Batch:
        """What there is, and which blocks of it look different from what is held."""
        heads = self._known_heads()
        opening = self._opening
        records: list[Record] = []
        blocks = fitting(self.at.blocks, heads)
        fresh = gathered(heads, blocks.width)
        changed = {key for key, value in fresh.items() if heads_of(blocks, key) != value}
        todo, taken = first_of(heads, changed, blocks.width)
        gone = blocks.held.keys() - fresh.keys()
        held = {key: text for key, text in blocks.held.items() if key not in gone}
        held |= {key: joined(fresh[key], 0) for key in taken}
        touched = {int(key[:4]) for key in changed | gone}
        at = msgspec.structs.replace(
            self.at,
            blocks=Blocks(width=blocks.width, held=held),
            todo=todo,
            more=len(taken) < len(changed),
            listed=True,
            years=frozenset(int(key[:4]) for key in held),
            touched=self.at.touched | touched,
        )
        if opening is not None:
            result = booked(opening, self.chart, at.rules)
            records = result.records
            todo = tuple(number for number in todo if number != _OPENING)
            at = msgspec.structs.replace(at, todo=todo)
            if block_key(month_of(opening.date), _OPENING, blocks.width) in taken:
                at = _counted(at, opening, result)
        present = frozenset(str(head.number) for head in heads)
        whole = Delta(whole_entries=frozenset({str(_OPENING)} if opening else ()))
        return self._ledger_batch(records, at, whole, present, is_first=not self.at.listed)

    def _known_heads(self) -> list[Head]:
        """As the list tells them, and the opening balance where lists leave it out (whether they do
        is not documented).
        """
        if self._heads is None:
            self._heads = [
                Head(row.id, month_of(row.day), sums.of_text(row.print))
                for row in self.client.heads()
            ]
            if len(self._heads) > MUTATIONS_MAX:
                raise _too_many()
            if not self._heads or self._heads[0].number != _OPENING:
                self._add_opening(self._heads)
        return self._heads

    def _add_opening(self, heads: list[Head]) -> None:
        told = self.client.mutation(_OPENING)
        if told is not None:
            self._opening = rest_rows.mutation(told, _OPENING)
            digest = sums.of_text(repr(self._opening))
            heads.insert(0, Head(_OPENING, month_of(self._opening.date), digest))

    def _fetched(self) -> Batch:
        records, at, keys = self._details()
        if self.at.stage is Stage.CHECK:
            return self._batch(records, (Delta(whole_entries=keys),), at)
        return self._ledger_batch(records, at, Delta(whole_entries=keys))

    def _details(self) -> tuple[list[Record], Bookmark, frozenset[str]]:
        """The next of ``todo``. One that vanished since the list is gone tomorrow."""
        numbers, rest = self.at.todo[:DETAILS_PER_BATCH], self.at.todo[DETAILS_PER_BATCH:]
        at = msgspec.structs.replace(self.at, todo=rest)
        records: list[Record] = []
        keys = set()
        for number in numbers:
            told = self.client.mutation(number)
            if told is not None:
                keys.add(str(number))
                mutation = self._accounts_of.filled_in(rest_rows.mutation(told, number), self.chart)
                result = booked(mutation, self.chart, at.rules)
                records += result.records
                at = _counted(at, mutation, result)
        return records, at, frozenset(keys)

    def _ledger_batch(
        self,
        records: Sequence[Record],
        at: Bookmark,
        whole: Delta,
        present: frozenset[str] = frozenset(),
        *,
        is_first: bool = False,
    ) -> Batch:
        is_over = not at.todo and not at.more
        if is_over:
            queue = self._queue(at)
            stage = Stage.CHECK if queue else Stage.DONE
            at = msgspec.structs.replace(at, stage=stage, queue=queue, listed=False)
        coverage = Everything(kind=RecordKind.ENTRY, present=present, first=is_first, last=is_over)
        return self._batch(records, (whole, coverage), at)

    # -- balances ----------------------------------------------------------------------------------

    def _queue(self, at: Bookmark) -> tuple[str, ...]:
        """Years to hold against balances. Where those cost a call per account, the newest two every
        night and one of the others.
        """
        years = sorted(at.years)
        if at.mode is Mode.CHANGES and self.client.singly and len(years) > 2:  # noqa: PLR2004
            older = years[:-2]
            years = [older[at.pulls % len(older)], *years[-2:]]
        if at.mode is Mode.WHOLE:
            return (f"{years[0]}-{years[-1]}",) if years else ()
        return tuple(map(str, years))

    def _check(self) -> Batch:
        if self.at.todo:
            return self._after(self._fetched())
        period, queue = self.at.queue[0], self.at.queue[1:]
        at = msgspec.structs.replace(self.at, queue=queue)
        if "-" in period:
            return self._after_whole(period, at)
        if ">" in period:
            month, _, after = period.partition(">")
            return self._after(self._batch((), (Delta(),), self._to_read(month, int(after), at)))
        told = sums.of_balances(self.client.movements(*span(period), self.chart))
        months = by_month(at.blocks.held)
        expected = sum(
            value + at.apart.get(month, 0)
            for month, value in months.items()
            if month.startswith(period)
        )
        if expected % sums.MODULUS != told:
            at = self._to_read_again(period, at, sorted(months), told)
        return self._after(self._batch((), (Delta(),), at))

    def _after(self, batch: Batch) -> Batch:
        """The same batch, with the end of the pull in it when nothing is left to check."""
        if self.at.todo or self.at.queue:
            return batch
        return self._batch(
            batch.records,
            batch.coverage,
            msgspec.structs.replace(self.at, stage=Stage.DONE),
            stage=Stage.CHECK,
        )

    def _to_read_again(
        self, period: str, at: Bookmark, months: Sequence[str], told: int
    ) -> Bookmark:
        """A year that differs is looked at by month, a month that differs is read again."""
        at = msgspec.structs.replace(at, touched=at.touched | {int(period[:4])})
        if len(period) == len("2025"):
            inner = tuple(month for month in months if month.startswith(period))
            return msgspec.structs.replace(at, queue=(*inner, *at.queue))
        held = {
            key: joined(split(text)[0], 0) if key.startswith(period) else text
            for key, text in at.blocks.held.items()
        }
        emptied = Blocks(width=at.blocks.width, held=held)
        at = msgspec.structs.replace(at, blocks=emptied, told={**at.told, period: told})
        return self._to_read(period, -1, at)

    def _to_read(self, month: str, after: int, at: Bookmark) -> Bookmark:
        """The mutations of a month above a number, as many as a bookmark carries."""
        if self._heads is not None:
            numbers = [head.number for head in self._heads if head.month == month]
        else:
            numbers = [row.id for row in self.client.heads(span(month))]
        left = [number for number in sorted(numbers) if number > after]
        todo = tuple(left[:PENDING_NUMBERS_MAX])
        queue = at.queue
        if len(left) > PENDING_NUMBERS_MAX:
            queue = (f"{month}>{todo[-1]}", *queue)
        return msgspec.structs.replace(at, todo=todo, queue=queue)

    def _after_whole(self, period: str, at: Bookmark) -> Batch:
        """After reading all: do the balances say that other rules were right? Then once more."""
        first, _, last = period.partition("-")
        days = span(first)[0], span(last)[1]
        told = sums.of_balances(self.client.movements(*days, self.chart))
        rules = None if at.again else better_rules(at.marks, at.rules, self.chart, told)
        if rules is None:
            return self._batch((), (Delta(),), msgspec.structs.replace(at, stage=Stage.DONE))
        self._heads = None
        return self._batch(
            (),
            (Delta(),),
            msgspec.structs.replace(
                at, stage=Stage.LEDGER, rules=rules, again=True, blocks=Blocks(), marks=Marks()
            ),
        )

    def _batch(
        self,
        records: Sequence[Record],
        coverage: tuple[Coverage, ...],
        at: Bookmark,
        *,
        stage: Stage | None = None,
    ) -> Batch:
        shown = stage or self.at.stage
        self.at = at
        return Batch(
            bookmark=at.encoded(),
            records=tuple(records),
            coverage=coverage,
            stage=shown.value,
            last=at.stage is Stage.DONE,
        )


def _counted(at: Bookmark, mutation: Mutation, result: Booked) -> Bookmark:
    """The lines of a mutation added to those of its block."""
    key = block_key(month_of(mutation.date), mutation.number, at.blocks.width)
    heads_sum, lines = split(at.blocks.held[key]) if key in at.blocks.held else (0, 0)
    held = {**at.blocks.held, key: joined(heads_sum, lines + lines_sum(result))}
    return msgspec.structs.replace(
        at,
        blocks=Blocks(width=at.blocks.width, held=held),
        marks=with_lines(at.marks, mutation, result) if at.mode is Mode.WHOLE else at.marks,
    )


def bad_value(about: str, error: ValueError) -> NotUnderstood:
    return NotUnderstood(
        f"{PROVIDER} sent {about} in a form this version does not know: report it.",
        detail=f"{about}: {str(error)[:_REASON_CHARACTERS]}",
    )


def _too_many() -> FixSettings:
    return FixSettings(
        f"These books have more than {MUTATIONS_MAX:,} mutations, each a call: connect by SOAP, "
        "with user name and security codes.",
        code="too-many-for-rest",
        setting="username",
    )
