"""Invoices, credit notes, payments, bank transactions, transfers and manual journals as rows.

What was taken out of the books stays as a document whose status says so.
"""

from typing import Final

from sandbox.identity import Kind
from sandbox.records import Entry, Line, LineRole
from sandbox.xero.masters import Row, tax_type
from sandbox.xero.view import Role, View, amount, msdate, msmoment, postings

GONE: Final[dict[Role, str]] = {
    Role.INVOICE: "VOIDED",
    Role.CREDIT_NOTE: "VOIDED",
    Role.PAYMENT: "DELETED",
    Role.BANK_TRANSACTION: "DELETED",
    Role.BANK_TRANSFER: "DELETED",
    Role.MANUAL_JOURNAL: "VOIDED",
}
_LINES_OF_A_REMARK: Final = 10
_INCLUSIVE_EVERY: Final = 5


def trade(view: View, entry: Entry, gone_ms: int | None = None) -> Row:
    """An invoice or credit note; amounts in its own currency, positive as a rule."""
    is_credit = view.role(entry) is Role.CREDIT_NOTE
    is_sale = view.is_sale(entry)
    sign = 1 if is_sale == is_credit else -1
    kind = ("ACCREC" if is_sale else "ACCPAY") + ("CREDIT" if is_credit else "")
    name = "CreditNote" if is_credit else "Invoice"
    nets = [line for line in entry.lines if line.role is LineRole.NET]
    tax = sign * sum(x.foreign_cents for x in entry.lines if x.role is LineRole.VAT)
    net = sign * sum(line.foreign_cents for line in nets)
    open_cents = abs(view.foreign_of(entry, entry.open_cents))
    stamp = view.updated_ms(entry) if gone_ms is None else gone_ms
    status = "AUTHORISED" if entry.open_cents else "PAID"
    types = _amount_types(entry, tax)
    row: Row = {
        "Type": kind,
        f"{name}ID": view.document_id(entry),
        f"{name}Number": str(entry.invoice_number) if is_sale else (entry.reference or ""),
        "Reference": (entry.reference or "") if is_sale else str(entry.invoice_number),
        "Date": msdate(entry.date),
        "DateString": f"{entry.date}T00:00:00",
        "Status": status if gone_ms is None else GONE[view.role(entry)],
        "LineAmountTypes": types,
        "LineItems": _line_items(view, entry, nets, sign, tax, types),
        "SubTotal": amount(net),
        "TotalTax": amount(tax),
        "Total": amount(net + tax),
        "CurrencyCode": entry.currency,
        "HasAttachments": False,
        "HasErrors": False,
        "UpdatedDateUTC": msmoment(stamp),
    }
    if entry.contact is not None:
        row["Contact"] = {
            "ContactID": view.contact_id(entry.contact),
            "Name": entry.contact.name,
        }
    if view.is_foreign(entry):
        row["CurrencyRate"] = round(1_000_000 / entry.rate_millionths, 10)
    if is_credit:
        row |= {"RemainingCredit": amount(open_cents), "Allocations": []}
    else:
        due = entry.due or entry.date
        row |= {
            "DueDate": msdate(due),
            "DueDateString": f"{due}T00:00:00",
            "AmountDue": amount(open_cents),
            "AmountPaid": amount(net + tax - open_cents),
            "AmountCredited": 0,
        }
    return row


def draft(view: View, like: Entry) -> Row:
    """Nobody approved it yet: it is in no ledger."""
    return {
        **trade(view, like),
        "InvoiceID": view.guid(Kind.ENTRY, 10**9),
        "InvoiceNumber": "",
        "Status": "DRAFT",
        "UpdatedDateUTC": msmoment(like.created_ms),
    }


def _amount_types(entry: Entry, tax: int) -> str:
    if not tax:
        return "NoTax"
    return "Inclusive" if entry.serial % _INCLUSIVE_EVERY == 0 else "Exclusive"


