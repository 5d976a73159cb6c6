"""The fixed list of VAT codes: their rate, which account they are booked on, and how.

There is no endpoint for it. Codes and rates: the service's own documentation; the accounts of
codes follow from the names of ledger categories and are assumed until the proof confirms them.
"""

import datetime as dt
import re
from enum import StrEnum
from typing import Final

from attrs import frozen

from adapters.providers.eboekhouden.chart import INPUT_VAT, VAT_HIGH, VAT_LOW, VAT_OTHER
from core.domain.books import TaxCode, TaxUse


class Treatment(StrEnum):
    NONE = "no VAT line"
    OWED = "owed"
    CLAIMED = "claimed"
    SHIFTED = "owed and claimed by the buyer"


@frozen(kw_only=True)
class VatRule:
    """What codes that match ``pattern`` mean. ``rate`` in 1/10,000; None: in the code's name."""

    pattern: str
    treatment: Treatment
    category: str = ""
    rate: int | None = 0


_LOW_BEFORE_2019: Final = 600
_LOW: Final = 900
_HIGH: Final = 2_100
_HIGH_BEFORE_2012: Final = 1_900
_LOW_ROSE: Final = dt.date(2019, 1, 1)
_HIGH_ROSE: Final = dt.date(2012, 10, 1)

RULES: Final[tuple[VatRule, ...]] = (
    VatRule(pattern=r"|GEEN", treatment=Treatment.NONE),
    # Entered by hand: only these two carry an amount of the user's own (MUTA_003).
    VatRule(pattern=r"AFW", treatment=Treatment.CLAIMED, category=INPUT_VAT),
    VatRule(pattern=r"AFW_VERK", treatment=Treatment.OWED, category=VAT_OTHER),
    VatRule(
        pattern=r"VERL_INK_L9?|BE_VERL_\d+_INK|BE_IC_(D_)?\d+_INK|BE_IMP_\d+_INK",
        treatment=Treatment.SHIFTED,
        category=INPUT_VAT,
        rate=None,
    ),
    VatRule(
        pattern=r"VERL_INK|BI_EU_INK|BU_EU_INK",
        treatment=Treatment.SHIFTED,
        category=INPUT_VAT,
        rate=_HIGH,
    ),
    VatRule(
        pattern=r"VERL_VERK.*|B[IU]_EU_VERK.*|AFST_VERK|BE_(IC|IC_D|VERL|EXP|0)_VERK|BE_0_INK",
        treatment=Treatment.NONE,
    ),
    VatRule(
        pattern=r"HOOG_VERK(_21)?|BE_21_VERK",
        treatment=Treatment.OWED,
        category=VAT_HIGH,
        rate=None,
    ),
    VatRule(
        pattern=r"LAAG_VERK(_9)?|BE_(6|12)_VERK",
        treatment=Treatment.OWED,
        category=VAT_LOW,
        rate=None,
    ),
    VatRule(
        pattern=r"(HOOG|LAAG)_INK(_\d+)?|BE_\d+_INK",
        treatment=Treatment.CLAIMED,
        category=INPUT_VAT,
        rate=None,
    ),
)
UNKNOWN_RULE: Final = VatRule(pattern="", treatment=Treatment.NONE)
"""A code nobody announced: no VAT line, so that the proof shows what is missing."""

_COMPILED: Final = tuple((re.compile(rule.pattern), rule) for rule in RULES)
_NUMBER: Final = re.compile(r"_L?(\d+)(_|$)")


def rule_of(code: str) -> VatRule:
    return next((rule for found, rule in _COMPILED if found.fullmatch(code)), UNKNOWN_RULE)


def rate_e4(code: str, day: dt.date) -> int:
    """The rate of a code on a day; codes without a number changed with the law."""
    rule = rule_of(code)
    if rule.rate is not None:
        return rule.rate
    told = _NUMBER.search(code)
    if told is not None:
        return int(told[1]) * 100
    if code.startswith("HOOG"):
        return _HIGH if day >= _HIGH_ROSE else _HIGH_BEFORE_2012
    return _LOW if day >= _LOW_ROSE and code != "VERL_INK_L" else _LOW_BEFORE_2019


DUTCH: Final = (
    "GEEN", "HOOG_VERK_21", "LAAG_VERK_9", "HOOG_VERK", "LAAG_VERK", "AFW_VERK", "VERL_VERK",
    "VERL_VERK_L9", "BU_EU_VERK", "AFST_VERK", "BI_EU_VERK", "BI_EU_VERK_D", "HOOG_INK_21",
    "LAAG_INK_9", "HOOG_INK", "LAAG_INK", "AFW", "VERL_INK", "VERL_INK_L9", "VERL_INK_L",
    "BU_EU_INK", "BI_EU_INK",
)  # fmt: skip
_BELGIAN_RATES: Final = (0, 6, 12, 21)
BELGIAN: Final = (
    "GEEN",
    *(f"BE_{rate}_VERK" for rate in _BELGIAN_RATES),
    *("BE_IC_D_VERK", "BE_VERL_VERK", "BE_IC_VERK", "BE_EXP_VERK"),
    *(f"BE_{rate}_INK" for rate in _BELGIAN_RATES),
    *(f"BE_{kind}_{rate}_INK" for kind in ("VERL", "IC_D", "IC", "IMP") for rate in _BELGIAN_RATES),
)


def tax_codes(today: dt.date) -> list[TaxCode]:
    """Both countries' lists: an administration does not say which of them it uses."""
    return [
        TaxCode(
            key=code,
            code=code,
            name=code,
            use=_use(code),
            rate_e4=rate_e4(code, today) if rule_of(code).treatment is not Treatment.NONE else 0,
        )
        for code in dict.fromkeys(DUTCH + BELGIAN)
    ]


def _use(code: str) -> TaxUse:
    if code == "GEEN":
        return TaxUse.NONE
    return TaxUse.SALES if "VERK" in code else TaxUse.PURCHASE
