"""The lines of one answer put together into documents, as batches carry them. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from attrs import define, evolve, field

from adapters.providers.octopus import records, rows
from adapters.providers.octopus.contract import DEBIT, LETTERS, JournalType
from core.domain.books import JournalLine, Record

RECORDS_PER_BATCH: Final = 10_000
PROBED_LINES_MIN: Final = 20
"""Fewer lines say nothing about which side is debit."""
_COSTS: Final = "6"

AccountBehind = Callable[[int, int], str]
"""The ledger account of a financial journal, from bookyear and journal number."""


@define
class Document:
    """One entry with its lines, and the invoice it is."""

    key: str
    lines: list[rows.BookingRow] = field(factory=list)
    invoice: rows.BuySellRow | None = None

    def records(self, account_behind: AccountBehind) -> list[Record]:
        first = self.lines[0]
        lines = self._lines()
        missing_e4 = -sum(each.amount_e4 for each in lines)
        if missing_e4 and LETTERS.get(first.journal_type) is JournalType.FINANCIAL:
            account = account_behind(first.bookyear_key.id, first.journal_nr)
            lines += _other_side(lines, missing_e4, account)
        found: list[Record] = [records.entry(self.key, first), *lines]
        invoice = None
        if self.invoice is not None:
            invoice = records.invoice(self.invoice, self.lines)
        return found if invoice is None else [*found, invoice]

    def _lines(self) -> list[JournalLine]:
        """Lines by their number; a number used twice gets its place behind it (*assumed* away:
        the vendor says it identifies the line).
        """
        used: dict[int, int] = {}
        lines = []
        for position, row in enumerate(self.lines):
            number = row.line_sequence_nr
            count = used[number] = used.get(number, 0) + 1
            place = f"{number}" if count == 1 else f"{number}.{count}"
            key = f"{self.key}/{place}"
            lines.append(records.line(row, entry_key=self.key, key=key, position=position))
        return lines


def _other_side(lines: Sequence[JournalLine], missing_e4: int, account: str) -> list[JournalLine]:
    """The bank's own line, where a financial document comes without it.

    The vendor's document shapes of these journals are one-sided; the ledger lines are said by a
    client to net to zero. Whichever it is: without any line on the journal's account the rest of
    the document is what the bank got or paid.
    """
    if any(each.account_key == account for each in lines):
        return []
    first = lines[0]
    same_currency = all(each.currency == first.currency for each in lines)
    foreign = [each.foreign_e4 for each in lines if each.foreign_e4 is not None]
    whole = same_currency and len(foreign) == len(lines)
    return [
        evolve(
            first,
            key=f"{first.entry_key}/bank",
            position=len(lines),
            account_key=account,
            amount_e4=missing_e4,
            foreign_e4=-sum(foreign) if whole else None,
            contact_key=None,
        )
    ]


def documents(
    lines: Iterable[rows.BookingRow], invoices: Iterable[rows.BuySellRow] = ()
) -> dict[str, Document]:
    """By key, in the order they came. Lines of journals that book nothing are left out."""
    found: dict[str, Document] = {}
    for row in lines:
        journal = records.journal_key(row.journal_type, row.journal_nr)
        if journal is None:
            continue
        key = records.document_key(row.bookyear_key.id, journal, row.document_sequence_nr)
        if key not in found:
            found[key] = Document(key)
        found[key].lines.append(row)
    for invoice in invoices:
        if (document := found.get(records.invoice_key(invoice))) is not None:
            document.invoice = invoice
    return found


def parts(
    found: Iterable[Document], account_behind: AccountBehind, records_max: int
) -> Iterator[tuple[list[Record], frozenset[str]]]:
    """Records in portions of about ``records_max``, with the keys of the entries that are whole in
    one. A single document larger than that is parted, its first portion standing for the whole.
    """
    batch: list[Record] = []
    keys: set[str] = set()
    for document in found:
        new = document.records(account_behind)
        if batch and len(batch) + len(new) > records_max:
            yield batch, frozenset(keys)
            batch, keys = [], set()
        keys.add(document.key)
        batch += new
        while len(batch) > records_max:
            yield batch[:records_max], frozenset(keys)
            batch, keys = batch[records_max:], set()
    yield batch, frozenset(keys)


def is_upside_down(lines: Iterable[rows.BookingRow]) -> bool:
    """Whether purchases credit their costs: then debit is not what it is taken for.

    By number of lines, so that no large credit note decides; False where there are too few.
    """
    sides = [
        DEBIT * row.booking_amount > 0
        for row in lines
        if LETTERS.get(row.journal_type) is JournalType.PURCHASE
        and str(row.account_key).startswith(_COSTS)
    ]
    return len(sides) >= PROBED_LINES_MIN and 2 * sum(sides) < len(sides)
