"""The lines of a text file of unknown encoding, a block at a time, whatever its line ends."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes

from core.domain.failures import CorrectRequest, NotUnderstood
from core.ports.files import HEAD_BYTES, LINE_BYTES_MAX

CHUNK_BYTES: Final = 1_048_576
SAMPLE_BYTES: Final = 256 * 1024
"""Of a file that is not UTF-8, so much is looked at to tell which code page it is."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CODE_PAGES: Final = ("cp1252", "cp1250", "cp850", "mac_roman", "cp1253", "cp1254")
"""What bookkeeping software in Europe writes when it does not write Unicode."""

_NULS_OF_UTF16: Final = 0.2
"""Share of zero bytes from which a text without mark is taken for UTF-16."""

_BREAKS: Final = re.compile("\r\r?\n|\n|\r")
"""CR CR LF stands in genuine files that went through two programs."""


def encoding_of(path: Path) -> tuple[str, bool]:
    """(encoding, whether it is certain). UTF-8 is certain: few other texts read as it by chance."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, True
    if head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = len(head) / 2
        if odd > half * _NULS_OF_UTF16 and even < odd / 4:
            return "utf-16-le", False
        if even > half * _NULS_OF_UTF16 and odd < even / 4:
            return "utf-16-be", False
    odd_bytes = _not_utf8(path)
    if odd_bytes is None:
        return "utf-8", True
    return _code_page(odd_bytes), False


def _code_page(sample: bytes) -> str:
    """The first of CODE_PAGES that makes as good a text of it as any."""
    matches: dict[str, float] = {}
    for match in from_bytes(sample, cp_isolation=list(CODE_PAGES)):
        matches |= dict.fromkeys(match.could_be_from_charset, match.chaos)
    least = min(matches.values(), default=0.0)
    return next((page for page in CODE_PAGES if matches.get(page) == least), CODE_PAGES[0])


def _not_utf8(path: Path) -> bytes | None:
    """Bytes around the first that are not UTF-8, for a closer look; None when all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                start = max(0, error.start - SAMPLE_BYTES // 2)
                return chunk[start : start + SAMPLE_BYTES]
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return b"\xe9"
    return None


def known_encoding(name: str) -> str:
    """The codec's own name; CorrectRequest when there is none for text."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        info = None
    if info is None or not getattr(info, "_is_text_encoding", True):
        raise CorrectRequest(
            f"There is no encoding {name[:40]!r}: use utf-8, utf-16 or cp1252.",
            code="bad-mapping",
            setting="encoding",
        )
    return info.name


def line_blocks(path: Path, encoding: str) -> Iterator[list[str]]:
    """Lists of lines without their ends. Bytes the encoding does not have become U+FFFD.

    NotUnderstood (``too-large``) for a line longer than LINE_BYTES_MAX characters.
    """
    decoder = codecs.getincrementaldecoder(known_encoding(encoding))("replace")
    rest = ""
    number = 0
    with path.open("rb") as file:
        while True:  # ends: the file does
            chunk = file.read(CHUNK_BYTES)
            text = rest + decoder.decode(chunk, final=not chunk)
            if chunk and text.endswith("\r"):
                # Its line feed, if any, is in the next chunk.
                text, held = text[:-1], "\r"
                if text.endswith("\r"):
                    text, held = text[:-1], "\r\r"
            else:
                held = ""
            text = text.replace("\r\n", "\n")
            lines = _BREAKS.split(text) if "\r" in text else text.split("\n")
            rest = lines.pop() + held
            if len(rest) > LINE_BYTES_MAX:
                raise NotUnderstood(
                    f"Line {number + len(lines) + 1} is longer than {LINE_BYTES_MAX // 1024} KiB: "
                    "this is no table of lines. Export the file again as CSV.",
                    code="too-large",
                )
            if lines:
                number += len(lines)
                yield lines
            if not chunk:
                break
    if rest:
        yield [rest]
