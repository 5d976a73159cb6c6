"""A pull by SOAP: everything again, in windows of numbers, because nothing says what changed.

A list gives the newest 500 that match and leaves the rest out without a word, so the newest are
asked for first, and what is below them in windows of 500 numbers, which cannot overflow. Where
there are too many windows for a night, those of the newest numbers are read every time and the
others in turn.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

import msgspec
from attrs import define, field

from adapters.providers.eboekhouden import soap_rows, sums
from adapters.providers.eboekhouden.bookmark import Bookmark, Marks, Mode, Stage
from adapters.providers.eboekhouden.chart import Chart, Ledger
from adapters.providers.eboekhouden.checking import better_rules, with_lines
from adapters.providers.eboekhouden.masters import MASTER_COVERAGE, master_records, nothing_seen
from adapters.providers.eboekhouden.posting import booked
from adapters.providers.eboekhouden.soap_client import SoapClient, not_understood
from adapters.providers.kit.xml import Element
from core.domain.books import Batch, Coverage, Delta, Everything, Record, RecordKind

WINDOW: Final = 500
"""Mutations the service gives at once."""
WINDOWS_PER_PULL: Final = 50
"""Read by every pull, newest first: two pulls a night stay within 5,000 calls a month."""
TURNS_PER_PULL: Final = 25
"""Of the windows below them, read in turn."""
STEPS_MAX: Final = 1_000_000


@define
class SoapPull:
    """One pull of one administration; ``at`` moves on with each batch. ``window`` in numbers."""

    client: SoapClient
    guid: str | None
    at: Bookmark
    today: date
    window: int = WINDOW
    chart: Chart = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.chart = Chart(self.at.ledgers)

    def batches(self) -> Iterator[Batch]:
        steps: dict[Stage, Callable[[], Batch]] = {
            Stage.ACCOUNTS: self._accounts,
            Stage.CONTACTS: self._contacts,
            Stage.LEDGER: self._ledger,
            Stage.CHECK: self._check,
        }
        if self.at.stage is not Stage.ACCOUNTS and not self.at.ledgers:
            self._learn()
        for _ in range(STEPS_MAX):
            stage = self.at.stage
            try:
                batch = steps[stage]()
            except ValueError as error:
                raise not_understood(stage.value, str(error)[:100]) from None
            yield batch
            if batch.last:
                return

    def _learn(self) -> list[tuple[Ledger, str]]:
        named = [soap_rows.ledger(element) for element in self.client.ledgers(self.guid)]
        if not named:
            raise nothing_seen()
        self.chart = Chart(tuple(found for found, _ in named))
        self.at = msgspec.structs.replace(self.at, ledgers=self.chart.ledgers)
        return named

    def _accounts(self) -> Batch:
        named = self._learn()
        at = msgspec.structs.replace(self.at, stage=Stage.CONTACTS)
        return self._batch(master_records(named, self.today), MASTER_COVERAGE, at)

    def _contacts(self) -> Batch:
        records = [soap_rows.contact(element) for element in self.client.relations(self.guid)]
        coverage = Everything(kind=RecordKind.CONTACT, first=True)
        at = msgspec.structs.replace(self.at, stage=Stage.LEDGER, high=-1)
        return self._batch(records, (coverage,), at)

    # -- the ledger --------------------------------------------------------------------------------

    def _ledger(self) -> Batch:
        """The newest, then window after window down to number 0."""
        if self.at.high < 0:
            return self._newest()
        low = max(0, (self.at.high - 1) // self.window * self.window)
        if self._is_skipped(low):
            present = frozenset(map(str, range(low, self.at.high)))
            at = msgspec.structs.replace(self.at, high=low)
            return self._ledger_batch((), at, present=present)
        elements = self.client.mutations(self.guid, low, self.at.high - 1)
        return self._taken(elements, low)

    def _newest(self) -> Batch:
        elements = self.client.mutations(self.guid, 0)
        numbers = [soap_rows.number_of(element) for element in elements]
        # Fewer than it could give are all there are.
        low = min(numbers) if len(numbers) >= self.window else 0
        self.at = msgspec.structs.replace(self.at, newest=max(numbers, default=0))
        return self._taken(elements, low, is_first=True)

    def _is_skipped(self, low: int) -> bool:
        """Whether it is not this window's turn."""
        newest = self.at.newest // self.window
        place = low // self.window
        older = newest - WINDOWS_PER_PULL
        if self.at.mode is Mode.WHOLE or place >= older:
            return False
        rounds = -(-older // TURNS_PER_PULL)
        return place % rounds != self.at.pulls % rounds

    def _taken(self, elements: Sequence[Element], low: int, *, is_first: bool = False) -> Batch:
        records: list[Record] = []
        marks, years = self.at.marks, set(self.at.years)
        keys = set()
        for element in elements:
            mutation = soap_rows.mutation(element, self.chart)
            result = booked(mutation, self.chart, self.at.rules)
            records += result.records
            marks = with_lines(marks, mutation, result)
            years.add(mutation.date.year)
            keys.add(str(mutation.number))
        at = msgspec.structs.replace(self.at, high=low, marks=marks, years=frozenset(years))
        return self._ledger_batch(records, at, whole=frozenset(keys), is_first=is_first)

    def _ledger_batch(
        self,
        records: Sequence[Record],
        at: Bookmark,
        *,
        whole: frozenset[str] = frozenset(),
        present: frozenset[str] = frozenset(),
        is_first: bool = False,
    ) -> Batch:
        is_over = at.high == 0
        if is_over:
            is_checked = at.mode is Mode.WHOLE and bool(at.years)
            stage = Stage.CHECK if is_checked else Stage.DONE
            at = msgspec.structs.replace(at, stage=stage)
        coverage = Everything(kind=RecordKind.ENTRY, present=present, first=is_first, last=is_over)
        return self._batch(records, (Delta(whole_entries=whole), coverage), at)

    def _check(self) -> Batch:
        """After reading all: do the balances say that other rules were right? Then once more."""
        first, last = date(min(self.at.years), 1, 1), date(max(self.at.years), 12, 31)
        told = sums.of_balances(self.client.movements(self.guid, first, last, self.chart))
        at = self.at
        rules = None if at.again else better_rules(at.marks, at.rules, self.chart, told)
        if rules is None:
            at = msgspec.structs.replace(at, stage=Stage.DONE)
        else:
            at = msgspec.structs.replace(
                at, stage=Stage.LEDGER, rules=rules, again=True, marks=Marks(), high=-1
            )
        return self._batch((), (Delta(),), at)

    def _batch(
        self, records: Sequence[Record], coverage: tuple[Coverage, ...], at: Bookmark
    ) -> Batch:
        stage = self.at.stage
        self.at = at
        return Batch(
            bookmark=at.encoded(),
            records=tuple(records),
            coverage=coverage,
            stage=stage.value,
            last=at.stage is Stage.DONE,
        )
