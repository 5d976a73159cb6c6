"""From a provider's bytes to exact values. Pure: no clock, no network.

Pages are decoded straight into typed structs (unknown fields are ignored, amounts are ``Decimal``
from the number's own digits, never a float); the functions below turn wire habits into values.
"""

import functools
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final, Generic, TypeVar
from uuid import UUID

import msgspec

from core.domain.failures import Failure, NotUnderstood, ProviderDown
from core.domain.money import AMOUNT_E4_MAX, E4_PER_UNIT, InexactAmount

T = TypeVar("T")

_HEAD_BYTES: Final = 64
_DAY_MILLISECONDS: Final = 86_400_000
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_EMPTY_GUID: Final = str(UUID(int=0))

_DATES_KEPT: Final = 8_192
"""Twenty years of days: the same dates come again and again."""

_CENTS_PER_UNIT: Final = Decimal(100)
_E4_PER_CENT: Final = E4_PER_UNIT // 100


class JsonPage(Generic[T]):
    """Decodes one kind of page. Made once per resource: building it costs more than using it."""

    def __init__(self, provider: str, what: str, page_type: type[T]) -> None:
        """``what`` names the page for people: ``journal lines``."""
        self._provider = provider
        self._what = what
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(page_type, float_hook=Decimal)

    def decode(self, body: bytes) -> T:
        """The page, or a Failure: nothing of a page that does not decode is taken over.

        ProviderDown for what is plainly not the service itself (a web page, half an answer):
        asking later helps. NotUnderstood, with the path in the page, for everything else.
        """
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise self.not_understood(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._no_json(body, error) from None

    def not_understood(self, detail: str) -> NotUnderstood:
        return NotUnderstood(
            f"{self._provider} sent {self._what} in a form this version does not know: report it.",
            detail=f"{self._what}: {detail}",
        )

    def _no_json(self, body: bytes, error: Exception) -> Failure:
        head = body[:_HEAD_BYTES].lstrip()
        if not head or head.startswith(b"<") or "truncated" in str(error):
            return ProviderDown(
                f"{self._provider} sent no whole answer for {self._what}: it is tried again later.",
                detail=f"{self._what}: {len(body)} bytes, {error}",
                code="no-whole-answer",
            )
        return self.not_understood(f"{len(body)} bytes, {error}")


def cents_e4(amount: Decimal) -> int:
    """An amount rounded to cents (half to even), in 1/10,000 units.

    For providers whose numbers are binary doubles behind the scenes: 121.00000000000001 is 121.
    InexactAmount when it is not finite or does not fit.
    """
    try:
        amount_e4 = round(amount * _CENTS_PER_UNIT) * _E4_PER_CENT
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise InexactAmount(f"{amount} is not an amount in cents") from error
    if abs(amount_e4) > AMOUNT_E4_MAX:
        raise InexactAmount(f"{amount} does not fit into 64 bits of 1/10,000")
    return amount_e4


def fraction_e4(fraction: Decimal) -> int:
    """A rate as fraction in 1/10,000, rounded: 0.21 is 2100."""
    try:
        return int((fraction * E4_PER_UNIT).to_integral_value(ROUND_HALF_EVEN))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise InexactAmount(f"{fraction} is not a rate") from error


def msdate_milliseconds(text: str) -> int:
    """The number in ``/Date(1735689600000)/``; ValueError for any other form (offsets too)."""
    if not (text.startswith("/Date(") and text.endswith(")/")):
        raise ValueError(f"{text[:_HEAD_BYTES]!r} is no /Date(...)/")
    return int(text[6:-2])


@functools.lru_cache(maxsize=_DATES_KEPT)
def msdate(text: str) -> date:
    """The calendar date: year, month and day of the milliseconds read as UTC, never converted."""
    return date.fromordinal(_EPOCH_ORDINAL + msdate_milliseconds(text) // _DAY_MILLISECONDS)


def msdate_wall_clock(text: str) -> datetime:
    """The local wall-clock time it stands for, without a zone: the caller knows which."""
    moment = datetime.fromtimestamp(msdate_milliseconds(text) / 1000, tz=UTC)
    return moment.replace(tzinfo=None)


def trimmed(text: str | None) -> str | None:
    """Padded codes and blank texts: without surrounding blanks, None when nothing is left."""
    if text is None:
        return None
    return text.strip() or None


def guid_or_none(text: str | None) -> str | None:
    """A GUID in lower case; the all-zero one means none."""
    if not text:
        return None
    folded = text.lower()
    return None if folded == _EMPTY_GUID else folded
