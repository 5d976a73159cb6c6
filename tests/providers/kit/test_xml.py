"""Hardened XML: what is read, what is refused, and how much memory it takes."""

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.xml import (
    RUN_BYTES_MAX,
    UNNAMED_BYTES_MAX,
    CutShort,
    Reading,
    elements,
    elements_together,
    local_name,
    text_at,
    whole,
)
from core.domain.failures import NotUnderstood

READING = Reading(sender="Testbooks", what="lines")
ROW = b"<tr n='1'><td>5</td></tr>"


def texts(*chunks: bytes, wanted: tuple[str, ...] = ("tr",)) -> list[str | None]:
    return [element.text for element in elements(chunks, wanted, READING)]


def refusal(*chunks: bytes, reading: Reading = READING) -> NotUnderstood:
    """The failure both ways of reading raise alike."""
    with pytest.raises(NotUnderstood) as streamed:
        list(elements(chunks, ("tr",), reading))
    with pytest.raises(NotUnderstood) as held:
        whole(b"".join(chunks), reading)
    assert held.value.sentence == streamed.value.sentence
    return streamed.value


@given(size=st.integers(1, 40))
def test_chunks_may_be_cut_anywhere(size: int) -> None:
    body = '<?xml version="1.0"?><a><tr>één</tr><x><tr> 2 </tr></x><tr/></a>'.encode()
    cut = [body[start : start + size] for start in range(0, len(body), size)]
    assert texts(*cut) == ["één", " 2 ", None]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1252", "iso-8859-15"])
def test_declared_encodings_are_read(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><a><tr>€ é</tr></a>'
    assert texts(body.encode(encoding)) == ["€ é"]


def test_comments_instructions_and_cdata_do_not_cut_a_text() -> None:
    assert texts(b"<a><tr>1<!-- x -->2<?y?>3<![CDATA[<4>]]></tr></a>") == ["123<4>"]


def test_names_match_in_any_namespace_when_asked_to() -> None:
    body = b"<a xmlns='urn:one'><tr>1</tr><b:tr xmlns:b='urn:two'>2</b:tr></a>"
    assert texts(body, wanted=("{*}tr",)) == ["1", "2"]
    assert texts(body, wanted=("{urn:two}tr",)) == ["2"]
    assert texts(body) == []


def test_ancestors_keep_name_and_attributes_while_what_stood_before_is_gone() -> None:
    body = b"<a><j id='7'><tr>1</tr><junk/><tr>2</tr></j></a>"
    seen = [
        (local_name(parent), parent.get("id"), len(parent))
        for element in elements([body], ("tr",), READING)
        if (parent := element.getparent()) is not None
    ]
    assert seen[0][:2] == seen[1][:2] == ("j", "7")


def test_text_at_takes_blank_and_absent_alike() -> None:
    root = whole(b"<a><b><c> x </c><d> </d></b></a>", READING)
    assert [text_at(root, path) for path in ("b/c", "b/d", "b/e")] == ["x", None, None]


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a><tr>&x;</tr></a>",
        b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>",
        b"<!DOCTYPE a [<!ENTITY % f SYSTEM 'file:///etc/passwd'> %f;]><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>".encode("utf-16"),
        b"<!doctype html><html></html>".replace(b"doctype", b"DOCTYPE"),
        b"<!-- first --><!DOCTYPE a><a/>",
    ],
)
def test_a_document_type_is_refused(body: bytes) -> None:
    assert refusal(body).code == "xml-document-type"


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"<a><tr></a>",
        b"<a>&undeclared;</a>",
        b"<a b='1' b='2'/>",
        b"<a>\xff</a>",
        b"<a>\x00</a>",
        b"<p:a/>",
        b"<a/><b/>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<a>" + b"<b>" * 300 + b"</b>" * 300 + b"</a>",
    ],
)
def test_what_is_not_well_formed_or_too_deep_is_not_understood(body: bytes) -> None:
    failure = refusal(body)
    assert not isinstance(failure, CutShort)
    assert failure.sentence.startswith("Testbooks sent lines in a form")


@given(length=st.integers(0, len(b"<a>" + ROW + b"</a>") - 1))
def test_every_premature_end_is_told_apart(length: int) -> None:
    assert isinstance(refusal((b"<a>" + ROW + b"</a>")[:length]), CutShort)


@pytest.mark.parametrize(
    "body",
    [
        b"<a><tr>" + b"x" * (RUN_BYTES_MAX + 1) + b"</tr></a>",
        b"<a><tr " + b" ".join(b"a%d='1'" % n for n in range(200_000)) + b"/></a>",
        b"<a><tr b='" + b"x" * (RUN_BYTES_MAX + 1) + b"'/></a>",
    ],
)
def test_an_endless_text_tag_or_attribute_is_refused(body: bytes) -> None:
    assert refusal(body).code == "xml-too-large"


