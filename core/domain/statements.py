"""Profit and loss and balance sheet, computed from balances per account and period.

Columns are fiscal periods or years that have postings, oldest first. Amounts carry the sign people
read them with: income is positive where it earns, expense where it costs, assets where they are
held, liabilities and equity where they are owed.

Some packages post the result of a year into equity at its end, some never do (Odoo computes it).
Profit and loss leaves such a closing period out; the balance sheet adds what was not posted yet.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from attrs import field, frozen

from core.domain.books import AccountClass, LedgerAccount, Statement
from core.domain.proof import Cell

PeriodOf: TypeAlias = tuple[int, int]
"""(fiscal year, period number)."""

CLOSED_ACCOUNTS_MIN: Final = 2
"""A period that brings fewer accounts to zero is no year's closing: it may be one correction."""


class By(StrEnum):
    """What one column of a statement covers."""

    PERIOD = "period"
    YEAR = "year"


class Section(StrEnum):
    INCOME = "income"
    EXPENSE = "expense"
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    OTHER = "other"
    """The provider does not say which side: signed as income, or as an asset."""


@frozen(kw_only=True)
class Span:
    """One column: a fiscal period, or a whole year where ``period`` is None."""

    year: int
    period: int | None = None

    @property
    def place(self) -> PeriodOf:
        """By this columns are in order; they are all periods, or all years."""
        return self.year, self.period or 0

    @property
    def words(self) -> str:
        return f"{self.year}" if self.period is None else f"{self.year}-{self.period:02d}"


@frozen(kw_only=True)
class StatementRow:
    """One account in its section; ``amounts_e4`` has one element per column."""

    section: Section
    account: LedgerAccount
    amounts_e4: tuple[int, ...]


@frozen(kw_only=True)
class ProfitAndLoss:
    """``closings`` are periods left out because they post the year's result into equity.

    ``unplaced``: account keys no account has; they are in none of the figures.
    """

    columns: tuple[Span, ...]
    rows: tuple[StatementRow, ...]
    closings: tuple[PeriodOf, ...] = ()
    unplaced: int = 0

    def section_e4(self, section: Section) -> tuple[int, ...]:
        return _sums(self.rows, section, len(self.columns))

    @property
    def results_e4(self) -> tuple[int, ...]:
        """Profit per column: income less expense, and what is of neither."""
        parts = (self.section_e4(one) for one in (Section.INCOME, Section.EXPENSE, Section.OTHER))
        return tuple(earned - spent + other for earned, spent, other in zip(*parts, strict=True))


@frozen(kw_only=True)
class BalanceSheet:
    """Balances at the end of each column.

    ``results_e4`` is the profit of the column's own year that is not posted into equity yet, and
    ``earlier_results_e4`` that of the years before it: both belong to equity.
    """

    columns: tuple[Span, ...]
    rows: tuple[StatementRow, ...]
    results_e4: tuple[int, ...]
    earlier_results_e4: tuple[int, ...]
    unplaced: int = 0

    def section_e4(self, section: Section) -> tuple[int, ...]:
        return _sums(self.rows, section, len(self.columns))

    @property
    def differences_e4(self) -> tuple[int, ...]:
        """What the two sides are apart: zero in balanced books whose accounts are all known."""
        sections = (Section.ASSET, Section.OTHER, Section.LIABILITY, Section.EQUITY)
        held = (self.section_e4(one) for one in sections)
        return tuple(
            asset + other - liability - equity - result - earlier
            for asset, other, liability, equity, result, earlier in zip(
                *held, self.results_e4, self.earlier_results_e4, strict=True
            )
        )


_PROFIT_SECTIONS: Final[Mapping[AccountClass, Section]] = {
    AccountClass.INCOME: Section.INCOME,
    AccountClass.EXPENSE: Section.EXPENSE,
}
_BALANCE_SECTIONS: Final[Mapping[AccountClass, Section]] = {
    AccountClass.ASSET: Section.ASSET,
    AccountClass.LIABILITY: Section.LIABILITY,
    AccountClass.EQUITY: Section.EQUITY,
}
_CREDIT_POSITIVE: Final = {
    Statement.PROFIT_AND_LOSS: frozenset({Section.INCOME, Section.OTHER}),
    Statement.BALANCE_SHEET: frozenset({Section.LIABILITY, Section.EQUITY}),
}


@frozen
class _Ledger:
    """Balances by statement: per account and period, of accounts that are known."""

    accounts: Mapping[str, LedgerAccount]
    profit_e4: dict[PeriodOf, dict[str, int]] = field(factory=lambda: defaultdict(dict))
    balance_e4: dict[PeriodOf, dict[str, int]] = field(factory=lambda: defaultdict(dict))
    unplaced: set[str] = field(factory=set)

    @classmethod
    def of(cls, cells_e4: Mapping[Cell, int], accounts: Iterable[LedgerAccount]) -> "_Ledger":
        held = cls({account.key: account for account in accounts})
        for cell, amount_e4 in cells_e4.items():
            account = held.accounts.get(cell.account_key)
            at = (cell.year, cell.period)
            if account is None:
                held.unplaced.add(cell.account_key)
            elif account.statement is Statement.PROFIT_AND_LOSS:
                held.profit_e4[at][account.key] = amount_e4
            elif account.statement is Statement.BALANCE_SHEET:
                held.balance_e4[at][account.key] = amount_e4
        return held


