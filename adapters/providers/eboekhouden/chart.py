"""The ledger accounts of an administration: their ids, codes and categories."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from attrs import define, field

from core.domain.books import (
    AccountClass,
    Journal,
    JournalKind,
    LedgerAccount,
    Statement,
    TradeSide,
)

FIN, DEBTORS, CREDITORS, INPUT_VAT = "FIN", "DEB", "CRED", "VOOR"
VAT_HIGH, VAT_LOW, VAT_OTHER, VAT_GENERAL, VAT_SETTLED = "AF19", "AF6", "AFOVERIG", "AF", "BTWRC"
PROFIT_AND_LOSS: Final = "VW"

_CLASSES: Final[Mapping[str, AccountClass]] = {
    FIN: AccountClass.ASSET,
    DEBTORS: AccountClass.ASSET,
    INPUT_VAT: AccountClass.ASSET,
    CREDITORS: AccountClass.LIABILITY,
    VAT_HIGH: AccountClass.LIABILITY,
    VAT_LOW: AccountClass.LIABILITY,
    VAT_OTHER: AccountClass.LIABILITY,
    VAT_GENERAL: AccountClass.LIABILITY,
    VAT_SETTLED: AccountClass.LIABILITY,
}
"""``BAL`` and ``VW`` do not say more than the statement they are on."""
_TRADES: Final = {DEBTORS: TradeSide.RECEIVABLE, CREDITORS: TradeSide.PAYABLE}
_VAT_INSTEAD: Final = (VAT_OTHER, VAT_GENERAL, VAT_HIGH, VAT_LOW, VAT_SETTLED)
"""Where a category of VAT has no account of its own, in this order. Assumed: the service demands
one account per category, so that this should not happen."""


class Ledger(msgspec.Struct, frozen=True, array_like=True):
    """One account. REST names it by ``id``, SOAP by ``code``."""

    id: int
    code: str
    category: str


@define
class Chart:
    """Accounts by what others refer to them with. Keys of the books are ids as text."""

    ledgers: tuple[Ledger, ...]
    _by_code: dict[str, str] = field(init=False)
    _of: dict[str, list[Ledger]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._by_code = {ledger.code: str(ledger.id) for ledger in self.ledgers}
        self._of = {}
        for ledger in sorted(self.ledgers, key=lambda one: one.code):
            self._of.setdefault(ledger.category, []).append(ledger)

    def key_of_code(self, code: str) -> str:
        """The key of an account named by code; one not in the list keeps its code as key, and the
        proof then reports it as unknown.
        """
        return self._by_code.get(code, f"code {code}")

    def category_key(self, category: str) -> str:
        """The account of a category. Of several the one with the lowest code: which of them the
        service takes is not known, and the proof shows where that is wrong.
        """
        for one in (category, *_VAT_INSTEAD):
            if one in self._of:
                return str(self._of[one][0].id)
        return f"category {category}"

    def count(self, category: str) -> int:
        return len(self._of.get(category, ()))

    def has(self, category: str) -> bool:
        return category in self._of

    def is_money(self, key: str | None) -> bool:
        return any(str(ledger.id) == key for ledger in self._of.get(FIN, ()))


def ledger_account(ledger: Ledger, name: str) -> LedgerAccount:
    on_result = ledger.category == PROFIT_AND_LOSS
    return LedgerAccount(
        key=str(ledger.id),
        code=ledger.code,
        name=name,
        account_class=_CLASSES.get(ledger.category, AccountClass.UNKNOWN),
        statement=Statement.PROFIT_AND_LOSS if on_result else Statement.BALANCE_SHEET,
        trade=_TRADES.get(ledger.category),
    )


# -- journals: there are none, so they are made of the types of mutations --------------------------

_JOURNALS: Final = {
    0: ("opening", "Beginbalans", JournalKind.OTHER),
    1: ("purchase", "Inkoop", JournalKind.PURCHASE),
    2: ("sales", "Verkoop", JournalKind.SALES),
    7: ("general", "Memoriaal", JournalKind.GENERAL),
}
MADE_JOURNALS: Final = len(_JOURNALS)
OTHER_MONEY: Final = "money"


def journals(named: Iterable[tuple[Ledger, str]]) -> list[Journal]:
    """One per type of document, and one per bank or cash account."""
    made = [
        Journal(key=key, code=str(kind), name=name, journal_kind=journal_kind)
        for kind, (key, name, journal_kind) in _JOURNALS.items()
    ]
    made += [
        Journal(key=f"fin-{ledger.id}", code=ledger.code, name=name, journal_kind=JournalKind.BANK)
        for ledger, name in named
        if ledger.category == FIN
    ]
    return made


def journal_key(kind: int, main_key: str | None) -> str:
    if kind in _JOURNALS:
        return _JOURNALS[kind][0]
    return f"fin-{main_key}" if main_key else _JOURNALS[7][0]
