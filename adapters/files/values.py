"""Amounts, dates and periods as people and programs write them; exact or refused."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from adapters.files.words import CREDIT_WORDS, DEBIT_WORDS, plain
from core.domain.file_import import DateOrder
from core.domain.money import InexactAmount, parse_e4

AMOUNT_CHARACTERS_MAX: Final = 60
CENTS: Final = 100
YEARS: Final = range(1900, 2200)
SERIALS: Final = range(20_000, 80_000)
"""Spreadsheet day numbers from 1954 to 2119."""
SERIAL_EPOCH: Final = dt.date(1899, 12, 30)
"""Day 0 for every day number after February 1900."""
CENTURY_TURN: Final = 70
"""Two-digit years below it are of this century."""

_CURRENCY: Final = re.compile("[€$£¥]|\\b(?:EUR|USD|GBP|CHF|NOK|SEK|DKK|PLN)\\b", re.IGNORECASE)
_SPACES: Final = dict.fromkeys(map(ord, " \t\u00a0\u202f\u2009'\u2019"))
_MINUS: Final = str.maketrans({"\u2212": "-", "\u2013": "-"})
_QUICK_DIGITS_MAX: Final = 16
"""So many digits fit into 64 bits as 1/10,000 units when two of them are decimals."""
_SIGN_WORDS: Final = (("cr", -1), ("dr", 1), ("c", -1), ("d", 1))


def amount_reader(decimal: str) -> Callable[[str], int]:
    """A function from text to 1/10,000 units; InexactAmount for what is no exact amount.

    ``decimal`` is ``,`` or ``.``. Debit is positive: a D, DR or nothing; minus, parentheses, a
    trailing minus, C and CR turn the sign.
    """
    other = "." if decimal == "," else ","
    grouped = re.compile(
        rf"\d{{1,3}}(?:{re.escape(other)}\d{{3}})+(?:{re.escape(decimal)}\d*)?\Z", re.ASCII
    )
    simple = re.compile(rf"\d*(?:{re.escape(decimal)}\d*)?\Z", re.ASCII)

    def read(text: str) -> int:
        # The common case first: digits, the decimal sign, two digits.
        if text[-3:-2] == decimal and len(text) <= _QUICK_DIGITS_MAX:
            digits = text[:-3] + text[-2:]
            if digits.isascii() and (digits[1:] if digits[0] == "-" else digits).isdigit():
                return int(digits) * CENTS
        sign, rest = _signed(text)
        if grouped.match(rest):
            rest = rest.replace(other, "")
        elif not simple.match(rest):
            raise InexactAmount("not an amount with that decimal sign")
        return sign * parse_e4(rest.replace(decimal, "."))

    return read


def _signed(text: str) -> tuple[int, str]:
    """(1 or -1, what is left without signs, currency and spaces)."""
    if len(text) > AMOUNT_CHARACTERS_MAX:
        raise InexactAmount("longer than an amount")
    rest = _CURRENCY.sub("", text.translate(_MINUS)).strip().translate(_SPACES)
    sign = 1
    if rest.startswith("(") and rest.endswith(")"):
        sign, rest = -1, rest[1:-1]
    lower = rest.casefold()
    for word, turn in _SIGN_WORDS:
        if lower.endswith(word):
            sign, rest = sign * turn, rest[: -len(word)]
            break
    if rest.endswith("-"):
        sign, rest = -sign, rest[:-1]
    elif rest.startswith(("-", "+")):
        sign, rest = (-sign if rest[0] == "-" else sign), rest[1:]
    if not any(letter.isdigit() for letter in rest):
        raise InexactAmount("no digits")
    return sign, rest


def cell_e4(cell: object, read: Callable[[str], int]) -> int | None:
    """The amount in a cell; None when it is blank."""
    if cell is None:
        return None
    if isinstance(cell, str):
        return read(cell) if cell and not cell.isspace() else None
    if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
        return parse_e4(cell)
    raise InexactAmount("not an amount")


_READERS: Final = {decimal: amount_reader(decimal) for decimal in (",", ".")}


def decimals_that_fit(text: str) -> frozenset[str]:
    """Which decimal signs this amount can have been written with; both when it does not tell."""
    fit = set()
    for decimal, read in _READERS.items():
        try:
            read(text)
        except InexactAmount:
            continue
        fit.add(decimal)
    return frozenset(fit)


_MONTHS: Final[dict[str, int]] = {
    name: number
    for number, names in enumerate(
        (
            "jan january januari januar janvier",
            "feb february februari februar fevrier fev",
            "mar march maart mrt mars marz maerz",
            "apr april avril avr",
            "may mei mai",
            "jun june juni juin",
            "jul july juli juillet juil",
            "aug august augustus aout",
            "sep sept september septembre",
            "oct october okt oktober octobre",
            "nov november novembre",
            "dec december dez dezember decembre",
        ),
        start=1,
    )
    for name in names.split()
}
_PARTS: Final = re.compile(r"([0-9]{1,4})[-/. ]+([0-9]{1,2}|[^\W\d]+)[-/. ,]+([0-9]{1,4})")
_COMPACT: Final = re.compile(r"\d{8}\Z", re.ASCII)
_MONTH_FIRST: Final = re.compile(r"([^\W\d]+)\.? +([0-9]{1,2}),? +([0-9]{4})")
_TIME: Final = re.compile(r"[T ]\d{1,2}:\d{2}.*\Z", re.DOTALL)
DATE_CHARACTERS_MAX: Final = 40
_YEAR_DIGITS: Final = 4


def read_date(text: str, order: DateOrder) -> dt.date | None:
    """The date, or None when the text is none in that order."""
    if len(text) > DATE_CHARACTERS_MAX or not text.isprintable():
        return None
    text = _TIME.sub("", text.strip())
    if text.isdigit():
        return _digits(text, order) if text.isascii() else None
    found = _MONTH_FIRST.fullmatch(text)
    if found:
        return _date(int(found[3]), _MONTHS.get(plain(found[1]), 0), int(found[2]))
    found = _PARTS.fullmatch(text)
    return None if found is None else _parts(found[1], found[2], found[3], order)


def _digits(text: str, order: DateOrder) -> dt.date | None:
    """``20241231``, ``31122024``, or a spreadsheet's day number."""
    if _COMPACT.match(text):
        if order is DateOrder.YMD or int(text[:4]) in YEARS:
            return _date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return _ordered(int(text[:2]), int(text[2:4]), int(text[4:]), order)
    if int(text) in SERIALS:
        return SERIAL_EPOCH + dt.timedelta(days=int(text))
    return None


