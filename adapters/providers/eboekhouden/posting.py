"""Double entry from documents: which account is debited, which credited, and with what VAT.

The service stores documents: a main account and rows with contra accounts. Sides per type and the
split of VAT follow its documentation where it says so; what it leaves open is a choice in
:class:`Rules`, made again when the service's own balances say otherwise.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import msgspec
from attrs import define, field, frozen

from adapters.providers.eboekhouden.chart import (
    CREDITORS,
    DEBTORS,
    VAT_GENERAL,
    VAT_HIGH,
    VAT_LOW,
    VAT_OTHER,
    Chart,
    journal_key,
)
from adapters.providers.eboekhouden.documents import WITH_VAT, Kind, Mutation, Row
from adapters.providers.eboekhouden.vat import Treatment, rate_e4, rule_of
from core.domain.books import Invoice, InvoiceDirection, JournalEntry, JournalLine, Record

_E4_PER_CENT: Final = 100
_RATE_ONE: Final = 10_000
_NOT_BOOKED: Final = ""
DUE_CATEGORIES: Final = (VAT_OTHER, VAT_HIGH, VAT_LOW, VAT_GENERAL, _NOT_BOOKED)
"""Where VAT that is shifted to the buyer may be owed, the likeliest first; empty: it is booked
neither as owed nor as claimed."""


class Rules(msgspec.Struct, frozen=True, array_like=True):
    """``memorial`` 1: a positive row of a memorial credits its account; ``opening`` 1: a positive
    row of the opening balance debits it; -1 the other way round. None of it is documented.
    """

    memorial: int = 1
    opening: int = 1
    due: str = VAT_OTHER


ROW_SIDES: Final[Mapping[int, int]] = {
    Kind.BOUGHT: 1,
    Kind.SOLD: -1,
    Kind.RECEIVED: -1,
    Kind.PAID: 1,
    Kind.MONEY_IN: -1,
    Kind.MONEY_OUT: 1,
}
"""1: a positive row is a debit of the row's account. Negative amounts turn it round by themselves.
Types that are not documented are booked as memorials; the proof says whether that was right."""

OWN_ACCOUNT: Final[Mapping[int, str]] = {Kind.RECEIVED: DEBTORS, Kind.PAID: CREDITORS}
"""The category of account that rows of payments are on."""
_INVOICES: Final = {
    Kind.SOLD: InvoiceDirection.SALES,
    Kind.BOUGHT: InvoiceDirection.PURCHASE,
}


@frozen(kw_only=True)
class Posting:
    """``role``: of the line's key within its mutation."""

    role: str
    account_key: str
    amount_e4: int
    tax_key: str | None = None
    contact_key: str | None = None
    description: str | None = None


@define
class Booked:
    """A mutation as records. ``shifted_e4``: VAT owed by the buyer, as credited."""

    records: list[Record] = field(factory=list)
    postings: list[Posting] = field(factory=list)
    shifted_e4: int = 0


def booked(mutation: Mutation, chart: Chart, rules: Rules) -> Booked:
    """Entry, lines and invoice. Lines balance unless there is no main account to balance with."""
    result = Booked()
    side = _side(mutation.kind, rules)
    nets = _nets(mutation)
    postings: list[Posting] = []
    for place, (row, net_e4) in enumerate(zip(mutation.rows, nets, strict=True)):
        postings.append(
            Posting(
                role=f"r{place}",
                account_key=row.account_key or _assumed_account(mutation, chart),
                amount_e4=side * net_e4,
                tax_key=row.vat_code or None,
                contact_key=row.contact_key or mutation.contact_key,
                description=row.description,
            )
        )
    for code, amount_e4 in _vat(mutation).items():
        postings += _vat_postings(code, side * amount_e4, chart, rules, result)
    total_e4 = sum(posting.amount_e4 for posting in postings)
    if mutation.main_key is not None:
        postings.insert(
            0,
            Posting(
                role="m",
                account_key=mutation.main_key,
                amount_e4=-total_e4,
                contact_key=mutation.contact_key,
            ),
        )
    result.postings = postings
    result.records = _records(mutation, postings)
    return result


def _side(kind: int, rules: Rules) -> int:
    if kind == Kind.OPENING:
        return rules.opening
    return ROW_SIDES.get(kind, -rules.memorial)


def _assumed_account(mutation: Mutation, chart: Chart) -> str:
    """Rows of invoice payments need not name their account: it is that of debtors or creditors."""
    return chart.category_key(OWN_ACCOUNT.get(mutation.kind, DEBTORS))


# -- VAT -------------------------------------------------------------------------------------------


def _taxed(mutation: Mutation, row: Row) -> bool:
    return mutation.kind in WITH_VAT and rule_of(row.vat_code).treatment is not Treatment.NONE