def _line_items(
    view: View, entry: Entry, nets: list[Line], sign: int, tax: int, types: str
) -> list[Row]:
    """The tax stands on the first line; every so often a line is a remark only."""
    items: list[Row] = []
    for place, line in enumerate(nets):
        assert line.account is not None
        of_line = tax if place == 0 else 0
        net = sign * line.foreign_cents
        shown = net + of_line if types == "Inclusive" else net
        items.append(
            {
                "LineItemID": view.guid(Kind.LINE, line.serial),
                "Description": line.description,
                "Quantity": 1.0,
                "UnitAmount": amount(shown),
                "LineAmount": amount(shown),
                "AccountCode": line.account.code,
                "AccountID": view.account_id(line.account),
                "TaxType": tax_type(line.tax),
                "TaxAmount": amount(of_line),
                "Tracking": [],
            }
        )
    if entry.serial % _LINES_OF_A_REMARK == 0:
        items.append(
            {
                "LineItemID": view.guid(Kind.TOMBSTONE, entry.serial),
                "Description": "As agreed by telephone",
                "Tracking": [],
            }
        )
    return items


def payment(view: View, entry: Entry, gone_ms: int | None = None) -> Row:
    settled = entry.settles
    assert settled is not None
    bank = next(line for line in entry.lines if line.role is LineRole.HEADER)
    control = settled.lines[0].account
    settling = sum(line.cents for line in entry.lines if line.account is control)
    paid = abs(view.foreign_of(settled, settling))
    is_credit = view.role(settled) is Role.CREDIT_NOTE
    is_sale = view.is_sale(settled)
    name = "CreditNote" if is_credit else "Invoice"
    kind = ("ARCREDIT" if is_sale else "APCREDIT") if is_credit else _plain(is_sale=is_sale)
    assert bank.account is not None
    base = abs(bank.cents)
    document: Row = {
        f"{name}ID": view.document_id(settled),
        f"{name}Number": str(settled.invoice_number),
        "Type": ("ACCREC" if is_sale else "ACCPAY") + ("CREDIT" if is_credit else ""),
        "CurrencyCode": settled.currency,
        "HasErrors": False,
        "LineItems": [],
        "ValidationErrors": [],
    }
    if settled.contact is not None:
        document["Contact"] = {
            "ContactID": view.contact_id(settled.contact),
            "Name": settled.contact.name,
        }
    single = entry.serial % 2  # of one currency: 0 or 1, neither of which means anything
    rate = round(paid / base, 10) if view.is_foreign(settled) and base else single
    return {
        "PaymentID": view.document_id(entry),
        "Date": msdate(entry.date),
        "BankAmount": amount(base),
        "Amount": amount(paid),
        "Reference": entry.description,
        "CurrencyRate": rate,
        "PaymentType": f"{kind}PAYMENT",
        "Status": "AUTHORISED" if gone_ms is None else GONE[Role.PAYMENT],
        "UpdatedDateUTC": msmoment(view.updated_ms(entry) if gone_ms is None else gone_ms),
        "HasAccount": True,
        "IsReconciled": True,
        "Account": {"AccountID": view.account_id(bank.account), "Code": bank.account.code},
        name: document,
    }


def _plain(*, is_sale: bool) -> str:
    return "ACCREC" if is_sale else "ACCPAY"


