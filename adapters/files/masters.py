"""Accounts, journals, contacts and tax codes that a table names on its lines."""

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import define, field

from adapters.files.words import ACCOUNT_TYPES, plain
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
from core.ports.files import MASTERS_MAX, Masters

MASTERS_PER_PART: Final = 5_000


@define
class MasterData:
    """By key; a name told later counts, an empty one does not."""

    accounts: dict[str, tuple[str, str]] = field(factory=dict)
    """(name, type in words) by code."""
    journals: dict[str, None] = field(factory=dict)
    contacts: dict[str, str] = field(factory=dict)
    tax_codes: dict[str, None] = field(factory=dict)

    def account(self, code: str, name: str, type_: str) -> None:
        held = self.accounts.get(code)
        if held is None:
            _require_room(self.accounts, "ledger accounts")
            self.accounts[code] = (name, type_)
        elif (name or type_) and held != (name, type_):
            self.accounts[code] = (name or held[0], type_ or held[1])

    def journal(self, code: str) -> None:
        if code and code not in self.journals:
            _require_room(self.journals, "journals")
            self.journals[code] = None

    def contact(self, code: str, name: str) -> str:
        """Its key: the code, or the name where there is no code."""
        key = code or name
        if key not in self.contacts:
            _require_room(self.contacts, "contacts")
            self.contacts[key] = name
        elif name:
            self.contacts[key] = name
        return key

    def tax_code(self, code: str) -> None:
        if code not in self.tax_codes:
            _require_room(self.tax_codes, "tax codes")
            self.tax_codes[code] = None

    def parts(self) -> Iterator[Masters]:
        records: list[LedgerAccount | Journal | Contact | TaxCode] = []
        for record in self._records():
            records.append(record)
            if len(records) >= MASTERS_PER_PART:
                yield Masters(records=tuple(records))
                records.clear()
        if records:
            yield Masters(records=tuple(records))

    def _records(self) -> Iterator[LedgerAccount | Journal | Contact | TaxCode]:
        for code, (name, type_) in self.accounts.items():
            account_class, statement = ACCOUNT_TYPES.get(
                plain(type_), (AccountClass.UNKNOWN, Statement.BALANCE_SHEET)
            )
            yield LedgerAccount(
                key=code,
                code=code,
                name=name or code,
                account_class=account_class,
                statement=statement,
            )
        for code in self.journals:
            yield Journal(key=code, code=code, name=code, journal_kind=JournalKind.OTHER)
        for key, name in self.contacts.items():
            yield Contact(
                key=key,
                code=key if name != key else None,
                name=name or key,
                is_customer=False,
                is_supplier=False,
            )
        for code in self.tax_codes:
            yield TaxCode(key=code, code=code, name=code, use=TaxUse.BOTH)


def _require_room(held: Mapping[str, object], what: str) -> None:
    if len(held) >= MASTERS_MAX:
        raise CorrectRequest(
            f"The file names more than {MASTERS_MAX:,} different {what}: is the right column "
            "mapped to that?",
            code="too-many-masters",
            setting="columns",
        )
