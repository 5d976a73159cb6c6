"""Random imports played on memory and SQL at once: every read of every generation agrees.

Memory looks at everything; SQL keeps sums, tallies and lists. Where they differ, one is wrong.
"""

import tempfile
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.storage.memory import MemoryStorage
from core.domain.books import (
    Batch,
    Coverage,
    Delta,
    Everything,
    Record,
    RecordKind,
    Window,
    scope_of,
)
from core.ports.storage import Storage
from tests.storage.makers import (
    ENT,
    account,
    contact,
    day,
    entry,
    generation,
    invoice,
    journal,
    line,
    tax_code,
)
from tests.storage.sql_files import fresh_sql
from tests.storage.views import view

ENTRY_KEYS = st.sampled_from(["e0", "e1", "e2", "e3", "e4"])
LINE_KEYS = st.sampled_from([f"l{number}" for number in range(8)])
DAYS = st.sampled_from([1, 2, 3, 31, 32, 33, 60])
TEXTS = st.sampled_from([None, "x%", "né_t", "line"])

RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(account, st.sampled_from(["1000", "8000"]), st.sampled_from(["Bank", "Sales"])),
    st.builds(journal, st.sampled_from(["j1", "j2"]), st.sampled_from(["S", "P"])),
    st.builds(contact, st.sampled_from(["c1", "c2"]), st.sampled_from(["Jansen", "Peeters"])),
    st.builds(tax_code, st.sampled_from(["v1", "v2"]), st.sampled_from([None, 2100])),
    st.builds(
        entry,
        ENTRY_KEYS,
        DAYS,
        journal_key=st.sampled_from([None, "j1"]),
        description=TEXTS,
    ),
    st.builds(
        line,
        LINE_KEYS,
        ENTRY_KEYS,
        st.sampled_from(["1000", "8000", "9999"]),
        st.sampled_from([0, 100, -100, 250]),
        on=DAYS,
        position=st.integers(1, 2),
        contact_key=st.sampled_from([None, "c1"]),
        description=TEXTS,
    ),
    st.builds(
        invoice,
        st.sampled_from(["i1", "i2", "e0"]),
        st.sampled_from([None, "e0", "e1"]),
        st.sampled_from([100, 200]),
    ),
)

KEYS = {
    RecordKind.ENTRY: ENTRY_KEYS,
    RecordKind.LINE: LINE_KEYS,
    RecordKind.INVOICE: st.sampled_from(["i1", "i2", "e0"]),
    RecordKind.ACCOUNT: st.sampled_from(["1000", "8000"]),
}

COVERAGES: st.SearchStrategy[Coverage] = st.one_of(
    st.builds(
        Delta,
        deleted=st.frozensets(
            st.sampled_from(list(KEYS)).flatmap(lambda kind: st.tuples(st.just(kind), KEYS[kind])),
            max_size=2,
        ),
        whole_entries=st.frozensets(ENTRY_KEYS, max_size=2),
    ),
    st.sampled_from(list(KEYS)).flatmap(
        lambda kind: st.builds(
            Everything,
            kind=st.just(kind),
            present=st.frozensets(KEYS[kind], max_size=2),
            first=st.booleans(),
            last=st.booleans(),
        )
    ),
    st.builds(
        Window,
        first=st.just(day(1)),
        last_day=st.sampled_from([day(2), day(31)]),
        present=st.frozensets(ENTRY_KEYS, max_size=2),
        last=st.booleans(),
    ),
    st.builds(
        Window,
        first=st.just(day(32)),
        last_day=st.just(day(59)),
        last=st.booleans(),
    ),
)


def speak_of_a_scope_once(coverage: list[Coverage]) -> bool:
    scopes = [scope for scope in map(scope_of, coverage) if scope is not None]
    return len(scopes) == len(set(scopes))


BATCHES = st.builds(
    Batch,
    bookmark=st.just("b"),
    records=st.lists(RECORDS, max_size=8).map(tuple),
    coverage=st.lists(COVERAGES, max_size=2).filter(speak_of_a_scope_once).map(tuple),
)

STEPS = st.one_of(
    BATCHES,
    BATCHES,
    BATCHES,
    st.sampled_from(["publish", "publish", "discard", "start over", "settle", "forget"]),
)


@attrs.define
class Side:
    """One storage with where its imports are."""

    storage: Storage
    published: int = 0

    def play(self, step: Batch | str) -> object:
        number = self.published + 1
        with self.storage.writing() as unit:
            books = unit.books
            said: object = None
            match step:
                case Batch():
                    said = books.apply(ENT, number, step)
                case "publish":
                    said = books.settle(ENT, number), books.settle(ENT, number)
                    books.publish(generation(number))
                    self.published = number
                case "discard":
                    books.discard(ENT, number)
                case "start over":
                    books.start_over(ENT, number)
                case "settle":
                    said = books.settle(ENT, number)
                case _:
                    books.start_over(ENT, number)
                    return None  # left without commit
            unit.commit()
        return said

    def says(self) -> list[dict[str, Any]]:
        """All reads of all generations, the one being built included."""
        with self.storage.reading() as unit:
            return [view(unit.books, ENT, number) for number in range(self.published + 2)]


PLAYS = st.lists(STEPS, min_size=1, max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=PLAYS)
def test_memory_and_sql_say_the_same(steps: list[Batch | str]) -> None:
    play(steps)


@pytest.mark.fire
@pytest.mark.timeout(900)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=PLAYS)
def test_memory_and_sql_say_the_same_for_long(steps: list[Batch | str]) -> None:
    play(steps)


def play(steps: list[Batch | str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        sql = fresh_sql(Path(directory))
        sides = (Side(MemoryStorage()), Side(sql))
        try:
            for step in steps:
                said = [side.play(step) for side in sides]
                assert said[0] == said[1], step
            assert sides[0].says() == sides[1].says()
        finally:
            sql.close()
