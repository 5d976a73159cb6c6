"""Objects of the query endpoint as typed rows, and rows as records. Pure: bytes in, records out.

Field names and types are those of Intuit's entity pages and SDK schemas. Amounts are JSON numbers,
read exactly; a missing field means null.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Generic, TypeVar

import msgspec

from adapters.providers.kit.decoding import JsonPage, fraction_e4, trimmed
from adapters.providers.quickbooks.codes import (
    ACCOUNT_CLASSES,
    MONTHS,
    NON_POSTING,
    RETAINED_EARNINGS,
    TRADE,
    statement,
)
from adapters.providers.quickbooks.declaration import PROVIDER
from core.domain.books import (
    AccountClass,
    Contact,
    Invoice,
    InvoiceDirection,
    LedgerAccount,
    TaxCode,
    TaxUse,
)
from core.domain.failures import NotUnderstood
from core.domain.money import parse_e4

T = TypeVar("T")

_PERCENT: Final = Decimal(100)
_CENT: Final = Decimal("0.01")
_MASK: Final = "X"
DELETED: Final = "Deleted"


class Ref(msgspec.Struct, gc=False):
    value: str | None = None
    name: str | None = None


class Email(msgspec.Struct, gc=False, rename="pascal"):
    address: str | None = None


class Address(msgspec.Struct, gc=False, rename="pascal"):
    city: str | None = None
    country: str | None = None


class CompanyRow(msgspec.Struct, rename="pascal"):
    company_name: str | None = None
    legal_name: str | None = None
    country: str | None = None
    company_start_date: str | None = None
    email: Email | None = None


class CompanyAnswer(msgspec.Struct, rename="pascal"):
    company_info: CompanyRow


class AccountingPrefs(msgspec.Struct, frozen=True, rename="pascal"):
    first_month_of_fiscal_year: str | None = None
    book_close_date: str | None = None


class CurrencyPrefs(msgspec.Struct, rename="pascal"):
    multi_currency_enabled: bool = False
    home_currency: Ref | None = None


class PreferencesRow(msgspec.Struct, rename="pascal"):
    accounting_info_prefs: AccountingPrefs = AccountingPrefs()
    currency_prefs: CurrencyPrefs | None = None


class PreferencesAnswer(msgspec.Struct, rename="pascal"):
    preferences: PreferencesRow


class AccountRow(msgspec.Struct, gc=False, rename="pascal"):
    id: str
    name: str = ""
    fully_qualified_name: str | None = None
    acct_num: str | None = None
    active: bool = True
    classification: str = ""
    account_type: str = ""
    account_sub_type: str | None = None

    @property
    def is_profit_and_loss(self) -> bool:
        return statement(self.classification, self.account_type) == "profit and loss"

    @property
    def is_retained_earnings(self) -> bool:
        return self.account_sub_type == RETAINED_EARNINGS


class PartyRow(msgspec.Struct, gc=False, rename="pascal"):
    """A customer, vendor or employee. ``status`` says more than that one was deleted."""

    id: str
    status: str | None = msgspec.field(name="status", default=None)
    display_name: str | None = None
    company_name: str | None = None
    active: bool = True
    acct_num: str | None = None
    primary_tax_identifier: str | None = None
    tax_identifier: str | None = None
    primary_email_addr: Email | None = None
    bill_addr: Address | None = None

    @property
    def is_deleted(self) -> bool:
        return self.status == DELETED


class RateRef(msgspec.Struct, gc=False, rename="pascal"):
    tax_rate_ref: Ref


class RateList(msgspec.Struct, frozen=True, rename="pascal"):
    tax_rate_detail: list[RateRef] = []


class TaxCodeRow(msgspec.Struct, rename="pascal"):
    id: str
    name: str = ""
    active: bool = True
    sales_tax_rate_list: RateList = RateList()
    purchase_tax_rate_list: RateList = RateList()


class TaxRateRow(msgspec.Struct, gc=False, rename="pascal"):
    id: str
    rate_value: Decimal | None = None


class TaxDetail(msgspec.Struct, gc=False, rename="pascal"):
    total_tax: Decimal | None = None


class TransactionRow(msgspec.Struct, rename="pascal"):
    """Any transaction; of a deleted one only id and ``status`` are told. One that was voided has
    another status, and amounts of zero.
    """

    id: str
    status: str | None = msgspec.field(name="status", default=None)
    txn_date: str | None = None
    doc_number: str | None = None
    due_date: str | None = None
    customer_ref: Ref | None = None
    vendor_ref: Ref | None = None
    currency_ref: Ref | None = None
    exchange_rate: Decimal | None = None
    total_amt: Decimal | None = None
    home_total_amt: Decimal | None = None
    balance: Decimal | None = None
    home_balance: Decimal | None = None
    remaining_credit: Decimal | None = None
    txn_tax_detail: TaxDetail | None = None

    @property
    def is_deleted(self) -> bool:
        return self.status == DELETED


class _QueryAnswer(msgspec.Struct, rename="pascal"):
    query_response: dict[str, msgspec.Raw]


class Listing(Generic[T]):
    """Decodes pages of one entity of the query endpoint."""

    def __init__(self, entity: str, about: str, row: type[T]) -> None:
        self.entity = entity
        self.about = about
        self._page = JsonPage(PROVIDER, about, _QueryAnswer)
        self._rows = JsonPage(PROVIDER, about, list[row])  # type: ignore[valid-type] # a parameter

    def decode(self, body: bytes) -> list[T]:
        """No member of the entity's name means no rows."""
        found = self._page.decode(body).query_response.get(self.entity)
        return [] if found is None else self._rows.decode(bytes(found))


