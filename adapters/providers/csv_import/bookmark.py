"""Where an import of files stands: which upload's days are in the books already.

The bookmark lists what is held, as spans, and the span under way with its place in the staged
file. Days that are neither are unknown, whatever was written of them, and are read again.
"""

import datetime as dt
import json
from typing import Final

import attrs
from attrs import frozen

from core.domain.file_import import Span, without_any

VERSION: Final = 1


@frozen(kw_only=True)
class Standing:
    """``held`` is in the books, ``doing`` partly so, up to ``offset`` in its staged file.

    ``masters_of``: the uploads, in order, whose accounts and contacts are in the books.
    """

    held: tuple[Span, ...] = ()
    doing: Span | None = None
    offset: int = 0
    masters_of: tuple[str, ...] = ()

    def begun(self, span: Span) -> "Standing":
        """The span is under way: what was held of its days is no longer known."""
        return attrs.evolve(self, held=without_any(self.held, span), doing=span, offset=0)

    def ended(self, span: Span) -> "Standing":
        held = (*without_any(self.held, span), span)
        return attrs.evolve(self, held=tuple(sorted(held)), doing=None, offset=0)

    def gone(self, span: Span) -> "Standing":
        """The span's days hold nothing any more."""
        return attrs.evolve(self, held=without_any(self.held, span), doing=None, offset=0)

    def text(self) -> str:
        return json.dumps(
            {
                "v": VERSION,
                "held": [_plain(span) for span in self.held],
                "doing": None if self.doing is None else _plain(self.doing),
                "offset": self.offset,
                "masters_of": self.masters_of,
            },
            separators=(",", ":"),
        )


def standing_of(bookmark: str | None) -> Standing | None:
    """None for a bookmark of nothing, or one this version does not read: all is read again."""
    if bookmark is None:
        return None
    try:
        held = json.loads(bookmark)
        if held["v"] != VERSION:
            return None
        doing = held["doing"]
        return Standing(
            held=tuple(_span(one) for one in held["held"]),
            doing=None if doing is None else _span(doing),
            offset=int(held["offset"]),
            masters_of=tuple(map(str, held["masters_of"])),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _plain(span: Span) -> list[object]:
    return [span.first.isoformat(), span.last_day.isoformat(), span.upload_id, int(span.opening)]


def _span(plain: list[object]) -> Span:
    first, last_day, upload_id, opening = plain
    return Span(
        first=dt.date.fromisoformat(str(first)),
        last_day=dt.date.fromisoformat(str(last_day)),
        upload_id=str(upload_id),
        opening=bool(opening),
    )
