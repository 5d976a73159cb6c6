"""Accounts, contacts, tax rates and the journals that are made of kinds of postings, as records."""

from decimal import Decimal

from adapters.providers.kit.decoding import fraction_e4, trimmed
from adapters.providers.xero import codes, rows
from core.domain.books import (
    AccountClass,
    Contact,
    Journal,
    LedgerAccount,
    Statement,
    TaxCode,
)

_PERCENT = Decimal(100)


def ledger_account(row: rows.AccountRow) -> LedgerAccount:
    """The key is the id: codes may be changed, given to another account, and absent on banks."""
    is_result = row.account_class in codes.PROFIT_AND_LOSS
    return LedgerAccount(
        key=rows.key(row.account_id),
        code=(row.code or "").strip(),
        name=row.name.strip(),
        account_class=codes.ACCOUNT_CLASSES.get(row.account_class, AccountClass.UNKNOWN),
        statement=Statement.PROFIT_AND_LOSS if is_result else Statement.BALANCE_SHEET,
        active=row.status in codes.LIVING,
        trade=codes.TRADE.get(row.system_account or ""),
    )


def journals() -> list[Journal]:
    return [
        Journal(key=key, code=key, name=name, journal_kind=kind)
        for key, (name, kind) in codes.JOURNALS.items()
    ]


def tax_code(row: rows.TaxRateRow) -> TaxCode:
    rate = row.effective_rate if row.effective_rate is not None else row.display_tax_rate
    return TaxCode(
        key=row.tax_type,
        code=row.tax_type,
        name=row.name.strip() or row.tax_type,
        use=codes.tax_use(bool(row.can_apply_to_revenue), bool(row.can_apply_to_expenses)),
        rate_e4=None if rate is None else fraction_e4(rate / _PERCENT),
        active=row.status in codes.LIVING,
    )


def contact(row: rows.ContactRow) -> Contact:
    """One contact may be customer and supplier; neither until its first document."""
    placed = [each for each in row.addresses if trimmed(each.city) or trimmed(each.country)]
    address = placed[0] if placed else rows.AddressRow()
    return Contact(
        key=rows.key(row.contact_id),
        code=trimmed(row.contact_number) or trimmed(row.account_number),
        name=row.name.strip(),
        is_customer=bool(row.is_customer),
        is_supplier=bool(row.is_supplier),
        vat_number=trimmed(row.tax_number),
        email=trimmed(row.email_address),
        city=trimmed(address.city),
        country=trimmed(address.country),
        active=row.contact_status in codes.LIVING,
    )
