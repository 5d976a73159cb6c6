"""What postings are made of: an organisation's accounts, the lines to be, and the entry of them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from attrs import frozen

from adapters.providers.kit.decoding import cents_e4
from adapters.providers.xero.rows import e4, key
from adapters.providers.xero.years import FiscalYears
from core.domain.books import JournalEntry, JournalLine, Record

NO_ACCOUNT: Final = "no-account"
"""Of a line that names none: a key no account has, so that the proof names it."""


@frozen(kw_only=True)
class Organisation:
    """What postings depend on. ``system``: accounts by the part they play."""

    currency: str
    years: FiscalYears
    system: Mapping[str, str]
    foreign_banks: frozenset[str]
    by_code: Callable[[str], str | None]
    """The account of a code, for answers that name accounts by code only."""

    def account(self, account_id: str | None, code: str | None) -> str:
        if account_id:
            return key(account_id)
        return (self.by_code(code) if code else None) or NO_ACCOUNT

    def control(self, part: str) -> str:
        return self.system.get(part, f"system:{part}")

    def is_foreign(self, currency: str | None) -> bool:
        return currency is not None and currency != self.currency


@frozen(kw_only=True)
class Posted:
    """What one document becomes; no records when it is in no ledger (drafts, voided ones)."""

    key: str
    records: tuple[Record, ...] = ()
    year: int | None = None

    @property
    def is_posted(self) -> bool:
        return bool(self.records)


@frozen(kw_only=True)
class Part:
    """One line to be; ``amount`` in the document's currency, debit positive."""

    role: str
    account: str
    amount: Decimal
    tax_key: str | None = None
    description: str | None = None


@frozen(kw_only=True)
class Heading:
    key: str
    journal: str
    day: date
    number: str | None = None
    description: str | None = None
    contact: str | None = None
    currency: str | None = None
    rate: Decimal | None = None


def entry_of(
    organisation: Organisation, heading: Heading, parts: Sequence[Part], balancing: str | None
) -> list[Record]:
    """The entry and its lines; the account ``balancing`` takes what the others add up to."""
    if not parts:
        return []
    amounts_e4 = [base_e4(organisation, part.amount, heading) for part in parts]
    is_foreign = organisation.is_foreign(heading.currency)
    foreign_e4 = [e4(part.amount) if is_foreign else None for part in parts]
    if balancing is not None:
        parts = [Part(role="control", account=balancing, amount=Decimal(0)), *parts]
        if parts[1].role == "control":
            parts = [Part(role="bank", account=balancing, amount=Decimal(0)), *parts[1:]]
        foreign_e4 = [-sum(e or 0 for e in foreign_e4) if is_foreign else None, *foreign_e4]
        amounts_e4 = [-sum(amounts_e4), *amounts_e4]
    year, period = organisation.years.of(heading.day)
    entry = JournalEntry(
        key=heading.key,
        number=heading.number,
        journal_key=heading.journal,
        date=heading.day,
        year=year,
        period=period,
        description=heading.description,
    )
    lines = [
        JournalLine(
            key=f"{heading.key}:{part.role}",
            entry_key=heading.key,
            position=position,
            account_key=part.account,
            date=heading.day,
            year=year,
            period=period,
            amount_e4=amount_e4,
            currency=heading.currency if is_foreign else None,
            foreign_e4=foreign,
            contact_key=heading.contact,
            tax_key=part.tax_key,
            description=part.description or heading.description,
        )
        for position, (part, amount_e4, foreign) in enumerate(
            zip(parts, amounts_e4, foreign_e4, strict=True)
        )
    ]
    return [entry, *lines]


def base_e4(organisation: Organisation, amount: Decimal | None, heading: Heading) -> int:
    """In the organisation's own currency. ``CurrencyRate`` is foreign units per unit of it, which
    follows from two official examples; of documents in its own currency it means nothing.
    """
    if not organisation.is_foreign(heading.currency):
        return e4(amount)
    if not amount:
        return 0
    if not heading.rate:
        raise ValueError(f"a document in {heading.currency} has no rate")
    return cents_e4(amount / heading.rate)
