"""Reading made-up files without a Monitr around them."""

from pathlib import Path
from typing import Final

from attrs import frozen

from adapters.files.shelf import DiskShelf
from core.domain.books import JournalLine
from core.domain.column_mapping import mapping_of
from core.domain.file_import import Look, Rejected, Summary
from core.ports.files import Staged

UPLOAD: Final = "upl_1"


@frozen(kw_only=True)
class Reading:
    """What a file was taken for, and what came of it."""

    look: Look
    summary: Summary
    staged: Staged

    @property
    def lines(self) -> list[JournalLine]:
        return [line for part, _ in self.staged.postings() for line in part.lines]

    @property
    def amounts(self) -> list[int]:
        """In cents, by row."""
        return [line.amount_e4 // 100 for line in self.lines]

    @property
    def rejected(self) -> list[Rejected]:
        return list(self.staged.rejected())

    @property
    def codes(self) -> set[str]:
        """Of the remarks."""
        return {one.code for one in self.summary.remarks}


def read(folder: Path, content: bytes | str, name: str = "x", **changes: object) -> Reading:
    """Store, look, stage. ``changes``: of the mapping, as mapping_of takes them."""
    shelf = DiskShelf(folder)
    with shelf.receive() as receiving:
        receiving.write(content.encode() if isinstance(content, str) else content)
        stored = receiving.done()
    look = shelf.look(stored.sha256, name)
    if changes:
        wanted = mapping_of(changes, look.mapping, look.columns)
        look = shelf.look(stored.sha256, name, wanted)
    summary = shelf.stage(UPLOAD, stored.sha256, look)
    return Reading(look=look, summary=summary, staged=shelf.staged(UPLOAD))
