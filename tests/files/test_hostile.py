"""Files that mean harm, or are broken: a clear answer, nothing crashes, nothing is lost."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from adapters.files import archives, csv_rows, staging, text_lines
from core.domain.failures import CorrectRequest, Failure, NotUnderstood
from tests.files.reading import read
from tests.files.test_tables import HEADER, TWO, workbook

WORKBOOK = workbook(
    [["Datum", "Rekening", "Boekstuk", "Bedrag"], ["2024-01-31", "1300", "1", 5], ["", "", "", 1]]
)


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def repacked(changes: dict[str, bytes]) -> bytes:
    """The workbook with other members."""
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return packed({**members, **changes})


def refused(folder: Path, content: bytes) -> str:
    with pytest.raises((NotUnderstood, CorrectRequest)) as failure:
        read(folder, content)
    assert failure.value.sentence.endswith((".", "?"))
    return failure.value.code


def test_nul_bytes_are_no_codes_and_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, (HEADER + TWO + TWO.replace("1300", "13\0").replace(";1;", ";2;")))
    assert found.summary.lines == 3
    assert [(one.line, one.reason) for one in found.rejected] == [(4, "NUL characters in a code")]


def test_binary_is_not_taken_for_a_table(tmp_path: Path) -> None:
    for content in (bytes(range(256)) * 50, b"\x00" * 5_000, b"\x89PNG\r\n\x1a\n" + b"\x01" * 99):
        assert refused(tmp_path, content) == "unknown-format"


def test_a_line_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_lines, "LINE_BYTES_MAX", 10_000)
    monkeypatch.setattr(text_lines, "CHUNK_BYTES", 4_000)
    assert refused(tmp_path, (HEADER + TWO).encode() + b"x" * 50_000) == "too-large"


def test_a_quote_never_closed_in_a_large_file_does_not_swallow_it(tmp_path: Path) -> None:
    rows = HEADER + '31-01-2024;70;9;1300;"never closed;5,00;\n' + TWO * 20_000
    found = read(tmp_path, rows)
    assert found.summary.lines == 40_000
    assert [one.line for one in found.rejected] == [2]


def test_more_rows_than_a_file_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "ROWS_MAX", 3_000)
    assert refused(tmp_path, (HEADER + TWO * 2_000).encode()) == "too-large"


def test_every_row_another_account_is_a_wrong_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.files.masters.MASTERS_MAX", 1_000)
    rows = "".join(f"31-01-2024;70;1;{at};a;1,00;\n" for at in range(1_500))
    assert refused(tmp_path, (HEADER + rows).encode()) == "too-many-masters"


def test_a_file_of_nothing_but_rejected_rows_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "REJECTED_KEPT_MAX", 10)
    found = read(tmp_path, HEADER + TWO + "x;y\n" * 5_000)
    assert (found.summary.lines, found.summary.rejected) == (2, 5_000)
    assert len(found.rejected) == 10
    monkeypatch.setattr(csv_rows, "REJECTED_MAX", 10)
    broken = HEADER + '"a"b";c\n' * 50
    with pytest.raises(NotUnderstood):
        read(tmp_path, broken)


def test_amounts_too_large_to_be_true(tmp_path: Path) -> None:
    huge = TWO.replace("1.234,56", "9" * 13 + ",00")
    found = read(tmp_path, HEADER + huge)
    assert {one.reason for one in found.rejected} == {"the amount is too large to be true"}
    many = TWO.replace("1.234,56", "999999999999,00")
    assert refused(tmp_path, (HEADER + many * 300).encode()) == "amounts-too-large"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "unknown-format"),
        (b"   \n\n", "unknown-format"),
        (b"<html><body>not a table</body></html>", "unknown-format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "unknown-format"),
        (b"PK\x03\x04", "zip-refused"),
        (packed({}), "unknown-format"),
        (packed({"a.csv": b"x", "b.csv": b"y"}), "zip-refused"),
        (packed({"a.zip": packed({"b.csv": b"y"})}), "zip-refused"),
        (packed({"innocent": packed({"b.csv": b"y"})}), "zip-refused"),
        (packed({"[Content_Types].xml": b"<Types/>"}), "malformed"),
        (packed({"x": b"y"}).replace(b"x", b"\0"), "zip-refused"),
        (repacked({"xl/worksheets/sheet1.xml": b"<worksheet"}), "malformed"),
        (repacked({"xl/workbook.xml": b"nonsense"}), "malformed"),
    ],
)
def test_what_is_no_ledger_says_so(tmp_path: Path, content: bytes, code: str) -> None:
    assert refused(tmp_path, content) == code


def test_zip_bombs_are_refused_by_their_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = b"0" * (archives.RATIO_FROM_BYTES + 1)
    assert refused(tmp_path, packed({"a.csv": zeros})) == "zip-refused"
    assert refused(tmp_path, repacked({"xl/worksheets/sheet1.xml": zeros})) == "zip-refused"
    monkeypatch.setattr(archives, "MEMBERS_MAX", 3)
    assert refused(tmp_path, packed({f"{at}": b"x" for at in range(4)})) == "zip-refused"
    monkeypatch.setattr(archives, "FILE_BYTES_MAX", 10)
    assert refused(tmp_path, packed({"a.csv": b"x" * 11})) == "zip-refused"


def test_one_table_in_an_archive_is_read_whatever_its_name(tmp_path: Path) -> None:
    content = packed({"../../../etc/passwd": (HEADER + TWO).encode()})
    assert read(tmp_path / "shelf", content).summary.lines == 2
    assert not (tmp_path / "etc").exists()


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]><worksheet>&c;</worksheet>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<worksheet>&a;</worksheet>"""


