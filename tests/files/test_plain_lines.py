"""Audit lines taken many at a time come to what lines taken one by one do."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.files import audit_walk, plain_lines
from adapters.files.audit_parts import AuditParts
from adapters.files.plain_lines import PlainLines
from adapters.providers.kit import xml
from core.domain.books import JournalEntry
from core.domain.file_import import FileFormat
from tests.files.audit_files import MAKERS, OPENING, YEAR, books, line, small, transaction
from tests.files.reading import Reading, read

VAT = "<vat><vatID>{code}</vatID><vatPerc>{rate}</vatPerc></vat>"
MORE = st.sampled_from(
    [
        *[""] * 6,
        "<desc>Klant</desc>",
        "<desc> </desc>",
        "<custSupID>K1</custSupID>",
        "<custSupID> </custSupID><desc/>",
        VAT.format(code="H", rate="21"),
        VAT.format(code="L", rate="9") + "<desc>a</desc>",
        "<currency><curCode>USD</curCode><curAmnt>1.50</curAmnt></currency>",
        "<currency><curCode>EUR</curCode><curAmnt>1.50</curAmnt></currency>",
    ]
)
ORDINARY = st.tuples(
    st.sampled_from(["", "", "", "", "", "repeated", "none"]),
    st.sampled_from(["1300", "8000", " 8000 "]),
    st.sampled_from(["1.00", "-2.50", "3,10", "0.00"]),
    st.sampled_from(["D", "C"]),
    MORE,
)
ODD = st.tuples(
    st.just(""),
    st.sampled_from(["1300", "", "x" * 201]),
    st.sampled_from(["1.00", "", "many"]),
    st.sampled_from(["D", "debet", "", "?"]),
    MORE,
)
TRANSACTIONS = st.tuples(
    st.lists(st.one_of(ORDINARY, ORDINARY, ORDINARY, ORDINARY, ODD), max_size=6),
    st.sampled_from(["1", "2", "3", ""]),
    st.sampled_from(["2024-01-31"] * 5 + ["2024-02-01", "2023-12-31", "soon"]),
    st.sampled_from(["1", "1", "2", "0", ""]),
    st.booleans(),
)


def written(transactions: list[tuple[list[tuple[str, ...]], str, str, str, bool]]) -> str:
    """Lines are numbered on, or as the one before, or not at all."""
    texts = []
    for lines, number, date, period, of_one in transactions:
        text, at = "<custSupID>K2</custSupID>" if of_one else "", 1
        for numbering, *words in lines:
            at += numbering != "repeated"
            text += line("" if numbering == "none" else str(at), *words)
        texts.append(transaction(text, number, date, period))
    return "".join(texts)


def entries(reading: Reading) -> list[JournalEntry]:
    """In order; told again only where a part begins within one."""
    told: list[JournalEntry] = []
    for part, _ in reading.staged.postings():
        assert {one.entry_key for one in part.lines} == {one.key for one in part.entries}
        again = bool(told) and told[-1] == part.entries[0]
        told += part.entries[int(again) :]
    return told


def same(one: Reading, other: Reading) -> bool:
    return (
        one.lines == other.lines
        and entries(one) == entries(other)
        and one.rejected == other.rejected
        and one.summary == other.summary
        and one.staged.masters() == other.staged.masters()
        and one.staged.totals() == other.staged.totals()
    )


def in_turn(patch: pytest.MonkeyPatch) -> None:
    """Every line is read by itself."""
    patch.setattr(AuditParts, "begin_plain", lambda _parts, _contact: False)


@settings(max_examples=80)
@given(
    transactions=st.lists(TRANSACTIONS, min_size=1, max_size=8),
    opening=st.booleans(),
    together=st.sampled_from([1, 3, 900]),
)
def test_many_at_a_time_or_one_by_one_is_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    transactions: list[tuple[list[tuple[str, ...]], str, str, str, bool]],
    opening: bool,
    together: int,
) -> None:
    text = small(written(transactions), before=OPENING if opening else "")
    folder = tmp_path_factory.mktemp("audit")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_walk, "LINES_TOGETHER", together)
        patch.setattr(xml, "_STEP_BYTES", 300)
        quick = read(folder / "quick", text)
        in_turn(patch)
        assert same(read(folder / "slow", text), quick)


@pytest.mark.parametrize("label", MAKERS)
def test_whole_books_are_the_same_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    content = MAKERS[label](books(), YEAR)
    taken: list[int] = []
    columns = PlainLines.columns

    def counted(
        self: PlainLines, runs: list[plain_lines.Run], texts: list[plain_lines.Texts]
    ) -> plain_lines.Columns | None:
        taken.append(len(texts))
        found = columns(self, runs, texts)
        assert found is not None
        return found

    monkeypatch.setattr(PlainLines, "columns", counted)
    quick = read(tmp_path / "quick", content)
    in_turn(monkeypatch)
    assert same(read(tmp_path / "slow", content), quick)
    expected = quick.look.format is FileFormat.XAF
    assert (sum(taken) > quick.summary.lines // 2) == expected


def test_a_transaction_of_very_many_small_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = "<trLine><accID>1</accID><amnt>1</amnt><amntTp>D</amntTp></trLine>"
    other = one.replace("D<", "C<")
    quick = read(tmp_path / "quick", small(transaction((one + other) * 4_000)))
    assert (quick.summary.lines, quick.summary.entries) == (8_000, 1)
    assert [line.position for line in quick.lines] == list(range(1, 8_001))
    in_turn(monkeypatch)
    slow = read(tmp_path / "slow", small(transaction((one + other) * 4_000)))
    assert same(slow, quick)
    empty = read(tmp_path / "empty", small(transaction("<trLine/>" * 9_000 + one + other)))
    assert (empty.summary.lines, empty.summary.rejected) == (2, 9_000)
