"""Moves and their lines: the fields clients read."""

from collections.abc import Iterator
from typing import Any

from sandbox.odoo.fields import (
    BOOLEAN,
    CHAR,
    DATE,
    DATETIME,
    INTEGER,
    MANY2MANY,
    MANY2ONE,
    MONETARY,
    ONE2MANY,
    SELECTION,
    Context,
    Field,
    Model,
)
from sandbox.odoo.people import Role
from sandbox.odoo.store import Move, MoveLine
from sandbox.odoo.values import CURRENCIES
from sandbox.records import EntryKind, LineRole

MOVE_TYPES = {
    EntryKind.SALES_INVOICE: "out_invoice",
    EntryKind.SALES_CREDIT: "out_refund",
    EntryKind.PURCHASE_INVOICE: "in_invoice",
    EntryKind.PURCHASE_CREDIT: "in_refund",
}
CUSTOMER_TYPES = frozenset({"out_invoice", "out_refund"})


def move_type(move: Move) -> str:
    return "entry" if move.entry is None else MOVE_TYPES.get(move.entry.kind, "entry")


def move_number(move: Move, ctx: Context) -> str | None:
    """Drafts have none: ``false`` on 19, a slash before; a cancelled entry keeps its number."""
    if move.state == "draft":
        return None if ctx.version >= 19 else "/"
    if move.entry is None:
        return f"MISC/{move.date:%Y/%m}/{move.id % 10_000:04d}"
    return f"{move.entry.journal.code}/{move.entry.date:%Y}/{move.entry.number}"


def _total(move: Move) -> int:
    """Signed: an invoice's header line as it is booked, for the rest the sum of debits."""
    if move.entry is None:
        return move.amount_cents
    if move_type(move) != "entry":
        return move.entry.lines[0].cents
    return sum(line.cents for line in move.entry.lines if line.cents > 0)


def _tax(move: Move) -> int:
    if move.entry is None or move_type(move) == "entry":
        return 0
    return -sum(line.cents for line in move.entry.lines if line.role is LineRole.VAT)


def _open(move: Move) -> int:
    return 0 if move.entry is None or move_type(move) == "entry" else move.entry.open_cents


def _foreign_total(move: Move) -> int:
    if move.entry is None:
        return move.amount_cents
    return abs(move.entry.lines[0].foreign_cents if move_type(move) != "entry" else _total(move))


def _currency(move: Move, ctx: Context) -> int:
    name = ctx.store.books(move.company).company.currency
    return CURRENCIES[name if move.entry is None else move.entry.currency]


def _journal(move: Move, ctx: Context) -> int:
    journals = ctx.store.books(move.company).journals
    journal = journals[-1] if move.entry is None else move.entry.journal
    return ctx.store.small_id(move.company, journal)


def _partner(move: Move, ctx: Context) -> int | None:
    contact = None if move.entry is None else move.entry.contact
    return None if contact is None else ctx.store.partner_id(move.company, contact)


def _date(move: Move) -> Any:  # noqa: ANN401 - a date
    return move.date if move.entry is None else move.entry.date


def _written(move: Move) -> int:
    return move.written_ms if move.entry is None else move.entry.modified_ms


def _invoice_date(move: Move, _ctx: Context) -> Any:  # noqa: ANN401 - a date or None
    return _date(move) if move_type(move) != "entry" else None


def _note(move: Move) -> str | None:
    if move.entry is None:
        return None
    return move.entry.reference if move_type(move).startswith("in_") else move.entry.description


def _visible_moves(ctx: Context, after: int) -> Iterator[Move]:
    if ctx.user.role is Role.PORTAL:
        return
    for company in sorted(ctx.allowed):
        for move in ctx.store.moves(company, after):
            if ctx.user.role is not Role.SALES or move_type(move) in CUSTOMER_TYPES:
                yield move


def _browse_move(ctx: Context, number: int) -> Move | None:
    move = ctx.store.move(number)
    if move is None or move.company not in ctx.allowed or ctx.user.role is Role.PORTAL:
        return None
    if ctx.user.role is Role.SALES and move_type(move) not in CUSTOMER_TYPES:
        return None
    return move


MOVE = Model(
    "account.move",
    "Journal Entry",
    {
        "id": Field(INTEGER, lambda m, _: m.id),
        "name": Field(CHAR, move_number),
        "date": Field(DATE, lambda m, _: _date(m)),
        "state": Field(SELECTION, lambda m, _: m.state),
        "move_type": Field(SELECTION, lambda m, _: move_type(m)),
        "ref": Field(CHAR, lambda m, _: _note(m)),
        "payment_reference": Field(
            CHAR,
            lambda m, ctx: move_number(m, ctx) if move_type(m) == "out_invoice" else None,
        ),
        "journal_id": Field(MANY2ONE, _journal, "account.journal"),
        "company_id": Field(MANY2ONE, lambda m, _: m.company, "res.company"),
        "partner_id": Field(MANY2ONE, _partner, "res.partner"),
        "commercial_partner_id": Field(MANY2ONE, _partner, "res.partner"),
        "currency_id": Field(MANY2ONE, _currency, "res.currency"),
        "invoice_date": Field(DATE, _invoice_date),
        "invoice_date_due": Field(DATE, lambda m, _: None if m.entry is None else m.entry.due),
        "amount_total": Field(MONETARY, lambda m, _: _foreign_total(m), cents=True),
        "amount_total_signed": Field(MONETARY, lambda m, _: _total(m), cents=True),
        "amount_tax_signed": Field(MONETARY, lambda m, _: _tax(m), cents=True),
        "amount_untaxed_signed": Field(
            MONETARY,
            lambda m, _: _total(m) - _tax(m) if move_type(m) != "entry" else 0,
            cents=True,
        ),
        "amount_residual_signed": Field(MONETARY, lambda m, _: _open(m), cents=True),
        "payment_state": Field(
            SELECTION, lambda m, _: "paid" if not _open(m) and m.entry else "not_paid"
        ),
        "line_ids": Field(
            ONE2MANY,
            lambda m, ctx: [line.id for line in ctx.store.lines_of(m)],
            "account.move.line",
        ),
        "create_date": Field(
            DATETIME, lambda m, _: m.written_ms if m.entry is None else m.entry.created_ms
        ),
        "write_date": Field(DATETIME, lambda m, _: _written(m)),
    },
    records=_visible_moves,
    browse=_browse_move,
    title=lambda m, ctx: move_number(m, ctx) or "Draft Entry",
    accounting=True,
)


