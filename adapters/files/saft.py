"""Standard Audit File for Tax: Norway 1.x and Portugal 1.04 (earlier ones are built alike).

Other countries' files share the names and are read the same way; what they mean by them is not
known to us, and said so when one is read.
"""

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import Final

from adapters.files.account_kinds import BALANCE, NORWAY, PORTUGAL, by_beginning
from adapters.files.audit_dialect import Dialect
from adapters.files.audit_masters import amount_e4_of, rate_e4_of
from adapters.files.audit_parts import FileHeader
from adapters.files.audit_walk import AuditWalk, Format, Posted, short
from adapters.files.plain_lines import FileLine
from adapters.files.values import read_year
from adapters.providers.kit.xml import Element
from core.domain.books import Contact, JournalKind, LedgerAccount, TaxCode, TaxUse
from core.domain.failures import NotUnderstood
from core.domain.money import InexactAmount, text_of

MONTHS: Final = 12
SUMS: Final = frozenset({"GR", "GA", "AR", "AA"})
"""Portugal: accounts that add up others; they hold no postings."""
ANALYTIC: Final = "AM"
"""Portugal: cost accounting beside the ledger; its balances are not of the ledger."""

CUSTOMER: Final = "C|"
SUPPLIER: Final = "S|"
"""Customers and suppliers are numbered apart: the same number is two parties."""

SAFT: Final = Dialect(
    journal="Journal",
    transaction="Transaction",
    lines=("Line", "DebitLine", "CreditLine"),
    line_parents=frozenset({"Transaction", "Lines"}),
    sections={"GeneralLedgerEntries": "postings"},
    stated={"NumberOfEntries": "count", "TotalDebit": "debit", "TotalCredit": "credit"},
    journal_fields={"key": "JournalID", "name": "Description", "type": "Type"},
    # Norway leaves the type to the software; these are its own examples.
    journal_kinds={
        "SALES": JournalKind.SALES,
        "AR": JournalKind.SALES,
        "PURCHASE": JournalKind.PURCHASE,
        "PURCHASES": JournalKind.PURCHASE,
        "AP": JournalKind.PURCHASE,
        "BANK": JournalKind.BANK,
        "CASH": JournalKind.CASH,
        "GL": JournalKind.GENERAL,
        "GENERAL": JournalKind.GENERAL,
    },
    entry_fields={
        "number": "TransactionID",
        "date": "TransactionDate",
        "period": "Period",
        "year": "PeriodYear",
        "description": "Description",
    },
    account="AccountID",
    number="RecordID",
    description="Description",
    contacts=(("CustomerID", CUSTOMER), ("SupplierID", SUPPLIER)),
    nested=frozenset({"DebitAmount", "CreditAmount", "TaxInformation", "Analysis"}),
)


def _header(walk: AuditWalk, element: Element) -> None:
    texts = walk.texts(element)
    company: Mapping[str, str | None] = texts
    criteria: Mapping[str, str | None] = texts
    for child in element:
        name = walk.names[child.tag]
        if name == "Company":
            company = walk.texts(child)
        elif name == "SelectionCriteria":
            criteria = walk.texts(child)
    first, last_day = _selection(walk, {**texts, **criteria})
    fiscal = short(texts.get("FiscalYear"))
    ids = ("RegistrationNumber", "TaxRegistrationNumber", "CompanyID")
    walk.notes["basis"] = short(texts.get("TaxAccountingBasis"))
    walk.notes["version"] = short(texts.get("AuditFileVersion"))
    currency = short(texts.get("DefaultCurrencyCode") or texts.get("CurrencyCode")).upper()
    walk.parts.header = FileHeader(
        company=short(company.get("Name") or company.get("CompanyName")) or None,
        company_id=next(filter(None, (short(company.get(one)) for one in ids)), None),
        currency=currency or None,
        fiscal_year=fiscal or (str(last_day.year) if last_day else None),
        year=read_year(fiscal) or (last_day.year if last_day else None),
        first=first,
        last_day=last_day,
    )


def _selection(
    walk: AuditWalk, texts: Mapping[str, str | None]
) -> tuple[dt.date | None, dt.date | None]:
    """The days of the file: dates, or periods taken for months."""
    date_of = walk.parts.date_of
    first = date_of(texts.get("SelectionStartDate") or texts.get("StartDate"))
    last_day = date_of(texts.get("SelectionEndDate") or texts.get("EndDate"))
    if first is None or last_day is None:
        first = _month(texts.get("PeriodStart"), texts.get("PeriodStartYear"), end=False)
        last_day = _month(texts.get("PeriodEnd"), texts.get("PeriodEndYear"), end=True)
    if first is None or last_day is None or first > last_day:
        return None, None
    return first, last_day


def _month(period: str | None, year: str | None, *, end: bool) -> dt.date | None:
    number, text = read_year(year or ""), (period or "").strip()
    if number is None or not text.isascii() or not text.isdigit() or len(text) > 2:  # noqa: PLR2004
        return None
    month = min(max(int(text), 1), MONTHS)
    return dt.date(number, month, calendar.monthrange(number, month)[1] if end else 1)


def _balance_e4(texts: Mapping[str, str | None], when: str) -> int | None:
    """Debit less credit; None where the file says neither."""
    found_e4 = None
    for name, sign in ((f"{when}DebitBalance", 1), (f"{when}CreditBalance", -1)):
        text = texts.get(name)
        if text is not None:
            try:
                found_e4 = (found_e4 or 0) + sign * amount_e4_of(text)
            except InexactAmount:
                return None
    return found_e4


