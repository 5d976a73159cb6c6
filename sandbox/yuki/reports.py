"""What the services answer about one administration or domain, as markup inside a result.

Lists that the vendor types as "any" stand in an element without namespace; the others are in the
service's own. Spellings, ``descripton`` among them, are the service's.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from attrs import frozen

from sandbox.identity import Kind
from sandbox.records import AccountKind, Entry, JournalKind, TaxCode, TaxKind
from sandbox.yuki.administration import Ledger, Posting
from sandbox.yuki.markup import Call, Fault, element, money, optional

CONTACTS_PER_PAGE = 100
VAT_TYPES = {TaxKind.SALES: 1, TaxKind.PURCHASE: 5, TaxKind.REVERSE_CHARGE: 17, TaxKind.NONE: 3}
RGS = {
    AccountKind.RECEIVABLE: "BVorDebHad",
    AccountKind.PAYABLE: "BSchCreHac",
    AccountKind.BANK: "BLimBanRba",
    AccountKind.CASH: "BLimKasKas",
}


class TooMuch(Exception):
    """The answer would take longer than the service has patience."""


def wrapped(name: str, inner: str) -> str:
    return f'<{name} xmlns="">{inner}</{name}>'


def moment(day: date) -> str:
    return f"{day}T00:00:00"


# -- master data -----------------------------------------------------------------------------------


def scheme(ledger: Ledger) -> str:
    return "".join(
        "<GlAccount>"
        f"{element('code', one.code)}{element('type', ledger.account_type(one))}"
        f"{element('subtype', 0)}{element('isEnabled', 'true')}{element('descripton', one.name)}"
        f"{element('descriptionNL', one.name)}{element('isVATApplicable', 'false')}"
        f"{element('deductableVATPercentage', '100.00')}"
        f"{element('professionalPercentage', '100.00')}</GlAccount>"
        for one in ledger.books.accounts
    )


def reference_scheme(ledger: Ledger) -> str:
    return "".join(
        "<RGSEntry>"
        f"{element('YukiCode', one.code)}{element('YukiIsEnabled', 'True')}"
        f"{element('YukiDescription', one.name)}{optional('RgsReferenceCode', RGS.get(one.kind))}"
        "</RGSEntry>"
        for one in ledger.books.accounts
    )


def period_table(ledger: Ledger, year_id: int) -> str:
    found = ledger.fiscal_year(year_id)
    if found is None:
        return ""
    first, last = found
    return (
        f"{element('name', ledger.company.name)}{element('period', moment(first))}"
        f"{element('wholePeriod', f'{moment(first)} {moment(last)}')}"
        f"{element('ISO8601Period', 'false')}"
    )


def _percentage(code: TaxCode) -> str:
    return money(code.basis_points)


def vat_codes(ledger: Ledger) -> str:
    return "".join(
        "<VATCode>"
        f"{element('description', one.name)}{element('type', VAT_TYPES[one.kind])}"
        f"{element('typeDescription', one.kind.value)}{element('percentage', _percentage(one))}"
        '<startDate xsi:nil="true" /><endDate xsi:nil="true" /></VATCode>'
        for one in ledger.books.tax_codes
    )


def contacts(ledgers: Sequence[Ledger], call: Call, per_page: int) -> str:
    """Of the domain: those of all its administrations."""
    after = call.moment("modifiedAfter").replace(tzinfo=UTC).timestamp() * 1000
    found = [
        (ledger, one)
        for ledger in ledgers
        for one in ledger.books.contacts
        if one.modified_ms > after
    ]
    begin = (call.number("pageNumber") - 1) * per_page
    if begin < 0:
        raise Fault("pageNumber must be greater than 0.")
    rows = "".join(
        f'<Contact ID="{ledger.contact_id(one)}">{element("Type", "Company")}'
        f"{element('HID', one.number)}{element('Code', f'{one.number:05d}')}"
        f"{element('Name', ' ' + one.name)}{element('AddressLine_1', one.street)}"
        f"{element('Postcode', one.postcode)}{element('City', one.city)}"
        f"{element('Country', one.country)}{element('EMailHome')}"
        f"{element('EMailWork', one.email)}{element('VATNumber', one.vat_number or '')}"
        f"{element('CoCNumber')}{element('Created', _us(one.created_ms))}"
        f"{element('Modified', _us(one.modified_ms))}"
        f"{element('IsSupplier', one.supplier)}{element('IsCustomer', one.customer)}</Contact>"
        for ledger, one in found[begin : begin + per_page]
    )
    return wrapped("Contacts", rows)


def _us(at_ms: int) -> str:
    """Month first, no leading zeros, twelve hours."""
    at = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S %p}"


# -- the ledger ------------------------------------------------------------------------------------


def balances(ledger: Ledger, day: date, *, fiscal: bool) -> str:
    sums = ledger.balances(day, fiscal=fiscal)
    rows = "".join(
        f'<GLAccount Code="{one.code}" BalanceType="{"B" if one.balance_sheet else "W"}">'
        f"{element('Description', one.name)}{element('Amount', money(sums[one.code]))}</GLAccount>"
        for one in ledger.books.accounts
        if one.code in sums
    )
    return wrapped("GLAccountBalance", rows) if rows else ""


def details(ledger: Ledger, call: Call, rows_max: int | None, prefix: str) -> str:
    """By date; all accounts where the code is empty."""
    code, mode = call.text("GLAccountCode"), call.number("financialMode")
    first, last = call.moment("StartDate").date(), call.moment("EndDate").date()
    found = sorted(
        (
            posting
            for posting in ledger.postings(fiscal=mode == 1)
            if first <= posting.day <= last and code in {"", posting.account.code}
        ),
        key=lambda posting: (posting.day, posting.number),
    )
    if rows_max is not None and len(found) > rows_max:
        raise TooMuch
    return "".join(_detail(ledger, posting, prefix) for posting in found)


def _detail(ledger: Ledger, posting: Posting, prefix: str) -> str:
    entry, line = posting.entry, posting.line
    contact = entry.contact if entry else None
    tax = line.tax if line else None
    home = ledger.company.currency
    kind, folder, tab = ledger.document_type(posting)
    document = ""
    contacted = element("contactHID", 0)  # an int that is always there
    if posting.document is not None:
        document = (
            f"{element('documentID', ledger.guid(Kind.ENTRY, posting.document))}"
            f"{element('documentReference', _reference(posting))}"
            f"{element('documentType', prefix + kind)}{element('documentFolder', folder)}"
            f"{element('documentFolderTab', tab)}"
        )
    if contact is not None:
        contacted = (
            f"{element('fullName', contact.name)}{optional('VATNumber', contact.vat_number)}"
            f"{element('contactHID', contact.number)}{element('contactCountry', contact.country)}"
        )
    return (
        f"<TransactionInfo>{element('id', posting.id)}{element('hID', posting.number)}"
        f"{element('transactionDate', moment(posting.day))}"
        f"{optional('description', posting.description)}"
        f"{element('transactionAmount', money(posting.cents))}"
        f"{element('transactionAmountForeignCurrency', money(posting.foreign_cents))}"
        f"{element('currencyRate', _rate(posting))}"
        f"{element('currency', entry.currency if entry else home)}"
        f"{optional('taxCodeDescription', prefix + tax.name if tax else None)}{contacted}"
        f"{element('glAccountCode', posting.account.code)}{document}"
        f"{optional('contactID', ledger.contact_id(contact) if contact else None)}"
        f"{element('periodId', f'{posting.day:%Y%m}')}{element('company', ledger.company.name)}"
        f"{element('mutationUser', 'yuki')}</TransactionInfo>"
    )


def _rate(posting: Posting) -> str:
    millionths = posting.entry.rate_millionths if posting.entry else 1_000_000
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"


def _reference(posting: Posting) -> str:
    """An invoice's number; ``0`` where a document has none."""
    entry = posting.entry
    invoice = None if entry is None else entry.settles or entry
    if invoice is None or invoice.invoice_number is None:
        return "0"
    return invoice.reference or str(invoice.invoice_number)