def row_vat_e4(mutation: Mutation, row: Row) -> int:
    """The VAT of a row as told, else worked out from its rate, rounded to the cent."""
    if not _taxed(mutation, row):
        return 0
    if row.vat_e4 is not None:
        return row.vat_e4
    rate = rate_e4(row.vat_code, mutation.date)
    base = _RATE_ONE + rate if mutation.including else _RATE_ONE
    return _cents_e4(row.amount_e4 * rate, base)


def _cents_e4(dividend: int, divisor: int) -> int:
    """Rounded half away from zero to whole cents."""
    cents = (2 * abs(dividend) + divisor * _E4_PER_CENT) // (2 * divisor * _E4_PER_CENT)
    return (cents if dividend >= 0 else -cents) * _E4_PER_CENT


def _row_vats(mutation: Mutation) -> list[int]:
    """Per row, such that they add up to the totals per code; the rest is on the largest row."""
    vats = [row_vat_e4(mutation, row) for row in mutation.rows]
    for code, total_e4 in mutation.vat_e4.items():
        places = [place for place, row in enumerate(mutation.rows) if row.vat_code == code]
        if not places or not _taxed(mutation, mutation.rows[places[0]]):
            continue
        rest_e4 = total_e4 - sum(vats[place] for place in places)
        largest = max(places, key=lambda place: abs(mutation.rows[place].amount_e4))
        vats[largest] += rest_e4
    return vats


def _nets(mutation: Mutation) -> list[int]:
    if not mutation.including:
        return [row.amount_e4 for row in mutation.rows]
    vats = _row_vats(mutation)
    return [row.amount_e4 - vat for row, vat in zip(mutation.rows, vats, strict=True)]


def _vat(mutation: Mutation) -> dict[str, int]:
    """Totals per code that have a VAT line."""
    totals: dict[str, int] = {}
    for row, vat_e4 in zip(mutation.rows, _row_vats(mutation), strict=True):
        if _taxed(mutation, row):
            totals[row.vat_code] = totals.get(row.vat_code, 0) + vat_e4
    return {code: amount_e4 for code, amount_e4 in totals.items() if amount_e4}


def _vat_postings(
    code: str, amount_e4: int, chart: Chart, rules: Rules, result: Booked
) -> list[Posting]:
    rule = rule_of(code)
    is_shifted = rule.treatment is Treatment.SHIFTED
    if is_shifted:
        result.shifted_e4 += amount_e4
    if is_shifted and rules.due == _NOT_BOOKED:
        return []
    account = chart.category_key(rule.category)
    postings = [Posting(role=f"v/{code}", account_key=account, amount_e4=amount_e4, tax_key=code)]
    if is_shifted:
        owed = chart.category_key(rules.due)
        postings.append(
            Posting(role=f"d/{code}", account_key=owed, amount_e4=-amount_e4, tax_key=code)
        )
    return postings


# -- records ---------------------------------------------------------------------------------------


def _records(mutation: Mutation, postings: list[Posting]) -> list[Record]:
    key = str(mutation.number)
    year, period = mutation.date.year, mutation.date.month
    entry = JournalEntry(
        key=key,
        number=mutation.entry_number or key,
        journal_key=journal_key(mutation.kind, mutation.main_key),
        date=mutation.date,
        year=year,
        period=period,
        description=mutation.description,
    )
    records: list[Record] = [entry]
    records += [
        JournalLine(
            key=f"{key}/{posting.role}",
            entry_key=key,
            position=place,
            account_key=posting.account_key,
            date=mutation.date,
            year=year,
            period=period,
            amount_e4=posting.amount_e4,
            contact_key=posting.contact_key,
            tax_key=posting.tax_key,
            description=posting.description or mutation.description,
        )
        for place, posting in enumerate(postings)
    ]
    direction = _INVOICES.get(Kind(mutation.kind)) if mutation.kind in _INVOICES else None
    if direction is not None and postings and mutation.main_key is not None:
        records.append(_invoice(mutation, postings, direction))
    return records


def _invoice(mutation: Mutation, postings: list[Posting], direction: InvoiceDirection) -> Invoice:
    side = 1 if direction is InvoiceDirection.SALES else -1
    due = None
    if mutation.term_days is not None:
        due = mutation.date + dt.timedelta(days=mutation.term_days)
    tax_e4 = sum(p.amount_e4 for p in postings if p.role.startswith(("v/", "d/")))
    return Invoice(
        key=str(mutation.number),
        direction=direction,
        number=mutation.invoice_number,
        contact_key=mutation.contact_key,
        date=mutation.date,
        due_date=due,
        currency=None,
        total_e4=side * postings[0].amount_e4,
        tax_e4=-side * tax_e4,
        entry_key=str(mutation.number),
    )
