"""Companies, accounts, journals, taxes, partners, users and their keys."""

from collections.abc import Iterator
from typing import Any

from sandbox.odoo.fields import (
    BOOLEAN,
    CHAR,
    DATE,
    DATETIME,
    FLOAT,
    INTEGER,
    MANY2MANY,
    MANY2ONE,
    ONE2MANY,
    SELECTION,
    Context,
    Field,
    Model,
)
from sandbox.odoo.ledger_models import LINE, MOVE
from sandbox.odoo.people import Key, User
from sandbox.odoo.store import ROOT_OF, Owned, Partner
from sandbox.odoo.values import CURRENCIES, NAME_OF_CURRENCY
from sandbox.records import AccountKind, JournalKind, TaxKind, Trait

ACCOUNT_TYPES = {
    AccountKind.CASH: ("asset_cash", "asset"),
    AccountKind.BANK: ("asset_cash", "asset"),
    AccountKind.RECEIVABLE: ("asset_receivable", "asset"),
    AccountKind.PAYABLE: ("liability_payable", "liability"),
    AccountKind.VAT: ("liability_current", "liability"),
    AccountKind.TAX_PAYABLE: ("liability_current", "liability"),
    AccountKind.STAFF_PAYABLE: ("liability_current", "liability"),
    AccountKind.FIXED_ASSET: ("asset_fixed", "asset"),
    AccountKind.ACCUMULATED_DEPRECIATION: ("asset_fixed", "asset"),
    AccountKind.INVENTORY: ("asset_current", "asset"),
    AccountKind.EQUITY: ("equity", "equity"),
    AccountKind.RETAINED: ("equity", "equity"),
    AccountKind.LOAN: ("liability_non_current", "liability"),
    AccountKind.SUSPENSE: ("asset_current", "asset"),
    AccountKind.REVENUE: ("income", "income"),
    AccountKind.COST_OF_GOODS: ("expense_direct_cost", "expense"),
    AccountKind.EXPENSE: ("expense", "expense"),
    AccountKind.STAFF: ("expense", "expense"),
    AccountKind.DEPRECIATION: ("expense_depreciation", "expense"),
    AccountKind.INTEREST: ("expense", "expense"),
    AccountKind.EXCHANGE: ("income_other", "income"),
    AccountKind.APPROPRIATION: ("expense", "expense"),
}
JOURNAL_TYPES = {
    JournalKind.SALES: "sale",
    JournalKind.PURCHASE: "purchase",
    JournalKind.BANK: "bank",
    JournalKind.CASH: "cash",
    JournalKind.GENERAL: "general",
}
TAX_USES = {
    TaxKind.SALES: "sale",
    TaxKind.PURCHASE: "purchase",
    TaxKind.REVERSE_CHARGE: "purchase",
    TaxKind.NONE: "none",
}


def _true(_record: Any, _ctx: Context) -> bool:  # noqa: ANN401 - any record
    return True


def _companies(ctx: Context, after: int) -> Iterator[int]:
    for number in sorted(ctx.allowed):
        if number > after and (not ctx.active_test or _company_active(number, ctx)):
            yield number


def _company_active(number: int, ctx: Context) -> bool:
    return ctx.store.books(number).company.trait is not Trait.ARCHIVED


COMPANY = Model(
    "res.company",
    "Companies",
    {
        "id": Field(INTEGER, lambda n, _: n),
        "name": Field(CHAR, lambda n, ctx: ctx.store.books(n).company.name),
        "parent_id": Field(MANY2ONE, lambda n, _: ROOT_OF.get(n), "res.company"),
        "root_id": Field(MANY2ONE, lambda n, _: ROOT_OF.get(n, n), "res.company", since=17),
        "currency_id": Field(
            MANY2ONE, lambda n, ctx: CURRENCIES[ctx.store.books(n).company.currency], "res.currency"
        ),
        "country_code": Field(CHAR, lambda n, ctx: ctx.store.books(n).company.country, since=15),
        "vat": Field(CHAR, lambda n, ctx: ctx.store.books(n).company.vat_number),
        "company_registry": Field(CHAR, lambda n, ctx: ctx.store.books(n).company.registration),
        "active": Field(BOOLEAN, _company_active, since=16),
        "fiscalyear_lock_date": Field(DATE, lambda _n, _: None),
        "fiscalyear_last_day": Field(INTEGER, lambda _n, _: 31),
        "fiscalyear_last_month": Field(SELECTION, lambda _n, _: "12"),
    },
    records=_companies,
    browse=lambda _ctx, number: number,
    title=lambda n, ctx: ctx.store.books(n).company.name,
)


