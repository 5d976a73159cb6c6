"""SAF-T files of the made-up companies: Norway 1.30 and Portugal 1.04.

Norway nests amounts and gives each account an opening and a closing balance; Portugal writes in
code page 1252, gives four balances, adds group accounts that sum others up, and separates debit
from credit lines.
"""

from sandbox.books import Books
from sandbox.files.audit import Year, euros, leaf, leaves
from sandbox.records import Account, Contact, Entry, Line

NORWAY = "urn:StandardAuditFile-Taxation-Financial:NO"
PORTUGAL = "urn:OECD:StandardAuditFile-Tax:PT_1.04_01"


def saft_no(books: Books, year: int) -> bytes:
    """The year as the Norwegian tax administration takes it."""
    told = Year(books, year)
    company = books.company
    identity = leaves(RegistrationNumber=company.registration, Name=company.name)
    selection = leaves(SelectionStartDate=told.first, SelectionEndDate=told.last_day)
    header = (
        leaves(AuditFileVersion="1.30", AuditFileCountry="NO", AuditFileDateCreated=told.last_day)
        + leaves(SoftwareCompanyName="Sandbox", SoftwareID="Sandbox", SoftwareVersion="1")
        + f"<Company>{identity}</Company>"
        + leaf("DefaultCurrencyCode", company.currency)
        + f"<SelectionCriteria>{selection}</SelectionCriteria>"
        + leaf("TaxAccountingBasis", "A")
    )
    masters = _accounts(told, portugal=False) + _contacts(books)
    return _document(NORWAY, header, masters, _entries(told, portugal=False)).encode()


def saft_pt(books: Books, year: int) -> bytes:
    """The year as the Portuguese tax administration takes it."""
    told = Year(books, year)
    company = books.company
    header = leaves(
        AuditFileVersion="1.04_01",
        CompanyID=company.registration,
        TaxRegistrationNumber=company.registration,
        TaxAccountingBasis="C",
        CompanyName=company.name,
        FiscalYear=told.number,
        StartDate=told.first,
        EndDate=told.last_day,
        CurrencyCode=company.currency,
        DateCreated=told.last_day,
    )
    masters = _accounts(told, portugal=True) + _contacts(books)
    text = _document(PORTUGAL, header, masters, _entries(told, portugal=True))
    return text.replace("UTF-8", "Windows-1252", 1).encode("cp1252", "replace")


def _document(namespace: str, header: str, masters: str, entries: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<AuditFile xmlns="{namespace}">'
        f"<Header>{header}</Header><MasterFiles>{masters}</MasterFiles>"
        f"<GeneralLedgerEntries>{entries}</GeneralLedgerEntries></AuditFile>\n"
    )


def _accounts(told: Year, *, portugal: bool) -> str:
    opening = told.opening()
    closing = dict(opening)
    for entry in told.entries():
        for line in entry.lines:
            if line.account is not None:
                code = line.account.code
                closing[code] = closing.get(code, 0) + line.cents
    parts = []
    for account in told.books.accounts:
        pair = opening.get(account.code, 0), closing.get(account.code, 0)
        parts.append(_pt_account(account, *pair) if portugal else _no_account(account, *pair))
    if portugal:
        total = sum(opening.values()), sum(closing.values())
        parts.append(_pt_balances("9", "Soma", "GR", *total))
        parts.insert(0, leaf("TaxonomyReference", "S"))
    return f"<GeneralLedgerAccounts>{''.join(parts)}</GeneralLedgerAccounts>"


def _no_account(account: Account, opening: int, closing: int) -> str:
    head = leaves(AccountID=account.code, AccountDescription=account.name, AccountType="GL")
    balances = "".join(
        leaf(f"{when}{'Debit' if cents >= 0 else 'Credit'}Balance", euros(abs(cents)))
        for when, cents in (("Opening", opening), ("Closing", closing))
    )
    return f"<Account>{head}{balances}</Account>"


