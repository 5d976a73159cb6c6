"""Octopus' rows as they come, typed; unknown members are ignored, amounts are exact.

Names and spellings are the vendor's: ``bookyearPeriodeNr`` on bookings, ``bookyearPeriodNr`` on
balances, ``journalNr`` on lines, ``journalSequenceNr`` on deleted documents.
"""

from decimal import Decimal
from typing import Final

import msgspec

from adapters.providers.kit.decoding import JsonPage
from adapters.providers.octopus.declaration import PROVIDER


class Key(msgspec.Struct, frozen=True, gc=False):
    """Octopus wraps its numbers: ``{"id": 3}``."""

    id: int = 0


class TokenRow(msgspec.Struct, frozen=True):
    token: str = msgspec.field(default="")


class DossierTokenRow(msgspec.Struct, frozen=True):
    """Spelled with a capital; one client takes the other spelling as well."""

    capital: str = msgspec.field(default="", name="Dossiertoken")
    small: str = msgspec.field(default="", name="dossiertoken")


class DossierRow(msgspec.Struct, frozen=True, rename="camel"):
    dossier_key: Key | None = None
    dossier_description: str | None = None
    vat_nr: str | None = None
    country: str | None = None
    language_code: str | None = None


class BookyearRow(msgspec.Struct, frozen=True, rename="camel"):
    bookyear_key: Key
    start_date: str
    end_date: str
    closed: bool = False


class Texts(msgspec.Struct, frozen=True):
    """The same text in four languages; any of them may be empty."""

    nl: str | None = msgspec.field(default=None, name="description_NL")
    fr: str | None = msgspec.field(default=None, name="description_FR")
    en: str | None = msgspec.field(default=None, name="description_EN")
    de: str | None = msgspec.field(default=None, name="description_DE")


class AccountKey(msgspec.Struct, frozen=True, rename="camel"):
    id: int
    bookyear_key: Key = Key()


class AccountRow(msgspec.Struct, frozen=True, rename="camel"):
    """An account in one bookyear: the same number comes once per year."""

    account_key: AccountKey
    description: Texts | None = None


class LocalText(msgspec.Struct, frozen=True):
    language: str = ""
    value: str = ""


class JournalKey(msgspec.Struct, frozen=True, rename="camel"):
    journal_type_code: str
    sequence_number: int
    bookyear_key: Key = Key()


class JournalRow(msgspec.Struct, frozen=True, rename="camel"):
    journal_key_service_data: JournalKey
    names: list[LocalText] | None = None
    closed: bool = False


class RelationKeys(msgspec.Struct, frozen=True, rename="camel"):
    relation_key: Key | None = None


class RelationRow(msgspec.Struct, frozen=True, rename="camel"):
    relation_identification_service_data: RelationKeys
    name: str | None = None
    first_name: str | None = None
    client: bool | None = None
    supplier: bool | None = None
    active: bool | None = None
    vat_nr: str | None = None
    email: str | None = None
    city: str | None = None
    country: str | None = None


class VatCodeRow(msgspec.Struct, frozen=True, rename="camel"):
    code: str
    description: str | None = None
    type: int | None = None
    base_percentage: Decimal | None = None


class BookingRow(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One line of the ledger. ``booking_amount`` is in euro, ``document_amount`` in the document's
    currency; a row without the first is not understood rather than taken for zero.
    """

    bookyear_key: Key
    journal_type: int
    journal_nr: int
    document_sequence_nr: int
    booking_amount: Decimal
    document_date: str
    bookyear_periode_nr: int
    line_sequence_nr: int = 0
    account_key: int = 0
    document_amount: Decimal | None = None
    currency_code: str | None = None
    relation_key: Key | None = None
    comment: str | None = None


class DocumentRow(msgspec.Struct, frozen=True, rename="camel"):
    bookyear_key: Key
    journal_type: int
    journal_sequence_nr: int
    document_sequence_nr: int


class BuySellLineRow(msgspec.Struct, frozen=True, rename="camel"):
    base_amount: Decimal = Decimal(0)
    vat_amount: Decimal = Decimal(0)


class BuySellRow(msgspec.Struct, frozen=True, rename="camel"):
    bookyear_key: Key
    journal_key: str
    document_sequence_nr: int
    document_date: str
    amount: Decimal
    expiry_date: str | None = None
    relation_identification_service_data: RelationKeys | None = None
    reference: str | None = None
    currency_code: str | None = None
    exchange_rate: Decimal | None = None
    booking_lines: list[BuySellLineRow] | None = None


class FinancialJournalRow(msgspec.Struct, frozen=True, rename="camel"):
    account: int


class PeriodKey(msgspec.Struct, frozen=True, rename="camel"):
    bookyear_period_nr: int
    bookyear_key: Key = Key()


class AmountKey(msgspec.Struct, frozen=True, rename="camel"):
    bookyear_period_key: PeriodKey
    account_key: AccountKey


class AmountRow(msgspec.Struct, frozen=True, rename="camel"):
    account_amount_key: AmountKey
    balance: Decimal


class Accounts(msgspec.Struct, frozen=True):
    modified: list[AccountRow] | None = None


class Journals(msgspec.Struct, frozen=True):
    modified: list[JournalRow] | None = msgspec.field(
        default=None, name="modifiedJournalServiceDataList"
    )


class Relations(msgspec.Struct, frozen=True):
    modified: list[RelationRow] | None = None
    deleted: list[RelationRow] | None = None


class Bookings(msgspec.Struct, frozen=True):
    modified: list[BookingRow] | None = msgspec.field(default=None, name="modifiedBookings")
    deleted: list[DocumentRow] | None = msgspec.field(default=None, name="deletedBookings")


class Amounts(msgspec.Struct, frozen=True):
    modified: list[AmountRow] | None = None


TOKEN: Final = JsonPage(PROVIDER, "the sign-in", TokenRow)
DOSSIER_TOKEN: Final = JsonPage(PROVIDER, "the dossier session", DossierTokenRow)
DOSSIERS: Final = JsonPage(PROVIDER, "the dossiers", list[DossierRow])
BOOKYEARS: Final = JsonPage(PROVIDER, "the bookyears", list[BookyearRow])
ACCOUNTS: Final = JsonPage(PROVIDER, "the chart of accounts", Accounts)
JOURNALS: Final = JsonPage(PROVIDER, "the journals", Journals)
RELATIONS: Final = JsonPage(PROVIDER, "the relations", Relations)
VAT_CODES: Final = JsonPage(PROVIDER, "the VAT codes", list[VatCodeRow])
BOOKINGS: Final = JsonPage(PROVIDER, "the bookings", Bookings)
BUY_SELL: Final = JsonPage(PROVIDER, "the invoices", list[BuySellRow])
FINANCIAL_JOURNAL: Final = JsonPage(PROVIDER, "a bank journal", FinancialJournalRow)
AMOUNTS: Final = JsonPage(PROVIDER, "the account balances", Amounts)