def _account(line: MoveLine, ctx: Context) -> int | None:
    if line.line is None:
        return line.account_id
    account = line.line.account
    return None if account is None else ctx.store.account_id(line.move.company, account)


def _cents(line: MoveLine) -> int:
    return line.cents if line.line is None else line.line.cents


def _is_exchange(line: MoveLine) -> bool:
    """The part of a payment that only evens out rates has no amount in the foreign currency."""
    entry = line.move.entry
    if entry is None or entry.settles is None or line.line is None:
        return False
    return line.line is entry.lines[-1] and len(entry.lines) == 3


def _line_currency(line: MoveLine, ctx: Context) -> int:
    entry = line.move.entry
    if entry is not None and entry.settles is not None and _is_exchange(line):
        return CURRENCIES[entry.settles.currency]
    return _currency(line.move, ctx)


def _foreign(line: MoveLine) -> int:
    if line.line is None:
        return line.cents
    return 0 if _is_exchange(line) else line.line.foreign_cents


def _display_type(line: MoveLine, ctx: Context) -> str | None:
    if _account(line, ctx) is None:
        return "line_note"
    if ctx.version < 16:
        return None
    role = None if line.line is None else line.line.role
    if role is LineRole.VAT:
        return "tax"
    invoice = move_type(line.move) != "entry"
    return "payment_term" if invoice and role is LineRole.HEADER else "product"


def _taxes(line: MoveLine, ctx: Context) -> list[int]:
    tax = None if line.line is None or line.line.role is not LineRole.NET else line.line.tax
    return [] if tax is None else [ctx.store.small_id(line.move.company, tax)]


def _tax_line(line: MoveLine, ctx: Context) -> int | None:
    tax = None if line.line is None or line.line.role is not LineRole.VAT else line.line.tax
    return None if tax is None else ctx.store.small_id(line.move.company, tax)


def _label(line: MoveLine) -> str | None:
    return line.note or None if line.line is None else line.line.description


def _line_written(line: MoveLine) -> int:
    return _written(line.move) if line.line is None else line.line.modified_ms


def _visible_lines(ctx: Context, after: int) -> Iterator[MoveLine]:
    for move in _visible_moves(ctx, 0):
        for line in ctx.store.lines_of(move):
            if line.id > after:
                yield line


LINE = Model(
    "account.move.line",
    "Journal Item",
    {
        "id": Field(INTEGER, lambda n, _: n.id),
        "move_id": Field(MANY2ONE, lambda n, _: n.move.id, "account.move"),
        "move_name": Field(CHAR, lambda n, ctx: move_number(n.move, ctx)),
        "date": Field(DATE, lambda n, _: _date(n.move)),
        "ref": Field(CHAR, lambda n, _: _note(n.move)),
        "name": Field(CHAR, lambda n, _: _label(n)),
        "account_id": Field(MANY2ONE, _account, "account.account"),
        "journal_id": Field(MANY2ONE, lambda n, ctx: _journal(n.move, ctx), "account.journal"),
        "partner_id": Field(MANY2ONE, lambda n, ctx: _partner(n.move, ctx), "res.partner"),
        "company_id": Field(MANY2ONE, lambda n, _: n.move.company, "res.company"),
        "currency_id": Field(MANY2ONE, _line_currency, "res.currency"),
        "debit": Field(MONETARY, lambda n, _: max(_cents(n), 0), cents=True),
        "credit": Field(MONETARY, lambda n, _: max(-_cents(n), 0), cents=True),
        "balance": Field(MONETARY, lambda n, _: _cents(n), cents=True),
        "amount_currency": Field(MONETARY, lambda n, _: _foreign(n), cents=True),
        "tax_ids": Field(MANY2MANY, _taxes, "account.tax"),
        "tax_line_id": Field(MANY2ONE, _tax_line, "account.tax"),
        "display_type": Field(SELECTION, _display_type),
        "parent_state": Field(SELECTION, lambda n, _: n.move.state),
        "move_type": Field(SELECTION, lambda n, _: move_type(n.move)),
        "reconciled": Field(BOOLEAN, lambda _n, _: False),
        "sequence": Field(INTEGER, lambda n, _: 10 if n.line is None else 10 + n.line.number),
        "create_date": Field(DATETIME, lambda n, _: _written(n.move)),
        "write_date": Field(DATETIME, lambda n, _: _line_written(n)),
    },
    records=_visible_lines,
    browse=lambda _ctx, _number: None,
    title=lambda n, ctx: move_number(n.move, ctx) or "Draft Entry",
    accounting=True,
)
