"""XML Auditfile Financieel: 3.0 to 3.2.1, 4.0, and CLAIR2.00.00 that came before.

Names and their meaning are those of the published schemas; where genuine files do otherwise, the
reading is lenient. Namespaces are not relied on: files without one, or with a wrong one, exist.
"""

import re
from collections.abc import Mapping
from typing import Final

from adapters.files.account_kinds import BALANCE, RESULT, by_reference, by_type
from adapters.files.audit_dialect import Dialect
from adapters.files.audit_masters import amount_e4_of
from adapters.files.audit_parts import FileHeader
from adapters.files.audit_walk import AuditWalk, Format, Posted, short
from adapters.files.plain_lines import FileLine, side
from adapters.providers.kit.xml import Element
from core.domain.books import Contact, JournalKind, LedgerAccount, TaxCode, TaxUse
from core.domain.failures import NotUnderstood
from core.domain.money import InexactAmount

OPENING_TYPE: Final = "O"
_VERSION: Final = re.compile(r"(\d\.\d(?:\.\d)?)/?$")
_YEARS: Final = re.compile(r"(?:19|20|21)\d\d")

KINDS: Final[Mapping[str, JournalKind]] = {
    "B": JournalKind.BANK,
    "C": JournalKind.CASH,
    "M": JournalKind.GENERAL,
    "O": JournalKind.GENERAL,
    "P": JournalKind.PURCHASE,
    "S": JournalKind.SALES,
    "Y": JournalKind.GENERAL,
}
_SECTIONS: Final = {"transactions": "postings", "openingBalance": "opening"}

XAF: Final = Dialect(
    journal="journal",
    transaction="transaction",
    lines=("trLine",),
    line_parents=frozenset({"transaction"}),
    sections=_SECTIONS,
    stated={"linesCount": "count", "totalDebit": "debit", "totalCredit": "credit"},
    journal_fields={"key": "jrnID", "name": "desc", "type": "jrnTp"},
    journal_kinds=KINDS,
    entry_fields={
        "number": "nr",
        "date": "trDt",
        "period": "periodNumber",
        "description": "desc",
    },
    account="accID",
    number="nr",
    description="desc",
    contacts=(("custSupID", ""),),
    nested=frozenset({"vat", "currency"}),
    side="amntTp",
    amount="amnt",
)
"""The date is the transaction's: ``effDate`` is that of the mutation in 3.2, the invoice in 4.0."""

CLAIR2: Final = Dialect(
    journal="journal",
    transaction="transaction",
    lines=("line",),
    line_parents=frozenset({"transaction"}),
    sections=_SECTIONS,
    stated={"numberEntries": "count", "totalDebit": "debit", "totalCredit": "credit"},
    journal_fields={"key": "journalID", "name": "description", "type": "type"},
    journal_kinds=KINDS,
    entry_fields={
        "number": "transactionID",
        "date": "transactionDate",
        "period": "period",
        "description": "description",
    },
    account="accountID",
    number="recordID",
    description="description",
    contacts=(("custSupID", ""),),
    nested=frozenset({"vat", "currency"}),
)

# Header and masters


def _header(walk: AuditWalk, element: Element) -> None:
    texts = walk.texts(element)
    parts = walk.parts
    first, last_day = parts.date_of(texts.get("startDate")), parts.date_of(texts.get("endDate"))
    if first is None or last_day is None or first > last_day:
        first = last_day = None
    fiscal = short(texts.get("fiscalYear"))
    years = [int(one) for one in _YEARS.findall(fiscal)]
    currency = short(texts.get("curCode") or texts.get("currencyCode")).upper()
    walk.notes["product"] = short(texts.get("productID") or texts.get("softwareDesc"))
    walk.notes["version"] = short(texts.get("auditfileVersion"))
    parts.header = FileHeader(
        company=short(texts.get("companyName")) or None,
        company_id=short(texts.get("taxRegistrationNr") or texts.get("companyID")) or None,
        currency=currency or None,
        fiscal_year=fiscal or None,
        # A year of two names is known by the one it ends in.
        year=max(years) if years else (last_day.year if last_day else None),
        first=first,
        last_day=last_day,
    )