def profit_and_loss(
    cells_e4: Mapping[Cell, int],
    accounts: Iterable[LedgerAccount],
    *,
    by: By = By.PERIOD,
    since: PeriodOf | None = None,
    until: PeriodOf | None = None,
) -> ProfitAndLoss:
    """For periods with since <= (year, period) <= until."""
    ledger = _Ledger.of(cells_e4, accounts)
    closings = closing_periods(ledger.profit_e4)
    shown = {
        at: amounts_e4
        for at, amounts_e4 in ledger.profit_e4.items()
        if at not in closings and _within(at, since, until)
    }
    columns = _columns(shown, by)
    places = {span: at for at, span in enumerate(columns)}
    sums_e4: dict[str, list[int]] = defaultdict(lambda: [0] * len(columns))
    for at, amounts_e4 in shown.items():
        for key, amount_e4 in amounts_e4.items():
            sums_e4[key][places[_span(at, by)]] += amount_e4
    return ProfitAndLoss(
        columns=columns,
        rows=_rows(sums_e4, ledger.accounts, Statement.PROFIT_AND_LOSS),
        closings=tuple(sorted(at for at in closings if _within(at, since, until))),
        unplaced=len(ledger.unplaced),
    )


def balance_sheet(
    cells_e4: Mapping[Cell, int],
    accounts: Iterable[LedgerAccount],
    *,
    by: By = By.PERIOD,
    since: PeriodOf | None = None,
    until: PeriodOf | None = None,
) -> BalanceSheet:
    """At the end of each column within since and until; earlier periods count, later do not."""
    ledger = _Ledger.of(cells_e4, accounts)
    every = sorted(ledger.balance_e4.keys() | ledger.profit_e4.keys())
    columns = _columns([at for at in every if _within(at, since, until)], by)
    running_e4: dict[str, int] = defaultdict(int)
    sums_e4: dict[str, list[int]] = defaultdict(lambda: [0] * len(columns))
    profit_by_year_e4: dict[int, int] = defaultdict(int)
    results, earlier = [0] * len(columns), [0] * len(columns)
    following = iter([*every, None])
    at = next(following)
    for place, span in enumerate(columns):
        while at is not None and _counts(at, span, by, until):
            for key, amount_e4 in ledger.balance_e4.get(at, {}).items():
                running_e4[key] += amount_e4
            profit_by_year_e4[at[0]] -= sum(ledger.profit_e4.get(at, {}).values())
            at = next(following)
        for key, amount_e4 in running_e4.items():
            sums_e4[key][place] = amount_e4
        results[place] = profit_by_year_e4.get(span.year, 0)
        earlier[place] = sum(e4 for year, e4 in profit_by_year_e4.items() if year < span.year)
    return BalanceSheet(
        columns=columns,
        rows=_rows(sums_e4, ledger.accounts, Statement.BALANCE_SHEET),
        results_e4=tuple(results),
        earlier_results_e4=tuple(earlier),
        unplaced=len(ledger.unplaced),
    )


def closing_periods(profit_e4: Mapping[PeriodOf, Mapping[str, int]]) -> frozenset[PeriodOf]:
    """Periods that bring every profit-and-loss account of their year back to zero.

    That is how a closing into equity looks in balances (usually the last period of a year, such
    as 13). One that shares its period with ordinary postings cannot be told from them here.
    """
    found = set()
    running_e4: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for at in sorted(profit_e4):
        year_e4 = running_e4[at[0]]
        before = {key for key, amount_e4 in year_e4.items() if amount_e4}
        for key, amount_e4 in profit_e4[at].items():
            year_e4[key] += amount_e4
        if len(before) >= CLOSED_ACCOUNTS_MIN and not any(year_e4.values()):
            found.add(at)
    return frozenset(found)


def _within(at: PeriodOf, since: PeriodOf | None, until: PeriodOf | None) -> bool:
    return (since is None or since <= at) and (until is None or at <= until)


def _counts(at: PeriodOf, span: Span, by: By, until: PeriodOf | None) -> bool:
    """Whether the period is over at the end of that column."""
    return (until is None or at <= until) and _span(at, by).place <= span.place


def _span(at: PeriodOf, by: By) -> Span:
    return Span(year=at[0], period=at[1] if by is By.PERIOD else None)


def _columns(periods: Iterable[PeriodOf], by: By) -> tuple[Span, ...]:
    found = {_span(at, by) for at in periods}
    return tuple(sorted(found, key=lambda span: span.place))


def _rows(
    sums_e4: Mapping[str, Sequence[int]],
    accounts: Mapping[str, LedgerAccount],
    statement: Statement,
) -> tuple[StatementRow, ...]:
    """By section, code and key; accounts that are zero in every column are left out."""
    sections = _PROFIT_SECTIONS if statement is Statement.PROFIT_AND_LOSS else _BALANCE_SECTIONS
    rows = []
    for key, amounts_e4 in sums_e4.items():
        if not any(amounts_e4):
            continue
        account = accounts[key]
        section = sections.get(account.account_class, Section.OTHER)
        sign = -1 if section in _CREDIT_POSITIVE[statement] else 1
        signed = tuple(sign * amount_e4 for amount_e4 in amounts_e4)
        rows.append(StatementRow(section=section, account=account, amounts_e4=signed))
    return tuple(sorted(rows, key=_order))


_SECTION_ORDER: Final = {section: at for at, section in enumerate(Section)}


def _order(row: StatementRow) -> tuple[int, str, str]:
    return _SECTION_ORDER[row.section], row.account.code, row.account.key


def _sums(rows: Iterable[StatementRow], section: Section, columns: int) -> tuple[int, ...]:
    sums = [0] * columns
    for row in rows:
        if row.section is section:
            for at, amount_e4 in enumerate(row.amounts_e4):
                sums[at] += amount_e4
    return tuple(sums)