ITEM_TYPES = {JournalKind.SALES: (6, "Verkoopfactuur"), JournalKind.PURCHASE: (2, "Inkoopfactuur")}


@frozen
class ItemStyle:
    """What no source says of open items: both ways of each can be shown."""

    prefix: str = ""
    negative: bool = False  # what suppliers are owed
    foreign: bool = False  # amounts in the currency of the invoice
    nameless: bool = False  # without DocumentID, which the vendor's article leaves out
    days_before: int = 0  # so long before its posting an item is dated


def open_items(ledger: Ledger, call: Call, style: ItemStyle) -> str:
    """Debtors or creditors by the operation's name. Dates are plain days, there is no currency."""
    if call.text("includeBankTransactions") not in {"true", "false"}:
        raise Fault("String was not recognized as a valid Boolean.")
    if call.text("sortOrder") not in {"ContactAsc", "AmountAsc", "DateAsc", "DateDesc"}:
        raise Fault("Instance validation error: not a valid value for sortOrder.")
    is_debtor = call.operation == "OutstandingDebtorItems"
    journal = JournalKind.SALES if is_debtor else JournalKind.PURCHASE
    sign = 1 if is_debtor or style.negative else -1
    rows = "".join(_item(ledger, one, sign, style) for one in ledger.open_items(journal))
    return wrapped(call.operation, rows) if rows else ""