def _company(walk: AuditWalk, element: Element) -> None:
    """Once, from the first element met in it: its own texts precede all that is in it."""
    walk.notes["company"] = "read"
    for ancestor in element.iterancestors():
        if walk.names[ancestor.tag] == "company":
            texts = walk.texts(ancestor)
            header = walk.parts.header
            header.company = short(texts.get("companyName")) or header.company
            ids = (texts.get(one) for one in ("taxRegIdent", "Commercenr", "companyIdent"))
            header.company_id = next(filter(None, map(short, ids)), header.company_id)
            return


def _within_company(walk: AuditWalk, element: Element) -> None:
    if "company" not in walk.notes:
        _company(walk, element)


def _account(walk: AuditWalk, element: Element) -> None:
    _within_company(walk, element)
    texts = walk.texts(element)
    key = short(texts.get("accID") or texts.get("accountID"))
    type_ = short(texts.get("accTp") or texts.get("accountType"))
    if "accTp" in texts:
        kind = RESULT if type_.upper() == "P" else BALANCE
    else:
        kind = by_type(type_, walk.notes.get("product", ""))
    for name in ("RGScode", "leadReference", "leadCode"):
        closer = by_reference(short(texts.get(name)))
        if closer is not None and (closer[1] is kind[1] or type_.upper() in {"", "M"}):
            kind = closer
            break
    account_class, statement, trade = kind
    name = short(texts.get("accDesc") or texts.get("accountDesc"))
    walk.parts.masters.account(
        LedgerAccount(
            key=key,
            code=key,
            name=name or key,
            account_class=account_class,
            statement=statement,
            trade=trade,
        )
    )


def _contact(walk: AuditWalk, element: Element) -> None:
    _within_company(walk, element)
    texts = walk.texts(element)
    address: dict[str, str | None] = {}
    for child in element:
        if walk.names[child.tag] in {"streetAddress", "companyAddress"}:
            address = walk.texts(child)
            break
    key = short(texts.get("custSupID"))
    type_ = short(texts.get("custSupTp") or texts.get("type")).upper()[:1]
    walk.parts.masters.contact(
        Contact(
            key=key,
            code=key,
            name=short(texts.get("custSupName") or texts.get("companyName")) or key,
            is_customer=type_ in {"B", "C", "D"},
            is_supplier=type_ in {"B", "S"},
            vat_number=short(texts.get("taxRegIdent") or texts.get("taxRegistrationNr")) or None,
            email=short(texts.get("eMail")) or None,
            city=short(address.get("city") or texts.get("companyCity")) or None,
            country=short(address.get("country")) or None,
        )
    )


def _tax_code(walk: AuditWalk, element: Element) -> None:
    _within_company(walk, element)
    texts = walk.texts(element)
    key = short(texts.get("vatID"))
    walk.parts.masters.tax_code(
        TaxCode(key=key, code=key, name=short(texts.get("vatDesc")) or key, use=TaxUse.BOTH)
    )


# Opening balance and lines


def _opening_line(walk: AuditWalk, element: Element) -> None:
    parent = element.getparent()
    if parent is None or walk.names[parent.tag] != "openingBalance":
        return
    _within_company(walk, element)
    parts, texts = walk.parts, walk.texts(element)
    if "opening" not in walk.notes:
        walk.notes["opening"] = "begun"
        parts.totals.has_opening = True
        # Dated at the file's first day, whatever ``opBalDate`` says: some give the day before.
        told = None if parts.header.first else walk.texts(parent).get("opBalDate")
        parts.begin(
            journal="", number="", date=told, period="0", description="Opening balance",
            opening=True,
        )  # fmt: skip
    debit = side(texts.get("amntTp"))
    amount = texts.get("amnt")
    account = short(texts.get("accID"))
    written_e4 = parts.line(FileLine(account, debit, amount, texts.get("nr")))
    parts.totals.opening.add(written_e4, debit=debit is True)
    signed_e4 = written_e4 if debit else -written_e4
    walk.opening_e4[account] = walk.opening_e4.get(account, 0) + signed_e4


