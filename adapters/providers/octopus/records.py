"""From Octopus' rows to records. Pure.

Amounts are JSON numbers of binary doubles: their digits are read exactly and rounded to cents.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from adapters.providers.kit.decoding import cents_e4, fraction_e4, trimmed
from adapters.providers.octopus import rows
from adapters.providers.octopus.contract import CURRENCY, DEBIT, LETTERS, Balances, JournalType
from core.domain.books import (
    AccountClass,
    Contact,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalKind,
    JournalLine,
    LedgerAccount,
    Statement,
    TaxCode,
    TaxUse,
    TradeSide,
)
from core.domain.integration import Administration
from core.domain.proof import Cell

PERIODS: Final = 100
"""A period's number is that of its year times this, plus its place in the year."""
NO_ACCOUNT: Final = "none"
"""Key of the account of a line that names none: the proof reports it as unknown."""
_DAY_CHARACTERS: Final = 10
_DATES_KEPT: Final = 8_192


def administration(row: rows.DossierRow, obstacle: str | None = None) -> Administration | None:
    """None for a dossier without a key: it cannot be asked for, and must not stop the others."""
    if row.dossier_key is None or row.dossier_key.id <= 0:
        return None
    key = str(row.dossier_key.id)
    return Administration(
        key=key,
        name=trimmed(row.dossier_description) or key,
        currency=CURRENCY,
        country=trimmed(row.country),
        importable=obstacle is None,
        obstacle=obstacle,
    )


# -- accounts --------------------------------------------------------------------------------------

_CLASSES: Final[tuple[tuple[str, AccountClass], ...]] = (
    # The Belgian chart by the beginning of the number; the first that fits.
    *((prefix, AccountClass.EQUITY) for prefix in ("10", "11", "12", "13", "14", "15", "19")),
    ("1", AccountClass.LIABILITY),
    ("2", AccountClass.ASSET),
    ("3", AccountClass.ASSET),
    *((prefix, AccountClass.ASSET) for prefix in ("40", "41", "490", "491", "499")),
    ("4", AccountClass.LIABILITY),
    ("5", AccountClass.ASSET),
    ("6", AccountClass.EXPENSE),
    ("7", AccountClass.INCOME),
    ("", AccountClass.OFF_BALANCE),
)
_STATEMENTS: Final = {
    AccountClass.EXPENSE: Statement.PROFIT_AND_LOSS,
    AccountClass.INCOME: Statement.PROFIT_AND_LOSS,
    AccountClass.OFF_BALANCE: Statement.OFF_BALANCE,
}
_TRADES: Final = {"400": TradeSide.RECEIVABLE, "440": TradeSide.PAYABLE}
_NUMBER_DIGITS: Final = 6


def class_of(number: int) -> AccountClass:
    """By the Belgian chart; shorter numbers have lost leading zeros (class 0)."""
    digits = f"{number:0{_NUMBER_DIGITS}d}"
    return next(found for prefix, found in _CLASSES if digits.startswith(prefix))


def accounts(told: Iterable[rows.AccountRow], language: str | None) -> list[LedgerAccount]:
    """One per number: an account comes once per bookyear, and the newest counts."""
    newest: dict[int, rows.AccountRow] = {}
    for row in told:
        held = newest.get(row.account_key.id)
        if held is None or held.account_key.bookyear_key.id <= row.account_key.bookyear_key.id:
            newest[row.account_key.id] = row
    return [_account(row, language) for row in newest.values()]


def _account(row: rows.AccountRow, language: str | None) -> LedgerAccount:
    number = row.account_key.id
    code = f"{number:0{_NUMBER_DIGITS}d}"
    account_class = class_of(number)
    return LedgerAccount(
        key=str(number),
        code=code,
        name=_text(row.description, language) or code,
        account_class=account_class,
        statement=_STATEMENTS.get(account_class, Statement.BALANCE_SHEET),
        trade=_TRADES.get(code[:3]),
    )


def _text(texts: rows.Texts | None, language: str | None) -> str | None:
    if texts is None:
        return None
    told = {"NL": texts.nl, "FR": texts.fr, "EN": texts.en, "DE": texts.de}
    return _chosen(told, language)


def _chosen(told: Mapping[str, str | None], language: str | None) -> str | None:
    """The dossier's own language, else the first of four that says something."""
    order = ((language or "").upper(), "NL", "FR", "EN", "DE")
    return next((text for name in order if (text := trimmed(told.get(name)))), None)


