"""Column mappings as documents: what operators write, what front ends send, what is compared."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

import attrs

from core.domain.failures import CorrectRequest
from core.domain.file_import import ColumnMapping, DateOrder, EntriesBy, Look, Target

TEXT_CHARACTERS_MAX: Final = 200
COLUMN_MAX: Final = 500
SETTING: Final = "mapping"

_E = TypeVar("_E", bound=StrEnum)


def document_of(mapping: ColumnMapping) -> dict[str, object]:
    """The mapping in plain words: ``mapping_of`` reads it back."""
    return {
        "columns": {target.value: at for target, at in sorted(mapping.columns.items())},
        **{
            name: (value.value if isinstance(value, StrEnum) else value)
            for name in _NAMES
            for value in (getattr(mapping, name),)
        },
    }


def mapping_of(
    document: Mapping[str, object],
    base: ColumnMapping | None = None,
    header: tuple[str, ...] = (),
) -> ColumnMapping:
    """``base`` with what the document says. Columns by number (from 0) or by the header's word.

    CorrectRequest names what is unknown or of the wrong kind. A column of None is not mapped.
    """
    base = base or ColumnMapping(columns={})
    changes: dict[str, object] = {}
    for name, value in document.items():
        if name == "columns":
            changes[name] = {**base.columns, **_columns(value, header)}
        elif name in _NAMES:
            changes[name] = _value(name, value)
        else:
            raise _wrong(f"there is no {name[:TEXT_CHARACTERS_MAX]!r}; there are columns, {_LIST}")
    mapping = attrs.evolve(base, **changes)  # type: ignore[arg-type]  # checked one by one
    kept = {target: at for target, at in mapping.columns.items() if at >= 0}
    return attrs.evolve(mapping, columns=kept)


_NAMES: Final = tuple(one.name for one in attrs.fields(ColumnMapping) if one.name != "columns")
_LIST: Final = ", ".join(_NAMES)
_ENUMS: Final[dict[str, type[StrEnum]]] = {"date_order": DateOrder, "entries_by": EntriesBy}
_NUMBERS: Final = frozenset({"header_row", "year_starts_in_month"})
_FLAGS: Final = frozenset({"fill_down", "headings"})


def _columns(value: object, header: tuple[str, ...]) -> dict[Target, int]:
    if not isinstance(value, Mapping):
        raise _wrong("columns name a column for each meaning")
    return {_enum(Target, target): _column(at, header) for target, at in value.items()}


def _column(at: object, header: tuple[str, ...]) -> int:
    """-1: not mapped."""
    if at is None:
        return -1
    if isinstance(at, bool) or not isinstance(at, int | str):
        raise _wrong("a column is a number from 0, or the word above it")
    if isinstance(at, str):
        words = [word.casefold() for word in header]
        if at.casefold() not in words:
            raise _wrong(f"no column is headed {at[:TEXT_CHARACTERS_MAX]!r}")
        return words.index(at.casefold())
    if not 0 <= at < COLUMN_MAX:
        raise _wrong(f"columns are numbered from 0 to {COLUMN_MAX - 1}")
    return at


def _value(name: str, value: object) -> object:
    if name in _ENUMS:
        return _enum(_ENUMS[name], value)
    if name in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong(f"{name} is a whole number")
        return value
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise _wrong(f"{name} is true or false")
        return value
    if name == "sheet" and value is None:
        return None
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS_MAX:
        raise _wrong(f"{name} is a short text")
    return value


def _enum(kind: type[_E], value: object) -> _E:
    for one in kind:
        if isinstance(value, str) and value.casefold() in {one.value, one.name.casefold()}:
            return one
    raise _wrong(
        f"{str(value)[:TEXT_CHARACTERS_MAX]!r} is none of {', '.join(one.value for one in kind)}"
    )


def _wrong(what: str) -> CorrectRequest:
    return CorrectRequest(
        f"The mapping cannot be used: {what}.", code="bad-mapping", setting=SETTING
    )


def reading_sha256(look: Look) -> str:
    """Of how a file is read: the same bytes read the same way give the same books."""
    document = {
        "format": look.format.value,
        "mapping": None if look.mapping is None else document_of(look.mapping),
        "covers": [str(look.covers_first), str(look.covers_last)],
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def source_of(look: Look) -> str | None:
    """What files of one kind have in common: the words of their header. None without one."""
    if look.mapping is None or look.mapping.header_row == 0:
        return None
    words = "\n".join(word.strip().casefold() for word in look.columns)
    return hashlib.sha256(f"{look.format.value}\n{words}".encode()).hexdigest()


def applied(saved: ColumnMapping, found: ColumnMapping) -> ColumnMapping:
    """What was saved for this header, with what this very file is written in."""
    return attrs.evolve(
        saved,
        encoding=found.encoding,
        separator=found.separator,
        quote=found.quote,
        header_row=found.header_row,
        sheet=saved.sheet if found.sheet is None else found.sheet,
    )
