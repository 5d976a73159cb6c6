"""Letting go of generations nobody is to read any more, in small steps that may stop anywhere.

A generation first retires: it is no longer listed, but who reads it (a long export, a cursor) still
can. Later it is compacted: from that moment on it is gone for readers, and row versions that stood
in no kept generation are removed chunk by chunk. Each step alone leaves the books right: what is
kept reads the same before, between and after all of them. The newest generation and the one being
built are never touched.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Protocol, TypeAlias

from attrs import frozen

VersionRef: TypeAlias = tuple[str, int]
"""A row version: its table and number. Opaque to callers."""


@frozen(kw_only=True)
class Mark:
    """A published generation, whatever became of it. ``swept``: its leftovers are gone too."""

    number: int
    published_at: dt.datetime
    retired_at: dt.datetime | None
    compacted: bool
    swept: bool


@frozen(kw_only=True)
class Leftovers:
    """Row versions that may go. ``next_position`` None: there are no more."""

    versions: tuple[VersionRef, ...]
    next_position: str | None


@frozen(kw_only=True)
class PendingTexts:
    """Rows whose words are to be made findable; opaque to callers."""

    table: str
    rows: tuple[tuple[int | str | None, ...], ...]
    since: str | None
    following: str | None
    generation: int


class RetainedBooks(Protocol):
    """Retiring, compacting and sweeping; the writing ones inside a writing unit of work.

    And making words findable: nothing depends on it but how soon ``lines`` answers for a text.
    """

    def behind(self, limit: int) -> Sequence[str]:
        """Entities, of any organisation, with published rows whose words are not findable yet; at
        most so many, in no order.
        """
        ...

    def pending_texts(self, entity_id: str, *, limit: int) -> PendingTexts | None:
        """For a reading unit; None: the words of every published row are findable (or this storage
        needs nothing to find them).
        """
        ...

    def index_texts(self, entity_id: str, pending: PendingTexts) -> bool:
        """False, and nothing done, when another process was first."""
        ...

    def marks(self, entity_id: str) -> Sequence[Mark]:
        """Every generation that was ever published, oldest first."""
        ...

    def retire(self, entity_id: str, numbers: Collection[int], at: dt.datetime) -> None:
        """No longer list these. The newest generation cannot retire: OurBug."""
        ...

    def restore(self, entity_id: str, numbers: Collection[int]) -> None:
        """List these retired generations again."""
        ...

    def compact(self, entity_id: str, numbers: Collection[int]) -> None:
        """These retired generations can no longer be read. OurBug for any that is not retired."""
        ...

    def leftovers(self, entity_id: str, *, position: str | None, limit: int) -> Leftovers:
        """Versions that stood in compacted generations only, at most ``limit``. For a reading unit:
        finding them needs no lock.
        """
        ...

    def remove(self, entity_id: str, versions: Collection[VersionRef]) -> int:
        """Remove those that still are leftovers; how many went. The caller keeps it small."""
        ...

    def swept(self, entity_id: str, numbers: Collection[int]) -> None:
        """The leftovers of these compacted generations were all removed."""
        ...