def _item(ledger: Ledger, entry: Entry, sign: int, style: ItemStyle) -> str:
    total, left, contact = entry.lines[0].cents, entry.open_cents, entry.contact
    assert contact is not None
    if style.foreign:
        foreign = entry.lines[0].foreign_cents
        total, left = foreign, round(Fraction(left * foreign, total))
    number, kind = ITEM_TYPES[entry.journal.kind]
    dated = entry.date - timedelta(days=style.days_before)
    document = (
        "" if style.nameless else element("DocumentID", ledger.guid(Kind.ENTRY, entry.serial))
    )
    return (
        f'<Item ID="{ledger.guid(Kind.LINE, entry.lines[0].serial)}">'
        f"{element('Date', dated)}{element('Description', entry.description)}"
        f"{element('Contact', contact.name)}{element('OpenAmount', money(sign * left))}"
        f"{element('OriginalAmount', money(sign * total))}"
        f"{element('Type', style.prefix + kind, ID=number)}"
        f"{element('Reference', entry.reference or entry.invoice_number)}"
        f"{element('DueDate', entry.due or '')}{element('ContactCode', f'{contact.number:05d}')}"
        f"{element('CoCNumber')}{element('VATNumber', contact.vat_number or '')}"
        f"{element('AddressLine_1', contact.street)}{element('City', contact.city)}"
        f"{element('Country', contact.country)}{element('ContactID', ledger.contact_id(contact))}"
        f"{document}{element('PaymentMethod', 'Electronic transfer')}</Item>"
    )


def digest(ledger: Ledger, call: Call, rows_max: int | None, *, unpaged: bool) -> str:
    """Lines changed in the window, by the time of the change; ``startRecord`` from 0."""
    first, last = (
        call.moment(name).replace(tzinfo=UTC).timestamp() * 1000
        for name in ("startDate", "endDate")
    )
    found = [one for one in ledger.changes() if first <= one[1] <= last]
    start, count = call.number("startRecord"), call.number("numberOfRecords")
    begin = 0 if unpaged else start
    page = found[begin : begin + min(count, rows_max or count)]
    return "".join(_changed(ledger, posting, at_ms, gone=gone) for posting, at_ms, gone in page)


def _changed(ledger: Ledger, posting: Posting, at_ms: int, *, gone: bool) -> str:
    entry = posting.entry
    assert entry is not None
    document = None if posting.document is None else ledger.guid(Kind.ENTRY, posting.document)
    return (
        f"<UpdatedTransaction>{element('id', posting.id)}"
        f"{element('transactionDate', moment(posting.day))}"
        f"{optional('description', posting.description)}"
        f"{element('transactionAmount', money(posting.cents))}"
        f"{element('transactionAmountForeignCurrency', money(posting.foreign_cents))}"
        f"{element('currencyRate', _rate(posting))}{element('currency', entry.currency)}"
        f"{optional('contactID', ledger.contact_id(entry.contact) if entry.contact else None)}"
        f"{optional('fullName', entry.contact.name if entry.contact else None)}"
        f"{element('glAccountCode', posting.account.code)}{element('documentID', document or '')}"
        f"{element('created', _stamp(entry.created_ms))}{element('updated', _stamp(at_ms))}"
        f"{element('deleted', str(gone).lower())}</UpdatedTransaction>"
    )


def _stamp(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, tz=UTC):%Y-%m-%dT%H:%M:%S}"
