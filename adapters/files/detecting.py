"""How a table is to be read, told from its first rows: header, columns, decimals, dates."""

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs
from attrs import define, field, frozen

from adapters.files.csv_rows import Cell, Row
from adapters.files.values import cell_date, decimals_that_fit
from adapters.files.words import (
    GLOBE,
    GLOBE_COLUMNS,
    HEADER_WORDS_MIN,
    MEANING,
    OTHER_KNOWN,
    PRESETS,
    Preset,
    plain,
)
from core.domain.failures import CorrectRequest
from core.domain.file_import import ColumnMapping, DateOrder, EntriesBy, Remark, Target, Weight

SAMPLE_ROWS: Final = 2_000
"""Rows looked at to settle the decimal sign and the order of dates."""
HEADER_WITHIN_ROWS: Final = 40
SEPARATORS: Final = (";", ",", "\t", "|")
SEPARATOR_LINES: Final = 40

AMOUNT_TARGETS: Final = (Target.AMOUNT, Target.DEBIT, Target.CREDIT, Target.FOREIGN)


def separator_of(lines: Sequence[str], quote: str = '"') -> str:
    """The separator that cuts these lines into the most, and the most even, columns."""
    best, best_score = ",", 0.0
    for separator in SEPARATORS:
        try:
            rows = list(csv.reader(lines[:SEPARATOR_LINES], delimiter=separator, quotechar=quote))
        except csv.Error:
            continue
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, times = max(widths.items(), key=lambda item: item[0] * item[1])
        score = times / max(len(rows), 1) * min(width, GLOBE_COLUMNS)
        if score > best_score:
            best, best_score = separator, score
    return best


def quote_of(lines: Sequence[str]) -> str:
    """The double quote, unless only single ones stand around cells."""
    text = "\n".join(lines[:SEPARATOR_LINES])
    single = sum(text.count(f"{separator}'") for separator in SEPARATORS)
    return "'" if '"' not in text and single > len(lines[:SEPARATOR_LINES]) else '"'


@frozen(kw_only=True)
class Header:
    """``row`` 0: there is none, and ``words`` are empty."""

    row: int
    words: tuple[str, ...] = ()
    preset: Preset | None = None


def header_of(rows: Sequence[Row]) -> Header:
    """The first row with enough known words; else the first of words above rows with numbers."""
    for number, cells in rows[:HEADER_WITHIN_ROWS]:
        words = tuple("" if cell is None else str(cell).strip() for cell in cells)
        known = {plain(word) for word in words} - {""}
        preset = next((one for one in PRESETS if one.words <= known), None)
        named = sum(word in MEANING or word in OTHER_KNOWN for word in known)
        if preset is not None or named >= HEADER_WORDS_MIN:
            return Header(row=number, words=words, preset=preset)
    first = rows[0] if rows else None
    if first is not None and _is_words(first[1]) and any(not _is_words(row) for _, row in rows[1:]):
        words = tuple("" if cell is None else str(cell).strip() for cell in first[1])
        return Header(row=first[0], words=words)
    return Header(row=0)


def _is_words(cells: Sequence[Cell]) -> bool:
    filled = [cell for cell in cells if cell is not None and str(cell).strip()]
    return len(filled) > 1 and all(
        isinstance(cell, str) and not any(letter.isdigit() for letter in cell) for cell in filled
    )


def columns_of(header: Header) -> dict[Target, int]:
    """What each column means, by its word; the first of two with the same meaning counts."""
    over = dict(header.preset.columns) if header.preset is not None else {}
    named: dict[Target, int] = {}
    for at, text in enumerate(header.words):
        word = plain(text)
        target = over[word] if word in over else MEANING.get(word)
        if target is not None and target not in named:
            named[target] = at
    if Target.DEBIT in named and Target.CREDIT in named:
        named.pop(Target.AMOUNT, None)
    if Target.ACCOUNT not in named and Target.ACCOUNT_NAME in named:
        named[Target.ACCOUNT] = named.pop(Target.ACCOUNT_NAME)
    return named


