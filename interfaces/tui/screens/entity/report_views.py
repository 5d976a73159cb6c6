"""Reports in the books pane: profit and loss, balance sheet, and what is owed by days past due."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from attrs import define, frozen

from core.domain.ageing import Method
from core.domain.books import TradeSide
from core.domain.statements import Section, Span, StatementRow
from core.services.reports import Ageing, BalanceSheetReport, ProfitAndLossReport
from interfaces.tui.screens.entity.view import MONEY, Period, View
from interfaces.tui.screens.entity.views import LinesView
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import Row, row
from interfaces.tui.widgets.words import amount

if TYPE_CHECKING:
    from interfaces.tui.screens.entity.books import BooksPane

COLUMNS_SHOWN: Final = 4
"""Periods beside each other: the newest, and those before it."""

_TOTALS: Final = {
    Section.INCOME: "Income",
    Section.EXPENSE: "Expense",
    Section.ASSET: "Assets",
    Section.LIABILITY: "Liabilities",
    Section.EQUITY: "Equity",
    Section.OTHER: "Other",
}
_BEFORE_WIDTHS: Final = (0, 100, 130, 160)
"""From which terminal width the newest column and each one before it shows."""


@frozen(kw_only=True)
class ReportChoice:
    """One line of the reports menu."""

    key: str
    title: str
    said: str


REPORTS: Final = (
    ReportChoice(key="profit", title="Profit and loss", said="income, expense and result"),
    ReportChoice(key="balance", title="Balance sheet", said="assets, liabilities and equity"),
    ReportChoice(key="receivable", title="Receivables", said="what customers owe, by age"),
    ReportChoice(key="payable", title="Payables", said="what is owed to suppliers, by age"),
)


def view_of(key: str, generation: str, period: Period) -> View:
    """The view of a line of the reports menu."""
    if key == "profit":
        return ProfitAndLossView(generation=generation, period=period)
    if key == "balance":
        return BalanceSheetView(generation=generation, period=period)
    return AgeingView(generation=generation, side=TradeSide(key))


@define(kw_only=True, eq=False)
class StatementView(View):
    """Accounts down, periods across, the newest first; Enter shows an account's lines."""

    generation: str
    period: Period

    columns: ClassVar = (
        Column(title="Code", width=8),
        Column(title="Account", width=14, share=1),
        *(
            Column(title=title, width=MONEY, right=True, from_width=width)
            for title, width in zip(
                ("Newest", "1 before", "2 before", "3 before"), _BEFORE_WIDTHS, strict=True
            )
        ),
    )

    def opened(self, key: str) -> View | None:
        kind, _, account = key.partition(" ")
        account_key, _, name = account.partition("\n")
        if kind != "account":
            return None
        return LinesView(
            generation=self.generation, account_key=account_key, account=name, period=self.period
        )

    def _show_statement(
        self,
        pane: "BooksPane",
        rows: Sequence[StatementRow],
        spans: Sequence[Span],
        sums: Sequence[tuple[str, tuple[int, ...]]],
    ) -> None:
        shown: list[Row] = []
        for section in dict.fromkeys(one.section for one in rows):
            mine = [one for one in rows if one.section is section]
            shown += [
                row(
                    f"account {one.account.key}\n{one.account.code} {one.account.name}",
                    one.account.code,
                    one.account.name,
                    *_newest(one.amounts_e4),
                )
                for one in mine
            ]
            totals = tuple(map(sum, zip(*(one.amounts_e4 for one in mine), strict=True)))
            shown.append(row(f"total {section.value}", "", _TOTALS[section], *_newest(totals)))
        shown += [row(f"sum {name}", "", name, *_newest(found)) for name, found in sums]
        newest = [one.words for one in reversed(spans[-COLUMNS_SHOWN:])]
        self.said = "periods, newest first: " + ", ".join(newest) if newest else ""
        pane.show_rows(self, shown)


def _newest(amounts_e4: tuple[int, ...]) -> list[str]:
    found = [amount(one) for one in reversed(amounts_e4[-COLUMNS_SHOWN:])]
    return found + [""] * (COLUMNS_SHOWN - len(found))


@define(kw_only=True, eq=False)
class ProfitAndLossView(StatementView):
    @property
    def title(self) -> str:
        return "Profit and loss"

    def load(self, pane: "BooksPane") -> None:
        generation, period = self.generation, self.period
        pane.ask(
            lambda services, org, ent: services.reports.profit_and_loss(
                org, ent, as_of=generation, since=period.since, until=period.until
            ),
            lambda found: self._show(pane, found),
        )

    def _show(self, pane: "BooksPane", found: ProfitAndLossReport) -> None:
        one = found.statement
        self._show_statement(pane, one.rows, one.columns, [("Result", one.results_e4)])


@define(kw_only=True, eq=False)
class BalanceSheetView(StatementView):
    @property
    def title(self) -> str:
        return "Balance sheet"

    def load(self, pane: "BooksPane") -> None:
        generation, period = self.generation, self.period
        pane.ask(
            lambda services, org, ent: services.reports.balance_sheet(
                org, ent, as_of=generation, since=period.since, until=period.until
            ),
            lambda found: self._show(pane, found),
        )

    def _show(self, pane: "BooksPane", found: BalanceSheetReport) -> None:
        one = found.statement
        sums = [
            ("Result of the year", one.results_e4),
            ("Earlier results", one.earlier_results_e4),
        ]
        if any(one.differences_e4):
            sums.append(("Difference", one.differences_e4))
        self._show_statement(pane, one.rows, one.columns, sums)


@define(kw_only=True, eq=False)
class AgeingView(View):
    generation: str
    side: TradeSide

    columns: ClassVar = (
        Column(title="Contact", width=14, share=1),
        Column(title="Current", width=14, right=True, from_width=100),
        Column(title="1-30", width=14, right=True, from_width=100),
        Column(title="31-60", width=14, right=True, from_width=130),
        Column(title="61-90", width=14, right=True, from_width=130),
        Column(title="Over 90", width=14, right=True),
        Column(title="Total", width=MONEY, right=True),
    )

    @property
    def title(self) -> str:
        return "Receivables" if self.side is TradeSide.RECEIVABLE else "Payables"

    def load(self, pane: "BooksPane") -> None:
        generation, side = self.generation, self.side
        pane.ask(
            lambda services, org, ent: services.reports.ageing(org, ent, side, as_of=generation),
            lambda found: self._show(pane, found),
        )

    def _show(self, pane: "BooksPane", found: Ageing) -> None:
        if found.method is Method.NOT_POSSIBLE:
            self.said = "neither open amounts nor accounts of open items were imported"
        else:
            self.said = (
                f"by {found.method.value}, days past due on {found.on.isoformat()}; "
                f"together {amount(sum(found.totals_e4))}"
            )
        pane.show_rows(
            self,
            [
                row(
                    one.contact_key or "nobody",
                    one.contact or one.contact_key or "nobody named",
                    *(amount(bucket_e4) for bucket_e4 in one.amounts_e4),
                    amount(one.total_e4),
                )
                for one in found.rows
            ],
        )
