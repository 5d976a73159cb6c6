"""What reports say: the journal, the general ledger and the trial balance. Bytes in, values out.

A report that was cut short is an answer with status 200, so each one is looked at for its end: the
journal closes every transaction with its sums and everything with a total, the general ledger
closes every account.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from attrs import define, field

from adapters.providers.kit.decoding import JsonPage
from adapters.providers.quickbooks.cells import (
    Cell,
    CutShort,
    HomeAmountsMissing,
    Report,
    ReportColumns,
    Row,
    Transaction,
    amount_of,
    check_period,
    day_of,
    flat,
    not_understood,
    nothing,
    refuse_notice,
)
from adapters.providers.quickbooks.declaration import PROVIDER

JOURNAL: Final = JsonPage(PROVIDER, "the journal report", Report)
LEDGER: Final = JsonPage(PROVIDER, "the general ledger", Report)
BALANCE: Final = JsonPage(PROVIDER, "the trial balance", Report)


def journal(
    body: bytes, first: date, last: date, *, home: str, is_multi: bool
) -> list[Transaction]:
    """Every transaction of the window, checked: sides equal, sums as told, nothing missing.

    ``home``: the company's currency; ``is_multi``: home amounts were asked for beside those shown.
    CutShort; HomeAmountsMissing; NotUnderstood for what is plainly wrong.
    """
    report = JOURNAL.decode(body)
    check_period(report, first, last, "the journal report")
    columns = ReportColumns.of(report, home=home, is_multi=is_multi)
    if report.is_empty:
        return nothing(report)
    found = _Journal(columns=columns)
    for row in flat(report.rows):
        found.take(row)
    return found.ended()


def general_ledger(body: bytes, first: date, last: date, *, home: str) -> list[Transaction]:
    """The same transactions, gathered from their lines under each account.

    For companies whose journal has no home amounts. Sections must be closed and transactions must
    balance; else CutShort.
    """
    report = LEDGER.decode(body)
    check_period(report, first, last, "the general ledger")
    columns = ReportColumns.of(report, home=home, is_multi=True)
    if report.is_empty:
        return nothing(report)
    found: dict[str, Transaction] = {}
    for row in flat(report.rows, closed=True):
        cells = row.col_data
        if cells is None:
            continue
        day = day_of(columns.cell(cells, "tx_date").text)
        if day is None:
            refuse_notice(cells)
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
    check_period(report, None, last, "the trial balance")
    basis = report.header.report_basis
    if basis is not None and basis.casefold() != "accrual":
        raise not_understood("the trial balance", f"basis {basis[:20]!r}")
    told: dict[str, int] = {}
    sides, total = [0, 0], None
    for row in flat(report.rows):
        if row.summary is not None:
            total = [amount_of(cell) for cell in row.summary.col_data[1:3]]
        elif row.col_data is not None and len(row.col_data) > 2:  # noqa: PLR2004 - name, two sides
            name, debit, credit = row.col_data[:3]
            amounts = amount_of(debit), amount_of(credit)
            sides = [sides[0] + amounts[0], sides[1] + amounts[1]]
            if name.id:
                told[name.id] = told.get(name.id, 0) + amounts[0] - amounts[1]
            elif any(amounts):
                raise not_understood("the trial balance", "an amount without an account")
    if sides[0] != sides[1] or (total or [0, 0]) != sides:
        raise not_understood("the trial balance", f"sides {sides}, total {total}")
    return {account: amount_e4 for account, amount_e4 in told.items() if amount_e4}


@define
class _Journal:
    """Reads the journal row by row: lines, the sums that close them, and the total at the end."""

    columns: ReportColumns
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
            refuse_notice(cells)
            raise not_understood("the journal report", "a row without a transaction")
        self.total = None
        if self.open is None:
            day = day_of(columns.cell(cells, "tx_date").text)
            if day is None:
                raise not_understood("the journal report", f"transaction {key} without a date")
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
            wrong = f"{self.open.id}: debit {debit_e4}, credit {credit_e4}, told {told}"
            if self.columns.is_multi:
                raise HomeAmountsMissing(f"transaction {wrong}")
            raise not_understood("the journal report", f"transaction {wrong}")
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
