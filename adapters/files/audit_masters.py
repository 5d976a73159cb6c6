"""Accounts, journals, contacts and tax codes of an audit file."""

from typing import Final, TypeVar

import attrs
from attrs import define, field

from adapters.files.lines import AMOUNT_E4_MAX
from adapters.files.values import amount_reader
from core.domain.books import (
    AccountClass,
    Contact,
    Journal,
    JournalKind,
    LedgerAccount,
    Statement,
    TaxCode,
    TaxUse,
)
from core.domain.failures import CorrectRequest
from core.domain.money import InexactAmount
from core.ports.files import MASTERS_MAX

_Kept = TypeVar("_Kept")
Master = LedgerAccount | Journal | Contact | TaxCode

_POINT: Final = amount_reader(".")
_COMMA: Final = amount_reader(",")
_TRADE: Final = frozenset({JournalKind.SALES, JournalKind.PURCHASE})


def amount_e4_of(text: str) -> int:
    """InexactAmount for what is none. A decimal comma is read too: some write it."""
    try:
        amount_e4 = _POINT(text)
    except InexactAmount:
        amount_e4 = _COMMA(text)
    if abs(amount_e4) > AMOUNT_E4_MAX:
        raise InexactAmount("too large to be true")
    return amount_e4


def rate_e4_of(percentage: str) -> int | None:
    """A percentage as a fraction in 1/10,000: ``21.000`` is 2100."""
    try:
        return amount_e4_of(percentage) // 100
    except InexactAmount:
        return None


@define
class AuditMasters:
    """By kind and key; a key told again, later, counts."""

    accounts: dict[str, LedgerAccount] = field(factory=dict)
    journals: dict[str, Journal] = field(factory=dict)
    contacts: dict[str, Contact] = field(factory=dict)
    tax_codes: dict[str, TaxCode] = field(factory=dict)
    used: set[str] = field(factory=set)
    """Accounts with lines."""
    _roles: set[tuple[str, JournalKind]] = field(factory=set)
    """Contacts in sales and purchase journals."""
    _rates: dict[str, str | None] = field(factory=dict)
    """Of tax codes, as written on lines; None where they differ."""

    def account(self, record: LedgerAccount) -> None:
        _put(self.accounts, record.key, record)

    def journal(self, record: Journal) -> None:
        _put(self.journals, record.key, record)

    def contact(self, record: Contact) -> None:
        _put(self.contacts, record.key, record)

    def tax_code(self, record: TaxCode) -> None:
        _put(self.tax_codes, record.key, record)

    def use(self, account: str) -> None:
        """A line stands on it."""
        if account not in self.used:
            if len(self.used) >= MASTERS_MAX:
                raise _too_many()
            self.used.add(account)

    def role(self, contact: str, kind: JournalKind) -> None:
        """A line of a journal of this kind names it."""
        if kind in _TRADE and contact in self.contacts:
            self._roles.add((contact, kind))

    def rate(self, code: str, percentage: str | None) -> None:
        """What a line says about its tax code."""
        if code not in self._rates and len(self._rates) >= MASTERS_MAX:
            raise _too_many()
        held = self._rates.setdefault(code, percentage)
        if held != percentage:
            self._rates[code] = None

    def completed(self) -> list[str]:
        """Add what only lines tell, once all were read; the accounts that only lines name."""
        unknown = sorted(self.used - self.accounts.keys())
        for code in unknown:
            self.account(
                LedgerAccount(
                    key=code,
                    code=code,
                    name=code,
                    account_class=AccountClass.UNKNOWN,
                    statement=Statement.BALANCE_SHEET,
                )
            )
        for code, percentage in self._rates.items():
            held = self.tax_codes.get(code)
            told_e4 = None if percentage is None else rate_e4_of(percentage)
            if held is None:
                held = TaxCode(key=code, code=code, name=code, use=TaxUse.BOTH)
            self.tax_code(
                attrs.evolve(held, rate_e4=told_e4 if held.rate_e4 is None else held.rate_e4)
            )
        self._take_roles()
        return unknown

    def _take_roles(self) -> None:
        """Contacts the file gives no kind are what the journals they stand in make them."""
        untold = {
            code
            for code, _ in self._roles
            if not (self.contacts[code].is_customer or self.contacts[code].is_supplier)
        }
        for code in untold:
            self.contacts[code] = attrs.evolve(
                self.contacts[code],
                is_customer=(code, JournalKind.SALES) in self._roles,
                is_supplier=(code, JournalKind.PURCHASE) in self._roles,
            )

    def records(self) -> list[Master]:
        return [
            *self.accounts.values(),
            *self.journals.values(),
            *self.contacts.values(),
            *self.tax_codes.values(),
        ]


def _put(held: dict[str, _Kept], key: str, record: _Kept) -> None:
    if key not in held and len(held) >= MASTERS_MAX:
        raise _too_many()
    if key:
        held[key] = record


def _too_many() -> CorrectRequest:
    return CorrectRequest(
        f"The file holds more than {MASTERS_MAX:,} records of one kind, as no ledger does: "
        "export it again.",
        code="too-many-masters",
    )
