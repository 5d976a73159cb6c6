"""Audit files that mean harm: refused clearly, before they cost anything."""

import gzip
import tracemalloc
from pathlib import Path

import pytest

from adapters.files import audit_masters, audit_walk
from adapters.providers.kit import xml
from core.domain.failures import CorrectRequest, NotUnderstood
from tests.files.audit_files import ACCOUNTS, OPENING, SALE, line, small, transaction
from tests.files.reading import read
from tests.files.test_hostile import packed

BODY = small()[38:]
LAUGHS = (
    '<!DOCTYPE auditfile [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>' + BODY.replace("Omzet", "&c;")
)
OUTSIDE = '<!DOCTYPE auditfile [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + BODY.replace(
    "Omzet", "&a;"
)
REMOTE = '<!DOCTYPE auditfile SYSTEM "http://127.0.0.1:1/x.dtd">' + BODY


def refused(folder: Path, content: bytes | str) -> str:
    with pytest.raises((NotUnderstood, CorrectRequest)) as failure:
        read(folder, content)
    assert failure.value.sentence.endswith(".")
    return failure.value.code


@pytest.mark.parametrize("xml_", [LAUGHS, OUTSIDE, REMOTE])
@pytest.mark.parametrize(
    "before",
    ["", '<?xml version="1.0"?>', "<!-- one -->\n<?pi two?>", "<!--" + " " * 9_000 + "-->"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_are_refused_whatever_stands_before(
    tmp_path: Path, xml_: str, before: str, encoding: str
) -> None:
    assert refused(tmp_path, (before + xml_).encode(encoding)) == "dtd-refused"


def test_a_document_type_behind_more_than_is_looked_at(tmp_path: Path) -> None:
    assert refused(tmp_path, "<!--" + "x" * 70_000 + "-->" + LAUGHS) in {
        "dtd-refused",
        "unknown-format",
        "malformed",
    }


def test_a_document_type_hidden_by_control_characters(tmp_path: Path) -> None:
    assert refused(tmp_path, LAUGHS.replace("DOCTYPE", "DOC\x01TYPE")) == "dtd-refused"


def test_entities_without_a_document_type_are_plain_text(tmp_path: Path) -> None:
    found = read(tmp_path, small(before=ACCOUNTS.replace("Omzet", "&c;")))
    assert "&c;" in {getattr(one, "name", "") for one in found.staged.masters()}


def test_deep_nesting(tmp_path: Path) -> None:
    deep = "<a>" * 5_000 + "</a>" * 5_000
    assert refused(tmp_path, small(before=deep)) == "malformed"


def test_a_text_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "RUN_BYTES_MAX", 20_000)
    long = small(before=ACCOUNTS.replace("Omzet", "x" * 200_000))
    assert refused(tmp_path, long) == "too-large"


def test_an_element_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_walk, "UNNAMED_BYTES_MAX", 50_000)
    assert refused(tmp_path, small(before="<a/>" * 50_000)) == "too-large"


def test_more_accounts_than_a_ledger_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_masters, "MASTERS_MAX", 100)
    lines = "".join(line("1", str(at), "1.00", "D") for at in range(200))
    assert refused(tmp_path, small(transaction(lines))) == "too-many-masters"


def test_lines_in_odd_places_are_no_lines_and_break_nothing(tmp_path: Path) -> None:
    nested = transaction(SALE + transaction(line("1", "1300", "1.00", "D"), "2"))
    outside = line("9", "1300", "5.00", "D")
    found = read(tmp_path, small(nested, before=outside + ACCOUNTS + OPENING))
    assert found.summary.difference_e4 == 10_000
    assert outside.count("trLine") == 2


def test_a_large_file_is_read_in_constant_memory(tmp_path: Path) -> None:
    def peak(entries: int) -> int:
        text = small("".join(transaction(SALE, str(at)) for at in range(entries)))
        tracemalloc.start()
        try:
            found = read(tmp_path / str(entries), packed({"a.xaf": text.encode()}))
            held = tracemalloc.get_traced_memory()[1] - len(text)
        finally:
            tracemalloc.stop()
        assert found.summary.lines == 2 * entries
        return held

    assert peak(6_000) < peak(600) + 12 * 1024 * 1024


def test_what_is_packed_in_another_way_is_no_audit_file(tmp_path: Path) -> None:
    assert refused(tmp_path, gzip.compress(small().encode())) == "unknown-format"


@pytest.mark.parametrize(
    "content",
    [
        b"\0" + b"\r" * 64,
        b" " * 60_000 + b"<",
        b"<?a?>" * 300,
        b"<!--x-->" * 300,
        b"<?xml version='1.0'?>" + b"\n" * 60_000,
    ],
)
def test_beginnings_of_nothing_are_told_at_once(tmp_path: Path, content: bytes) -> None:
    """Each once took longer than a life: the ways to cut blanks into pieces double with each."""
    assert refused(tmp_path, content) in {"unknown-format", "malformed", "nothing-to-import"}


def test_a_megabyte_of_blanks_within_a_file_is_read_past_once(tmp_path: Path) -> None:
    text = small(before=" " * 1_000_000 + ACCOUNTS)
    assert read(tmp_path, text).summary.lines == 2
