"""The dialect of OData v2 that Exact Online speaks: options, literals, envelopes, dates."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from attrs import frozen

from sandbox.exact_online.errors import bad_query
from sandbox.wire import WireRequest

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_HOUR_MS = 3_600_000
_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()

Literal = str | int | Decimal | bool | None


@frozen
class Moment:
    """A datetime literal: its wall-clock fields read as UTC milliseconds, as rows carry them."""

    ms: int


@frozen
class Condition:
    field: str
    operator: str  # eq ne gt ge lt le
    value: Literal | Moment


@frozen
class Options:
    """What a client may ask of a collection. ``select`` None = no $select was sent."""

    select: tuple[str, ...] | None
    conditions: tuple[Condition, ...]
    top: int | None
    skiptoken: str | None


# -- dates and numbers -----------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _offset_ms(hour: int) -> int:
    offset = datetime.fromtimestamp(hour * 3600, tz=AMSTERDAM).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() * 1000)


def local_ms(utc_ms: int) -> int:
    """The Amsterdam wall clock as if it were UTC: what Exact puts between the brackets."""
    return utc_ms + _offset_ms(utc_ms // _HOUR_MS)


@lru_cache(maxsize=4096)
def wire_date(day: date) -> str:
    return f"/Date({(day.toordinal() - _EPOCH) * _DAY_MS})/"


def wire_moment(utc_ms: int) -> str:
    return f"/Date({local_ms(utc_ms)})/"


def number(cents: int) -> int | float:
    """Edm.Double: whole amounts look like integers, others have at most two decimals."""
    whole, rest = divmod(cents, 100)
    return cents / 100 if rest else whole


# -- options ---------------------------------------------------------------------------------------

_CONDITION = re.compile(
    r"""\s*(?:(?:trim|tolower|toupper)\((?P<wrapped>\w+)\)|(?P<plain>\w+))
        \s+(?P<operator>eq|ne|gt|ge|lt|le)\s+
        (?P<literal>(?:guid|datetime)?'(?:[^']|'')*'|-?[\d.]+[LMmdDfF]?|true|false|null)\s*""",
    re.VERBOSE,
)
_LITERAL = re.compile(r"(?P<type>guid|datetime)?'(?P<text>(?:[^']|'')*)'")
_SYNTAX = "Error in query syntax"


def parse_options(request: WireRequest) -> Options:
    query = request.query
    if "$skip" in query:
        raise bad_query("$skip is not supported for this resource")
    selected = query.get("$select")
    top = query.get("$top")
    if top is not None and not top.isdigit():
        raise bad_query(f"{_SYNTAX}: $top={top}")
    return Options(
        select=None if not selected else tuple(part.strip() for part in selected.split(",")),
        conditions=parse_filter(query.get("$filter", "")),
        top=None if top is None else int(top),
        skiptoken=query.get("$skiptoken"),
    )


def parse_filter(text: str) -> tuple[Condition, ...]:
    """Conditions joined by ``and``, with or without brackets around them; nothing else."""
    conditions: list[Condition] = []
    rest = text.strip()
    while rest:
        rest = rest.lstrip("( ")
        match = _CONDITION.match(rest)
        if match is None:
            raise bad_query(f"{_SYNTAX} at '{rest[:40]}'")
        name = match["wrapped"] or match["plain"]
        conditions.append(Condition(name, match["operator"], parse_literal(match["literal"])))
        rest = rest[match.end() :].lstrip(") ")
        if rest:
            if not rest.startswith("and "):
                raise bad_query(f"{_SYNTAX} at '{rest[:40]}'")
            rest = rest[4:]
    return tuple(conditions)


def parse_literal(text: str) -> Literal | Moment:
    quoted = _LITERAL.fullmatch(text)
    if quoted is not None:
        inner = quoted["text"].replace("''", "'")
        if quoted["type"] == "datetime":
            return Moment(_moment_ms(inner))
        return inner.lower() if quoted["type"] == "guid" else inner
    if text in {"true", "false"}:
        return text == "true"
    if text == "null":
        return None
    digits = text.rstrip("LMmdDfF")
    try:
        return int(digits) if digits.lstrip("-").isdigit() else Decimal(digits)
    except InvalidOperation:
        raise bad_query(f"{_SYNTAX}: '{text}'") from None


def _moment_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_query(f"{_SYNTAX}: datetime'{text}'") from None
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)


_KEPT = "'(),*:$"
_WIRE_DATE = re.compile(r"/Date\((-?\d+)\)/")


def holds(condition: Condition, value: object) -> bool:
    """Whether a row whose field says ``value`` (as on the wire) meets the condition."""
    wanted = condition.value
    if wanted is None or value is None:
        same = wanted is value
        return same if condition.operator == "eq" else condition.operator == "ne" and not same
    return condition.operator in _ORDER[_compare(condition, value, wanted)]


_ORDER = {-1: {"lt", "le", "ne"}, 0: {"eq", "le", "ge"}, 1: {"gt", "ge", "ne"}}


def _compare(condition: Condition, value: object, wanted: Literal | Moment) -> int:
    """-1, 0 or 1 as the row's value lies before, at or behind the literal."""
    if isinstance(wanted, Moment) and isinstance(value, str):
        match = _WIRE_DATE.fullmatch(value)
        if match is not None:
            return _sign(int(match[1]) - wanted.ms)
    elif isinstance(wanted, str) and isinstance(value, str):
        left, right = value.strip().lower(), wanted.strip().lower()
        return (left > right) - (left < right)
    elif isinstance(wanted, int | Decimal):
        if isinstance(value, str) and value.lstrip("-").isdigit():
            return _sign(Decimal(value) - wanted)  # Int64 travels as a string
        if isinstance(value, int | float):
            return _sign(Decimal(str(value + 0)) - wanted)
    raise bad_query(
        f"Operator '{condition.operator}' incompatible with operand types of {condition.field}"
    )


def _sign(difference: Decimal | int) -> int:
    return (difference > 0) - (difference < 0)


# -- envelopes -------------------------------------------------------------------------------------


def next_link(request: WireRequest, skiptoken: str, top: int | None) -> str:
    """The absolute address of the following page: the options as sent, plus the place to go on."""
    kept = {name: value for name, value in request.query.items() if name != "$skiptoken"}
    if top is not None:
        kept["$top"] = str(top)
    kept["$skiptoken"] = skiptoken
    options = "&".join(f"{name}={quote(value, safe=_KEPT)}" for name, value in kept.items())
    return f"{request.base_url}{quote(request.path)}?{options}"


def envelope(rows: Sequence[object], following: str | None, *, bare: bool) -> dict[str, object]:
    """``bare`` is the shape that comes when $top is not above the page size: just a list."""
    if bare:
        return {"d": rows}
    if following is None:
        return {"d": {"results": rows}}
    return {"d": {"results": rows, "__next": following}}
