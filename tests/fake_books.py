"""Made-up books of a company, as a list of everything that happened in them."""

import datetime as dt
from collections import defaultdict
from typing import Final, TypeAlias

from attrs import define, field

from core.domain.books import (
    KIND_OF,
    AccountClass,
    Journal,
    JournalEntry,
    JournalKind,
    JournalLine,
    LedgerAccount,
    Record,
    RecordKind,
    Statement,
)
from core.domain.integration import Administration
from core.domain.proof import Cell

ACCOUNTS: Final = (
    ("acc-bank", "1000", "Bank", AccountClass.ASSET, Statement.BALANCE_SHEET),
    ("acc-debtors", "1300", "Debtors", AccountClass.ASSET, Statement.BALANCE_SHEET),
    ("acc-vat", "1800", "VAT payable", AccountClass.LIABILITY, Statement.BALANCE_SHEET),
    ("acc-turnover", "8000", "Turnover", AccountClass.INCOME, Statement.PROFIT_AND_LOSS),
)

Change: TypeAlias = Record | tuple[RecordKind, str]


@define
class FakeBooks:
    """One administration and everything that happened in it. Amounts in 1/10,000."""

    administration: Administration
    changes: list[Change] = field(factory=list)
    skew_e4: int = 0
    """Added to the bank's control total: a proof then differs by it."""
    offers_totals: bool = True

    def __attrs_post_init__(self) -> None:
        for key, code, name, account_class, statement in ACCOUNTS:
            self.changes.append(
                LedgerAccount(
                    key=key,
                    code=code,
                    name=name,
                    account_class=account_class,
                    statement=statement,
                )
            )
        self.changes.append(
            Journal(key="jrn-sales", code="70", name="Sales", journal_kind=JournalKind.SALES)
        )

    def post(
        self, key: str, date: dt.date, *postings: tuple[str, int], description: str = ""
    ) -> None:
        """Post an entry of (account key, amount) lines, or replace the one with that key."""
        held = {line.key for line in self.lines() if line.entry_key == key}
        lines = [
            JournalLine(
                key=f"{key}-{position}",
                entry_key=key,
                position=position,
                account_key=account_key,
                date=date,
                year=date.year,
                period=date.month,
                amount_e4=amount_e4,
                description=description or None,
            )
            for position, (account_key, amount_e4) in enumerate(postings, start=1)
        ]
        self.changes += [
            (RecordKind.LINE, gone) for gone in sorted(held - {line.key for line in lines})
        ]
        self.changes.append(
            JournalEntry(
                key=key,
                number=key,
                journal_key="jrn-sales",
                date=date,
                year=date.year,
                period=date.month,
                description=description or None,
            )
        )
        self.changes += lines

    def delete(self, key: str) -> None:
        """Delete an entry with its lines."""
        for line in self.lines():
            if line.entry_key == key:
                self.changes.append((RecordKind.LINE, line.key))
        self.changes.append((RecordKind.ENTRY, key))

    def alive(self) -> dict[tuple[RecordKind, str], Record]:
        """The truth: every record there is now."""
        held: dict[tuple[RecordKind, str], Record] = {}
        for change in self.changes:
            if isinstance(change, tuple):
                held.pop(change, None)
            else:
                held[KIND_OF[type(change)], change.key] = change
        return held

    def lines(self) -> list[JournalLine]:
        return [record for record in self.alive().values() if isinstance(record, JournalLine)]

    def balances_e4(self) -> dict[Cell, int]:
        """The truth per account and period."""
        totals: dict[Cell, int] = defaultdict(int)
        for line in self.lines():
            cell = Cell(account_key=line.account_key, year=line.year, period=line.period)
            totals[cell] += line.amount_e4
        return dict(totals)


def two_companies(entries: int = 6) -> list[FakeBooks]:
    """Two administrations with that many sales each, half of them paid, in January to June 2026."""
    books = []
    for key, name in (("adm-1", "Bakery Noord"), ("adm-2", "Café Zuid")):
        company = FakeBooks(Administration(key=key, name=name, currency="EUR", country="NL"))
        for number in range(1, entries + 1):
            net_e4 = number * 1_000_0000 + int(key[-1]) * 1_2300
            vat_e4 = net_e4 * 21 // 100
            company.post(
                f"sale-{number}",
                dt.date(2026, 1 + (number - 1) % 6, 15),
                ("acc-debtors", net_e4 + vat_e4),
                ("acc-turnover", -net_e4),
                ("acc-vat", -vat_e4),
                description=f"Invoice {number}",
            )
            if number % 2 == 0:
                company.post(
                    f"paid-{number}",
                    dt.date(2026, 1 + (number - 1) % 6, 28),
                    ("acc-bank", net_e4 + vat_e4),
                    ("acc-debtors", -net_e4 - vat_e4),
                    description=f"Payment {number}",
                )
        books.append(company)
    return books