def test_much_that_nobody_asked_for_is_refused() -> None:
    junk = b"<b>0123456789</b>" * (UNNAMED_BYTES_MAX // 17 + 10_000)
    with pytest.raises(NotUnderstood, match="report it") as caught:
        texts(b"<a>", junk, b"</a>")
    assert caught.value.code == "xml-too-large"


def test_a_document_beyond_its_size_is_refused_before_it_is_read() -> None:
    assert refusal(b"<a>", ROW * 10, reading=small(100)).code == "xml-too-large"
    assert len(list(elements([b"<a>", ROW, b"</a>"], ("tr",), small(100)))) == 1


def small(document_bytes_max: int) -> Reading:
    return Reading(sender="Testbooks", what="lines", document_bytes_max=document_bytes_max)


def test_nothing_begins_for_ever() -> None:
    def blanks() -> Iterator[bytes]:
        while True:
            yield b" " * 4_096

    with pytest.raises(NotUnderstood):
        list(elements(blanks(), ("tr",), READING))


def test_memory_does_not_grow_with_the_document() -> None:
    """Ours and Python's, by tracemalloc; the library's own is bounded by the same letting go."""

    def many(rows: int) -> Iterator[bytes]:
        yield b"<a>"
        for _ in range(rows // 100):
            yield ROW * 100
        yield b"</a>"

    def peak_bytes(rows: int) -> int:
        tracemalloc.start()
        try:
            count = sum(1 for _ in elements(many(rows), ("tr",), READING))
            assert count == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak_bytes(20_000) < peak_bytes(2_000) * 1.5 + 100_000


DOCUMENT = (
    '<?xml version="1.0" encoding="utf-8"?><a xmlns="urn:x"><b:tr xmlns:b="urn:y" c="é">'
    "1&amp;&#x20AC;<![CDATA[<d>]]></b:tr><!-- e --><?f g?><tr>2</tr></a>"
).encode()
PIECES = (b"<", b">", b"&", b"<!DOCTYPE a>", b"]]>", b"<!--", b"\x00", b"\xff\xfe", b'xmlns:q=""')


@given(
    cuts=st.lists(
        st.tuples(
            st.integers(0, len(DOCUMENT)),
            st.integers(0, 8),
            st.sampled_from(PIECES) | st.binary(max_size=4),
        ),
        min_size=1,
        max_size=5,
    ),
    size=st.integers(1, 200),
)
def test_whatever_is_sent_is_read_or_not_understood(
    cuts: list[tuple[int, int, bytes]], size: int
) -> None:
    body = DOCUMENT
    for at, gone, put in cuts:
        body = body[:at] + put + body[at + gone :]
    chunks = [body[start : start + size] for start in range(0, len(body), size)]

    def streamed() -> list[str | None]:
        return [one.text for one in elements(chunks, ("{*}tr",), READING)]

    def held() -> list[str | None]:
        return [one.text for one in whole(body, READING).iter("{*}tr")]

    outcomes: list[list[str | None]] = []
    for read in (streamed, held):
        try:
            outcomes.append(read())
        except NotUnderstood as failure:
            outcomes.append([failure.code])
    assert outcomes[0] == outcomes[1]


@given(size=st.integers(1, 60))
def test_elements_that_end_together_are_those_that_end_one_by_one(size: int) -> None:
    body = b"<a><j id='7'><x/><tr>1</tr><junk/><tr>2<tr>3</tr></tr></j><tr>4</tr><k/></a>"
    cut = [body[start : start + size] for start in range(0, len(body), size)]
    told: list[str | None] = []
    for some in elements_together(cut, ("tr",), READING):
        assert some
        told += [element.text for element in some]
    assert told == texts(*cut)


def test_what_was_told_together_is_let_go_of() -> None:
    rows = [b"<a><j>", *[b"<junk/>" + ROW * 50] * 20, b"</j></a>"]
    left: list[int] = []
    for some in elements_together(rows, ("tr",), READING):
        parent = some[-1].getparent()
        assert parent is not None
        left.append(len(parent))
    assert left
    # Fifty of this chunk, its junk, and one emptied that the one before ended with.
    assert set(left) == {51, 52}


def test_a_row_without_end_is_refused_together_too() -> None:
    chunks = [b"<a>", *[b"<x/>" * 100_000] * 20]
    with pytest.raises(NotUnderstood) as refused:
        list(elements_together(chunks, ("tr",), READING))
    assert refused.value.code == "xml-too-large"
