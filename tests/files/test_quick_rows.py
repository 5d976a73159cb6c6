"""Rows taken many at a time come to what rows taken one by one do, whatever stands between them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.files import csv_rows, table_parts
from adapters.files.csv_rows import Block, Cell, csv_chunks
from adapters.files.keys import LINES_KEPT, LineKeys
from core.domain.file_import import ColumnMapping, DateOrder, EntriesBy, Rejected, Target
from tests.files.reading import read

COLUMNS = (
    Target.DATE, Target.JOURNAL, Target.ENTRY, Target.ACCOUNT, Target.ACCOUNT_NAME,
    Target.DESCRIPTION, Target.DEBIT, Target.CREDIT, Target.CONTACT, Target.PERIOD,
)  # fmt: skip

DATES = st.sampled_from(
    ["31-01-2024"] * 6 + ["01-02-2024", " 01-02-2024", "1 feb 2024", "", " ", "soon", "32-01-2024"]
)
AMOUNTS = st.sampled_from(["1,00"] * 6 + ["", "", "0,00", "1.234,56", " 2,50", "-3,00", "x", " "])
CODES = st.sampled_from(["8000"] * 6 + ["1300", " 1300 ", "", "a|b", "a#1", "50%", "x" * 201, "\0"])
TEXTS = st.sampled_from(
    ["Klant", "", " d ", "Totaal", 'say "hi"', "a;b", "two\nlines", "x" * 1_200]
)
ENTRIES = st.sampled_from(["1", "1", "1", "2", "2", "3", "", "a|b"])
PERIODS = st.sampled_from(["", "", "", "3", "P04", "none"])
ROWS = st.lists(
    st.tuples(
        DATES, st.sampled_from(["70", "70", "80", ""]), ENTRIES, CODES, TEXTS, TEXTS, AMOUNTS,
        AMOUNTS, st.sampled_from(["", "", "K1", " K1", "K2"]), PERIODS,
    ),
    min_size=1,
    max_size=60,
)  # fmt: skip
ORDINARY = (
    "31-01-2024;70;{at};1300;Debiteuren;Klant;5,00;;;\n"
    "31-01-2024;70;{at};8000;Omzet;Klant;;5,00;;\n"
)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(';"\n') else cell


def table(rows: list[tuple[str, ...]], *, between: int) -> str:
    """The rows among ordinary ones, a blank line here and there."""
    lines = [";".join(target.value for target in COLUMNS)]
    for at, row in enumerate(rows):
        lines += [ORDINARY.format(at=at // 2).rstrip("\n")] * between
        lines += ["", ";".join(map(quoted, row))] if at % 7 == 3 else [";".join(map(quoted, row))]
    return "\n".join(lines)


@settings(max_examples=60)
@given(
    rows=ROWS,
    between=st.integers(0, 3),
    by=st.sampled_from(EntriesBy),
    periods=st.booleans(),
    starts=st.sampled_from([1, 7]),
)
def test_many_at_a_time_or_one_by_one_is_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, ...]],
    between: int,
    by: EntriesBy,
    periods: bool,
    starts: int,
) -> None:
    text = table(rows, between=between)
    columns: dict[str, int | None] = {target.value: at for at, target in enumerate(COLUMNS)}
    if not periods:
        columns[Target.PERIOD.value] = None
    how: dict[str, object] = {
        "columns": columns,
        "entries_by": by.value,
        "header_row": 1,
        "decimal": ",",
        "date_order": DateOrder.DMY.value,
        "year_starts_in_month": starts,
    }
    folder = tmp_path_factory.mktemp("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "CHUNK_ROWS", 30)
        patch.setattr(table_parts, "FEW_ROWS", 3)
        quick = read(folder / "quick", text, "x", **how)
        patch.setattr(table_parts, "take_quickly", lambda _parts, _block: False)
        patch.setattr(csv_rows._Rows, "_block", lambda _rows, _some: None)
        slow = read(folder / "slow", text, "x", **how)
    assert quick.lines == slow.lines
    assert quick.rejected == slow.rejected
    assert quick.summary == slow.summary
    assert quick.staged.masters() == slow.staged.masters()
    assert quick.staged.totals() == slow.staged.totals()


def rows_of(path: Path, text: str) -> tuple[list[tuple[int, list[Cell]]], list[Rejected], bool]:
    """(rows, rejected ones, whether some came as a block)."""
    path.write_bytes(text.encode())
    chunks = list(csv_chunks(path, ColumnMapping(columns={}, separator=";")))
    told = [row for chunk in chunks for row in chunk]
    rows = [(row[0], list(row[1])) for row in told if not isinstance(row, Rejected)]
    rejected = [row for row in told if isinstance(row, Rejected)]
    return rows, rejected, any(isinstance(chunk, Block) for chunk in chunks)


LINES = st.lists(
    st.sampled_from(["a;b", "c;d", "", "e", "f;g;h", '"i";j', '"k', 'l";m', '"n""o";p', 'q"r;s']),
    max_size=40,
)


@settings(max_examples=150)
@given(lines=LINES)
def test_lines_cut_at_once_are_what_the_csv_module_makes_of_them(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    text = "".join(f"{line}\n" for line in lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "CHUNK_ROWS", 4)
        quick = rows_of(path, text)
        patch.setattr(csv_rows._Rows, "_block", lambda _rows, _some: None)
        slow = rows_of(path, text)
    assert quick[:2] == slow[:2]
    told = [number for number, _ in quick[0]] + [one.line for one in quick[1]]
    assert len(told) == len(set(told))


def test_a_broken_quote_costs_no_row_behind_it(tmp_path: Path) -> None:
    lines = ['"x', *["a;b"] * 10, '"y', *["c;d"] * 10, '"z"w;e', *["f;g"] * 5]
    rows, rejected, blocks = rows_of(tmp_path / "rows.csv", "".join(f"{one}\n" for one in lines))
    assert [number for number, _ in rows] + [one.line for one in rejected] != []
    assert sorted([n for n, _ in rows] + [one.line for one in rejected]) == list(range(1, 29))
    assert not blocks


@pytest.mark.parametrize(("lines", "blocks"), [(["a;b"] * 9, True), (['"a";b'] * 9, True)])
def test_even_rows_come_as_columns(tmp_path: Path, lines: list[str], blocks: bool) -> None:
    found = rows_of(tmp_path / "rows.csv", "".join(f"{line}\n" for line in lines))
    assert found == ([(at, ["a", "b"]) for at in range(1, 10)], [], blocks)


RUNS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.lists(st.sampled_from(["1", "2"]), min_size=1, max_size=4)
    ),
    min_size=1,
    max_size=12,
)


@given(runs=RUNS, continues=st.booleans(), long=st.booleans())
def test_keys_of_many_lines_are_those_of_one_after_the_other(
    runs: list[tuple[str, list[str]]], continues: bool, long: bool
) -> None:
    if long:
        runs = [*runs, ("d", ["1"] * (LINES_KEPT + 1))]
    at_once, in_turn = LineKeys(), LineKeys()
    for keys in (at_once, in_turn) if continues else ():
        keys.begin(runs[0][0])
        keys.line("1", 1)
    accounts = [account for _, some in runs for account in some]
    lengths = [len(some) for _, some in runs]
    names = [name for name, _ in runs]
    rows = range(2, len(accounts) + 2)
    found = at_once.columns(names, lengths, accounts, rows, continues=continues)
    expected, row = [], iter(rows)
    for at, (name, some) in enumerate(runs):
        if at or not continues:
            in_turn.begin(name)
        for account in some:
            key = in_turn.line(account, next(row))
            expected.append((key, name, in_turn.position))
    assert list(zip(*found, strict=True)) == expected
    assert at_once.entries == in_turn.entries
    assert at_once.line("1", 99) == in_turn.line("1", 99)