def _accounts(ctx: Context, after: int) -> Iterator[Owned]:
    found: dict[int, Owned] = {}
    for company in (ctx.company, *ctx.allowed):
        for owned in ctx.store.accounts(company):
            found.setdefault(owned.id, owned)
    yield from (found[number] for number in sorted(found) if number > after)


def _code(owned: Owned, ctx: Context) -> str | None:
    """Codes belong to a company: read in another one's context there is none."""
    root = ctx.store.root(ctx.company)
    return owned.record.code if owned.company == root else None


ACCOUNT = Model(
    "account.account",
    "Account",
    {
        "id": Field(INTEGER, lambda a, _: a.id),
        "code": Field(CHAR, _code),
        "name": Field(CHAR, lambda a, _: a.record.name),
        "account_type": Field(SELECTION, lambda a, _: ACCOUNT_TYPES[a.record.kind][0], since=16),
        "internal_type": Field(SELECTION, lambda _a, _: "other", until=15),
        "internal_group": Field(SELECTION, lambda a, _: ACCOUNT_TYPES[a.record.kind][1]),
        "include_initial_balance": Field(
            BOOLEAN, lambda a, _: ACCOUNT_TYPES[a.record.kind][1] not in {"income", "expense"}
        ),
        "company_ids": Field(MANY2MANY, lambda a, _: [a.company], "res.company", since=18),
        "company_id": Field(MANY2ONE, lambda a, _: a.company, "res.company", until=17),
        "active": Field(BOOLEAN, _true, since=19),
        "deprecated": Field(BOOLEAN, lambda _a, _: False, until=18),
        "create_date": Field(DATETIME, lambda a, _: a.record.created_ms),
        "write_date": Field(DATETIME, lambda a, _: a.record.modified_ms),
    },
    records=_accounts,
    browse=lambda ctx, number: ctx.store.account(number),
    title=lambda a, ctx: " ".join(filter(None, (_code(a, ctx), a.record.name))),
)


def _owned(kind: str, ctx: Context, after: int) -> Iterator[Owned]:
    found: dict[int, Owned] = {}
    for company in ctx.allowed:
        rows = ctx.store.journals(company) if kind == "journal" else ctx.store.taxes(company)
        found.update({owned.id: owned for owned in rows})
    yield from (found[number] for number in sorted(found) if number > after)


def _find(kind: str, ctx: Context, number: int) -> Owned | None:
    return next((owned for owned in _owned(kind, ctx, number - 1) if owned.id == number), None)


JOURNAL = Model(
    "account.journal",
    "Journal",
    {
        "id": Field(INTEGER, lambda j, _: j.id),
        "code": Field(CHAR, lambda j, _: j.record.code),
        "name": Field(CHAR, lambda j, _: j.record.name),
        "type": Field(SELECTION, lambda j, _: JOURNAL_TYPES[j.record.kind]),
        "company_id": Field(MANY2ONE, lambda j, _: j.company, "res.company"),
        "active": Field(BOOLEAN, _true),
        "write_date": Field(DATETIME, lambda j, _: j.record.modified_ms),
    },
    records=lambda ctx, after: _owned("journal", ctx, after),
    browse=lambda ctx, number: _find("journal", ctx, number),
    title=lambda j, _: j.record.name,
)

TAX = Model(
    "account.tax",
    "Tax",
    {
        "id": Field(INTEGER, lambda t, _: t.id),
        "name": Field(CHAR, lambda t, _: t.record.name),
        "type_tax_use": Field(SELECTION, lambda t, _: TAX_USES[t.record.kind]),
        "amount_type": Field(SELECTION, lambda _t, _: "percent"),
        "amount": Field(FLOAT, lambda t, _: t.record.basis_points, cents=True),
        "price_include": Field(BOOLEAN, lambda _t, _: False),
        "company_id": Field(MANY2ONE, lambda t, _: t.company, "res.company"),
        "active": Field(BOOLEAN, _true),
        "write_date": Field(DATETIME, lambda t, _: t.record.modified_ms),
    },
    records=lambda ctx, after: _owned("tax", ctx, after),
    browse=lambda ctx, number: _find("tax", ctx, number),
    title=lambda t, _: t.record.name,
)


