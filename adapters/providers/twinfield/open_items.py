"""What customers and suppliers owe: invoices with due date and open amount, from the rows of both.

At first, and once a week, all of them are read; other nights those whose lines changed since, which
matching a payment does as well. Whether editing a document always moves the time of its lines no
source says, so the invoices among the changed documents are counted off: where one of them is not
told, all are read the same night.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import msgspec
import structlog
from attrs import define

from adapters.providers.kit.calls import NotSent
from adapters.providers.twinfield import rows as wire_rows
from adapters.providers.twinfield.bookmark import Bookmark, Mode, Part, Stage
from adapters.providers.twinfield.browsing import Row, browsed
from adapters.providers.twinfield.questions import (
    CUSTOMER_ITEMS,
    FIRST_PERIOD,
    ITEM_FIELDS,
    LAST_PERIOD,
    SUPPLIER_ITEMS,
    Slice,
)
from adapters.providers.twinfield.refusals import REFUSED
from adapters.providers.twinfield.session import Session
from adapters.providers.twinfield.times import moment, wide
from core.domain.books import Coverage, Delta, Everything, Invoice, InvoiceDirection, RecordKind
from core.domain.failures import FixSettings, ProviderDown

_log: Final[structlog.stdlib.BoundLogger] = structlog.get_logger("monitr.provider")

_SIDES: Final = {
    Stage.SALES: (CUSTOMER_ITEMS, InvoiceDirection.SALES),
    Stage.PURCHASES: (SUPPLIER_ITEMS, InvoiceDirection.PURCHASE),
}

Step = tuple[list[Invoice], Coverage, Bookmark]
"""Records of one batch, what it covers, and the bookmark that follows it."""


@define
class OpenItems:
    """Reads one of the two stages; ``at`` moves on with each step."""

    session: Session
    office: str
    at: Bookmark
    now: Callable[[], datetime]
    overlap_seconds: int
    """Changes told from this long before the last pull began."""
    records_max: int

    def steps(self) -> Iterator[Step]:
        """Steps of this stage, or of a part of it.

        Where the user may not see open amounts the ledger is read again for plain invoices: at
        first only. Later FixSettings, because amounts that are no longer true would stay.
        """
        try:
            yield from self._everything() if self.at.reads_all_items else self._changed()
        except FixSettings as refusal:
            if refusal.code != REFUSED or self.at.mode is Mode.CHANGES:
                raise
            _log.warning("open-items-refused", provider="twinfield", detail=refusal.detail)
            self.at = msgspec.structs.replace(
                self.at, plain=True, stage=Stage.LINES, parts=None, begun=False
            )

    # -- all of them -------------------------------------------------------------------------------

    def _everything(self) -> Iterator[Step]:
        """In one answer for all years; where that does not come, by year, then in halves of it."""
        parts = self.at.parts
        part = parts[0] if parts else None
        try:
            yield from self._whole(part, parts[1:] if parts else ())
        except NotSent:
            raise
        except ProviderDown:
            if part is None:
                left = tuple(
                    Part(year, FIRST_PERIOD, LAST_PERIOD)
                    for year in range(self._all.year, (self._all.last_year or self._all.year) + 1)
                )
            elif part.is_one:
                raise
            else:
                assert parts
                left = (*part.halved(), *parts[1:])
            self.at = msgspec.structs.replace(self.at, parts=left)

    def _whole(self, part: Part | None, left: tuple[Part, ...]) -> Iterator[Step]:
        is_first = self.at.stage is Stage.SALES and not self.at.begun
        invoices: list[Invoice] = []
        lost_is_final = part is None or not part.is_one
        asked = part.asked if part else self._all
        for _, invoice in self._read(asked, lost_is_final=lost_is_final):
            if len(invoices) == self.records_max:
                yield invoices, _of_all(first=is_first, last=False), self.at
                invoices, is_first = [], False
            invoices.append(invoice)
        is_last = not left and self.at.stage is Stage.PURCHASES
        at = msgspec.structs.replace(self.at, parts=left, begun=True)
        if not left:
            at = msgspec.structs.replace(at, parts=None, begun=False, owed=(), stage=at.next_stage)
        self.at = at
        yield invoices, _of_all(first=is_first, last=is_last), at

    # -- what changed ------------------------------------------------------------------------------

    def _changed(self) -> Iterator[Step]:
        """The narrow reading of a night; from the customers on again where it missed some."""
        begin = moment(self.at.since - self.overlap_seconds)
        end = moment(int(self.now().timestamp()))
        invoices: list[Invoice] = []
        owed = set(self.at.owed)
        for entry_key, invoice in self._read(self._all, modified=(begin, end)):
            if len(invoices) == self.records_max:
                yield invoices, Delta(), self.at
                invoices = []
            invoices.append(invoice)
            owed.discard(entry_key)
        at = msgspec.structs.replace(self.at, owed=tuple(sorted(owed)), stage=self.at.next_stage)
        if owed and self.at.stage is Stage.PURCHASES:
            at = msgspec.structs.replace(at, owed=(), all_items=True, stage=Stage.SALES)
        self.at = at
        yield invoices, Delta(), at

    # -- within ------------------------------------------------------------------------------------

    @property
    def _all(self) -> Slice:
        return wide(self.at.years, self.now())

    def _read(
        self,
        part: Slice,
        *,
        modified: tuple[str, str] | None = None,
        lost_is_final: bool = False,
    ) -> Iterator[tuple[str, Invoice]]:
        """Entry keys and invoices."""
        code, direction = _SIDES[self.at.stage]
        found: Iterator[Row] = browsed(
            self.session,
            code,
            ITEM_FIELDS,
            part,
            office=self.office,
            about=self.at.stage.value,
            modified=modified,
            lost_is_final=lost_is_final,
        )
        for row in found:
            invoice = wire_rows.invoice(row, direction, self.at.kinds)
            if invoice is not None:
                yield invoice.entry_key or "", invoice


def _of_all(*, first: bool, last: bool) -> Coverage:
    return Everything(kind=RecordKind.INVOICE, first=first, last=last)
