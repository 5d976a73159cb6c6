"""The bytes of an audit file as UTF-8, whatever it says it is written in.

Genuine files declare one encoding and hold another, carry control characters, and have ``&`` where
``&amp;`` belongs. What was put right is counted, and told as remarks.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import define

from adapters.files.text_lines import CHUNK_BYTES, encoding_of
from core.domain.failures import NotUnderstood
from core.domain.file_import import Remark, Weight
from core.ports.files import HEAD_BYTES

DECLARATION_BYTES_MAX: Final = 1_024
REFERENCE_BYTES_MAX: Final = 12
"""``&#x10FFFF;`` and everything shorter."""

_CONTROLS: Final = bytes(sorted({*range(32)} - {9, 10, 13}))
_DECLARATION: Final = re.compile(rb"\s*<\?xml\b([^>]{0,900})\?>")
_ENCODING: Final = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_BARE: Final = re.compile(rb"&(?!(?:amp|lt|gt|apos|quot|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_AS_WRITTEN: Final = b"<![CDATA["
"""In a chunk with such a section an ampersand may stand for itself."""
_WINDOWS: Final = "cp1252"
_LATIN: Final = frozenset({"iso8859-1", "ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be"})
"""Declared so, and not so by its bytes: it is what Windows writes, which holds ISO 8859-1."""

_PROLOG: Final = re.compile(
    rb"(?>\s+|<\?.*?\?>|<!--.*?-->)*+<(!DOCTYPE\s+)?(?:[\w.-]+:)?([\w.-]+)", re.DOTALL
)
"""Nothing is tried twice: of sixty blanks and no element a pattern that tries again would try every
way to cut them into pieces."""


def root_of(head: bytes) -> str | None:
    """The local name of the first element of what may be XML; None when it is none.

    NotUnderstood (``dtd-refused``) when a document type stands before it, web pages apart.
    """
    for mark, codec in (
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if head.startswith(mark):
            head = head.decode(codec, "replace").encode()
            break
    found = _PROLOG.match(head.removeprefix(codecs.BOM_UTF8).translate(None, _CONTROLS))
    if found is None:
        return None
    name = found[2].decode()
    if found[1] and name.lower() != "html":
        raise NotUnderstood(
            "The file declares a document type, which audit files never need and attacks do: "
            "export it again, without one.",
            detail=f"document type {name[:40]}",
            code="dtd-refused",
        )
    return name


@define
class AuditText:
    """One reading of one file."""

    path: Path
    encoding: str = "utf-8"
    declared: str = "utf-8"
    removed: int = 0
    """Control characters."""
    repaired: int = 0
    """Ampersands."""
    replaced: int = 0
    """Bytes the encoding does not have."""

    def chunks(self, limit_bytes: int | None = None) -> Iterator[bytes]:
        """The document in UTF-8, without its XML declaration; the beginning when limited."""
        self.declared, self.encoding = _encodings(self.path)
        rest = b""
        first = True
        for chunk in self._utf8(limit_bytes):
            clean = chunk.translate(None, _CONTROLS)
            self.removed += len(chunk) - len(clean)
            clean = rest + clean
            if first:
                clean = clean.removeprefix(codecs.BOM_UTF8).lstrip()
                declaration = _DECLARATION.match(clean)
                clean = clean[declaration.end() :] if declaration else clean
                first = False
            cut = clean.rfind(b"&", max(0, len(clean) - REFERENCE_BYTES_MAX))
            rest = b"" if cut < 0 else clean[cut:]
            yield self._mended(clean[: len(clean) - len(rest)])
        if rest:
            yield self._mended(rest)

    def _mended(self, text: bytes) -> bytes:
        if b"&" not in text or _AS_WRITTEN in text:
            return text
        mended, count = _BARE.subn(b"&amp;", text)
        self.repaired += count
        return mended

    def _utf8(self, limit_bytes: int | None) -> Iterator[bytes]:
        decoder = None
        if self.encoding != "utf-8":
            decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        left = limit_bytes
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES if left is None else min(left, CHUNK_BYTES)):
                if left is not None:
                    left -= len(chunk)
                if decoder is None:
                    yield chunk
                    continue
                text = decoder.decode(chunk)
                self.replaced += text.count("\ufffd")
                yield text.encode("utf-8", "replace")
        if decoder is not None and limit_bytes is None:
            yield decoder.decode(b"", final=True).encode("utf-8", "replace")

    def remarks(self) -> Iterator[Remark]:
        """What was put right, once the whole was read."""
        if self.declared != self.encoding:
            yield Remark(
                weight=Weight.INFO,
                code="encoding-guessed",
                sentence=f"The file says it is {self.declared}, its letters are read as "
                f"{self.encoding}.",
            )
        for count, code, what in (
            (self.removed, "characters-removed", "control characters were left out"),
            (self.repaired, "ampersands-repaired", "bare ampersands were taken for themselves"),
            (self.replaced, "characters-unknown", "characters could not be read"),
        ):
            if count:
                yield Remark(weight=Weight.INFO, code=code, sentence=f"{count} {what}.")


def _encodings(path: Path) -> tuple[str, str]:
    """(as declared, as it is): names of codecs."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    found, certain = encoding_of(path)
    found = found.removesuffix("-sig")
    text = head[:DECLARATION_BYTES_MAX]
    if found.startswith(("utf-16", "utf-32")):
        text = text.decode(found, "ignore").encode()
    declaration = _DECLARATION.match(text.removeprefix(codecs.BOM_UTF8))
    named = _ENCODING.search(declaration[1]) if declaration else None
    declared = _codec(named[1].decode() if named else "utf-8")
    if found.startswith("utf-16"):
        return ("utf-16" if declared.startswith("utf-16") or not named else declared), (
            "utf-16" if certain else found
        )
    if certain:
        return (declared if not head.isascii() else found), found
    # One letter more than ASCII in a file of millions: which code page it is cannot be seen, so
    # the declaration counts where it can be true.
    return declared, declared if declared not in _LATIN else _WINDOWS


def _codec(name: str) -> str:
    """The codec's own name; UTF-8 where there is none for text."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return "utf-8"
    return info.name if getattr(info, "_is_text_encoding", True) else "utf-8"
