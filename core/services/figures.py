"""Headline figures of an entity's books, computed from its balances per account and period."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from attrs import frozen

from core.domain.books import AccountClass, LedgerAccount, Statement
from core.domain.proof import Cell


@frozen(kw_only=True)
class PeriodFigures:
    """One fiscal period. Profit is positive, whatever side the provider books it on.

    ``balance_total_e4`` is what the balance-sheet accounts with a debit balance come to at the end
    of the period: the length of the balance sheet, also where classes are not known.
    """

    year: int
    period: int
    income_e4: int
    expense_e4: int
    result_e4: int
    """Of all profit-and-loss accounts, those of unknown class included."""
    balance_total_e4: int


@frozen(kw_only=True)
class Figures:
    """``periods`` with any posting, oldest first. ``unplaced``: account keys no account has; their
    balances are in none of the figures.
    """

    periods: tuple[PeriodFigures, ...]
    unplaced: int

    def result_of_year_e4(self, year: int) -> int:
        return sum(one.result_e4 for one in self.periods if one.year == year)


def figures_of(cells_e4: Mapping[Cell, int], accounts: Iterable[LedgerAccount]) -> Figures:
    known = {account.key: account for account in accounts}
    by_period: dict[tuple[int, int], list[tuple[LedgerAccount, int]]] = defaultdict(list)
    for cell, amount_e4 in cells_e4.items():
        account = known.get(cell.account_key)
        if account is not None:
            by_period[cell.year, cell.period].append((account, amount_e4))
    balances_e4: dict[str, int] = defaultdict(int)
    periods = []
    for (year, period), postings in sorted(by_period.items()):
        for account, amount_e4 in postings:
            if account.statement is Statement.BALANCE_SHEET:
                balances_e4[account.key] += amount_e4
        profit = [
            (account.account_class, -amount_e4)
            for account, amount_e4 in postings
            if account.statement is Statement.PROFIT_AND_LOSS
        ]
        periods.append(
            PeriodFigures(
                year=year,
                period=period,
                income_e4=sum(e4 for held, e4 in profit if held is AccountClass.INCOME),
                expense_e4=-sum(e4 for held, e4 in profit if held is AccountClass.EXPENSE),
                result_e4=sum(e4 for _, e4 in profit),
                balance_total_e4=sum(max(e4, 0) for e4 in balances_e4.values()),
            )
        )
    return Figures(
        periods=tuple(periods),
        unplaced=len({cell.account_key for cell in cells_e4} - known.keys()),
    )