COMPANY: Final = JsonPage(PROVIDER, "the company", CompanyAnswer)
PREFERENCES: Final = JsonPage(PROVIDER, "the preferences", PreferencesAnswer)
ACCOUNTS: Final = Listing("Account", "ledger accounts", AccountRow)
TAX_CODES: Final = Listing("TaxCode", "tax codes", TaxCodeRow)
TAX_RATES: Final = Listing("TaxRate", "tax rates", TaxRateRow)
PARTY_LISTS: Final[Mapping[str, Listing[PartyRow]]] = {
    "Customer": Listing("Customer", "customers", PartyRow),
    "Vendor": Listing("Vendor", "vendors", PartyRow),
    "Employee": Listing("Employee", "employees", PartyRow),
}
INVOICE_LISTS: Final[Mapping[str, Listing[TransactionRow]]] = {
    "Invoice": Listing("Invoice", "invoices", TransactionRow),
    "CreditMemo": Listing("CreditMemo", "credit memos", TransactionRow),
    "Bill": Listing("Bill", "bills", TransactionRow),
    "VendorCredit": Listing("VendorCredit", "vendor credits", TransactionRow),
}


class _CdcPart(msgspec.Struct, rename="pascal"):
    query_response: list[dict[str, msgspec.Raw]] = []


class _CdcAnswer(msgspec.Struct, rename="pascal"):
    parts: list[_CdcPart] = msgspec.field(name="CDCResponse")


class Changed(msgspec.Struct):
    """What change data capture told: objects per entity."""

    parties: dict[str, list[PartyRow]] = {}
    transactions: dict[str, list[TransactionRow]] = {}

    @property
    def count(self) -> int:
        people = sum(len(rows) for rows in self.parties.values())
        return people + sum(len(rows) for rows in self.transactions.values())


_CHANGES: Final = JsonPage(PROVIDER, "changes", _CdcAnswer)
_CHANGED_PARTIES: Final = JsonPage(PROVIDER, "changes", list[PartyRow])
_CHANGED_TRANSACTIONS: Final = JsonPage(PROVIDER, "changes", list[TransactionRow])


def changed(body: bytes) -> Changed:
    found = Changed()
    for part in _CHANGES.decode(body).parts:
        for response in part.query_response:
            for name, raw in response.items():
                if name in PARTY_LISTS:
                    found.parties.setdefault(name, []).extend(_CHANGED_PARTIES.decode(bytes(raw)))
                elif name[:1].isupper():
                    rows = _CHANGED_TRANSACTIONS.decode(bytes(raw))
                    found.transactions.setdefault(name, []).extend(rows)
    return found


# -- records ---------------------------------------------------------------------------------------


def first_month(told: PreferencesRow) -> int:
    """Of the fiscal year. NotUnderstood when it is told in words nobody knows."""
    name = (told.accounting_info_prefs.first_month_of_fiscal_year or "january").strip().casefold()
    if name not in MONTHS:
        raise NotUnderstood(
            f"{PROVIDER} names the first month of the fiscal year in a way this version does not "
            "know: report it.",
            detail=f"FirstMonthOfFiscalYear {name[:30]!r}",
        )
    return MONTHS[name]


def ledger_account(row: AccountRow) -> LedgerAccount:
    """Without a number where the company uses none. The name is the whole one, parents first."""
    account_class = ACCOUNT_CLASSES.get(row.classification, AccountClass.UNKNOWN)
    if row.account_type == NON_POSTING:
        account_class = AccountClass.OFF_BALANCE
    return LedgerAccount(
        key=row.id,
        code=trimmed(row.acct_num) or "",
        name=trimmed(row.fully_qualified_name) or row.name.strip() or row.id,
        account_class=account_class,
        statement=statement(row.classification, row.account_type),
        active=row.active,
        trade=TRADE.get(row.account_type),
    )


