"""From books as the services read them to what the HTTP interface says of them."""

from collections.abc import Mapping
from datetime import timedelta

from core.domain import books
from core.domain.money import text_of
from core.ports.books import CellChange, LineChange, LineRow, TrialBalanceRow
from core.services import overview as glance
from core.services.figures import Figures
from core.services.reading import TrialBalance
from interfaces.http import book_shapes, shaping

Accounts = Mapping[str, books.LedgerAccount]
"""By key: lines and changes name an account by its key only."""


def balance_row(row: TrialBalanceRow) -> book_shapes.BalanceRow:
    account = row.account
    return book_shapes.BalanceRow(
        account_key=row.account_key,
        code=account.code if account is not None else None,
        name=account.name if account is not None else None,
        account_class=account.account_class.value if account is not None else None,
        opening=text_of(row.opening_e4),
        debit=text_of(row.debit_e4),
        credit=text_of(row.credit_e4),
        closing=text_of(row.closing_e4),
        lines=row.lines,
    )


def trial_balance(found: TrialBalance) -> book_shapes.TrialBalance:
    return book_shapes.TrialBalance(
        entity_id=found.view.entity.id,
        currency=found.view.entity.currency,
        generation=shaping.generation(found.view.generation),
        debit=text_of(found.debit_e4),
        credit=text_of(found.credit_e4),
        items=[balance_row(row) for row in found.rows],
    )


def line(
    found: books.JournalLine, entry: books.JournalEntry | None, accounts: Accounts
) -> book_shapes.Line:
    account = accounts.get(found.account_key)
    return book_shapes.Line(
        date=found.date,
        year=found.year,
        period=found.period,
        journal_key=entry.journal_key if entry is not None else None,
        entry_key=found.entry_key,
        number=entry.number if entry is not None else None,
        position=found.position,
        key=found.key,
        account_key=found.account_key,
        account_code=account.code if account is not None else None,
        account=account.name if account is not None else None,
        amount=text_of(found.amount_e4),
        currency=found.currency,
        foreign_amount=text_of(found.foreign_e4) if found.foreign_e4 is not None else None,
        contact_key=found.contact_key,
        tax_key=found.tax_key,
        description=found.description,
    )


def line_row(row: LineRow, accounts: Accounts) -> book_shapes.Line:
    return line(row.line, row.entry, accounts)


def cell_change(found: CellChange, accounts: Accounts) -> book_shapes.CellChange:
    account = accounts.get(found.cell.account_key)
    return book_shapes.CellChange(
        year=found.cell.year,
        period=found.cell.period,
        account_key=found.cell.account_key,
        account_code=account.code if account is not None else None,
        account=account.name if account is not None else None,
        added=found.added,
        changed=found.changed,
        removed=found.removed,
        closed=found.closed,
        before=text_of(found.before_e4),
        after=text_of(found.after_e4),
        difference=text_of(found.after_e4 - found.before_e4),
    )


def line_change(found: LineChange, accounts: Accounts) -> book_shapes.LineChange:
    return book_shapes.LineChange(
        before=line(found.before, None, accounts) if found.before is not None else None,
        after=line(found.after, None, accounts) if found.after is not None else None,
    )


def ledger_account(found: books.LedgerAccount) -> book_shapes.LedgerAccount:
    return book_shapes.LedgerAccount(
        key=found.key,
        code=found.code,
        name=found.name,
        account_class=found.account_class.value,
        statement=found.statement.value,
        trade=found.trade.value if found.trade is not None else None,
        active=found.active,
    )


def figures(found: Figures) -> book_shapes.Figures:
    return book_shapes.Figures(
        items=[
            book_shapes.PeriodFigures(
                year=one.year,
                period=one.period,
                income=text_of(one.income_e4),
                expense=text_of(one.expense_e4),
                result=text_of(one.result_e4),
                balance_total=text_of(one.balance_total_e4),
            )
            for one in found.periods
        ],
        unplaced=found.unplaced,
    )


def overview(
    found: glance.Overview,
    attention: tuple[glance.Attention, ...],
    nights: tuple[glance.NightTotals, ...],
) -> book_shapes.Overview:
    return book_shapes.Overview(
        entities=found.entities,
        by_status={
            status.value if status is not None else "never": count
            for status, count in found.by_status.items()
        },
        verdicts={verdict.value: count for verdict, count in found.verdicts.items()},
        published=found.published,
        younger=[
            book_shapes.Younger(hours=age // timedelta(hours=1), entities=count)
            for age, count in found.younger
        ],
        attention=[
            book_shapes.Attention(
                action=one.action.value,
                sentence=one.sentence,
                entities=one.entities,
                at_least=one.at_least,
                integration_id=one.integration_id,
                entity_id=one.entity_id,
                until=shaping.utc(one.until),
            )
            for one in attention
        ],
        nights=[
            book_shapes.NightTotals(
                local_date=one.local_date,
                by_status={status.value: count for status, count in one.by_status.items()},
            )
            for one in nights
        ],
    )