# -- journals --------------------------------------------------------------------------------------

_KINDS: Final[Mapping[str, JournalKind]] = {
    JournalType.PURCHASE: JournalKind.PURCHASE,
    JournalType.SALES: JournalKind.SALES,
    # Bank and cash alike: which of them is told only by the account behind it.
    JournalType.FINANCIAL: JournalKind.BANK,
    JournalType.DIVERS: JournalKind.GENERAL,
}


def journals(told: Iterable[rows.JournalRow], language: str | None) -> list[Journal]:
    """One per key (``A1``): a journal comes once per bookyear, and the newest counts.

    Journals of delivery notes book nothing and are left out.
    """
    newest: dict[str, rows.JournalRow] = {}
    for row in told:
        place = row.journal_key_service_data
        key = f"{place.journal_type_code}{place.sequence_number}"
        held = newest.get(key)
        year = -1 if held is None else held.journal_key_service_data.bookyear_key.id
        if year <= place.bookyear_key.id:
            newest[key] = row
    return [
        Journal(
            key=key,
            code=key,
            name=_journal_name(row, language) or key,
            journal_kind=_KINDS.get(
                row.journal_key_service_data.journal_type_code, JournalKind.OTHER
            ),
            active=not row.closed,
        )
        for key, row in newest.items()
        if not key.startswith(JournalType.DELIVERY)
    ]


def _journal_name(row: rows.JournalRow, language: str | None) -> str | None:
    return _chosen({name.language: name.value for name in row.names or ()}, language)


# -- relations and VAT codes -----------------------------------------------------------------------


def relation_key(row: rows.RelationRow) -> str | None:
    found = row.relation_identification_service_data.relation_key
    return str(found.id) if found is not None and found.id > 0 else None


def contact(row: rows.RelationRow) -> Contact | None:
    """None for a relation without a number of Octopus' own: no booking can name it."""
    key = relation_key(row)
    if key is None:
        return None
    names = (trimmed(row.first_name), trimmed(row.name))
    return Contact(
        key=key,
        code=key,
        name=" ".join(name for name in names if name) or key,
        is_customer=bool(row.client),
        is_supplier=bool(row.supplier),
        vat_number=trimmed(row.vat_nr),
        email=trimmed(row.email),
        city=trimmed(row.city),
        country=trimmed(row.country),
        active=row.active is not False,
    )


_USES: Final = {1: TaxUse.PURCHASE, 2: TaxUse.SALES, 3: TaxUse.PURCHASE, 4: TaxUse.SALES}


def tax_code(row: rows.VatCodeRow) -> TaxCode:
    """Codes of credit notes are codes of their own; the same code may stand for two types."""
    rate = row.base_percentage
    return TaxCode(
        key=f"{row.code}/{row.type}" if row.type is not None else row.code,
        code=row.code,
        name=trimmed(row.description) or row.code,
        use=_USES.get(row.type or 0, TaxUse.NONE),
        rate_e4=None if rate is None else fraction_e4(rate / 100),
    )


# -- bookings --------------------------------------------------------------------------------------


def document_key(bookyear: int, journal: str, number: int) -> str:
    return f"{bookyear}/{journal}/{number}"


def journal_key(journal_type: int, number: int) -> str | None:
    """``A1``; None for what books nothing: delivery notes, and types nobody published."""
    letter = LETTERS.get(journal_type)
    if letter is None or letter is JournalType.DELIVERY:
        return None
    return f"{letter.value}{number}"


def entry(key: str, first: rows.BookingRow) -> JournalEntry:
    year, period = divmod(first.bookyear_periode_nr, PERIODS)
    return JournalEntry(
        key=key,
        number=str(first.document_sequence_nr),
        journal_key=journal_key(first.journal_type, first.journal_nr),
        date=day(first.document_date),
        year=year,
        period=period,
        description=trimmed(first.comment),
    )