def _pt_account(account: Account, opening: int, closing: int) -> str:
    return _pt_balances(account.code, account.name, "GM", opening, closing)


def _pt_balances(code: str, name: str, group: str, opening: int, closing: int) -> str:
    told = leaves(
        AccountID=code,
        AccountDescription=name,
        OpeningDebitBalance=euros(max(opening, 0)),
        OpeningCreditBalance=euros(max(-opening, 0)),
        ClosingDebitBalance=euros(max(closing, 0)),
        ClosingCreditBalance=euros(max(-closing, 0)),
        GroupingCategory=group,
    )
    return f"<Account>{told}</Account>"


def _contacts(books: Books) -> str:
    customers = [_contact(one, "Customer") for one in books.contacts if one.customer]
    suppliers = [_contact(one, "Supplier") for one in books.contacts if one.supplier]
    return f"<Customers>{''.join(customers)}</Customers><Suppliers>{''.join(suppliers)}</Suppliers>"


def _contact(contact: Contact, kind: str) -> str:
    address = leaves(City=contact.city, Country=contact.country)
    told = leaves(**{f"{kind}ID": contact.number, "Name": contact.name})
    return f"<{kind}>{told}<Address>{address}</Address></{kind}>"


def _entries(told: Year, *, portugal: bool) -> str:
    entries = told.entries()
    amounts = [line.cents for entry in entries for line in entry.lines if line.account is not None]
    parts = [
        leaves(
            NumberOfEntries=len(entries),
            TotalDebit=euros(sum(one for one in amounts if one > 0)),
            TotalCredit=euros(-sum(one for one in amounts if one < 0)),
        )
    ]
    for journal in told.books.journals:
        head = leaves(JournalID=journal.code, Description=journal.name)
        kind = "" if portugal else leaf("Type", journal.kind.value.title())
        own = "".join(
            _transaction(one, portugal=portugal) for one in entries if one.journal is journal
        )
        parts.append(f"<Journal>{head}{kind}{own}</Journal>")
    return "".join(parts)


def _transaction(entry: Entry, *, portugal: bool) -> str:
    head = leaves(
        TransactionID=f"{entry.date} {entry.journal.code} {entry.number}"
        if portugal
        else entry.number,
        Period=entry.period,
        PeriodYear=None if portugal else entry.year,
        TransactionDate=entry.date,
        Description=entry.description,
    )
    lines = [line for line in entry.lines if line.account is not None]
    if portugal:
        told = "".join(_pt_line(at, line) for at, line in enumerate(lines, start=1))
        return f"<Transaction>{head}<Lines>{told}</Lines></Transaction>"
    told = "".join(_no_line(at, line) for at, line in enumerate(lines, start=1))
    return f"<Transaction>{head}{told}</Transaction>"


def _no_line(at: int, line: Line) -> str:
    side = "Debit" if line.cents >= 0 else "Credit"
    contact = line.entry.contact
    role = None if contact is None else "CustomerID" if contact.customer else "SupplierID"
    head = leaves(RecordID=at, AccountID=line.account.code if line.account else "")
    party = leaf(role, contact.number) if role and contact else ""
    amount = f"<{side}Amount>{leaf('Amount', euros(abs(line.cents)))}</{side}Amount>"
    tax = ""
    if line.tax is not None:
        percent = f"{line.tax.basis_points // 100}"
        inner = leaves(TaxType="MVA", TaxCode=line.tax.code, TaxPercentage=percent)
        tax = f"<TaxInformation>{inner}</TaxInformation>"
    return f"<Line>{head}{party}{leaf('Description', line.description)}{amount}{tax}</Line>"


def _pt_line(at: int, line: Line) -> str:
    side = "Debit" if line.cents >= 0 else "Credit"
    told = leaves(
        **{
            "RecordID": at,
            "AccountID": line.account.code if line.account else "",
            "Description": line.description,
            f"{side}Amount": euros(abs(line.cents)),
        }
    )
    return f"<{side}Line>{told}</{side}Line>"