def _partners(ctx: Context, after: int) -> Iterator[Partner]:
    for partner in ctx.store.partners():
        if partner.id > after and (partner.company is None or partner.company in ctx.allowed):
            yield partner


def _contact_text(name: str) -> Field:
    return Field(CHAR, lambda p, _: None if p.contact is None else getattr(p.contact, name) or None)


PARTNER = Model(
    "res.partner",
    "Contact",
    {
        "id": Field(INTEGER, lambda p, _: p.id),
        "name": Field(CHAR, lambda p, _: p.name if p.contact is None else p.contact.name),
        "ref": Field(CHAR, lambda p, _: None if p.contact is None else str(p.contact.number)),
        "vat": _contact_text("vat_number"),
        "email": _contact_text("email"),
        "city": _contact_text("city"),
        "street": _contact_text("street"),
        "zip": _contact_text("postcode"),
        "country_code": _contact_text("country"),
        "company_id": Field(MANY2ONE, lambda p, _: p.company, "res.company"),
        "commercial_partner_id": Field(MANY2ONE, lambda p, _: p.id, "res.partner"),
        "customer_rank": Field(INTEGER, lambda p, _: int(bool(p.contact and p.contact.customer))),
        "supplier_rank": Field(INTEGER, lambda p, _: int(bool(p.contact and p.contact.supplier))),
        "active": Field(BOOLEAN, _true),
        "write_date": Field(
            DATETIME, lambda p, _: 1_700_000_000_000 if p.contact is None else p.contact.modified_ms
        ),
    },
    records=_partners,
    browse=lambda ctx, number: ctx.store.partner(number),
    title=lambda p, _: p.name if p.contact is None else p.contact.name,
)

CURRENCY = Model(
    "res.currency",
    "Currency",
    {
        "id": Field(INTEGER, lambda c, _: c),
        "name": Field(CHAR, lambda c, _: NAME_OF_CURRENCY[c]),
        "decimal_places": Field(INTEGER, lambda _c, _: 2),
        "active": Field(BOOLEAN, _true),
    },
    records=lambda _ctx, after: (n for n in sorted(NAME_OF_CURRENCY) if n > after),
    browse=lambda _ctx, number: number if number in NAME_OF_CURRENCY else None,
    title=lambda c, _: NAME_OF_CURRENCY[c],
)


def _users(ctx: Context, after: int) -> Iterator[User]:
    if ctx.user.id > after:
        yield ctx.user


USER = Model(
    "res.users",
    "User",
    {
        "id": Field(INTEGER, lambda u, _: u.id),
        "login": Field(CHAR, lambda u, _: u.login),
        "name": Field(CHAR, lambda u, _: u.name),
        "email": Field(CHAR, lambda u, _: f"{u.login}@voorbeeld.test"),
        "company_id": Field(MANY2ONE, lambda u, _: u.default_company, "res.company"),
        "company_ids": Field(ONE2MANY, lambda u, _: list(u.companies), "res.company"),
        "lang": Field(SELECTION, lambda u, _: u.lang),
        "tz": Field(SELECTION, lambda _u, _: "Europe/Amsterdam"),
    },
    records=_users,
    browse=lambda ctx, number: ctx.user if number == ctx.user.id else None,
    title=lambda u, _: u.name,
)


def _keys(ctx: Context, after: int) -> Iterator[Key]:
    yield from (key for key in ctx.user.keys if key.id > after)


KEY = Model(
    "res.users.apikeys",
    "API Key",
    {
        "id": Field(INTEGER, lambda k, _: k.id),
        "name": Field(CHAR, lambda k, _: k.name),
        "scope": Field(CHAR, lambda k, _: k.scope),
        "expiration_date": Field(
            DATETIME,
            lambda k, _: None if k.end is None else int(k.end.timestamp() * 1000),
            since=18,
        ),
        "create_date": Field(DATETIME, lambda _k, _: 1_750_000_000_000),
    },
    records=_keys,
    browse=lambda ctx, number: next((k for k in ctx.user.keys if k.id == number), None),
    title=lambda k, _: k.name,
)

MODELS = {
    model.name: model
    for model in (*(MOVE, LINE, COMPANY, ACCOUNT, JOURNAL, TAX, PARTNER, CURRENCY, USER, KEY),)
}
