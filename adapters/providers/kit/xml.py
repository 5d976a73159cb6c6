"""XML as it arrives, from people and machines that are not trusted. No other module here parses it.

Refused before anything is read: a document type, and with it every entity and every file or
address one could name. Refused as soon as met: more nesting, text, attributes or unnamed content
than the limits allow. Nothing is fetched. What is read is let go of again, so that memory stays
flat however long a document is: a reader names the elements it wants and gets each as it ends.

Names are compared as ``{namespace}name``; ``{*}name`` matches in any namespace or none.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias
from xml.parsers import expat

from attrs import field, frozen
from lxml import etree

from core.domain.failures import NotUnderstood

Element: TypeAlias = etree._Element  # noqa: SLF001 - the library's public type has no public name

Parser: TypeAlias = "etree.XMLPullParser[Element]"

DEPTH_MAX: Final = 256
"""The library's own limit for documents that are not declared huge."""
RUN_BYTES_MAX: Final = 1024 * 1024
"""Without a ``<``: one text, or one start tag with all its attributes."""
PROLOG_BYTES_MAX: Final = 64 * 1024
"""Before the first element, which is where a document type would stand."""
UNNAMED_BYTES_MAX: Final = 4 * 1024 * 1024
"""Between the ends of two wanted elements; such content is held in memory until then,
at worst (empty elements) at thirty times its size."""
DOCUMENT_BYTES_MAX: Final = 8 * 1024 * 1024 * 1024
"""Four times a million lines of a wordy provider."""

_STEP_BYTES: Final = 64 * 1024
_REASON_CHARACTERS_MAX: Final = 300


class CutShort(NotUnderstood):
    """The document ends before its root does. Of an answer: the rest did not come."""

    default_code = "xml-cut-short"


@frozen(kw_only=True)
class Reading:
    """Who sent what, for the sentences people read, and how much of it is taken in."""

    sender: str
    """As people know it: ``Twinfield``, ``The file``."""
    what: str
    """``general ledger lines``; in the log only."""
    document_bytes_max: int = DOCUMENT_BYTES_MAX
    unnamed_bytes_max: int = UNNAMED_BYTES_MAX
    sentence: str = field()

    @sentence.default
    def _of_a_provider(self) -> str:
        return f"{self.sender} sent {self.what} in a form this version does not know: report it."

    def not_understood(self, detail: str, code: str = "xml-not-understood") -> NotUnderstood:
        """The failure to raise. ``detail`` may name places and element names, not values."""
        return NotUnderstood(self.sentence, detail=f"{self.what}: {detail}", code=code)

    def cut_short(self) -> CutShort:
        return CutShort(self.sentence, detail=f"{self.what}: it ends before its root element does")


def elements(chunks: Iterable[bytes], wanted: Sequence[str], reading: Reading) -> Iterator[Element]:
    """Every element with a ``wanted`` name, as it ends, in the order of the document.

    One is whole while the consumer has it and emptied when the next is asked for. Of two wanted
    elements one inside the other the inner comes first and is gone from the outer. Ancestors keep
    their names and attributes; what stood before in them and was not wanted is let go of too.
    NotUnderstood for anything that is not well formed or beyond a limit, after the elements that
    were whole before it; CutShort at a premature end. Chunks may be of any size.
    """
    last: Element | None = None
    for ended in _ended(chunks, wanted, reading):
        for element in ended:
            if last is not None:
                _let_go(last)
            yield element
            last = element


def elements_together(
    chunks: Iterable[bytes], wanted: Sequence[str], reading: Reading
) -> Iterator[list[Element]]:
    """The same, those together that end within the same 64 KiB, for readers in a hurry.

    All of them are whole while the consumer has them and are let go of when the next are asked for.
    Of two wanted elements one inside the other the inner is in the outer still, unless it was told
    before.
    """
    for ended in _ended(chunks, wanted, reading):
        some = list(ended)
        if some:
            yield some
            _let_go(some[-1])


def _ended(
    chunks: Iterable[bytes], wanted: Sequence[str], reading: Reading
) -> Iterator[Iterator[Element]]:
    """The wanted elements that end in each step; failures as with ``elements``."""
    parser = _hardened(wanted)
    unnamed_bytes = 0
    for step in _measured(chunks, reading):
        unnamed_bytes += len(step)
        _feed(parser, step, reading)
        # Of those that end in one step the last is the last to be asked for.
        events = list(parser.read_events())
        if events:
            unnamed_bytes = 0
        yield (element for _, element in events)
        if unnamed_bytes > reading.unnamed_bytes_max:
            raise reading.not_understood(
                f"more than {reading.unnamed_bytes_max} bytes without a {wanted[0]}",
                code="xml-too-large",
            )
    _end(parser, reading)


