"""The readers of audit files: XML Auditfile Financieel and SAF-T."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

from adapters.files.audit_text import AuditText, root_of
from adapters.files.audit_walk import AuditWalk, in_words_of_files
from adapters.files.saft import SAFT_FORMAT
from adapters.files.xaf import CLAIR2_FORMAT, XAF_FORMAT, label_of
from adapters.providers.kit.xml import CutShort
from core.domain.books import JournalLine
from core.domain.failures import NotUnderstood
from core.domain.file_import import ColumnMapping, FileFormat, Look
from core.domain.money import text_of
from core.ports.files import HEAD_BYTES, Part, Postings

LOOK_BYTES: Final = 4 * 1024 * 1024
"""So much of a file is looked at; its transactions may begin later."""
SAMPLE_SHOWN: Final = 20
SAMPLE_CELL_CHARACTERS_MAX: Final = 120
COLUMNS: Final = ("Date", "Journal", "Entry", "Account", "Description", "Debit", "Credit")

_CLAIR2: Final = re.compile(rb"<auditfileVersion>\s*CLAIR2", re.IGNORECASE)
_COUNTRIES: Final = (
    re.compile(r"xmlns(?::\w+)?=[\"'][^\"']*?:([A-Z]{2})(?:_[\d._]+)?/?[\"']"),
    re.compile(r"<(?:\w+:)?AuditFileCountry>\s*([A-Z]{2})\s*<"),
)


@frozen
class AuditReader:
    """Implements core.ports.files.FileReader for one family of audit files."""

    format: FileFormat
    root: str
    walk_of: Callable[[Path], AuditWalk]
    label: Callable[[AuditWalk], str]
    words: str

    def sniff(self, head: bytes, name: str) -> str | None:  # noqa: ARG002 - by content
        return self.words if root_of(head) == self.root else None

    def look(self, path: Path, name: str, mapping: ColumnMapping | None = None) -> Look:  # noqa: ARG002
        walk = self.walk_of(path)
        sample: list[tuple[int, tuple[str, ...]]] = []
        try:
            for part in walk.run(AuditText(path), LOOK_BYTES):
                if isinstance(part, Postings):
                    sample += _rows(part, len(sample))
                if len(sample) >= SAMPLE_SHOWN:
                    break
        except CutShort:
            # The beginning ends where it is cut; whether the file does is seen when it is read.
            if path.stat().st_size <= LOOK_BYTES:
                sample.clear()
            else:
                walk.parts.flush()
                for part in walk.parts.ready:
                    if isinstance(part, Postings):
                        sample += _rows(part, len(sample))
        except NotUnderstood as error:
            raise in_words_of_files(error) from error
        return Look(
            format=self.format, label=self.label(walk), columns=COLUMNS, sample=tuple(sample)
        )

    def read(self, path: Path, look: Look) -> Iterator[Part]:  # noqa: ARG002 - says it itself
        try:
            yield from self.walk_of(path).run(AuditText(path))
        except NotUnderstood as error:
            raise in_words_of_files(error) from error


def _rows(part: Postings, before: int) -> list[tuple[int, tuple[str, ...]]]:
    """Lines as people read them, counted from those before."""
    entries = {one.key: one for one in part.entries}
    rows = []
    for at, line in enumerate(part.lines[: SAMPLE_SHOWN - before], start=before + 1):
        entry = entries[line.entry_key]
        cells = (
            line.date.isoformat(),
            entry.journal_key or "",
            entry.number or "",
            line.account_key,
            line.description or entry.description or "",
            *_sides(line),
        )
        rows.append((at, tuple(cell[:SAMPLE_CELL_CHARACTERS_MAX] for cell in cells)))
    return rows


def _sides(line: JournalLine) -> tuple[str, str]:
    text = text_of(abs(line.amount_e4))
    return (text, "") if line.amount_e4 >= 0 else ("", text)


def _xaf_walk(path: Path) -> AuditWalk:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    clair2 = _CLAIR2.search(head.replace(b"\0", b""))
    return AuditWalk(CLAIR2_FORMAT if clair2 else XAF_FORMAT)


def _namespace(walk: AuditWalk) -> str:
    tag = "" if walk.root is None else walk.root.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def _xaf_label(walk: AuditWalk) -> str:
    return label_of(_namespace(walk), walk.notes.get("version", ""))


def _saft_walk(path: Path) -> AuditWalk:
    walk = AuditWalk(SAFT_FORMAT)
    walk.notes["country"] = _country(path)
    return walk


def _country(path: Path) -> str:
    """Two letters, by the namespace or else by what the header says."""
    head = next(AuditText(path).chunks(HEAD_BYTES), b"").decode("utf-8", "replace")
    found = next(filter(None, (pattern.search(head) for pattern in _COUNTRIES)), None)
    return found[1] if found else ""


def _saft_label(walk: AuditWalk) -> str:
    words = ("SAF-T", walk.notes.get("country", ""), walk.notes.get("version", ""))
    return " ".join(word for word in words if word)


XAF_READER: Final = AuditReader(
    FileFormat.XAF, "auditfile", _xaf_walk, _xaf_label, "XML Auditfile Financieel"
)
SAFT_READER: Final = AuditReader(FileFormat.SAFT, "AuditFile", _saft_walk, _saft_label, "SAF-T")
