"""Reports as QuickBooks writes them: nested rows of text cells, with columns known by key.

Pure: bytes in, exact values out. A report that was cut short is an answer with status 200, so each
one is looked at for its end: the journal closes every transaction with its sums and everything with
a total, the general ledger closes every account.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from attrs import define, field, frozen

from adapters.providers.kit.decoding import JsonPage
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
    """The columns in home currency were left out without a word."""


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


JOURNAL: Final = JsonPage(PROVIDER, "the journal report", Report)
LEDGER: Final = JsonPage(PROVIDER, "the general ledger", Report)
BALANCE: Final = JsonPage(PROVIDER, "the trial balance", Report)
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


def journal(
    body: bytes, first: date, last: date, *, home: str, is_multi: bool
) -> list[Transaction]:
    """Every transaction of the window, checked: sides equal, sums as told, nothing missing.

    ``home``: the company's currency; ``is_multi``: home amounts were asked for beside those shown.
    CutShort; HomeAmountsMissing; NotUnderstood for what is plainly wrong.
    """
    report = JOURNAL.decode(body)
    _check_period(report, first, last, "the journal report")
    columns = _Columns.of(report, home=home, is_multi=is_multi)
    if report.is_empty:
        return _nothing(report)
    found = _Journal(columns=columns)
    for row in _flat(report.rows):
        found.take(row)
    return found.ended()


def general_ledger(body: bytes, first: date, last: date, *, home: str) -> list[Transaction]:
    """The same transactions, gathered from their lines under each account.

    For companies whose journal has no home amounts. Sections must be closed and transactions must
    balance; else CutShort.
    """
    report = LEDGER.decode(body)
    _check_period(report, first, last, "the general ledger")
    columns = _Columns.of(report, home=home, is_multi=True)
    if report.is_empty:
        return _nothing(report)
    found: dict[str, Transaction] = {}
    for row in _flat(report.rows, closed=True):
        cells = row.col_data
        if cells is None:
            continue
        day = _day(columns.cell(cells, "tx_date").text)
        if day is None:
            _refuse_notice(cells)
            continue
        transaction = columns.begun(cells, day)
        transaction = found.setdefault(transaction.id, transaction)
        columns.add(transaction, cells)
    for transaction in found.values():
        if sum(posting.amount_e4 for posting in transaction.postings):
            raise CutShort(f"transaction {transaction.id} does not balance")
    return list(found.values())


def trial_balance(body: bytes, last: date) -> dict[str, int]:
    """Balances per account id, debit positive, of the accrual basis; flat rows or sections.

    NotUnderstood when its sides differ, or are not what its own total says.
    """
    report = BALANCE.decode(body)
    _check_period(report, None, last, "the trial balance")
    basis = report.header.report_basis
    if basis is not None and basis.casefold() != "accrual":
        raise _not_understood("the trial balance", f"basis {basis[:20]!r}")
    told: dict[str, int] = {}
    sides, total = [0, 0], None
    for row in _flat(report.rows):
        if row.summary is not None:
            total = [_amount(cell) for cell in row.summary.col_data[1:3]]
        elif row.col_data is not None and len(row.col_data) > 2:  # noqa: PLR2004 - name, two sides
            name, debit, credit = row.col_data[:3]
            amounts = _amount(debit), _amount(credit)
            sides = [sides[0] + amounts[0], sides[1] + amounts[1]]
            if name.id:
                told[name.id] = told.get(name.id, 0) + amounts[0] - amounts[1]
            elif any(amounts):
                raise _not_understood("the trial balance", "an amount without an account")
    if sides[0] != sides[1] or (total or [0, 0]) != sides:
        raise _not_understood("the trial balance", f"sides {sides}, total {total}")
    return {account: amount_e4 for account, amount_e4 in told.items() if amount_e4}


# -- within ----------------------------------------------------------------------------------------


@frozen
class _Columns:
    """Where the columns of an answer stand; their order is the answer's."""

    at: Mapping[str, int]
    home: str
    debit: int
    credit: int
    shown: tuple[int, int] | None
    """Amounts in the transaction's currency, where they come besides."""

    @classmethod
    def of(cls, report: Report, *, home: str, is_multi: bool) -> "_Columns":
        at = {column.key: place for place, column in enumerate(report.columns.column)}
        missing = [key for key in ("tx_date", "txn_type", "account_name") if key not in at]
        if report.is_empty and not at:
            return cls(at, home, 0, 0, None)
        if missing:
            raise _not_understood("a report", f"without the columns {missing}")
        pair = HOME_PAIR if is_multi else SHOWN_PAIR
        if any(key not in at for key in pair):
            if not is_multi:
                raise _not_understood("a report", f"without the columns {pair}")
            raise HomeAmountsMissing(str(sorted(at)))
        is_told = is_multi and "currency" in at and all(key in at for key in SHOWN_PAIR)
        shown = (at[SHOWN_PAIR[0]], at[SHOWN_PAIR[1]]) if is_told else None
        return cls(at, home, at[pair[0]], at[pair[1]], shown)

    def cell(self, cells: Sequence[Cell], key: str) -> Cell:
        place = self.at.get(key, len(cells))
        return cells[place] if place < len(cells) else _NO_CELL

    def sides(self, cells: Sequence[Cell]) -> tuple[int, int]:
        return tuple(  # type: ignore[return-value] # of two
            _amount(cells[place]) if place < len(cells) else 0
            for place in (self.debit, self.credit)
        )

    def begun(self, cells: Sequence[Cell], day: date) -> Transaction:
        kind = self.cell(cells, "txn_type")
        if not kind.id:
            raise _not_understood("a report", "a transaction without an id")
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
                raise _not_understood("a report", f"{transaction.id}: a line without an account")
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
        return currency, _amount(cells[debit]) - _amount(cells[credit])


