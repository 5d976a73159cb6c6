"""Trial balance, the lines of an account, one journal entry."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from attrs import define, field, frozen

from core.domain.books import JournalEntry, JournalLine, LedgerAccount
from core.ports.books import LineFilter, LinePage
from core.services.reading import TrialBalance
from interfaces.tui.screens.entity.view import MONEY, Period, View
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import PAGE_ROWS, Pages, Row, row
from interfaces.tui.widgets.words import amount

if TYPE_CHECKING:
    from core.services.services import Services
    from interfaces.tui.screens.entity.books import BooksPane


def debit_credit(amount_e4: int) -> tuple[str, str]:
    return (amount(amount_e4), "") if amount_e4 >= 0 else ("", amount(-amount_e4))


def _named(account: LedgerAccount | None, key: str) -> str:
    return account.name if account is not None else f"unknown account {key}"


@define(kw_only=True, eq=False)
class TrialBalanceView(View):
    generation: str
    period: Period
    _rows: tuple[Row, ...] = field(default=(), init=False)
    _names: dict[str, str] = field(factory=dict, init=False)

    columns: ClassVar = (
        Column(title="Code", width=8),
        Column(title="Account", width=12, share=1),
        Column(title="Opening", width=MONEY, right=True, from_width=130),
        Column(title="Debit", width=MONEY, right=True, from_width=100),
        Column(title="Credit", width=MONEY, right=True, from_width=100),
        Column(title="Balance", width=MONEY, right=True),
        Column(title="Lines", width=8, right=True),
    )

    @property
    def title(self) -> str:
        return "Trial balance"

    def load(self, pane: "BooksPane") -> None:
        period, generation = self.period, self.generation
        pane.ask(
            lambda services, org, ent: services.reading.trial_balance(
                org, ent, as_of=generation, since=period.since, until=period.until
            ),
            lambda found: self._show(pane, found),
        )

    def _show(self, pane: "BooksPane", found: TrialBalance) -> None:
        self._names = {
            one.account_key: f"{one.account.code if one.account else ''} "
            f"{_named(one.account, one.account_key)}".strip()
            for one in found.rows
        }
        self._rows = tuple(
            row(
                one.account_key,
                one.account.code if one.account is not None else "?",
                _named(one.account, one.account_key),
                amount(one.opening_e4),
                amount(one.debit_e4),
                amount(one.credit_e4),
                amount(one.closing_e4),
                f"{one.lines:,}",
            )
            for one in found.rows
        )
        self.said = (
            f"debit {amount(found.debit_e4)}, credit {amount(found.credit_e4)} "
            f"{found.view.entity.currency}"
        )
        if found.debit_e4 != found.credit_e4:
            self.said += f", apart by {amount(found.debit_e4 - found.credit_e4)}"
        pane.show_rows(self, self._rows)

    def filtered(self, pane: "BooksPane", words: str) -> None:
        words = words.casefold()
        fitting = [
            one
            for one in self._rows
            if any(words in cell.text.casefold() for cell in one.cells[:2])
        ]
        pane.show_rows(self, fitting)

    def opened(self, key: str) -> View:
        return LinesView(
            generation=self.generation,
            account_key=key,
            account=self._names.get(key, key),
            period=self.period,
        )


@define(kw_only=True, eq=False)
class LinesView(View):
    generation: str
    account_key: str
    account: str
    period: Period
    _text: str | None = field(default=None, init=False)
    _entries: dict[str, str] = field(factory=dict, init=False)

    columns: ClassVar = (
        Column(title="Date", width=10),
        Column(title="Entry", width=12, from_width=90),
        Column(title="Description", width=14, share=1),
        Column(title="Debit", width=MONEY, right=True),
        Column(title="Credit", width=MONEY, right=True),
    )

    @property
    def title(self) -> str:
        return self.account

    def load(self, pane: "BooksPane") -> None:
        self._ask(pane, 0, None)

    def fetch(self, pane: "BooksPane", number: int, start: str | None) -> None:
        self._ask(pane, number, start)

    def filtered(self, pane: "BooksPane", words: str) -> None:
        self._text = words or None
        self.load(pane)

    def _ask(self, pane: "BooksPane", number: int, cursor: str | None) -> None:
        where = LineFilter(
            account_key=self.account_key,
            year=self.period.year,
            period=self.period.period,
            text=self._text,
        )
        generation = self.generation
        pane.ask(
            lambda services, org, ent: services.reading.lines(
                org, ent, where=where, as_of=generation, cursor=cursor, limit=PAGE_ROWS
            )[1],
            lambda page: self._show(pane, number, page),
        )

    def _show(self, pane: "BooksPane", number: int, page: LinePage) -> None:
        rows = []
        for one in page.rows:
            self._entries[one.line.key] = one.line.entry_key
            described = one.line.description or (one.entry.description if one.entry else None)
            rows.append(
                row(
                    one.line.key,
                    one.line.date.isoformat(),
                    (one.entry.number if one.entry else None) or one.line.entry_key,
                    described or "-",
                    *debit_credit(one.line.amount_e4),
                )
            )
        if number == 0:
            self.said = f"lines of {self.account}" + (f" with “{self._text}”" if self._text else "")
            self._entries = {one.line.key: one.line.entry_key for one in page.rows}
            pages = Pages.forward()
            pages.put(0, rows, next_start=page.next_cursor)
            pane.show_pages(self, pages)
        else:
            pane.page_arrived(self, number, rows, page.next_cursor)

    def opened(self, key: str) -> View | None:
        entry_key = self._entries.get(key)
        return EntryView(generation=self.generation, entry_key=entry_key) if entry_key else None


@frozen(kw_only=True)
class WholeEntry:
    entry: JournalEntry
    lines: Sequence[JournalLine]
    accounts: Sequence[LedgerAccount]


@define(kw_only=True, eq=False)
class EntryView(View):
    generation: str
    entry_key: str
    _number: str | None = field(default=None, init=False)

    columns: ClassVar = (
        Column(title="Code", width=8),
        Column(title="Account", width=12, share=1),
        Column(title="Description", width=12, share=1, from_width=90),
        Column(title="Debit", width=MONEY, right=True),
        Column(title="Credit", width=MONEY, right=True),
        Column(title="Tax", width=8, from_width=120),
        Column(title="Foreign", width=MONEY, right=True, from_width=140),
    )

    @property
    def title(self) -> str:
        return f"Entry {self._number or self.entry_key}"

    def load(self, pane: "BooksPane") -> None:
        key, generation = self.entry_key, self.generation

        def question(services: "Services", org: str, ent: str) -> WholeEntry:
            entry, lines = services.reading.entry(org, ent, key, as_of=generation)
            accounts = services.reading.accounts(org, ent, as_of=generation)
            return WholeEntry(entry=entry, lines=lines, accounts=accounts)

        pane.ask(question, lambda found: self._show(pane, found))

    def _show(self, pane: "BooksPane", found: WholeEntry) -> None:
        known = {one.key: one for one in found.accounts}
        entry = found.entry
        self._number = entry.number
        sum_e4 = sum(one.amount_e4 for one in found.lines)
        balance = "balances" if sum_e4 == 0 else f"does not balance: {amount(sum_e4)} apart"
        self.said = (
            f"{entry.number or entry.key}, {entry.date.isoformat()}, period {entry.year}-"
            f"{entry.period:02d}: {entry.description or 'no description'}; {balance}"
        )
        pane.show_rows(
            self,
            [
                row(
                    one.key,
                    known[one.account_key].code if one.account_key in known else "?",
                    _named(known.get(one.account_key), one.account_key),
                    one.description or "-",
                    *debit_credit(one.amount_e4),
                    one.tax_key or "",
                    f"{one.currency} {amount(one.foreign_e4)}"
                    if one.foreign_e4 is not None
                    else "",
                )
                for one in found.lines
            ],
        )
