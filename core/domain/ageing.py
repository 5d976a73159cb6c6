"""How long open items of customers and suppliers are due, per contact.

Two methods: what the provider itself says is open of each invoice, or, where it does not, what
remains of the lines on receivable and payable accounts once payments are matched with what they
pay. Which one was used is part of every answer.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from attrs import frozen

from core.domain.books import Invoice

MATCHES_LOOKED_AT_MAX: Final = 200
"""So many open items of a contact, oldest first, are looked through for the very same amount."""


class Method(StrEnum):
    INVOICES = "open amounts of invoices"
    """By due date, or invoice date where there is none."""
    LINES = "lines matched per contact"
    """By posting date: a payment settles the item of its very amount, else the oldest ones."""
    NOT_POSSIBLE = "not possible"
    """Neither open amounts nor which accounts keep open items were imported."""


class Bucket(StrEnum):
    CURRENT = "current"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OVER_90 = "over 90"


_LAST_DAYS: Final = (
    (0, Bucket.CURRENT),
    (30, Bucket.TO_30),
    (60, Bucket.TO_60),
    (90, Bucket.TO_90),
)


def bucket_of(days_late: int) -> Bucket:
    """The bucket of an item that is so many days past due; not due yet is current."""
    return next((one for last, one in _LAST_DAYS if days_late <= last), Bucket.OVER_90)


@frozen(kw_only=True)
class OpenItem:
    """``amount_e4``: of a line debit positive, of an invoice as the invoice has it (what is owed is
    positive, either way). ``contact_key`` None: the item names nobody.
    """

    contact_key: str | None
    due: dt.date
    amount_e4: int


@frozen(kw_only=True)
class Posting:
    """A line as far as matching needs it."""

    account_key: str
    contact_key: str | None
    date: dt.date
    amount_e4: int


@frozen(kw_only=True)
class AgeingRow:
    """One contact; amounts per bucket in the order of Bucket. Positive is owed as expected."""

    contact_key: str | None
    contact: str | None
    amounts_e4: tuple[int, ...]
    items: int

    @property
    def total_e4(self) -> int:
        return sum(self.amounts_e4)


def open_invoice(invoice: Invoice, on: dt.date) -> OpenItem | None:
    """What is open of an invoice by the provider's word; None for nothing, or a later invoice."""
    if not invoice.open_e4 or invoice.date > on:
        return None
    return OpenItem(
        contact_key=invoice.contact_key,
        due=invoice.due_date or invoice.date,
        amount_e4=invoice.open_e4,
    )


def unmatched(postings: Iterable[Posting]) -> Iterator[OpenItem]:
    """What remains open. ``postings`` of one account come by date."""
    open_items: dict[tuple[str, str | None], list[OpenItem]] = defaultdict(list)
    for posting in postings:
        held = open_items[posting.account_key, posting.contact_key]
        rest_e4 = _settle(held, posting.amount_e4)
        if rest_e4:
            held.append(
                OpenItem(contact_key=posting.contact_key, due=posting.date, amount_e4=rest_e4)
            )
    for held in open_items.values():
        yield from held


def _settle(held: list[OpenItem], amount_e4: int) -> int:
    """Let an amount settle open items of the other side; what is left of it."""
    if not held or (held[0].amount_e4 < 0) == (amount_e4 < 0):
        return amount_e4  # open items of one contact are all of one side
    for at, item in enumerate(held[:MATCHES_LOOKED_AT_MAX]):
        if item.amount_e4 == -amount_e4:
            del held[at]
            return 0
    settled = 0
    while settled < len(held) and abs(amount_e4) >= abs(held[settled].amount_e4):
        amount_e4 += held[settled].amount_e4
        settled += 1
    del held[:settled]
    if held and amount_e4:
        first = held[0]
        held[0] = OpenItem(
            contact_key=first.contact_key, due=first.due, amount_e4=first.amount_e4 + amount_e4
        )
        return 0
    return amount_e4


def aged(items: Iterable[OpenItem], on: dt.date, *, credit_positive: bool) -> list[AgeingRow]:
    """Rows per contact by key, those that name nobody first; contacts with nothing left are out."""
    order = {bucket: at for at, bucket in enumerate(Bucket)}
    sums_e4: dict[str | None, list[int]] = defaultdict(lambda: [0] * len(order))
    counts: dict[str | None, int] = defaultdict(int)
    for item in items:
        place = order[bucket_of((on - item.due).days)]
        sums_e4[item.contact_key][place] += -item.amount_e4 if credit_positive else item.amount_e4
        counts[item.contact_key] += 1
    return [
        AgeingRow(contact_key=key, contact=None, amounts_e4=tuple(sums_e4[key]), items=counts[key])
        for key in sorted(sums_e4, key=lambda key: (key is not None, key or ""))
        if any(sums_e4[key])
    ]