def _account(walk: AuditWalk, element: Element) -> None:
    texts = walk.texts(element)
    key = short(texts.get("AccountID"))
    group = short(texts.get("GroupingCategory")).upper()
    if not key or group in SUMS:
        return
    if walk.notes.get("country") == "PT":
        kind = by_beginning(PORTUGAL, key)
    else:
        standard = short(texts.get("StandardAccountID"))
        # Grouping codes of 1.30 may name lines of a return instead: only the accounts' own tell.
        kind = by_beginning(NORWAY, standard or key)
    account_class, statement, trade = kind or BALANCE
    walk.parts.masters.account(
        LedgerAccount(
            key=key,
            code=key,
            name=short(texts.get("AccountDescription")) or key,
            account_class=account_class,
            statement=statement,
            trade=trade,
        )
    )
    if group == ANALYTIC:
        return
    opening_e4, closing_e4 = _balance_e4(texts, "Opening"), _balance_e4(texts, "Closing")
    if opening_e4:
        walk.opening_e4[key] = opening_e4
        walk.parts.totals.reached_e4[key] = opening_e4
    if opening_e4 is not None:
        walk.parts.totals.has_opening = True
    if closing_e4 is not None:
        walk.parts.totals.closing_e4[key] = closing_e4


def _contact(walk: AuditWalk, element: Element) -> None:
    texts = walk.texts(element)
    customer = walk.names[element.tag] == "Customer"
    address: dict[str, str | None] = {}
    for child in element:
        if walk.names[child.tag] in {"Address", "BillingAddress"}:
            address = walk.texts(child)
            break
    code = short(texts.get("CustomerID" if customer else "SupplierID"))
    if not code:
        return
    tax = "CustomerTaxID" if customer else "SupplierTaxID"
    walk.parts.masters.contact(
        Contact(
            key=(CUSTOMER if customer else SUPPLIER) + code,
            code=code,
            name=short(texts.get("Name") or texts.get("CompanyName")) or code,
            is_customer=customer,
            is_supplier=not customer,
            vat_number=short(texts.get(tax) or texts.get("RegistrationNumber")) or None,
            email=short(texts.get("Email")) or None,
            city=short(address.get("City")) or None,
            country=short(address.get("Country")) or None,
        )
    )


def _tax_code(walk: AuditWalk, element: Element) -> None:
    texts = walk.texts(element)
    key = short(texts.get("TaxCode"))
    if not key:
        return  # the group the codes stand in
    rate = texts.get("TaxPercentage")
    walk.parts.masters.tax_code(
        TaxCode(
            key=key,
            code=key,
            name=short(texts.get("Description")) or key,
            use=TaxUse.BOTH,
            rate_e4=None if rate is None else rate_e4_of(rate),
        )
    )


def _amount(
    walk: AuditWalk,
    texts: dict[str, str | None],  # noqa: ARG001 - amounts stand in elements of their own
    deeper: dict[str, Element],
) -> Posted:
    debit = "DebitAmount" in deeper
    money = deeper.get("DebitAmount" if debit else "CreditAmount")
    tax = None
    if "TaxInformation" in deeper:
        told = walk.texts(deeper["TaxInformation"])
        tax = short(told.get("TaxCode")) or None
        if tax:
            walk.parts.masters.rate(tax, told.get("TaxPercentage"))
    if money is None:
        return None, None, None, None, tax
    if len(money) == 0:
        return debit, money.text, None, None, tax
    inner = walk.texts(money)
    currency, foreign = inner.get("CurrencyCode"), inner.get("CurrencyAmount")
    return debit, inner.get("Amount"), currency, foreign, tax


def _is_opening(walk: AuditWalk, words: dict[str, str | None]) -> bool:  # noqa: ARG001
    """Openings are balances of accounts here, never transactions."""
    return False


def _finish(walk: AuditWalk) -> None:
    parts, totals = walk.parts, walk.parts.totals
    if not totals.has_postings:
        raise NotUnderstood(
            "The audit file holds no general ledger: it is one of invoices or master data only. "
            "Export the accounting file (in Portugal: type C or I).",
            detail=f"accounting basis {walk.notes.get('basis', '')}",
            code="no-general-ledger",
        )
    if walk.opening_e4:
        parts.begin(
            journal="", number="", date=None, period="0", description="Opening balance",
            opening=True,
        )  # fmt: skip
        for code, sum_e4 in sorted(walk.opening_e4.items()):
            parts.line(FileLine(code, sum_e4 > 0, text_of(abs(sum_e4))))
    elif not totals.has_opening:
        parts.warn(
            "opening-missing",
            "The file states no opening balances: balances are those of its own dates, unless the "
            "year before is imported too.",
        )
    if walk.notes.get("country") not in {"NO", "PT"}:
        parts.warn(
            "country-unknown",
            "This is not a file of Norway or Portugal: it is read as theirs are, so look closely.",
        )


def _past(walk: AuditWalk, element: Element) -> None:
    """Read past by itself, so that memory stays flat; nothing of it is taken."""


_PAST: Final = (
    *("AnalysisTypeTableEntry", "Product", "Invoice", "StockMovement", "WorkDocument", "Payment"),
    *("Owner", "PhysicalStockEntry", "Asset"),
)

SAFT_FORMAT: Final = Format(
    dialect=SAFT,
    others={
        "Header": _header,
        "Account": _account,
        "Customer": _contact,
        "Supplier": _contact,
        "TaxCodeDetails": _tax_code,
        "TaxTableEntry": _tax_code,
        **dict.fromkeys(_PAST, _past),
    },
    amount=_amount,
    is_opening=_is_opening,
    finish=_finish,
)
