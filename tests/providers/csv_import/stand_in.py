"""Who exports files and uploads them: made-up books, and a Monitr that takes their files.

Every year of every company with books is uploaded and confirmed. A changed year is exported anew
and uploaded over what was there, as an operator does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from adapters.files.confirmed import StoredUploads
from adapters.providers.csv_import import CsvImport
from adapters.providers.csv_import.provider import FilesKit
from adapters.providers.csv_import.source import key_of
from adapters.providers.kit.calls import Kit
from core.domain.books import Contact, Journal, LedgerAccount, TaxCode
from core.domain.entity import Entity
from core.domain.file_import import (
    ColumnMapping,
    Look,
    Rejected,
    StagedTotals,
    Summary,
    Upload,
)
from core.ports.files import Postings, Receiving, Shelf, Staged
from core.ports.provider import Credentials
from core.services.uploading import Received
from sandbox.books import Books
from sandbox.clock import SandboxClock
from sandbox.edits import edit
from sandbox.files.audit import Year
from sandbox.files.exports import years_of
from sandbox.stand_in import Administration
from sandbox.truth import truth_of
from sandbox.world import World
from tests.files.room import OPERATOR, FileRoom
from tests.providers.conformance import NOW
from tests.providers.sandboxed import Connected

Export = Callable[[Books, int], bytes]

SEED: Final = 11
LINES: Final = 450
COMPANIES: Final = (1, 3, 4)
"""One in its first years, one with a broken year, one without any books."""
EMPTY: Final = 4
FIRST_EXPORTS: Final[dict[tuple[str, int, int], bytes]] = {}
"""By ending, company and year; of books nobody changed yet."""


class Masters(StrEnum):
    """Which accounts, journals and contacts files of a kind tell."""

    ALL = "all"
    SIDES_APART = "all, who is both customer and supplier twice"
    NAMED = "those named on lines"
    NAMED_WITHOUT_CONTACTS = "accounts and journals named on lines"


@frozen
class RecordingStaged:
    """Implements Staged; writes down each part that is read."""

    staged: Staged
    upload_id: str
    log: list[str]

    def postings(self, offset: int = 0) -> Iterator[tuple[Postings, int]]:
        for part, after in self.staged.postings(offset):
            self.log.append(f"{self.upload_id} {offset}")
            yield part, after
            offset = after

    def masters(self) -> Sequence[LedgerAccount | Journal | Contact | TaxCode]:
        return self.staged.masters()

    def totals(self) -> StagedTotals:
        return self.staged.totals()

    def rejected(self) -> Iterator[Rejected]:
        return self.staged.rejected()


@frozen
class RecordingShelf:
    """Implements Shelf; what is staged on it tells what is read of it."""

    shelf: Shelf
    log: list[str]

    def receive(self) -> AbstractContextManager[Receiving]:
        return self.shelf.receive()

    def path_of(self, sha256: str) -> Path:
        return self.shelf.path_of(sha256)

    def look(self, sha256: str, name: str, mapping: ColumnMapping | None = None) -> Look:
        return self.shelf.look(sha256, name, mapping)

    def stage(self, upload_id: str, sha256: str, look: Look) -> Summary:
        return self.shelf.stage(upload_id, sha256, look)

    def staged(self, upload_id: str) -> Staged:
        return RecordingStaged(self.shelf.staged(upload_id), upload_id, self.log)

    def forget(self, upload_id: str, sha256: str | None) -> None:
        self.shelf.forget(upload_id, sha256)


@frozen
class Company:
    """A company with books, and the entity its files are uploaded for."""

    books: Books
    entity: Entity
    uploads: dict[int, Upload] = field(factory=dict)
    """The newest per year."""
    contents: dict[int, bytes] = field(factory=dict)


@define
class FilesOf:
    """Implements Truthful: companies whose books come as files of one kind."""

    room: FileRoom
    export: Export
    ending: str
    dated: bool
    """Whether files say which days they cover; otherwise the operator does."""
    masters: Masters
    numbers: tuple[int, ...]
    """Of the companies."""
    clock: SandboxClock
    companies: dict[str, Company] = field(factory=dict)
    log: list[str] = field(factory=list)
    credentials: Credentials = field(init=False)

    def __attrs_post_init__(self) -> None:
        world = World(SEED, LINES, self.clock)
        self.room.onboard()
        held = [world.company_books(number) for number in self.numbers]
        fields = {"companies": "; ".join(one.company.name for one in held), "currency": "EUR"}
        services = self.room.services
        connection = services.connecting.connect(
            self.room.org, "csv", fields, operator=OPERATOR, redirect_base="http://x"
        )
        selection = services.linking.select(
            self.room.org, connection.integration.id, None, operator=OPERATOR
        )
        self.room.work()
        entities = {entity.name: entity for entity in selection.created}
        for books in held:
            name = books.company.name
            self.companies[key_of(name)] = Company(books, entities[name])
        self.credentials = Credentials(fields=fields, scope=connection.integration.id)
        for key in self.companies:
            self.upload_changed(key, self._first)

    @classmethod
    def begin(
        cls,
        folder: Path,
        export: Export,
        ending: str,
        *,
        dated: bool,
        masters: Masters,
        numbers: tuple[int, ...],
    ) -> "FilesOf":
        return cls(FileRoom(folder), export, ending, dated, masters, numbers, SandboxClock(NOW))

    def connected(self, kit: Kit) -> Connected:
        shelf = self.room.ports.shelf
        assert shelf is not None
        uploads = StoredUploads(self.room.storage, RecordingShelf(shelf, self.log))
        files = FilesKit(clock=kit.clock, budgets=kit.budgets, uploads=uploads)
        return Connected(provider=CsvImport(files), credentials=self.credentials, secrets=())

    # What the operator does

    def receive(self, key: str, year: int, content: bytes) -> Received:
        company = self.companies[key]
        span = Year(company.books, year)
        covers = None if self.dated else (span.first, span.last_day)
        name = f"{company.books.company.city} {year}.{self.ending}"
        return self.room.receive(company.entity, content, name, covers=covers)

    def _first(self, books: Books, year: int) -> bytes:
        """The same for every test: exported once."""
        name = (self.ending, books.company.number, year)
        if name not in FIRST_EXPORTS:
            FIRST_EXPORTS[name] = self.export(books, year)
        return FIRST_EXPORTS[name]

    def upload_changed(self, key: str, export: Export | None = None) -> list[Upload]:
        """Every year whose export is not what it was."""
        company = self.companies[key]
        changed = []
        for year in years_of(company.books):
            content = (export or self.export)(company.books, year)
            if company.contents.get(year) != content:
                upload = self.receive(key, year, content).upload
                self.room.confirm(upload)
                company.contents[year], company.uploads[year] = content, upload
                changed.append(upload)
        return changed

    # Truthful

    def truth(self, provider: str, /) -> list[dict[str, object]]:
        del provider
        return [self._truth(key, company.books) for key, company in self.companies.items()]

    def _truth(self, key: str, books: Books) -> dict[str, object]:
        known = Administration(code=key, name=books.company.name, books=books, importable=True)
        told = truth_of(known)
        lines = [line for line in books.live_lines() if line.account is not None]
        entries = [line.entry for line in lines]
        if self.masters is Masters.SIDES_APART and lines:
            told["contacts"] = sum(one.customer + one.supplier for one in books.contacts)
        elif self.masters is not Masters.ALL or not lines:
            named = {entry.contact.number for entry in entries if entry.contact}
            told["accounts"] = len({line.account.code for line in lines if line.account})
            told["journals"] = len({entry.journal.code for entry in entries})
            told["contacts"] = len(named) if self.masters is Masters.NAMED else 0
        return told

    def edit(self, provider: str, document: Mapping[str, object], /) -> list[str]:
        """Something changes in the books; what changed is exported and uploaded."""
        del provider
        key = str(document["administration"])
        told = {name: value for name, value in document.items() if name != "administration"}
        done = edit(self.companies[key].books, told)
        self.upload_changed(key)
        return done

    def advance(self, seconds: float, /) -> None:
        self.clock.advance(seconds)

    def clear_log(self, provider: str, /) -> None:
        del provider
        self.log.clear()
