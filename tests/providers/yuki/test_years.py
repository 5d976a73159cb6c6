"""Days and years, how much is asked for at once, batches, and the wording of questions."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.xml import Reading, whole
from adapters.providers.yuki.batching import ENTRY_RECORDS_MAX, in_parts
from adapters.providers.yuki.bookmark import LINES_AIM, MONTHS_MAX, months_after
from adapters.providers.yuki.questions import (
    Question,
    authenticate,
    balances,
    changes,
    contacts,
    lines,
    scheme,
    tax_codes,
)
from adapters.providers.yuki.rows import Group
from adapters.providers.yuki.years import (
    FIRST_DAY,
    LAST_DAY,
    FiscalYear,
    Span,
    first_reading,
    in_order,
    months_of,
    placed,
    plus_months,
    through,
    whole_years,
    without,
)
from core.domain.books import Delta, JournalEntry, JournalKind, JournalLine, RecordKind

YEARS = (
    FiscalYear(2024, date(2024, 3, 15), date(2025, 6, 30)),  # extended
    FiscalYear(2026, date(2025, 7, 1), date(2026, 6, 30)),  # broken
)

# -- years -----------------------------------------------------------------------------------------


def test_days_find_their_year_and_period() -> None:
    assert placed(YEARS, date(2024, 3, 14)) == (2024, 0)
    assert placed(YEARS, date(2024, 3, 15)) == (2024, 1)
    assert placed(YEARS, date(2025, 6, 30)) == (2024, 16)
    assert placed(YEARS, date(2025, 7, 1)) == (2026, 1)
    assert placed(YEARS, date(2026, 7, 1)) == (2027, 1)
    assert placed(YEARS, date(2030, 6, 30)) == (2030, 12)


@given(st.dates(min_value=date(2024, 3, 15), max_value=date(2060, 1, 1)))
def test_every_day_is_in_the_year_that_holds_it(day: date) -> None:
    year_id, period = placed(YEARS, day)
    year = next(one for one in through(YEARS, day) if one.id == year_id)
    assert year.first <= day <= year.last
    assert 1 <= period <= 24


def test_years_are_kept_in_order_without_overlaps_or_what_was_before() -> None:
    before = FiscalYear(2022, date(2022, 1, 1), date(2022, 12, 31))
    overlapping = FiscalYear(2025, date(2025, 1, 1), date(2025, 12, 31))
    assert in_order([YEARS[1], overlapping, YEARS[0], before], date(2024, 4, 1)) == YEARS


@given(
    st.dates(min_value=date(2000, 1, 1), max_value=date(2050, 12, 31)),
    st.integers(min_value=0, max_value=60),
    st.integers(min_value=1, max_value=24),
)
def test_a_span_is_cut_without_gap_or_overlap(first: date, months: int, size: int) -> None:
    span: Span | None = Span(first, plus_months(first, months))
    reached = first
    for _ in range(100):
        if span is None:
            break
        asked, span = span.divided(size)
        assert asked.first == reached
        assert asked.last >= asked.first
        reached = plus_months(asked.last, 0) if span is None else span.first
    assert span is None
    assert reached == plus_months(first, months)


def test_a_first_reading_covers_all_time_once() -> None:
    before, during, after = first_reading(YEARS, date(2026, 2, 10))
    assert (before.first, before.last) == (FIRST_DAY, date(2024, 3, 14))
    assert (during.first, during.last) == (date(2024, 3, 15), date(2026, 2, 28))
    assert (after.first, after.last) == (date(2026, 3, 1), LAST_DAY)


def test_months_with_changes_are_read_in_few_questions() -> None:
    days = [date(2025, 2, 3), date(2025, 4, 9), date(2026, 1, 31), date(2024, 1, 1)]
    opening = Span(FIRST_DAY, date(2024, 3, 14), cut=False)
    months = [
        Span(date(2025, month, 1), date(2025, month, last)) for month, last in ((2, 28), (4, 30))
    ]
    january = Span(date(2026, 1, 1), date(2026, 1, 31))
    assert months_of(days, YEARS, 1) == (opening, *months, january)
    joined = Span(date(2025, 2, 1), date(2025, 4, 30))
    assert months_of(days, YEARS, 3) == (opening, joined, january)
    assert months_of(days, YEARS, 12) == (opening, Span(date(2025, 2, 1), date(2026, 1, 31)))
    assert months_of([date(2024, 3, 20)], YEARS, 1) == (Span(date(2024, 3, 15), date(2024, 3, 31)),)
    assert without(months_of(days, YEARS, 1), [joined]) == (opening, january)


def test_years_read_again_take_along_what_bears_on_them() -> None:
    first, second = whole_years(YEARS, frozenset({2024}))
    assert (first.last, second.first) == (date(2024, 3, 14), date(2024, 3, 15))
    (beyond,) = whole_years(YEARS, frozenset({2031}))
    assert (beyond.first, beyond.last) == (date(2026, 7, 1), LAST_DAY)


@given(st.integers(min_value=1, max_value=MONTHS_MAX), st.integers(min_value=0, max_value=10**6))
def test_more_is_asked_for_while_answers_are_small(months: int, count: int) -> None:
    following = months_after(months, count)
    assert 1 <= following <= MONTHS_MAX
    assert (following <= months) or count * 2 <= LINES_AIM
    assert (following >= months) or count > LINES_AIM * 2


# -- batches ---------------------------------------------------------------------------------------


def group_of(key: str, count: int) -> Group:
    entry = JournalEntry(
        key=key, number=None, journal_key="other", date=date(2025, 1, 1), year=2025, period=1
    )
    line = JournalLine(
        key="", entry_key=key, position=0, account_key="1", date=entry.date, year=2025, period=1,
        amount_e4=0,
    )  # fmt: skip
    return Group(entry=entry, kind=JournalKind.OTHER, lines=[line] * count)


def test_an_entry_too_large_for_a_batch_begins_anew_in_several() -> None:
    parts = list(
        in_parts([group_of("a", 3), group_of("b", ENTRY_RECORDS_MAX), group_of("c", 3)], 5_000)
    )
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]
    assert sum(len(part.records) for part in parts) == ENTRY_RECORDS_MAX + 9
    assert max(len(part.records) for part in parts) <= 5_000
    deleted = [part.coverage.deleted for part in parts if part.coverage.deleted]
    assert deleted == [frozenset({(RecordKind.ENTRY, "b")})]
    whole_entries = frozenset[str]().union(*(part.coverage.whole_entries for part in parts))
    assert whole_entries == {"a", "c"}
    (empty,) = in_parts([], 10)
    assert (empty.records, empty.is_last, empty.coverage) == ([], True, Delta())


# -- questions -------------------------------------------------------------------------------------

ON = date(2025, 1, 1)
AT = datetime(2025, 7, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        (scheme("k"), "sessionID administrationID"),
        (tax_codes("k"), "sessionID administrationID"),
        (balances("k", ON, "fiscal"), "sessionID administrationID transactionDate"),
        (
            lines("k", ON, ON, "commercial"),
            "sessionID administrationID GLAccountCode StartDate EndDate financialMode",
        ),
        (
            changes("k", AT, AT, 0),
            "sessionID administrationID startDate endDate numberOfRecords startRecord",
        ),
        (
            contacts("d", "x", 1),
            "sessionID domainID searchOption searchValue sortOrder modifiedAfter active pageNumber",
        ),
    ],
    ids=lambda value: getattr(value, "operation", None),
)
def test_parameters_are_cased_and_ordered_as_described(question: Question, names: str) -> None:
    body = whole(question.body("s").encode(), Reading(sender="A test", what="a question"))
    assert body.tag == f"{{http://www.theyukicompany.com/}}{question.operation}"
    assert [str(one.tag).rpartition("}")[2] for one in body] == names.split()


def test_values_are_written_as_the_service_reads_them() -> None:
    assert "2025-07-23T00:00:00.00Z" in changes("k", AT, AT, 0).body("s")
    assert "<financialMode>0<" in lines("k", ON, ON, "commercial").body("s")
    assert "<financialMode>1<" in lines("k", ON, ON, "fiscal").body("s")
    assert balances("k", ON, "fiscal").operation == "GLAccountBalanceFiscal"
    assert "sessionID" not in authenticate("a&b").body(None)
    assert "a&amp;b" in authenticate("a&b").body(None)
