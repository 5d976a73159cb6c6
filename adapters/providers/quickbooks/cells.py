"""Reports as QuickBooks writes them: nested rows of text cells, with columns known by key. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from attrs import define, field, frozen

from adapters.providers.quickbooks.declaration import PROVIDER
from core.domain.failures import NotUnderstood
from core.domain.money import parse_e4

CUT_WORDS: Final = "unable to display more data"
DEPTH_MAX: Final = 20
"""Of sections within sections; accounts nest five deep."""

HOME_PAIR: Final = ("debt_home_amt", "credit_home_amt")
SHOWN_PAIR: Final = ("debt_amt", "credit_amt")
JOURNAL_COLUMNS: Final = ("tx_date", "txn_type", "doc_num", "name", "memo", "account_name")
FOREIGN_COLUMNS: Final = ("currency", "exch_rate")


class CutShort(Exception):
    """The report does not end as it should: rows are missing, and nothing else says so."""


class HomeAmountsMissing(Exception):
    """The columns in home currency were refused, left out without a word, or hold other amounts."""


class Cell(msgspec.Struct, gc=False):
    value: str | None = None
    id: str | None = None

    @property
    def text(self) -> str:
        return (self.value or "").strip()


_NO_CELL: Final = Cell()


class Cells(msgspec.Struct, rename="pascal"):
    col_data: list[Cell] = []


class Rows(msgspec.Struct, rename="pascal"):
    row: list[msgspec.Raw] | None = None


class Row(msgspec.Struct, rename="pascal"):
    col_data: list[Cell] | None = None
    summary: Cells | None = None
    header: Cells | None = None
    rows: Rows | None = None


class Named(msgspec.Struct, gc=False, rename="pascal"):
    name: str = ""
    value: str = ""


class Column(msgspec.Struct, rename="pascal"):
    col_type: str = ""
    meta_data: list[Named] = []

    @property
    def key(self) -> str:
        """Never the title, which is in the company's language."""
        keys = (each.value for each in self.meta_data if each.name == "ColKey")
        return next(keys, self.col_type)


class Columns(msgspec.Struct, frozen=True, rename="pascal"):
    column: list[Column] = []


class Header(msgspec.Struct, rename="pascal"):
    start_period: str | None = None
    end_period: str | None = None
    report_basis: str | None = None
    option: list[Named] = []


class Report(msgspec.Struct, rename="pascal"):
    header: Header
    columns: Columns = Columns()
    rows: Rows | None = None

    @property
    def is_empty(self) -> bool:
        return self.rows is None or not self.rows.row

    @property
    def says_empty(self) -> bool:
        return any(
            each.name == "NoReportData" and each.value.casefold() == "true"
            for each in self.header.option
        )


_ROW: Final = msgspec.json.Decoder(Row)


@frozen(kw_only=True, slots=True)
class Posting:
    """One line. ``place``: its ordinal in the transaction, as the report has it.

    ``foreign_e4`` in ``currency`` where the transaction is not in the home currency.
    """

    place: int
    account: str
    amount_e4: int
    currency: str | None = None
    foreign_e4: int | None = None
    contact: str | None = None
    memo: str | None = None


@define(kw_only=True, slots=True)
class Transaction:
    id: str
    day: date
    label: str
    number: str | None
    postings: list[Posting] = field(factory=list)
    places: int = 0