def proposal(rows: Sequence[Row], base: ColumnMapping) -> tuple[ColumnMapping, Header]:
    """``base`` with header, columns and entries as they seem to be; decimal and dates follow."""
    header = header_of(rows)
    if header.row == 0 and _is_globe(rows):
        mapping = attrs.evolve(
            base, columns=GLOBE, header_row=0, preset="Exact Globe", entries_by=EntriesBy.NUMBER
        )
        return mapping, header
    columns = columns_of(header)
    preset = header.preset
    by = EntriesBy.NUMBER if Target.ENTRY in columns else EntriesBy.DATE
    mapping = attrs.evolve(
        base,
        columns=columns,
        header_row=header.row,
        preset=preset.name if preset else "",
        entries_by=preset.entries_by if preset and preset.entries_by is EntriesBy.DATE else by,
        fill_down=preset.fill_down if preset else False,
        headings=preset is not None and preset.headings and Target.ACCOUNT not in columns,
    )
    return mapping, header


def _is_globe(rows: Sequence[Row]) -> bool:
    wide = [cells for _, cells in rows if len(cells) >= GLOBE_COLUMNS]
    return bool(wide) and len(wide) == len(rows) and str(wide[0][0]).strip() == "0"


def settled(
    rows: Iterable[Row], mapping: ColumnMapping
) -> tuple[ColumnMapping, tuple[Remark, ...]]:
    """``mapping`` with decimal sign and date order as the cells tell, and what they do not."""
    evidence = _Evidence()
    amounts_at = [at for target, at in mapping.columns.items() if target in AMOUNT_TARGETS]
    date_at = mapping.columns.get(Target.DATE)
    for number, cells in rows:
        if number <= mapping.header_row:
            continue
        for at in amounts_at:
            if at < len(cells):
                evidence.amount(cells[at])
        if date_at is not None and date_at < len(cells):
            evidence.date(cells[date_at])
    remarks = []
    if evidence.decimals:
        mapping = attrs.evolve(mapping, decimal=evidence.decimals.most_common(1)[0][0])
    elif evidence.untold:
        remarks.append(AMBIGUOUS_DECIMAL)
    order, sure = _order(evidence.orders)
    if not sure:
        remarks.append(AMBIGUOUS_DATE)
    return attrs.evolve(mapping, date_order=order), tuple(remarks)


def undecided_rows(
    rows: Iterable[Row], mapping: ColumnMapping, left_open: Collection[Remark]
) -> Iterator[Row]:
    """Of the rows, those that say something new about what is open, up to where all is said.

    Beginnings of a file often leave it open (January has no 13th month); no row after that counts.
    """
    date_at = mapping.columns.get(Target.DATE)
    amounts_at = [at for target, at in mapping.columns.items() if target in AMOUNT_TARGETS]
    seen: set[object] = set()
    dates_open, decimals_open = AMBIGUOUS_DATE in left_open, AMBIGUOUS_DECIMAL in left_open
    for number, cells in rows:
        if number <= mapping.header_row:
            continue
        told = False
        date = cells[date_at] if dates_open and date_at is not None and date_at < len(cells) else ""
        if isinstance(date, str) and date and date not in seen:
            if len(seen) < DATES_LOOKED_AT_MAX:
                seen.add(date)
            fits = [cell_date(date, order) is not None for order in _DAY_MONTH]
            told, dates_open = any(fits), all(fits) or not any(fits)
        for at in amounts_at if decimals_open else ():
            cell = cells[at] if at < len(cells) else None
            fit = decimals_that_fit(cell) if isinstance(cell, str) else frozenset()
            told = told or bool(fit)
            decimals_open = decimals_open and len(fit) != 1
        if told:
            yield number, cells
        if not dates_open and not decimals_open:
            return