@define
class _Journal:
    """Reads the journal row by row: lines, the sums that close them, and the total at the end."""

    columns: _Columns
    found: dict[str, Transaction] = field(factory=dict)
    open: Transaction | None = None
    sums: tuple[int, int] = (0, 0)
    all_sums: tuple[int, int] = (0, 0)
    total: tuple[int, int] | None = None
    has_negative: bool = False
    """Of the open transaction."""
    negatives: bool = False
    """Of any."""

    def take(self, row: Row) -> None:
        if row.summary is not None:
            self._close(row.summary.col_data)
        elif row.col_data is not None and any(cell.text or cell.id for cell in row.col_data):
            self._line(row.col_data)

    def _line(self, cells: Sequence[Cell]) -> None:
        columns = self.columns
        key = columns.cell(cells, "txn_type").id
        if not key:
            _refuse_notice(cells)
            raise _not_understood("the journal report", "a row without a transaction")
        self.total = None
        if self.open is None:
            day = _day(columns.cell(cells, "tx_date").text)
            if day is None:
                raise _not_understood("the journal report", f"transaction {key} without a date")
            begun = columns.begun(cells, day)
            self.open = self.found.setdefault(key, begun)
        elif self.open.id != key:
            raise CutShort(f"transaction {self.open.id} is not closed")
        columns.add(self.open, cells)
        debit_e4, credit_e4 = columns.sides(cells)
        self.sums = (self.sums[0] + debit_e4, self.sums[1] + credit_e4)
        self.has_negative |= debit_e4 < 0 or credit_e4 < 0

    def _close(self, cells: Sequence[Cell]) -> None:
        told = self.columns.sides(cells)
        if self.open is None:
            self.total = told
            return
        debit_e4, credit_e4 = self.sums
        # A negative amount may be shown, and added up, on the other side.
        is_told = told == self.sums or self.has_negative
        if debit_e4 != credit_e4 or told[0] != told[1] or not is_told:
            raise _not_understood(
                "the journal report",
                f"transaction {self.open.id}: debit {debit_e4}, credit {credit_e4}, told {told}",
            )
        self.all_sums = (self.all_sums[0] + debit_e4, self.all_sums[1] + credit_e4)
        self.open, self.sums = None, (0, 0)
        self.negatives |= self.has_negative
        self.has_negative = False

    def ended(self) -> list[Transaction]:
        if self.open is not None:
            raise CutShort(f"transaction {self.open.id} is not closed")
        if self.total is None:
            raise CutShort("no total")
        if self.total != self.all_sums and not self.negatives:
            raise CutShort(f"total {self.total}, transactions {self.all_sums}")
        return list(self.found.values())


def _flat(rows: Rows | None, *, closed: bool = False, depth: int = 0) -> Iterator[Row]:
    """Rows in order, those of sections before the section's own sums. ``closed``: a section
    without them was cut short.
    """
    if depth > DEPTH_MAX:
        raise _not_understood("a report", "sections too deep")
    for raw in (None if rows is None else rows.row) or ():
        row = _ROW.decode(raw)
        if row.rows is None:
            yield row
            continue
        yield from _flat(row.rows, closed=closed, depth=depth + 1)
        if closed and row.summary is None:
            raise CutShort("an account is not closed")


def _refuse_notice(cells: Sequence[Cell]) -> None:
    if any(CUT_WORDS in cell.text.casefold() for cell in cells):
        raise CutShort("it says so")


def _nothing(report: Report) -> list[Transaction]:
    if not report.says_empty:
        raise CutShort("no rows, and nothing says that there are none")
    return []


def _check_period(report: Report, first: date | None, last: date, what: str) -> None:
    """QuickBooks answers another period than asked for where it does not like the dates."""
    told = report.header
    for asked, answered in ((first, told.start_period), (last, told.end_period)):
        if asked is not None and answered and answered != asked.isoformat():
            raise _not_understood(what, f"asked for {asked}, answered {answered[:20]!r}")


def _day(text: str) -> date | None:
    """Lines after the first have ``0-00-00``, balances a word."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _amount(cell: Cell) -> int:
    """``25.00``, ``.50``, nothing."""
    text = cell.text
    return parse_e4(text) if text else 0


def _not_understood(what: str, detail: str) -> NotUnderstood:
    return NotUnderstood(
        f"{PROVIDER} sent {what} in a form this version does not know: report it.",
        detail=f"{what}: {detail}",
    )
