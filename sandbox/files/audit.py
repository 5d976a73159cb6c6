"""XML Auditfiles Financieel of the made-up companies: 3.2 and 4.0.

Element names, their order and what is mandatory are the published schemas'. Each file is a fiscal
year: balances brought forward, then every journal with its transactions. Oddities that genuine
files have can be asked for by name (``Oddity``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import Enum, StrEnum
from xml.sax.saxutils import escape

from attrs import frozen

from sandbox.books import Books
from sandbox.records import PROFIT_AND_LOSS, Account, Contact, Entry, JournalKind, TaxCode


class Dialect(Enum):
    XAF32 = "http://www.auditfiles.nl/XAF/3.2"
    XAF40 = (
        "http://www.odb.belastingdienst.nl/Belastingdienst/BCPP/1.1/structures/XmlauditfileXAF_4.0"
    )


class Oddity(StrEnum):
    """As genuine files are."""

    LATIN_BYTES = "declares UTF-8 and holds code page 1252"
    COUNTS_ENTRIES = "counts transactions where lines are to be counted"
    NO_OPENING = "no opening balance"
    SAME_NUMBERS = "all lines of a transaction have the same number"
    WRONG_TOTALS = "the stated debit is a cent too high"


_JOURNAL_TYPES = {
    JournalKind.SALES: "S",
    JournalKind.PURCHASE: "P",
    JournalKind.BANK: "B",
    JournalKind.CASH: "C",
    JournalKind.GENERAL: "M",
}


@frozen
class Year:
    """What a file says: one fiscal year of one company's books."""

    books: Books
    number: int

    @property
    def first(self) -> date:
        start = self.books.company.fiscal_start_month
        return date(self.number - (start > 1), start, 1)

    @property
    def last_day(self) -> date:
        return self.first.replace(year=self.first.year + 1) - timedelta(days=1)

    def entries(self) -> list[Entry]:
        return [entry for entry in self.books.live_entries() if entry.year == self.number]

    def opening(self) -> dict[str, int]:
        """Cents by account code, of all years before; nothing in the first year.

        The result of those years stands on the equity account it was or will be moved to.
        """
        sums: dict[str, int] = defaultdict(int)
        result = 0
        for (code, year, _), cents in self.books.trial_balance().items():
            if year < self.number:
                if self.books.account(code).kind in PROFIT_AND_LOSS:
                    result += cents
                else:
                    sums[code] += cents
        if result:
            sums[_retained(self.books).code] += result
        return {code: cents for code, cents in sorted(sums.items()) if cents}


def _retained(books: Books) -> Account:
    """Where the result of earlier years is brought forward."""
    order = ("retained earnings", "equity")
    found = [one for kind in order for one in books.accounts if one.kind.value == kind]
    return found[0]


def euros(cents: int) -> str:
    """As an XML decimal; of no negative amount."""
    return f"{cents // 100}.{cents % 100:02d}"


def leaf(name: str, value: object) -> str:
    """An element with a text."""
    return f"<{name}>{escape(str(value))}</{name}>"


def leaves(**values: object) -> str:
    """Elements in this order; those that are None are left out."""
    return "".join(leaf(name, value) for name, value in values.items() if value is not None)


def _lines(entries: Iterable[Entry]) -> Iterator[tuple[Entry, int]]:
    for entry in entries:
        for line in entry.lines:
            if line.account is not None:
                yield entry, line.cents


def _stated(count: int, amounts: Iterable[int], oddities: frozenset[Oddity]) -> str:
    held = list(amounts)
    debit = sum(one for one in held if one > 0) + (Oddity.WRONG_TOTALS in oddities)
    credit = -sum(one for one in held if one < 0)
    return leaves(linesCount=count, totalDebit=euros(debit), totalCredit=euros(credit))


def xaf(
    books: Books,
    year: int,
    dialect: Dialect = Dialect.XAF32,
    oddities: frozenset[Oddity] = frozenset(),
) -> bytes:
    """The year as XML Auditfile Financieel."""
    told = Year(books, year)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<auditfile xmlns="{dialect.value}">'
        f"<header>{_xaf_header(told, dialect)}</header>"
        f"<company>{_xaf_company(told, dialect, oddities)}</company></auditfile>\n"
    )
    return body.encode("cp1252" if Oddity.LATIN_BYTES in oddities else "utf-8", "replace")


def _xaf_header(told: Year, dialect: Dialect) -> str:
    return leaves(
        fiscalYear=told.number,
        startDate=told.first,
        endDate=told.last_day,
        curCode=told.books.company.currency,
        dateCreated=told.last_day,
        softwareDesc="Sandbox",
        softwareVersion="1",
        RGSVersion="3.5" if dialect is Dialect.XAF40 else None,
    )


