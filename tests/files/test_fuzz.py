"""Whatever bytes a file holds: a reading or a Failure, and never anything else."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.failures import Failure
from sandbox.files import saft_no, saft_pt
from tests.files.audit_files import CLAIR2, OPENING, SALE, YEAR, books, line, small, transaction
from tests.files.reading import read
from tests.files.test_hostile import WORKBOOK
from tests.files.test_tables import HEADER, PRESETS, TWO

CELLS = st.one_of(
    st.sampled_from(["", "31-01-2024", "2024-01-31", "70", "1300", "Totaal", "=1+1", "\ud7ff"]),
    st.sampled_from(["1.234,56", "-5,00", "(5,00)", "5-", "1e999", "NaN", "٤٢", "9" * 26]),
    st.sampled_from(['"', "'", "\0", "\u202f"]),
    st.text(max_size=12),
)
ROWS = st.lists(st.lists(CELLS, max_size=9), max_size=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


def survives(folder: Path, content: bytes) -> None:
    try:
        found = read(folder, content)
    except Failure as failure:
        assert failure.sentence  # noqa: PT017 - either outcome is fine
        return
    summary = found.summary
    assert summary.lines == len(found.lines)
    assert len({line.key for line in found.lines}) == summary.lines
    assert sum(line.amount_e4 for line in found.lines) == summary.difference_e4
    assert summary.rejected == len(found.rejected)
    entries = {one.key for part, _ in found.staged.postings() for one in part.entries}
    assert {line.entry_key for line in found.lines} <= entries
    assert sum(found.staged.totals().postings_e4.values()) == summary.difference_e4


@settings(max_examples=60)
@given(rows=ROWS, separator=st.sampled_from(";,\t|"), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_table(folder: Path, rows: list[list[str]], separator: str, end: str) -> None:
    body = end.join(separator.join(cells) for cells in rows)
    text = HEADER.replace(";", separator).replace("\n", end) + body
    survives(folder, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=60)
@given(content=st.binary(max_size=400), valid=st.sampled_from(["", HEADER, HEADER + TWO]))
def test_any_bytes(folder: Path, content: bytes, valid: str) -> None:
    survives(folder, valid.encode() + content)


@settings(max_examples=40)
@given(data=st.data(), name=st.sampled_from(sorted(PRESETS)))
def test_any_damage_to_a_genuine_looking_export(
    folder: Path, data: st.DataObject, name: str
) -> None:
    content = bytearray(PRESETS[name].encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    survives(folder, bytes(content))


@settings(max_examples=40)
@given(data=st.data())
def test_any_damage_to_a_workbook(folder: Path, data: st.DataObject) -> None:
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(members)))
    content = bytearray(members[name])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one, held in members.items():
            archive.writestr(one, bytes(content) if one == name else held)
    survives(folder, out.getvalue())


AUDIT_FILES = [
    small(before=OPENING).encode(),
    CLAIR2.encode("latin-1"),
    saft_no(books(), YEAR)[:40_000],
    saft_pt(books(), YEAR)[-20_000:],
    small().encode("utf-16"),
]
PIECES = st.sampled_from(
    [
        *("<", ">", "&", "</", "]]>", "<![CDATA[", "<!DOCTYPE x>", "&#0;", "<a/>", "\0", "\ud7ff"),
        *("<journal>", "</journal>", "<transaction>", "</transaction>", "<trLine>", "</trLine>"),
        *("<transactions>", "</transactions>", "<openingBalance>", "<obLine>", OPENING, SALE),
        *("<linesCount>1</linesCount>", "<totalDebit>1e9</totalDebit>", "<header/>", "<company>"),
        *(transaction(SALE), transaction("", "", "", ""), line("1", "1300", "1e999", "C")),
        *("<Account><AccountID>1</AccountID></Account>", "<Line/>", "<DebitLine/>", "<Header/>"),
    ]
)
"""What a damaged audit file may hold more."""


@settings(max_examples=80)
@given(data=st.data(), held=st.sampled_from(AUDIT_FILES))
def test_any_damage_to_an_audit_file(folder: Path, data: st.DataObject, held: bytes) -> None:
    content = bytearray(held)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.one_of(st.binary(max_size=4), PIECES.map(_bytes)))
        content[at : at + data.draw(st.integers(0, 30))] = piece
    survives(folder, bytes(content))


@settings(max_examples=60)
@given(pieces=st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=30))
def test_any_audit_file_of_pieces(folder: Path, pieces: list[str]) -> None:
    survives(folder, small("".join(pieces)).encode("utf-8", "surrogatepass"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
