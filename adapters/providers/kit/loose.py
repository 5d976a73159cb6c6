"""JSON objects whose exact form nobody has confirmed, read by declared names. Pure.

Where a provider's answers are only assumed, every member is looked for under a tuple of names, in
any case (``BookEntries`` is ``bookEntries``), and values are taken as text or as numbers. What is
asked for and is not there is NotUnderstood, never a zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Self, TypeAlias

from attrs import field, frozen

from adapters.providers.kit.decoding import trimmed
from core.domain.failures import NotUnderstood
from core.domain.money import InexactAmount, parse_e4

Names: TypeAlias = str | tuple[str, ...]
"""One name, or alternatives of which the first that is there counts."""

_NO_NAMES: Final[Mapping[str, Names]] = MappingProxyType({})
_DAY_CHARACTERS: Final = 10
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})


@frozen(kw_only=True)
class Loose:
    """One JSON object. ``what`` names it for people: ``book entries``.

    A value that is not what the caller asks for raises NotUnderstood naming the member, never its
    content.
    """

    provider: str
    what: str
    members: Mapping[str, object] = field(repr=False)
    """By name in lower case."""
    names: Mapping[str, Names] = field(factory=dict, repr=False)
    """What our words are called there; a word that is not among them is its own name."""

    @classmethod
    def of(
        cls, value: object, *, provider: str, what: str, names: Mapping[str, Names] = _NO_NAMES
    ) -> Self:
        """``value`` as decoded, with floats as Decimal."""
        if not isinstance(value, Mapping):
            raise _not_understood(provider, what, f"{type(value).__name__} instead of an object")
        folded = {str(name).casefold(): inner for name, inner in value.items()}
        return cls(provider=provider, what=what, members=folded, names=names)

    def get(self, names: Names) -> object:
        """The first of the named members that is there and not null; None for none."""
        for name in self._called(names):
            value = self.members.get(name.casefold())
            if value is not None:
                return value
        return None

    def has(self, names: Names) -> bool:
        """Whether one of the named members is there, null or not."""
        return any(name.casefold() in self.members for name in self._called(names))

    def text(self, names: Names) -> str | None:
        """Trimmed; numbers as they are written; None for absent or blank."""
        value = self.get(names)
        if value is None:
            return None
        if isinstance(value, str):
            return trimmed(value)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return str(value)
        raise self.wrong(names, "is no text")

    def required(self, names: Names) -> str:
        told = self.text(names)
        if told is None:
            raise self.wrong(names, "is missing")
        return told

    def decimal(self, names: Names) -> Decimal | None:
        """A number, or one written as text."""
        value = self.get(names)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise self.wrong(names, "is no number")
        try:
            return Decimal(value.strip() if isinstance(value, str) else value)
        except ArithmeticError:
            raise self.wrong(names, "is no number") from None

    def amount_e4(self, names: Names) -> int | None:
        """In 1/10,000 units, exact."""
        number = self.decimal(names)
        if number is None:
            return None
        try:
            return parse_e4(number)
        except InexactAmount:
            raise self.wrong(names, "is no amount with at most four decimals") from None

    def whole(self, names: Names) -> int | None:
        number = self.decimal(names)
        if number is None:
            return None
        if not number.is_finite() or number != number.to_integral_value():
            raise self.wrong(names, "is no whole number")
        return int(number)

    def flag(self, names: Names, *, default: bool) -> bool:
        value = self.get(names)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        word = str(value).casefold()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise self.wrong(names, "is neither true nor false")

    def day(self, names: Names) -> date | None:
        """A date, or the date a moment begins with, as it is written."""
        told = self.text(names)
        if told is None:
            return None
        try:
            return date.fromisoformat(told[:_DAY_CHARACTERS])
        except ValueError:
            raise self.wrong(names, "is no date") from None

    def inner(self, names: Names) -> "Loose | None":
        """An object within; our words stay what they are called."""
        value = self.get(names)
        if value is None:
            return None
        return Loose.of(value, provider=self.provider, what=self.what, names=self.names)

    def rows(
        self, names: Names, *, called: Mapping[str, Names] | None = None
    ) -> "tuple[Loose, ...] | None":
        """The objects of an array, or the values of an object by key; None when it is absent."""
        value = self.get(names)
        if value is None:
            return None
        inner = self.names if called is None else called
        return rows_of(value, provider=self.provider, what=self.what, names=inner)

    def wrong(self, names: Names, problem: str) -> NotUnderstood:
        named = "|".join(self._called(names))
        return _not_understood(self.provider, self.what, f"{named} {problem}")

    def _called(self, names: Names) -> tuple[str, ...]:
        if isinstance(names, str):
            names = self.names.get(names, names)
        return (names,) if isinstance(names, str) else names


def rows_of(
    value: object, *, provider: str, what: str, names: Mapping[str, Names] = _NO_NAMES
) -> tuple[Loose, ...]:
    """The objects of a list, or of an object that has them by key."""
    items: Iterable[object]
    if isinstance(value, Mapping):
        items = value.values()
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = value
    else:
        raise _not_understood(provider, what, f"{type(value).__name__} instead of a list")
    return tuple(Loose.of(item, provider=provider, what=what, names=names) for item in items)


def _not_understood(provider: str, what: str, detail: str) -> NotUnderstood:
    return NotUnderstood(
        f"{provider} sent {what} in a form this version does not know: report it.",
        detail=f"{what}: {detail}",
    )