def contact(row: PartyRow, entity: str) -> Contact:
    """Customers, vendors and employees are told apart by list and share one sequence of ids, which
    every recording shows and no page promises. A masked tax number is none.
    """
    tax_number = trimmed(row.primary_tax_identifier) or trimmed(row.tax_identifier)
    if tax_number is not None and tax_number.upper().startswith(_MASK):
        tax_number = None
    address = row.bill_addr or Address()
    return Contact(
        key=row.id,
        code=trimmed(row.acct_num),
        name=trimmed(row.display_name) or trimmed(row.company_name) or row.id,
        is_customer=entity == "Customer",
        is_supplier=entity == "Vendor",
        vat_number=tax_number,
        email=None if row.primary_email_addr is None else trimmed(row.primary_email_addr.address),
        city=trimmed(address.city),
        country=trimmed(address.country),
        active=row.active,
    )


def tax_code(row: TaxCodeRow, rates: Mapping[str, Decimal | None]) -> TaxCode:
    """Its rate where it has one; a group of several has none. Codes have no number: the name."""
    sales = [each.tax_rate_ref.value or "" for each in row.sales_tax_rate_list.tax_rate_detail]
    purchases = [
        each.tax_rate_ref.value or "" for each in row.purchase_tax_rate_list.tax_rate_detail
    ]
    uses = {
        (True, True): TaxUse.BOTH,
        (True, False): TaxUse.SALES,
        (False, True): TaxUse.PURCHASE,
        (False, False): TaxUse.NONE,
    }
    told = {rates.get(rate) for rate in sales} | {rates.get(rate) for rate in purchases}
    is_single = len(sales) <= 1 and len(purchases) <= 1 and len(told) == 1
    rate = told.pop() if is_single else None
    return TaxCode(
        key=row.id,
        code=row.name.strip() or row.id,
        name=row.name.strip(),
        use=uses[bool(sales), bool(purchases)],
        rate_e4=None if rate is None else fraction_e4(rate / _PERCENT),
        active=row.active,
    )


_DIRECTIONS: Final = {
    "Invoice": (InvoiceDirection.SALES, 1),
    "CreditMemo": (InvoiceDirection.SALES, -1),
    "Bill": (InvoiceDirection.PURCHASE, 1),
    "VendorCredit": (InvoiceDirection.PURCHASE, -1),
}


def invoice_key(entity: str, key: str) -> str:
    return f"{entity}:{key}"


def invoice(row: TransactionRow, entity: str) -> Invoice | None:
    """None for an object without date or total. ValueError for a bad value.

    In home currency: as told, else by the rate of the transaction, to the cent. No entry is named:
    an invoice is told by its own list, and goes with it.
    """
    direction, sign = _DIRECTIONS[entity]
    if row.txn_date is None or row.total_amt is None:
        return None
    total = _home(row.total_amt, row) if row.home_total_amt is None else row.home_total_amt
    left = row.balance if row.remaining_credit is None else row.remaining_credit
    open_home = None if left is None else _home(left, row)
    if row.home_balance is not None:
        open_home = row.home_balance
    tax = None if row.txn_tax_detail is None else row.txn_tax_detail.total_tax
    party = row.customer_ref or row.vendor_ref
    return Invoice(
        key=invoice_key(entity, row.id),
        direction=direction,
        number=trimmed(row.doc_number),
        contact_key=None if party is None else party.value,
        date=date.fromisoformat(row.txn_date),
        due_date=None if row.due_date is None else date.fromisoformat(row.due_date),
        currency=None if row.currency_ref is None else trimmed(row.currency_ref.value),
        total_e4=sign * parse_e4(total),
        tax_e4=None if tax is None else sign * parse_e4(_home(tax, row)),
        open_e4=None if open_home is None else sign * parse_e4(open_home),
    )


def _home(amount: Decimal, row: TransactionRow) -> Decimal:
    """Home units are amount times rate; without a rate it is the home currency already."""
    if row.exchange_rate is None:
        return amount
    return (amount * row.exchange_rate).quantize(_CENT, ROUND_HALF_UP)


def bad_value(what: str, error: Exception) -> NotUnderstood:
    """For an answer whose structure is right but one of whose values is none."""
    return NotUnderstood(
        f"{PROVIDER} sent {what} with a value this version does not know: report it.",
        detail=f"{what}: {str(error)[:200]}",
    )
