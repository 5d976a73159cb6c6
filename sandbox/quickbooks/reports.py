"""Reports as nested rows of text: the journal, the general ledger and the trial balance."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from attrs import frozen

from sandbox.quickbooks.errors import too_slow, validation_fault
from sandbox.quickbooks.view import FRENCH, View
from sandbox.records import Account, Entry, Line
from sandbox.truth import decimal_text
from sandbox.wire import WireRequest

Cell = dict[str, str]
Row = dict[str, object]

CUT: Final = "Unable to display more data. Please reduce the date range."
CELLS_MAX: Final = 400_000
CONTINUED: Final = "0-00-00"

TITLES: Final[Mapping[str, tuple[str, str, str]]] = {
    "tx_date": ("Date", "Date", "Date"),
    "txn_type": ("Transaction Type", "Type d'opération", "String"),
    "doc_num": ("Num", "N°", "String"),
    "name": ("Name", "Nom", "String"),
    "memo": ("Memo/Description", "Mémo/description", "String"),
    "account_name": ("Account", "Compte", "String"),
    "debt_amt": ("Debit", "Débit", "Money"),
    "credit_amt": ("Credit", "Crédit", "Money"),
    "debt_home_amt": ("Debit (Home)", "Débit (pays)", "Money"),
    "credit_home_amt": ("Credit (Home)", "Crédit (pays)", "Money"),
    "currency": ("Currency", "Devise", "String"),
    "exch_rate": ("Exchange Rate", "Taux de change", "String"),
    "last_mod_date": ("Last Modified", "Modifié", "String"),
}
JOURNAL_COLUMNS: Final = (
    "tx_date", "txn_type", "doc_num", "name", "memo", "account_name", "debt_amt", "credit_amt",
)  # fmt: skip
LEDGER_COLUMNS: Final = ("tx_date", "txn_type", "doc_num", "name", "memo")
HOME_ONLY: Final = frozenset({"debt_home_amt", "credit_home_amt", "currency", "exch_rate"})


@frozen(kw_only=True)
class Style:
    """How reports look and when they fail. ``home_columns``: whether the journal knows them."""

    cells_max: int = CELLS_MAX
    slow_rows: int | None = None
    old_columns: bool = False
    french: bool = False
    home_columns: bool = True
    cut_text: bool = True
    nested_balance: bool = False


@frozen
class _Report:
    name: str
    view: View
    first: date
    last: date
    columns: Sequence[str]
    style: Style

    def written(self, found: Sequence[Row], now: str, basis: str | None = None) -> Row:
        return _answer(
            self.header(now, basis, has_data=bool(found)),
            [self._column(key) for key in self.columns],
            self._cut(found),
        )

    def header(self, now: str, basis: str | None, *, has_data: bool) -> Row:
        header: Row = {
            "Time": now,
            "ReportName": self.name,
            "StartPeriod": self.first.isoformat(),
            "EndPeriod": self.last.isoformat(),
            "Currency": self.view.company.currency,
            "Option": [{"Name": "NoReportData", "Value": "false" if has_data else "true"}],
        }
        if basis is not None:
            header["ReportBasis"] = basis
        return header

    def _cut(self, found: Sequence[Row]) -> list[Row]:
        """At most so many cells: what is beyond goes without an error."""
        if self.style.slow_rows is not None and len(found) > self.style.slow_rows:
            raise too_slow()
        rows_max = self.style.cells_max // len(self.columns)
        if len(found) <= rows_max:
            return list(found)
        cut = list(found[: max(1, rows_max - 1)])
        if self.style.cut_text:
            cut.append(_data([_cell(CUT), *(_cell() for _ in self.columns[1:])]))
        return cut

    def _column(self, key: str) -> Row:
        english, french, kind = TITLES[key]
        title = french if self.style.french else english
        if self.style.old_columns:
            return {"ColTitle": title, "ColType": key}
        return {
            "ColTitle": title,
            "ColType": kind,
            "MetaData": [{"Name": "ColKey", "Value": key}],
        }


def _answer(header: Row, columns: Sequence[Row], found: Sequence[Row]) -> Row:
    listed: Row = {"Row": list(found)} if found else {}
    return {"Header": header, "Columns": {"Column": list(columns)}, "Rows": listed}


def _cell(value: str = "", key: str | None = None) -> Cell:
    return {"value": value} if key is None else {"value": value, "id": key}


def _data(cells: Sequence[Cell]) -> Row:
    return {"type": "Data", "ColData": list(cells)}


def money(cents: int) -> str:
    """Without a leading zero: ``.50``; nothing for nothing."""
    text = decimal_text(cents)
    return text[1:] if text.startswith("0.") else text.replace("-0.", "-.", 1)


def period(request: WireRequest, today: date) -> tuple[date, date]:
    """Without both dates a macro applies: this month to date."""
    query = request.query
    if "start_date" not in query or "end_date" not in query:
        return today.replace(day=1), today
    try:
        first, last = (date.fromisoformat(query[name]) for name in ("start_date", "end_date"))
    except ValueError:
        raise validation_fault("2030", "Invalid ID", "a date is YYYY-MM-DD") from None
    return first, last


def _columns(request: WireRequest, default: Sequence[str], unknown: frozenset[str]) -> list[str]:
    """Those asked for that there are; others are left out without a word."""
    asked = request.query.get("columns")
    names = list(default) if asked is None else [name.strip() for name in asked.split(",")]
    return [name for name in names if name in TITLES and name not in unknown]


# -- the journal -----------------------------------------------------------------------------------


def journal(view: View, request: WireRequest, style: Style, today: date, now: str) -> Row:
    first, last = period(request, today)
    unknown = frozenset[str]() if style.home_columns and view.multi_currency else HOME_ONLY
    columns = _columns(request, JOURNAL_COLUMNS, unknown)
    report = _Report("JournalReport", view, first, last, columns, style)
    found: list[Row] = []
    totals = [0, 0]
    for entry in view.entries_between(first, last):
        debit, credit = _transaction(report, entry, found)
        totals = [totals[0] + debit, totals[1] + credit]
    if found:
        found.append(_summary(columns, totals[0], totals[1], "TOTAL"))
    return report.written(found, now)


def _transaction(report: _Report, entry: Entry, found: list[Row]) -> tuple[int, int]:
    """Its lines, a summary and a blank row. Sums are those of the amounts that are shown last."""
    debit = credit = 0
    is_home = "debt_home_amt" in report.columns
    for place, line in enumerate(entry.lines):
        cells = _line_cells(report, entry, line, is_first=place == 0)
        found.append(_data([cells[key] for key in report.columns]))
        cents = line.cents if is_home else _shown_cents(report.view, line)
        debit, credit = debit + max(cents, 0), credit + max(-cents, 0)
    found.append(_summary(report.columns, debit, credit))
    found.append(_data([_cell() for _ in report.columns]))
    return debit, credit


def _summary(columns: Sequence[str], debit: int, credit: int, first: str = "") -> Row:
    sums = {
        "debt_amt": debit,
        "debt_home_amt": debit,
        "credit_amt": credit,
        "credit_home_amt": credit,
    }
    cells = [_cell(money(sums[key])) if key in sums else _cell() for key in columns]
    if first:
        cells[0] = _cell(first)
    return {"type": "Section", "Summary": {"ColData": cells}}


def _shown_cents(view: View, line: Line) -> int:
    return line.foreign_cents if view.multi_currency else line.cents


def _line_cells(report: _Report, entry: Entry, line: Line, *, is_first: bool) -> dict[str, Cell]:
    view = report.view
    _, label = view.entity_and_label(entry)
    if report.style.french:
        label = FRENCH[label]
    name, name_id = view.name_of(entry) if is_first else ("", "")
    shown = _shown_cents(view, line)
    account = line.account
    described = "" if line.description == entry.description and not is_first else line.description
    return {
        "tx_date": _cell(entry.date.isoformat() if is_first else CONTINUED),
        "txn_type": _cell(label if is_first else "", view.transaction_id(entry)),
        "doc_num": _cell(_number(entry) if is_first else ""),
        "name": _cell(name, name_id),
        "memo": _cell(described),
        "account_name": _cell() if account is None else _account_cell(view, account),
        "debt_amt": _cell(money(shown) if shown > 0 else ""),
        "credit_amt": _cell(money(-shown) if shown < 0 else ""),
        "debt_home_amt": _cell(money(line.cents) if line.cents > 0 else ""),
        "credit_home_amt": _cell(money(-line.cents) if line.cents < 0 else ""),
        "currency": _cell(view.currency_of(entry)),
        "exch_rate": _cell(f"{entry.rate_millionths / 1_000_000:.6f}"),
        "last_mod_date": _cell(),
    }


def _account_cell(view: View, account: Account) -> Cell:
    return _cell(account.name, view.account_id(account))


def _number(entry: Entry) -> str:
    return str(entry.invoice_number or entry.reference or entry.number)


# -- the general ledger ----------------------------------------------------------------------------


def general_ledger(view: View, request: WireRequest, style: Style, today: date, now: str) -> Row:
    """The same lines, account by account, between a beginning balance and a total."""
    first, last = period(request, today)
    unknown = frozenset[str]() if view.multi_currency else HOME_ONLY
    columns = _columns(request, LEDGER_COLUMNS, unknown)
    report = _Report("GeneralLedger", view, first, last, columns, style)
    by_account: dict[Account, list[tuple[Entry, Line]]] = {}
    for entry in view.entries_between(first, last):
        for line in entry.lines:
            if line.account is not None:
                by_account.setdefault(line.account, []).append((entry, line))
    found = [
        _ledger_section(report, account, lines)
        for account, lines in sorted(by_account.items(), key=lambda pair: pair[0].code)
    ]
    return report.written(found, now, request.query.get("accounting_method", "Cash"))


def _ledger_section(report: _Report, account: Account, lines: Iterable[tuple[Entry, Line]]) -> Row:
    blanks = [_cell() for _ in report.columns[1:]]
    inner: list[Row] = [_data([_cell("Beginning Balance"), *blanks])]
    for entry, line in lines:
        cells = _line_cells(report, entry, line, is_first=True)
        inner.append(_data([cells[key] for key in report.columns]))
    return {
        "type": "Section",
        "Header": {"ColData": [_account_cell(report.view, account), *blanks]},
        "Rows": {"Row": inner},
        "Summary": {"ColData": [_cell(f"Total for {account.name}"), *blanks]},
    }


# -- the trial balance -----------------------------------------------------------------------------


def trial_balance(view: View, request: WireRequest, style: Style, today: date, now: str) -> Row:
    first, last = period(request, today)
    basis = request.query.get("accounting_method", "Cash")  # the company's preference
    told = view.balances(max(first, view.fiscal_start(last)), last)
    found: list[Row] = []
    debit = credit = 0
    for account, cents in sorted(told.items(), key=lambda pair: pair[0].code):
        if not cents:
            continue
        debit, credit = debit + max(cents, 0), credit + max(-cents, 0)
        sides = [
            _cell(money(cents) if cents > 0 else ""),
            _cell(money(-cents) if cents < 0 else ""),
        ]
        found.append({"ColData": [_account_cell(view, account), *sides]})
    if found and style.nested_balance:
        found = [_nested(found)]
    if found:
        total = [_cell("TOTAL"), _cell(money(debit)), _cell(money(credit))]
        found.append({"type": "Section", "group": "GrandTotal", "Summary": {"ColData": total}})
    report = _Report("TrialBalance", view, first, last, (), style)
    columns: list[Row] = [
        {"ColTitle": "", "ColType": "Account"},
        {"ColTitle": "Debit", "ColType": "Money"},
        {"ColTitle": "Credit", "ColType": "Money"},
    ]
    return _answer(report.header(now, basis, has_data=bool(found)), columns, found)


def _nested(found: Sequence[Row]) -> Row:
    return {
        "type": "Section",
        "Header": {"ColData": [_cell("Accounts"), _cell(), _cell()]},
        "Rows": {"Row": list(found)},
        "Summary": {"ColData": [_cell("Total accounts"), _cell("1.00"), _cell("1.00")]},
    }


Writer = Callable[[View, WireRequest, Style, date, str], Row]
REPORTS: Final[Mapping[str, Writer]] = {
    "JournalReport": journal,
    "GeneralLedger": general_ledger,
    "TrialBalance": trial_balance,
}
