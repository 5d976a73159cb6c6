"""Where a pull continues, as a small versioned document; anything else means from the start."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec
from attrs import evolve, field, frozen

FORMAT: Final = 1

REMEMBERED_MAX: Final = 4_000
"""10 bytes each: some 53 kB as text, below the 64 kB a bookmark may have."""

OVERLAP_SECONDS: Final = 15 * 60
"""``write_date`` is when the writing transaction began: it may be committed after we read. Odoo
ends requests after 120 s by default, gateways of Odoo.sh after 900 s."""

SETTLED_SECONDS: Final = 60
"""``write_date`` is cut to seconds on the wire: a record written again within the same second
looks unchanged. Records written this shortly before the newest are therefore read again."""

_DIGEST_BYTES: Final = 6
_TIME_BYTES: Final = 4
_TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


class Stage(StrEnum):
    """What is read next, in this order. The word is what people see."""

    ACCOUNTS = "ledger accounts"
    JOURNALS = "journals"
    TAXES = "tax codes"
    ENTRIES = "journal entries"
    DELETIONS = "deleted entries"
    CONTACTS = "contacts"
    CONTACT_DELETIONS = "deleted contacts"


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    place: str
    full: bool
    stage: Stage
    last: int
    since: str
    until: str
    seen: str


def seconds_of(written: str) -> int:
    """Epoch seconds of a server's time; ValueError when it is none."""
    return int(datetime.strptime(written, _TIME_FORMAT).replace(tzinfo=UTC).timestamp())


def time_text(seconds: int) -> str:
    """The server's way to write an instant, with a space and without a zone."""
    return datetime.fromtimestamp(max(seconds, 0), tz=UTC).strftime(_TIME_FORMAT)


def mark_of(kind: str, number: int, written: str) -> bytes:
    """What is remembered of a record once it was read at that state."""
    text = f"{kind}:{number}:{written}".encode()
    return hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest()


@frozen
class Remembered:
    """Records of the overlap that were read already, so that a quiet night reads none of them.

    Maps a mark to the second its record was written. Forgetting one is harmless: it is read again.
    """

    marks: dict[bytes, int] = field(factory=dict)

    def holds(self, kind: str, number: int, written: str) -> bool:
        return mark_of(kind, number, written) in self.marks

    def plus(self, read: Iterable[tuple[str, int, str]], *, until: str) -> "Remembered":
        """With what was read by the time the newest known record was of ``until``."""
        newest = seconds_of(until)
        marks = dict(self.marks)
        for kind, number, written in read:
            second = seconds_of(written)
            if second <= newest - SETTLED_SECONDS:
                marks[mark_of(kind, number, written)] = second
        kept = [
            (second, mark) for mark, second in marks.items() if second >= newest - OVERLAP_SECONDS
        ]
        kept.sort(reverse=True)
        return Remembered({mark: second for second, mark in kept[:REMEMBERED_MAX]})

    def text(self) -> str:
        packed = b"".join(
            mark + second.to_bytes(_TIME_BYTES, "big") for mark, second in self.marks.items()
        )
        return base64.b64encode(packed).decode()

    @classmethod
    def parse(cls, text: str) -> "Remembered":
        packed = base64.b64decode(text, validate=True)
        step = _DIGEST_BYTES + _TIME_BYTES
        if len(packed) % step:
            raise ValueError("not a whole number of marks")
        return cls(
            {
                packed[at : at + _DIGEST_BYTES]: int.from_bytes(
                    packed[at + _DIGEST_BYTES : at + step], "big"
                )
                for at in range(0, len(packed), step)
            }
        )


@frozen(kw_only=True)
class Bookmark:
    """``full``: everything is being read; else what changed. ``last``: the stage's last id read.

    ``since``: what was written from here on is looked at (server time, empty when ``full``).
    ``until``: the newest write known before the first entry was read; the next pull starts there,
    less the overlap. ``place`` binds it to a database and company.
    """

    place: str
    full: bool = True
    stage: Stage = Stage.ACCOUNTS
    last: int = 0
    since: str = ""
    until: str = ""
    seen: Remembered = Remembered()

    def at(self, stage: Stage, last: int = 0) -> "Bookmark":
        return evolve(self, stage=stage, last=last)

    def next_night(self) -> "Bookmark":
        """Where the pull after this one starts. Without one known write: from the start."""
        if not self.until:
            return Bookmark(place=self.place)
        return Bookmark(
            place=self.place, full=False, since=self.until, until=self.until, seen=self.seen
        )

    def text(self) -> str:
        document = _Document(
            v=FORMAT,
            place=self.place,
            full=self.full,
            stage=self.stage,
            last=self.last,
            since=self.since,
            until=self.until,
            seen=self.seen.text(),
        )
        return msgspec.json.encode(document).decode()

    @classmethod
    def parse(cls, text: str | None, place: str) -> "Bookmark":
        """The bookmark, or the start when it is of another format, version or place."""
        try:
            document = msgspec.json.decode(text or "", type=_Document)
            if document.v != FORMAT or document.place != place:
                return cls(place=place)
            for instant in (document.since, document.until):
                if instant:
                    seconds_of(instant)
            return cls(
                place=place,
                full=document.full,
                stage=document.stage,
                last=document.last,
                since=document.since,
                until=document.until,
                seen=Remembered.parse(document.seen),
            )
        except ValueError:
            return cls(place=place)

    @property
    def since_with_overlap(self) -> str:
        return time_text(seconds_of(self.since) - OVERLAP_SECONDS)