def whole(body: bytes, reading: Reading) -> Element:
    """The root of a document small enough to be held; failures as with ``elements``."""
    parser = _hardened(())
    for step in _measured((body,), reading):
        _feed(parser, step, reading)
    return _end(parser, reading)


def local_name(element: Element) -> str:
    """The name without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_at(element: Element, path: str) -> str | None:
    """The trimmed text of the first descendant at ``path`` (``{*}head/{*}code``); None if blank.

    None when there is no such element too: providers leave out and leave empty alike.
    """
    text = element.findtext(path)
    return None if text is None else text.strip() or None


def _hardened(wanted: Sequence[str]) -> Parser:
    return etree.XMLPullParser(
        events=("end",) if wanted else (),
        tag=tuple(wanted) or None,
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        # Otherwise every xml:id stays in memory for as long as the document is read.
        collect_ids=False,
        # They say nothing here, and would cut texts into pieces.
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )


def _let_go(element: Element) -> None:
    """Empty it, and drop everything that stands before it in its ancestors."""
    element.clear()
    while element is not None:
        parent = element.getparent()
        if parent is None:
            return
        if element.getprevious() is not None:
            del parent[: parent.index(element)]
        element = parent


def _feed(parser: Parser, step: bytes, reading: Reading) -> None:
    try:
        parser.feed(step)
    except etree.XMLSyntaxError as error:
        raise reading.not_understood(str(error)[:_REASON_CHARACTERS_MAX]) from None


def _end(parser: Parser, reading: Reading) -> Element:
    # Nearly everything that is wrong within a document was reported while it was fed. The rest are
    # entities nobody declared (which leave the parser without a word) and unknown prefixes.
    try:
        return parser.close()
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_INTERNAL_ERROR:
            raise reading.not_understood("an entity that is not declared") from None
        if error.code >= etree.ErrorTypes.NS_ERR_XML_NAMESPACE:
            raise reading.not_understood(str(error)[:_REASON_CHARACTERS_MAX]) from None
        raise reading.cut_short() from None


def _measured(chunks: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
    """Steps of at most 64 KiB, so that limits are looked at in time; NotUnderstood beyond them."""
    taken_bytes = run_bytes = 0
    for chunk in _without_document_type(chunks, reading):
        taken_bytes += len(chunk)
        if taken_bytes > reading.document_bytes_max:
            raise reading.not_understood(
                f"more than {reading.document_bytes_max} bytes", code="xml-too-large"
            )
        for start in range(0, len(chunk), _STEP_BYTES):
            step = chunk[start : start + _STEP_BYTES]
            if b"<" in step:
                longest_bytes = run_bytes + step.index(b"<")
                run_bytes = len(step) - step.rindex(b"<")
            else:
                longest_bytes = run_bytes = run_bytes + len(step)
            if longest_bytes > RUN_BYTES_MAX:
                raise reading.not_understood(
                    f"a text or tag of more than {RUN_BYTES_MAX} bytes", code="xml-too-large"
                )
            yield step


class _DocumentType(Exception):
    """A document type declaration was met."""


class _RootBegan(Exception):
    """The first element was met."""


def _without_document_type(chunks: Iterable[bytes], reading: Reading) -> Iterator[bytes]:
    """The same bytes, held back until the first element begins, which nothing worse may precede.

    A second parser reads the beginning: it reports a document type where it starts, before any
    declaration in it is looked at.
    """
    prolog = expat.ParserCreate()
    prolog.StartDoctypeDeclHandler = _found_document_type
    prolog.StartElementHandler = _found_root
    held: list[bytes] = []
    held_bytes = 0
    arriving = iter(chunks)
    began = False
    for chunk in arriving:
        held.append(chunk)
        held_bytes += len(chunk)
        if began := _begins(prolog, chunk, reading):
            break
        if held_bytes > PROLOG_BYTES_MAX:
            raise reading.not_understood("no element in its first 64 KiB")
    if not began and held_bytes and not _begins(prolog, b"", reading, is_end=True):
        raise reading.cut_short()
    if not held_bytes:
        raise reading.cut_short()
    yield from held
    held.clear()
    yield from arriving


def _begins(
    prolog: expat.XMLParserType, chunk: bytes, reading: Reading, *, is_end: bool = False
) -> bool:
    try:
        prolog.Parse(chunk, is_end)
    except _RootBegan:
        return True
    except _DocumentType:
        raise reading.not_understood(
            "it has a document type, which is refused", code="xml-document-type"
        ) from None
    except (expat.ExpatError, ValueError, LookupError) as error:
        if is_end and isinstance(error, expat.ExpatError) and error.code in _ENDS_EARLY:
            raise reading.cut_short() from None
        raise reading.not_understood(f"its beginning: {error}"[:_REASON_CHARACTERS_MAX]) from None
    return False


_ENDS_EARLY: Final = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
)


def _found_document_type(*_: object) -> None:
    raise _DocumentType


def _found_root(*_: object) -> None:
    raise _RootBegan