def _xaf_company(told: Year, dialect: Dialect, oddities: frozenset[Oddity]) -> str:
    books, company = told.books, told.books.company
    newest = dialect is Dialect.XAF40
    identity = leaf("Commercenr" if newest else "companyIdent", company.registration)
    parts = [
        identity,
        leaves(
            companyName=company.name,
            taxRegistrationCountry=company.country,
            taxRegIdent=company.vat_number,
        ),
        f"<streetAddress>{leaves(city=company.city, country=company.country)}</streetAddress>",
    ]
    contacts = "".join(_xaf_contact(one) for one in books.contacts)
    if contacts:
        parts.append(f"<customersSuppliers>{contacts}</customersSuppliers>")
    accounts = "".join(
        f"<ledgerAccount>{_account_leaves(one)}</ledgerAccount>" for one in books.accounts
    )
    parts.append(f"<generalLedger>{accounts}</generalLedger>")
    codes = "".join(
        f"<vatCode>{leaves(vatID=one.code, vatDesc=one.name)}</vatCode>" for one in books.tax_codes
    )
    if codes:
        parts.append(f"<vatCodes>{codes}</vatCodes>")
    parts.append(f"<periods>{_xaf_periods(told, dialect)}</periods>")
    if Oddity.NO_OPENING not in oddities:
        parts.append(_xaf_opening(told, dialect))
    parts.append(_xaf_transactions(told, oddities))
    return "".join(parts)


def _account_leaves(account: Account) -> str:
    type_ = "P" if account.kind in PROFIT_AND_LOSS else "B"
    return leaves(accID=account.code, accDesc=account.name, accTp=type_)


def _xaf_contact(contact: Contact) -> str:
    type_ = {(True, True): "B", (True, False): "C", (False, True): "S"}.get(
        (contact.customer, contact.supplier)
    )
    told = leaves(
        custSupID=contact.number,
        custSupName=contact.name,
        taxRegIdent=contact.vat_number,
        custSupTp=type_,
    )
    return f"<customerSupplier>{told}</customerSupplier>"


def _xaf_periods(told: Year, dialect: Dialect) -> str:
    return "".join(
        "<period>"
        + leaves(
            periodNumber=one.number,
            periodDesc=None if dialect is Dialect.XAF40 else f"Period {one.number}",
            startDatePeriod=one.first,
            endDatePeriod=one.last,
        )
        + "</period>"
        for one in told.books.periods
        if one.year == told.number
    )


def _side(cents: int) -> str:
    return leaves(amnt=euros(abs(cents)), amntTp="D" if cents >= 0 else "C")


def _xaf_opening(told: Year, dialect: Dialect) -> str:
    opening = told.opening()
    lines = "".join(
        f"<obLine>{leaves(nr=at, accID=code)}{_side(cents)}</obLine>"
        for at, (code, cents) in enumerate(opening.items(), start=1)
    )
    dated = "" if dialect is Dialect.XAF40 else leaf("opBalDate", told.first)
    totals = _stated(len(opening), opening.values(), frozenset())
    return f"<openingBalance>{dated}{totals}{lines}</openingBalance>"


def _xaf_transactions(told: Year, oddities: frozenset[Oddity]) -> str:
    entries = told.entries()
    amounts = [cents for _, cents in _lines(entries)]
    count = len(entries) if Oddity.COUNTS_ENTRIES in oddities else len(amounts)
    parts = [_stated(count, amounts, oddities)]
    for journal in told.books.journals:
        head = leaves(jrnID=journal.code, desc=journal.name, jrnTp=_JOURNAL_TYPES[journal.kind])
        own = "".join(_xaf_entry(one, oddities) for one in entries if one.journal is journal)
        parts.append(f"<journal>{head}{own}</journal>")
    return f"<transactions>{''.join(parts)}</transactions>"


def _xaf_entry(entry: Entry, oddities: frozenset[Oddity]) -> str:
    head = leaves(
        nr=entry.number, desc=entry.description, periodNumber=entry.period, trDt=entry.date
    )
    same = Oddity.SAME_NUMBERS in oddities
    lines = []
    for at, line in enumerate(entry.lines, start=1):
        if line.account is None:
            continue
        lines.append(
            "<trLine>"
            + leaves(
                nr=1 if same else at,
                accID=line.account.code,
                docRef=entry.reference or "",
                effDate=entry.date,
                desc=line.description,
            )
            + _side(line.cents)
            + leaves(custSupID=entry.contact.number if entry.contact else None)
            + _xaf_tax(line.tax)
            + "</trLine>"
        )
    return f"<transaction>{head}{''.join(lines)}</transaction>"


def _xaf_tax(tax: TaxCode | None) -> str:
    """Only the code counts; amounts repeat what other lines say."""
    if tax is None:
        return ""
    told = leaves(
        vatID=tax.code, vatPerc=f"{euros(tax.basis_points)}0", vatAmnt="0.00", vatAmntTp="C"
    )
    return f"<vat>{told}</vat>"
