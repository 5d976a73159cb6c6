"""Files as a source of books: readers, the shelf their bytes lie on, and what was uploaded.

A reader knows one format. It is given a local file and yields parts as it reads, in constant
memory. What it yields is staged: written down once, in a form of our own, and imported from there,
so that what was previewed is what is imported.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from attrs import frozen

from core.domain.books import (
    Contact,
    Invoice,
    Journal,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    TaxCode,
)
from core.domain.file_import import (
    ColumnMapping,
    Declared,
    FileFormat,
    Look,
    Rejected,
    Remark,
    StagedTotals,
    Summary,
    Upload,
)

HEAD_BYTES: Final = 65_536
"""So much of a file is looked at to tell what it is."""

FILE_BYTES_MAX: Final = 2 * 1024**3
"""No file is larger, packed or unpacked."""

ROWS_MAX: Final = 5_000_000
"""Lines in one file; larger ledgers come as a file per year."""

LINE_BYTES_MAX: Final = 1_048_576
"""One line of text, or one cell or element."""

POSTINGS_LINES_MAX: Final = 2_000
"""Lines in one part: it becomes one batch, and a batch is one short transaction."""

MASTERS_MAX: Final = 100_000
"""Different accounts, contacts or journals in one file. More is a column taken for another."""


@frozen(kw_only=True)
class Postings:
    """Entries with lines of theirs. Every line's entry is in the same part, again if need be.

    At most POSTINGS_LINES_MAX lines. Keys are unique within the file (see adapters.files.keys).
    ``new_entries``: how many of the entries no part had before; None: all but the first where that
    is the last one of the part before.

    ``opening``: balances carried over from before the file, dated at its first day.
    """

    entries: Sequence[JournalEntry]
    lines: Sequence[JournalLine]
    invoices: Sequence[Invoice] = ()
    opening: bool = False
    new_entries: int | None = None


@frozen(kw_only=True)
class Masters:
    """Ledger accounts, journals, contacts and tax codes; a key told again, later, counts."""

    records: Sequence[LedgerAccount | Journal | Contact | TaxCode]


Part: TypeAlias = Postings | Masters | Rejected | Remark | Declared
"""What a reader yields, in any order; Declared at most once."""


class FileReader(Protocol):
    """One format. Stateless: every method is given all it needs.

    Failures: CorrectRequest for what the operator can mend (``setting`` names a mapping field),
    NotUnderstood (codes ``unknown-format``, ``malformed``, ``dtd-refused``, ``zip-refused``,
    ``no-general-ledger``, ``too-large``) when nothing of the file can be taken over. Whatever bytes
    a file holds, no other exception leaves a reader.
    """

    @property
    def format(self) -> FileFormat: ...

    def sniff(self, head: bytes, name: str) -> str | None:
        """What it is, in words, when these first HEAD_BYTES are this format; None otherwise.

        By content: ``name`` only decides where content cannot.
        """
        ...

    def look(self, path: Path, name: str, mapping: ColumnMapping | None = None) -> Look:
        """A first look: what it is, how it would be read, and some of its rows.

        Reads the beginning, not the whole. ``mapping`` overrides what would be detected; formats
        that say themselves what is what ignore it.
        """
        ...

    def read(self, path: Path, look: Look) -> Iterator[Part]:
        """The whole file, streaming, in constant memory."""
        ...


class Readers(Protocol):
    """Every reader this build has."""

    def reader_of(self, format_: FileFormat) -> FileReader: ...

    def recognise(self, path: Path, name: str) -> FileReader:
        """By content. NotUnderstood (``unknown-format``) says what can be read instead."""
        ...


@frozen(kw_only=True)
class Stored:
    """Bytes on the shelf."""

    sha256: str
    size_bytes: int


class Receiving(Protocol):
    """A file on its way in."""

    def write(self, chunk: bytes) -> None:
        """CorrectRequest (``file-too-large``) beyond FILE_BYTES_MAX; FixSettings when full."""
        ...

    def done(self) -> Stored:
        """Keep it, under its hash."""
        ...


class Shelf(Protocol):
    """Where uploaded bytes and staged forms lie, in files only their owner can read."""

    def receive(self) -> AbstractContextManager[Receiving]:
        """Left without ``done``, nothing is kept."""
        ...

    def path_of(self, sha256: str) -> Path:
        """The stored file. FixSettings (``file-gone``) when it is not here."""
        ...

    def look(self, sha256: str, name: str, mapping: ColumnMapping | None = None) -> Look:
        """Recognise and look, as FileReader says."""
        ...

    def stage(self, upload_id: str, sha256: str, look: Look) -> Summary:
        """Read the file through and write its staged form, replacing what the id had."""
        ...

    def staged(self, upload_id: str) -> "Staged":
        """FixSettings (``file-gone``) when it is not here."""
        ...

    def forget(self, upload_id: str, sha256: str | None) -> None:
        """Drop a staged form and, when given, the stored file. Nothing there is no error."""
        ...


class Staged(Protocol):
    """The staged form of one upload."""

    def postings(self, offset: int = 0) -> Iterator[tuple[Postings, int]]:
        """Parts from a place on, each with the offset that follows it."""
        ...

    def masters(self) -> Sequence[LedgerAccount | Journal | Contact | TaxCode]:
        """By kind and key; at most MASTERS_MAX of each kind."""
        ...

    def totals(self) -> StagedTotals: ...

    def rejected(self) -> Iterator[Rejected]:
        """As kept (see REJECTED_KEPT_MAX), by line."""
        ...


class Uploads(Protocol):
    """Uploads and saved mappings at rest: a room of the unit of work."""

    def get(self, upload_id: str) -> Upload | None: ...

    def save(self, upload: Upload) -> None:
        """Insert or replace by id."""
        ...

    def of(
        self, entity_id: str, *, before: str | None = None, limit: int = 100
    ) -> Sequence[Upload]:
        """Newest first (by id); continues below the id ``before``."""
        ...

    def active(self, integration_id: str, administration_key: str) -> Sequence[Upload]:
        """Confirmed ones, in the order they were confirmed (then by id)."""
        ...

    def uses(self, sha256: str) -> int:
        """How many uploads that are not discarded have these bytes."""
        ...

    def mapping(self, organisation_id: str, source: str) -> ColumnMapping | None:
        """The mapping last confirmed for files with this header (see ``source_of``)."""
        ...

    def save_mapping(self, organisation_id: str, source: str, mapping: ColumnMapping) -> None: ...


class ConfirmedUploads(Protocol):
    """What the csv provider's source reads from."""

    @property
    def shelf(self) -> Shelf: ...

    def active(self, integration_id: str, administration_key: str) -> Sequence[Upload]: ...
