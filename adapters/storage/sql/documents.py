"""Stored documents: small values as JSON text, by cattrs.

Fields a newer version added and this one does not know are ignored; fields with a default may be
absent. A document that cannot be read at all is FixSettings ``storage-damaged``.
"""

import json
from typing import Any, Final, TypeVar

from cattrs.errors import BaseValidationError
from cattrs.preconf.json import make_converter

from core.domain.failures import FixSettings

_T = TypeVar("_T")

CONVERTER: Final = make_converter()


def to_json(value: object) -> str:
    """Compact JSON; the same value always gives the same text."""
    plain = CONVERTER.unstructure(value)
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def to_json_or_none(value: object | None) -> str | None:
    return None if value is None else to_json(value)


def from_json(text: str, kind: type[_T]) -> _T:
    try:
        plain: Any = json.loads(text)
        return CONVERTER.structure(plain, kind)
    except (ValueError, BaseValidationError) as error:
        raise FixSettings(
            "The storage holds a document this version cannot read: restore a backup, or run the "
            "version of Monitr that wrote it.",
            detail=f"{kind}: {type(error).__name__}",
            code="storage-damaged",
        ) from error


def from_json_or_none(text: str | None, kind: type[_T]) -> _T | None:
    return None if text is None else from_json(text, kind)