def _is_opening(walk: AuditWalk, words: dict[str, str | None]) -> bool:
    if "company" not in walk.notes and walk.transaction is not None:
        _company(walk, walk.transaction)
    period = (words.get("period") or "").strip()
    opening = walk.journal_type == OPENING_TYPE or (period != "" and not period.strip("0"))
    if opening:
        walk.notes["opening booked"] = "yes"
    return opening


def _tax(walk: AuditWalk, vat: Element | None, code: str, percentage: str) -> str | None:
    if vat is None:
        return None
    texts = walk.texts(vat)
    key = short(texts.get(code))
    if key:
        walk.parts.masters.rate(key, texts.get(percentage))
    return key or None


def _amount(walk: AuditWalk, texts: dict[str, str | None], deeper: dict[str, Element]) -> Posted:
    currency = foreign = tax = None
    if deeper:
        tax = _tax(walk, deeper.get("vat"), "vatID", "vatPerc")
        if "currency" in deeper:
            money = walk.texts(deeper["currency"])
            currency, foreign = money.get("curCode"), money.get("curAmnt")
    return side(texts.get("amntTp")), texts.get("amnt"), currency, foreign, tax


def _clair_amount(
    walk: AuditWalk, texts: dict[str, str | None], deeper: dict[str, Element]
) -> Posted:
    debit, credit = texts.get("debitAmount"), texts.get("creditAmount")
    is_debit = debit is not None and (credit is None or not _is_zero(debit))
    amount = debit if is_debit else credit
    money = walk.texts(deeper["currency"]) if "currency" in deeper else {}
    foreign = money.get("currencyDebitAmount") or money.get("currencyCreditAmount")
    tax = _tax(walk, deeper.get("vat"), "vatCode", "vatPercentage")
    known = is_debit if amount is not None else None
    return known, amount, money.get("currencyCode"), foreign, tax


def _is_zero(text: str) -> bool:
    try:
        return amount_e4_of(text) == 0
    except InexactAmount:
        return False


def _finish(walk: AuditWalk) -> None:
    totals, parts = walk.parts.totals, walk.parts
    if not totals.has_postings and not walk.opening_e4:
        raise NotUnderstood(
            "The audit file holds no transactions, only master data: export the transactions too.",
            code="no-general-ledger",
        )
    if walk.held and walk.repeats_opening():
        walk.drop_held()
        parts.warn(
            "opening-twice",
            "The opening balance is in the file twice, also as transactions: it is taken once.",
        )
    elif walk.opening_e4 and "opening booked" in walk.notes:
        walk.release()
        parts.warn(
            "opening-twice",
            "The file has an opening balance and opening transactions that differ from it: both "
            "are taken, so look at the balances.",
        )
    elif not walk.opening_e4 and "opening booked" not in walk.notes:
        parts.warn(
            "opening-missing",
            "The file has no opening balance: balances are those of its own year, unless the "
            "year before is imported too.",
        )


_MASTERS: Final = {
    "header": _header,
    "ledgerAccount": _account,
    "customerSupplier": _contact,
    "vatCode": _tax_code,
}
_NOT_USED: Final = ("period", "obSbLine", "sbLine", "basic")
"""Read past, each by itself, so that memory stays flat."""


def _past(walk: AuditWalk, element: Element) -> None:
    """Nothing of it is taken."""


XAF_FORMAT: Final = Format(
    dialect=XAF,
    others={**_MASTERS, "obLine": _opening_line, **dict.fromkeys(_NOT_USED, _past)},
    amount=_amount,
    is_opening=_is_opening,
    finish=_finish,
)
CLAIR2_FORMAT: Final = Format(
    dialect=CLAIR2,
    # No list of VAT codes: what is called so stands within a line, and would empty it.
    others={name: take for name, take in _MASTERS.items() if name != "vatCode"},
    amount=_clair_amount,
    is_opening=_is_opening,
    finish=_finish,
)


def label_of(namespace: str, version: str) -> str:
    """What it is in words, by its namespace or, in CLAIR2, by its header."""
    found = _VERSION.search(namespace)
    told = found[1] if found else version
    return f"XML Auditfile Financieel {told}".strip() if told else "XML Auditfile Financieel"