_DAY_MONTH: Final = (DateOrder.DMY, DateOrder.MDY)
DATES_LOOKED_AT_MAX: Final = 20_000


@define
class _Evidence:
    decimals: Counter[str] = field(factory=Counter)
    untold: bool = False
    """There are amounts that can mean two things."""
    orders: dict[DateOrder, int] = field(
        factory=lambda: dict.fromkeys((DateOrder.YMD, DateOrder.DMY, DateOrder.MDY), 0)
    )
    fits: dict[str, list[DateOrder]] = field(factory=dict)
    """Per date met, the orders it can be written in."""

    def amount(self, cell: Cell) -> None:
        if not isinstance(cell, str) or not cell.strip():
            return
        fit = decimals_that_fit(cell)
        if len(fit) == 1:
            self.decimals[next(iter(fit))] += 1
        elif fit and not cell.strip().lstrip("-+").isdigit():
            self.untold = True

    def date(self, cell: Cell) -> None:
        if isinstance(cell, str):
            if cell not in self.fits:
                digits = any(letter.isdigit() for letter in cell)
                told = [order for order in self.orders if cell_date(cell, order) is not None]
                self.fits[cell] = told if digits else []
            for order in self.fits[cell]:
                self.orders[order] += 1


AMBIGUOUS_DATE: Final = Remark(
    weight=Weight.QUESTION,
    code="ambiguous-date",
    sentence="Every date can be read as day-month and as month-day: say which (date order).",
)
AMBIGUOUS_DECIMAL: Final = Remark(
    weight=Weight.QUESTION,
    code="ambiguous-decimal",
    sentence="Amounts such as 1.234 can be thousands or decimals: say which sign is the decimal.",
)


def _order(orders: Mapping[DateOrder, int]) -> tuple[DateOrder, bool]:
    """The order that fits most cells, and whether only one does."""
    most = max(orders.values())
    best = [order for order, times in orders.items() if times == most]
    if DateOrder.YMD in best:
        return DateOrder.YMD, True
    if len(best) == 1:
        return best[0], True
    return DateOrder.UNDECIDED, False


def missing_columns(mapping: ColumnMapping) -> tuple[Remark, ...]:
    """A question for each meaning no column has."""
    columns = mapping.columns
    lacking = []
    if Target.DATE not in columns:
        lacking.append("the date")
    if Target.ACCOUNT not in columns and not mapping.headings:
        lacking.append("the ledger account")
    if Target.AMOUNT not in columns and not {Target.DEBIT, Target.CREDIT} <= columns.keys():
        lacking.append("the amount (one column, or debit and credit)")
    if mapping.entries_by is EntriesBy.NUMBER and Target.ENTRY not in columns:
        lacking.append("the entry number (or make entries by date)")
    return tuple(
        Remark(
            weight=Weight.QUESTION,
            code="missing-column",
            sentence=f"No column is known to be {what}: name it in the mapping.",
        )
        for what in lacking
    )


def require_readable(mapping: ColumnMapping) -> None:
    """CorrectRequest for a mapping that no file can be read with."""
    if len(mapping.separator) != 1 or mapping.separator in "\r\n" + mapping.quote:
        raise _bad("separator", "The separator is one character, such as ; or a tab.")
    if len(mapping.quote) > 1 or mapping.quote in {"\r", "\n", " "}:
        raise _bad("quote", "The quote is one character, or empty for none.")
    if mapping.decimal not in {",", "."}:
        raise _bad("decimal", "The decimal sign is a comma or a point.")
    if not 1 <= mapping.year_starts_in_month <= 12:  # noqa: PLR2004 - months
        raise _bad("year_starts_in_month", "The fiscal year starts in month 1 to 12.")
    if mapping.header_row < 0 or any(at < 0 for at in mapping.columns.values()):
        raise _bad("columns", "Columns and rows are not negative.")


def _bad(setting: str, sentence: str) -> CorrectRequest:
    return CorrectRequest(sentence, code="bad-mapping", setting=setting)
