"""``parameter[op]=value``: one filter per parameter, as the service documents them."""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from attrs import frozen

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 2_000

_NAMED: Final = re.compile(r"(?P<name>\w+)(\[(?P<op>\w+)\])?")
_STRING_OPS: Final = frozenset({"eq", "not_eq", "like", "not_like"})
_NUMBER_OPS: Final = frozenset({"eq", "not_eq", "gt", "gte", "lt", "lte", "range"})


class BadFilter(Exception):
    """``code`` and ``title`` of the error to answer with."""

    def __init__(self, code: str, title: str) -> None:
        super().__init__(title)
        self.code = code
        self.title = title


@frozen
class Asked:
    """What a list was asked for: bounds, and filters by (name, operator)."""

    limit: int
    offset: int
    filters: Mapping[tuple[str, str], str]

    def keeps(self, values: Mapping[str, object]) -> bool:
        """Whether a row with these values passes; filters of other names are not looked at."""
        return all(
            _holds(op, values[name], wanted)
            for (name, op), wanted in self.filters.items()
            if name in values
        )


def asked(query_string: str, limit_max: int) -> Asked:
    filters: dict[tuple[str, str], str] = {}
    limit, offset = min(LIMIT_DEFAULT, limit_max), 0
    for key, value in parse_qsl(query_string, keep_blank_values=True):
        found = _NAMED.fullmatch(key)
        if found is None:
            raise BadFilter("ERR_002", f"Invalid value: {key}")
        if found["name"] == "limit":
            limit = _number(value, "PAGE_001", "Limit must be between 1 and 2000.")
            if not 1 <= limit <= limit_max:
                raise BadFilter("PAGE_001", "Limit must be between 1 and 2000.")
        elif found["name"] == "offset":
            offset = _number(value, "PAGE_002", "Offset must be 0 or more.")
        else:
            filters[found["name"], found["op"] or "eq"] = value
    return Asked(limit, offset, filters)


def _number(text: str, code: str, title: str) -> int:
    if not text.isdecimal():
        raise BadFilter(code, title)
    return int(text)


def _holds(op: str, value: object, wanted: str) -> bool:
    if isinstance(value, int):
        return _compared(op, value, [int(part) for part in wanted.split(",")])
    text = str(value or "")
    if op in _NUMBER_OPS - _STRING_OPS:  # dates compare as text
        return _compared(op, text, wanted.split(","))
    if op not in _STRING_OPS:
        raise BadFilter("ERR_002", f"Invalid operator: {op}")
    if op.endswith("like"):
        pattern = re.escape(wanted).replace("%", ".*").replace(r"\?", ".")
        return (re.fullmatch(pattern, text, re.IGNORECASE) is not None) == (op == "like")
    return (text == wanted) == (op == "eq")


def _compared(op: str, value: int | str, wanted: list[int] | list[str]) -> bool:
    rules: dict[str, Callable[[], object]] = {
        "eq": lambda: value == wanted[0],
        "not_eq": lambda: value != wanted[0],
        "gt": lambda: value > wanted[0],  # type: ignore[operator]  # both of one kind
        "gte": lambda: value >= wanted[0],  # type: ignore[operator]  # both of one kind
        "lt": lambda: value < wanted[0],  # type: ignore[operator]  # both of one kind
        "lte": lambda: value <= wanted[0],  # type: ignore[operator]  # both of one kind
        "range": lambda: wanted[0] <= value <= wanted[1],  # type: ignore[operator]  # as above
    }
    if op not in rules:
        raise BadFilter("ERR_002", f"Invalid operator: {op}")
    return bool(rules[op]())