@frozen
class ReportColumns:
    """Where the columns of an answer stand; their order is the answer's."""

    at: Mapping[str, int]
    home: str
    is_multi: bool
    debit: int
    credit: int
    shown: tuple[int, int] | None
    """Amounts in the transaction's currency, where they come besides."""

    @classmethod
    def of(cls, report: Report, *, home: str, is_multi: bool) -> "ReportColumns":
        at = {column.key: place for place, column in enumerate(report.columns.column)}
        missing = [key for key in ("tx_date", "txn_type", "account_name") if key not in at]
        if report.is_empty and not at:
            return cls(at, home, is_multi, 0, 0, None)
        if missing:
            raise not_understood("a report", f"without the columns {missing}")
        pair = HOME_PAIR if is_multi else SHOWN_PAIR
        if any(key not in at for key in pair):
            if not is_multi:
                raise not_understood("a report", f"without the columns {pair}")
            raise HomeAmountsMissing(str(sorted(at)))
        is_told = is_multi and "currency" in at and all(key in at for key in SHOWN_PAIR)
        shown = (at[SHOWN_PAIR[0]], at[SHOWN_PAIR[1]]) if is_told else None
        return cls(at, home, is_multi, at[pair[0]], at[pair[1]], shown)

    def cell(self, cells: Sequence[Cell], key: str) -> Cell:
        place = self.at.get(key, len(cells))
        return cells[place] if place < len(cells) else _NO_CELL

    def sides(self, cells: Sequence[Cell]) -> tuple[int, int]:
        return tuple(  # type: ignore[return-value] # of two
            amount_of(cells[place]) if place < len(cells) else 0
            for place in (self.debit, self.credit)
        )

    def begun(self, cells: Sequence[Cell], day: date) -> Transaction:
        kind = self.cell(cells, "txn_type")
        if not kind.id:
            raise not_understood("a report", "a transaction without an id")
        return Transaction(
            id=kind.id,
            day=day,
            label=kind.text,
            number=self.cell(cells, "doc_num").text or None,
        )

    def add(self, transaction: Transaction, cells: Sequence[Cell]) -> None:
        """One line. Lines of nothing on no account are left out: they only link other ones."""
        place = transaction.places
        transaction.places += 1
        debit_e4, credit_e4 = self.sides(cells)
        account = self.cell(cells, "account_name").id
        if not account:
            if debit_e4 != credit_e4:
                raise not_understood("a report", f"{transaction.id}: a line without an account")
            return
        currency, foreign_e4 = self._foreign(cells)
        transaction.postings.append(
            Posting(
                place=place,
                account=account,
                amount_e4=debit_e4 - credit_e4,
                currency=currency,
                foreign_e4=foreign_e4,
                contact=self.cell(cells, "name").id or None,
                memo=self.cell(cells, "memo").text or None,
            )
        )

    def _foreign(self, cells: Sequence[Cell]) -> tuple[str | None, int | None]:
        currency = self.cell(cells, "currency").text
        if self.shown is None or not currency or currency == self.home:
            return None, None
        debit, credit = self.shown
        return currency, amount_of(cells[debit]) - amount_of(cells[credit])


def flat(rows: Rows | None, *, closed: bool = False, depth: int = 0) -> Iterator[Row]:
    """Rows in order, those of sections before the section's own sums. ``closed``: a section
    without them was cut short.
    """
    if depth > DEPTH_MAX:
        raise not_understood("a report", "sections too deep")
    for raw in (None if rows is None else rows.row) or ():
        row = _ROW.decode(raw)
        if row.rows is None:
            yield row
            continue
        yield from flat(row.rows, closed=closed, depth=depth + 1)
        if closed and row.summary is None:
            raise CutShort("an account is not closed")


def refuse_notice(cells: Sequence[Cell]) -> None:
    if any(CUT_WORDS in cell.text.casefold() for cell in cells):
        raise CutShort("it says so")


def nothing(report: Report) -> list[Transaction]:
    if not report.says_empty:
        raise CutShort("no rows, and nothing says that there are none")
    return []


def check_period(report: Report, first: date | None, last: date, what: str) -> None:
    """QuickBooks answers another period than asked for where it does not like the dates."""
    told = report.header
    for asked, answered in ((first, told.start_period), (last, told.end_period)):
        if asked is not None and answered and answered != asked.isoformat():
            raise not_understood(what, f"asked for {asked}, answered {answered[:20]!r}")


def day_of(text: str) -> date | None:
    """Lines after the first have ``0-00-00``, balances a word."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def amount_of(cell: Cell) -> int:
    """``25.00``, ``.50``, nothing."""
    text = cell.text
    return parse_e4(text) if text else 0


def not_understood(what: str, detail: str) -> NotUnderstood:
    return NotUnderstood(
        f"{PROVIDER} sent {what} in a form this version does not know: report it.",
        detail=f"{what}: {detail}",
    )