@pytest.mark.parametrize("xml", [LAUGHS, OUTSIDE])
@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("before", [b"", b"<!--" + b" " * 9_000 + b"-->"])
def test_workbooks_that_define_entities_are_not_read(
    tmp_path: Path, xml: bytes, member: str, before: bytes
) -> None:
    declaration, rest = xml.split(b"?>", 1)
    assert refused(tmp_path, repacked({member: declaration + b"?>" + before + rest})) in {
        "dtd-refused",
        "malformed",
    }


def test_a_workbook_with_more_text_than_memory_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.files.xlsx_rows.SHARED_STRINGS_BYTES_MAX", 1_000)
    assert refused(tmp_path, repacked({"xl/sharedStrings.xml": b"<sst>" * 1_000})) == "too-large"


def test_a_sheet_that_claims_rows_without_end(tmp_path: Path) -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>Datum</t></is></c></row>'
        b'<row r="999999999"><c r="A999999999"><v>1</v></c></row></sheetData></worksheet>'
    )
    assert refused(tmp_path, repacked({"xl/worksheets/sheet1.xml": sheet})) == "malformed"


def test_a_file_that_is_too_large_is_refused_while_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.files.shelf.FILE_BYTES_MAX", 50)
    with pytest.raises(Failure) as failure:
        read(tmp_path, b"x" * 100)
    assert failure.value.code == "file-too-large"
    assert list((tmp_path / "files").iterdir()) == []


def test_what_a_killed_process_left_is_dropped_a_day_later(tmp_path: Path) -> None:
    read(tmp_path, HEADER + TWO)
    young, old = tmp_path / "files" / "receiving-a", tmp_path / "files" / "receiving-b"
    folder = tmp_path / "staged" / "making-c"
    folder.mkdir()
    for path in (young, old):
        path.touch()
    for path in (old, folder):
        os.utime(path, (0, 0))
    read(tmp_path, HEADER + TWO)
    assert young.exists()
    assert not old.exists()
    assert not folder.exists()


def test_nothing_of_a_refused_file_stays_staged(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        read(tmp_path, packed({"[Content_Types].xml": b"<Types/>"}))
    assert not (tmp_path / "staged").exists() or list((tmp_path / "staged").iterdir()) == []
