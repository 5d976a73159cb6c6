"""What ledger accounts are, by the codes of national charts and the words of audit files."""

import re
from collections.abc import Mapping
from typing import Final

from adapters.files.words import ACCOUNT_TYPES, plain
from core.domain.books import AccountClass, Statement, TradeSide

Kind = tuple[AccountClass, Statement, TradeSide | None]

_SHEET: Final = Statement.BALANCE_SHEET
_RESULT: Final = Statement.PROFIT_AND_LOSS
BALANCE: Final[Kind] = (AccountClass.UNKNOWN, _SHEET, None)
RESULT: Final[Kind] = (AccountClass.UNKNOWN, _RESULT, None)
_ASSET: Final[Kind] = (AccountClass.ASSET, _SHEET, None)
_LIABILITY: Final[Kind] = (AccountClass.LIABILITY, _SHEET, None)
_EQUITY: Final[Kind] = (AccountClass.EQUITY, _SHEET, None)
_INCOME: Final[Kind] = (AccountClass.INCOME, _RESULT, None)
_EXPENSE: Final[Kind] = (AccountClass.EXPENSE, _RESULT, None)
_DEBTORS: Final[Kind] = (AccountClass.ASSET, _SHEET, TradeSide.RECEIVABLE)
_CREDITORS: Final[Kind] = (AccountClass.LIABILITY, _SHEET, TradeSide.PAYABLE)

RGS_SHAPE: Final = re.compile(r"[BW][A-Z][A-Za-z0-9.]{1,30}\Z")
"""The Dutch reference chart; lead codes hold it by habit, not by rule."""

RGS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("BIva", "BMva", "BVas", "BFva", "BVrd", "BPro", "BVor", "BEff"), _ASSET),
    "BVorDeb": _DEBTORS,
    "BLim": _ASSET,
    "BEiv": _EQUITY,
    **dict.fromkeys(("BEga", "BVrz", "BLas", "BSch"), _LIABILITY),
    "BSchCre": _CREDITORS,
    **dict.fromkeys(("WOmz", "WOvb"), _INCOME),
    **dict.fromkeys(("WKpr", "WPer", "WAfs", "WWvi", "WBed", "WBel"), _EXPENSE),
    "B": BALANCE,
    "W": RESULT,
}
"""By the longest beginning."""

NORWAY: Final[Mapping[str, Kind]] = {
    "1": _ASSET,
    "15": _DEBTORS,
    "150": _DEBTORS,
    "151": _DEBTORS,
    **dict.fromkeys(("152", "153", "154", "155", "156", "157", "158"), _ASSET),
    "2": _LIABILITY,
    "20": _EQUITY,
    "24": _CREDITORS,
    "3": _INCOME,
    **dict.fromkeys("4567", _EXPENSE),
    "8": RESULT,
}
"""Standard accounts (NS 4102), by the longest beginning."""

PORTUGAL: Final[Mapping[str, Kind]] = {
    "1": _ASSET,
    "2": BALANCE,
    "21": _DEBTORS,
    "22": _CREDITORS,
    **dict.fromkeys("34", _ASSET),
    "5": _EQUITY,
    "6": _EXPENSE,
    "7": _INCOME,
    "8": _EQUITY,
}
"""Classes of the national chart (SNC), by the longest beginning."""

_CLAIR_WORDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("bas", "debiteur", "crediteur"), BALANCE),
    **dict.fromkeys(("r", "w", "l", "pnl", "wenv", "resultaten"), RESULT),
}
"""What exporters of CLAIR2 write besides words of ACCOUNT_TYPES."""

_IMUIS: Final[Mapping[str, Kind]] = {"a": BALANCE, "p": BALANCE, "b": RESULT, "l": RESULT}


def by_beginning(chart: Mapping[str, Kind], code: str) -> Kind | None:
    for size in range(min(len(code), 7), 0, -1):
        if code[:size] in chart:
            return chart[code[:size]]
    return None


def by_type(word: str, product: str = "") -> Kind:
    """An account type in the file's own words; ``product`` is the software that wrote it."""
    key = plain(word)
    if "imuis" in product.casefold() and key in _IMUIS:
        return _IMUIS[key]
    if key in _CLAIR_WORDS:
        return _CLAIR_WORDS[key]
    account_class, statement = ACCOUNT_TYPES.get(key, (AccountClass.UNKNOWN, _SHEET))
    return account_class, statement, None


def by_reference(code: str) -> Kind | None:
    """By a code of the Dutch reference chart; None for what is none."""
    return by_beginning(RGS, code) if RGS_SHAPE.match(code) else None