def line(row: rows.BookingRow, *, entry_key: str, key: str, position: int) -> JournalLine:
    year, period = divmod(row.bookyear_periode_nr, PERIODS)
    currency = trimmed(row.currency_code)
    foreign = row.document_amount if currency not in {None, CURRENCY} else None
    return JournalLine(
        key=key,
        entry_key=entry_key,
        position=position,
        account_key=str(row.account_key) if row.account_key else NO_ACCOUNT,
        date=day(row.document_date),
        year=year,
        period=period,
        amount_e4=DEBIT * cents_e4(row.booking_amount),
        currency=currency,
        foreign_e4=None if foreign is None else DEBIT * cents_e4(foreign),
        contact_key=relation_of(row.relation_key),
        description=trimmed(row.comment),
    )


def relation_of(key: rows.Key | None) -> str | None:
    return str(key.id) if key is not None and key.id > 0 else None


# -- invoices --------------------------------------------------------------------------------------


def invoice_key(row: rows.BuySellRow) -> str:
    return document_key(row.bookyear_key.id, row.journal_key, row.document_sequence_nr)


def invoice(row: rows.BuySellRow, booked: Iterable[rows.BookingRow]) -> Invoice | None:
    """``booked``: the document's lines in the ledger. None for a number that was only reserved.

    A credit note has a negative ``amount`` over lines that are positive as written; whether it is
    read back so is not confirmed, so the sign of its tax is the one with which the lines add up to
    the document.
    """
    if not row.amount and not row.booking_lines:
        return None
    lines = row.booking_lines or []
    amount_e4 = cents_e4(row.amount)
    tax_e4 = sum(cents_e4(each.vat_amount) for each in lines)
    summed_e4 = tax_e4 + sum(cents_e4(each.base_amount) for each in lines)
    sign = next((sign for sign in (1, -1) if sign * summed_e4 == amount_e4), None)
    currency = trimmed(row.currency_code)
    is_own = currency in {None, CURRENCY}
    keys = row.relation_identification_service_data
    key = invoice_key(row)
    return Invoice(
        key=key,
        direction=InvoiceDirection.PURCHASE
        if row.journal_key.startswith(JournalType.PURCHASE)
        else InvoiceDirection.SALES,
        number=str(row.document_sequence_nr),
        contact_key=relation_of(keys.relation_key) if keys is not None else None,
        date=day(row.document_date),
        due_date=day_or_none(row.expiry_date),
        currency=currency,
        total_e4=amount_e4 if is_own else _in_euro(row, amount_e4, booked),
        tax_e4=sign * tax_e4 if sign is not None and is_own else None,
        reference=trimmed(row.reference),
        entry_key=key,
    )


def _in_euro(row: rows.BuySellRow, amount_e4: int, booked: Iterable[rows.BookingRow]) -> int:
    """What the ledger says the document comes to: the line of the whole amount.

    Without such a line by ``exchangeRate``, taken as euro per unit (*assumed*).
    """
    for each in booked:
        if each.document_amount is not None and abs(cents_e4(each.document_amount)) == abs(
            amount_e4
        ):
            found_e4 = abs(cents_e4(each.booking_amount))
            return found_e4 if amount_e4 >= 0 else -found_e4
    return cents_e4(row.amount * (row.exchange_rate or 1))


# -- balances --------------------------------------------------------------------------------------


def balances(told: Iterable[rows.AmountRow], reading: Balances) -> dict[Cell, int]:
    """Movement per account and period; running balances are taken apart within each bookyear."""
    balances_e4: dict[Cell, int] = {}
    series: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in told:
        period = row.account_amount_key.bookyear_period_key
        account = row.account_amount_key.account_key.id
        place = (period.bookyear_key.id, account)
        amount_e4 = DEBIT * cents_e4(row.balance)
        series.setdefault(place, []).append((period.bookyear_period_nr, amount_e4))
    for (_, account), points in series.items():
        before_e4 = 0
        for number, amount_e4 in sorted(points):
            year, period_number = divmod(number, PERIODS)
            cell = Cell(account_key=str(account), year=year, period=period_number)
            balances_e4[cell] = balances_e4.get(cell, 0) + amount_e4 - before_e4
            if reading is Balances.RUNNING:
                before_e4 = amount_e4
    return balances_e4


# -- dates -----------------------------------------------------------------------------------------


@lru_cache(maxsize=_DATES_KEPT)
def day(text: str) -> date:
    """ValueError for anything but a date, perhaps with a time behind it."""
    return date.fromisoformat(text[:_DAY_CHARACTERS])


def day_or_none(text: str | None) -> date | None:
    try:
        return day(text or "")
    except ValueError:
        return None