def _parts(first: str, middle: str, last: str, order: DateOrder) -> dt.date | None:
    year_first = len(first) == _YEAR_DIGITS
    if not middle.isdigit():
        day, year = (last, first) if year_first else (first, last)
        return _date(_century(year), _MONTHS.get(plain(middle), 0), int(day))
    if year_first:
        return _date(int(first), int(middle), int(last))
    if order is DateOrder.YMD:
        return None  # a year of two digits comes last: 24-01-31 can be told from nothing
    return _ordered(int(first), int(middle), _century(last), order)


def _ordered(first: int, second: int, year: int, order: DateOrder) -> dt.date | None:
    return _date(year, first, second) if order is DateOrder.MDY else _date(year, second, first)


def _century(text: str) -> int:
    year = int(text)
    if len(text) >= _YEAR_DIGITS:
        return year
    return year + (2000 if year < CENTURY_TURN else 1900)


def _date(year: int, month: int, day: int) -> dt.date | None:
    if year not in YEARS:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def cell_date(cell: object, order: DateOrder) -> dt.date | None:
    """The date in a cell, also as a spreadsheet's day number."""
    if isinstance(cell, str):
        return read_date(cell, order)
    if isinstance(cell, dt.datetime):
        return cell.date() if cell.year in YEARS else None
    if isinstance(cell, dt.date):
        return cell if cell.year in YEARS else None
    if isinstance(cell, Decimal):
        cell = int(cell)
    if isinstance(cell, int) and cell in SERIALS:
        return SERIAL_EPOCH + dt.timedelta(days=cell)
    return None


def side_of(text: str) -> int | None:
    """1 for debit, -1 for credit, None when the text is neither."""
    word = plain(text)
    if word in DEBIT_WORDS or text.strip() == "+":
        return 1
    if word in CREDIT_WORDS or text.strip() == "-":
        return -1
    return None


_YEAR_IN: Final = re.compile(r"(?<![0-9])(?:19|20|21)[0-9]{2}(?![0-9])")
_PERIOD_ALONE: Final = re.compile(r"[A-Za-z]{0,8}[ .]?([0-9]{1,3})\Z")
_PERIOD_AFTER: Final = re.compile(r"[0-9]{4}[-/. ]?([0-9]{1,2})\Z")
_PERIOD_BEFORE: Final = re.compile(r"([0-9]{1,2})[-/. ][0-9]{4}\Z")
PERIODS: Final = range(100)


def read_year(text: str) -> int | None:
    """``2024``, ``FY2024``, ``2024-2025`` (the first)."""
    found = _YEAR_IN.search(text[:DATE_CHARACTERS_MAX])
    return int(found[0]) if found else None


def read_period(text: str) -> int | None:
    """``3``, ``P03``, ``2024-03``, ``03/2024``, ``Mar 2024``."""
    text = text[:DATE_CHARACTERS_MAX].strip()
    for pattern in (_PERIOD_ALONE, _PERIOD_AFTER, _PERIOD_BEFORE):
        found = pattern.match(text)
        if found and int(found[1]) in PERIODS:
            return int(found[1])
    words = text.split()
    return _MONTHS.get(plain(words[0])) if words else None
