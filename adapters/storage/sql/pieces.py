"""What the index of lines is made of: pieces of three characters, and numbers that sort by date.

A line's pieces are those of its words and its entry's words (in lower case), and one for each of
its account, contact and journal: three characters from the private use area, which stand for the
key. Different keys may share a piece (one in a hundred thousand million does), and words may hold
a phrase's pieces without the phrase: what is found is always held against the row itself.

A line's number is ``ledger | day | id``, so that a ledger's lines are found by date, and a range of
dates is a range of numbers.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeAlias

from core.ports.books import LineFilter

ID_BITS: Final = 33
"""Eight thousand million versions of lines in one file."""
DAY_BITS: Final = 15
LEDGERS_MAX: Final = 1 << (63 - DAY_BITS - ID_BITS)
"""Ledgers with a number below this are indexed."""
BASE: Final = dt.date(1970, 1, 1)
DAY_MAX: Final = (1 << DAY_BITS) - 1
"""In 2059. Days before the base and after this one are put on them."""
LAST_DATE: Final = dt.date.max.isoformat()

PIECE_CHARACTERS: Final = 3
PIECES_ASKED_MAX: Final = 5
"""More would narrow little and cost a walk each. Numbers tell rows apart better than letters."""
BEGINNINGS_BESIDE_KEYS_MAX: Final = 32
"""Beside an account, a contact or a journal, which narrow already: what more pieces begin with is
in so many texts that it narrows little, and each costs a walk.
"""
PRIVATE_USE: Final = (0xE000, 0xF900)
DATES_KEPT: Final = 8_192
KEYS_KEPT: Final = 8_192
END_OF_TEXT: Final = "\n\n"
NO_PIECE: Final = f'"{chr(0xF8FF) * 3}"'
"""Asked for where nothing is to be found."""
_HASH_BYTES: Final = 8

Beginning: TypeAlias = Callable[[str], Sequence[str] | None]
"""The pieces in use that begin with one or two characters; None: too many."""


@lru_cache(DATES_KEPT)
def day_of(date: str) -> int:
    """ISO date to a day's number."""
    return min(max((dt.date.fromisoformat(date) - BASE).days, 0), DAY_MAX)


def last_date_of(day: int) -> str:
    """The last date that has this day's number."""
    return LAST_DATE if day == DAY_MAX else (BASE + dt.timedelta(days=day)).isoformat()


def number_of(ledger: int, date: str, row_id: int) -> int:
    assert row_id < 1 << ID_BITS, "so many rows are not indexed"
    return (((ledger << DAY_BITS) | day_of(date)) << ID_BITS) | row_id


def numbers(ledger: int, since: str, until: str) -> tuple[int, int]:
    """The first and the last number of lines between two dates, both included."""
    first = number_of(ledger, since, 0)
    return first, number_of(ledger, until, (1 << ID_BITS) - 1)


def day_in(number: int) -> int:
    return (number >> ID_BITS) & DAY_MAX


def id_in(number: int) -> int:
    return number & ((1 << ID_BITS) - 1)


@lru_cache(KEYS_KEPT)
def sign(kind: str, key: str) -> str:
    """The piece that stands for an account, a contact or a journal."""
    digest = blake2b(f"{kind}\n{key}".encode(), digest_size=_HASH_BYTES).digest()
    left = int.from_bytes(digest, "big")
    first, end = PRIVATE_USE
    piece = ""
    for _ in range(PIECE_CHARACTERS):
        left, at = divmod(left, end - first)
        piece += chr(first + at)
    return piece


def words_of(texts: Iterable[str | None]) -> str | None:
    """Texts as they are indexed, so that a piece begins at each character; None: there are none."""
    held = {text.lower().replace("\x00", "\n") for text in texts if text}
    return "".join(text + END_OF_TEXT for text in sorted(held)) or None


def pieces_of(words: str) -> set[str]:
    """Every piece of words in lower case."""
    starts = range(len(words) - PIECE_CHARACTERS + 1)
    return {words[at : at + PIECE_CHARACTERS] for at in starts}


def signs_of(where: LineFilter) -> list[str]:
    """The keys in the filter as the index is asked for them."""
    return [
        _quoted(sign(kind, key))
        for kind, key in (
            ("contact", where.contact_key),
            ("account", where.account_key),
            ("journal", where.journal_key),
        )
        if key is not None
    ]


def question(where: LineFilter, beginning: Beginning) -> str | None:
    """The filter as the index is asked; None: it says nothing the index knows."""
    signs = signs_of(where)
    return all_of([*signs, *_about(where.text, beginning, beside_keys=bool(signs))]) or None


def all_of(asked: Sequence[str]) -> str:
    return " AND ".join(asked)


def _about(text: str | None, beginning: Beginning, *, beside_keys: bool) -> list[str]:
    """The most telling pieces of a text; for a short one any of those that begin with it."""
    if not text or "\x00" in text:
        return []
    folded = text.lower()
    pieces = pieces_of(folded)
    if not pieces:
        some = beginning(folded)
        if some is None or (beside_keys and len(some) > BEGINNINGS_BESIDE_KEYS_MAX):
            return []
        return [f"({' OR '.join(map(_quoted, some)) or NO_PIECE})"]
    telling = sorted(pieces, key=lambda piece: (-sum(map(str.isdigit, piece)), piece))
    return [_quoted(piece) for piece in telling[:PIECES_ASKED_MAX]]


def _quoted(piece: str) -> str:
    return '"' + piece.replace('"', '""') + '"'