def bank_transaction(view: View, entry: Entry, gone_ms: int | None = None) -> Row:
    bank, *others = postings(view, entry)
    sign = -1 if bank[0].cents >= 0 else 1
    items: list[Row] = [
        {
            "LineItemID": view.guid(Kind.LINE, line.serial),
            "Description": line.description,
            "Quantity": 1.0,
            "UnitAmount": amount(sign * line.cents),
            "LineAmount": amount(sign * line.cents),
            "AccountCode": account.code,
            "AccountID": view.account_id(account),
            "TaxType": "NONE",
            "TaxAmount": 0.0,
            "Tracking": [],
        }
        for line, account in others
    ]
    return {
        "BankTransactionID": view.document_id(entry),
        "Type": "RECEIVE" if sign < 0 else "SPEND",
        "Status": "AUTHORISED" if gone_ms is None else GONE[Role.BANK_TRANSACTION],
        "Date": msdate(entry.date),
        "DateString": f"{entry.date}T00:00:00",
        "Reference": entry.description,
        "BankAccount": {
            "AccountID": view.account_id(bank[1]),
            "Code": bank[1].code,
            "Name": bank[1].name,
        },
        "IsReconciled": True,
        "LineAmountTypes": "NoTax",
        "LineItems": items,
        "SubTotal": amount(abs(bank[0].cents)),
        "TotalTax": 0.0,
        "Total": amount(abs(bank[0].cents)),
        "CurrencyCode": entry.currency,
        "HasAttachments": False,
        "UpdatedDateUTC": msmoment(view.updated_ms(entry) if gone_ms is None else gone_ms),
    }


def halves(view: View, entry: Entry, gone_ms: int | None = None) -> list[Row]:
    """The two bank transactions a transfer shows up as besides: the same money."""
    found = []
    for place, (line, account) in enumerate(postings(view, entry)):
        found.append(
            {
                **bank_transaction(view, entry, gone_ms),
                "BankTransactionID": view.guid(Kind.TOMBSTONE, 10**6 + entry.serial * 2 + place),
                "Type": "RECEIVE-TRANSFER" if line.cents >= 0 else "SPEND-TRANSFER",
                "BankAccount": {
                    "AccountID": view.account_id(account),
                    "Code": account.code,
                    "Name": account.name,
                },
            }
        )
    return found


def bank_transfer(view: View, entry: Entry, gone_ms: int | None = None) -> Row:
    sides = sorted(postings(view, entry), key=lambda side: side[0].cents)
    accounts = [
        {"AccountID": view.account_id(found), "Code": found.code, "Name": found.name}
        for _, found in sides
    ]
    return {
        "BankTransferID": view.document_id(entry),
        "CreatedDateUTC": msmoment(entry.created_ms),
        "CreatedDateUTCString": "",
        "Date": msdate(entry.date),
        "DateString": f"{entry.date}T00:00:00",
        "FromBankAccount": accounts[0],
        "ToBankAccount": accounts[1],
        "Amount": amount(abs(sides[0][0].cents)),
        "FromBankTransactionID": view.guid(Kind.TOMBSTONE, 10**6 + entry.serial * 2),
        "ToBankTransactionID": view.guid(Kind.TOMBSTONE, 10**6 + entry.serial * 2 + 1),
        "CurrencyRate": 1.0,
        "HasAttachments": False,
        "Status": "AUTHORISED" if gone_ms is None else GONE[Role.BANK_TRANSFER],
    }


def manual_journal(view: View, entry: Entry, gone_ms: int | None = None) -> Row:
    lines: list[Row] = []
    for line in entry.lines:
        if line.account is None:
            lines.append({"Description": line.description, "LineAmount": 0.0, "IsBlank": True})
            continue
        account = view.posted(line.account)
        lines.append(
            {
                "Description": line.description,
                "TaxType": "NONE",
                "LineAmount": amount(line.cents),
                "AccountCode": account.code,
                "AccountID": view.account_id(account),
                "TaxAmount": 0.0,
                "Tracking": [],
                "IsBlank": False,
            }
        )
    return {
        "ManualJournalID": view.document_id(entry),
        "Narration": entry.description,
        "Date": msdate(entry.date),
        "Status": "POSTED" if gone_ms is None else GONE[Role.MANUAL_JOURNAL],
        "LineAmountTypes": "NoTax",
        "JournalLines": lines,
        "ShowOnCashBasisReports": True,
        "HasAttachments": False,
        "UpdatedDateUTC": msmoment(view.updated_ms(entry) if gone_ms is None else gone_ms),
    }
