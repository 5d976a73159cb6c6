"""How fast books of a million lines are read, with one generation and with hundreds.

python -m bench.reading [lines] [nights]

Prints ``name value target`` lines. Each figure is the median of five. The first page of lines is
asked for with every filter a person can set alone and with every two of them (and some of three),
at values that are common, rare and absent; the worst of them counts. Then the same after so many
nights, the last of which the index of words does not know yet; and, for what it is like before that
index is made at all, once with single filters.
"""

import datetime as dt
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import attrs

from adapters.storage.sql import SqlStorage
from bench._busy_books import LINES_PER_ENTRY, BusyBooks, accounts, filters
from core.domain.books import Batch, JournalLine
from core.domain.proof import Proof, Verdict
from core.ports.books import Generation, LineFilter

ENTITY = "ent_bench"
TAKES = 5
SAMPLE_MAX = 300_000
NIGHTLY_LINES = 400
"""Lines that differ each night, spread over the ledger."""
WORST_SHOWN = 8
FIRST_PAGE_MS = 30
BEGAN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def publish(storage: SqlStorage, number: int) -> None:
    with storage.writing() as unit:
        unit.books.settle(ENTITY, number)
        unit.books.publish(
            Generation(
                entity_id=ENTITY,
                number=number,
                run_id="run",
                link_id="lnk",
                published_at=BEGAN + dt.timedelta(days=number),
                bookmark=None,
                counts=unit.books.counts(ENTITY, number),
                added=0,
                changed=0,
                removed=0,
                proof=Proof(verdict=Verdict.NOT_OFFERED),
            )
        )
        unit.commit()


def apply(storage: SqlStorage, number: int, batch: Batch) -> None:
    with storage.writing() as unit:
        unit.books.apply(ENTITY, number, batch)
        unit.commit()


def median_ms(call: Callable[[], object], takes: int = TAKES) -> float:
    """One call to warm up, then the median."""
    call()
    times = []
    for _ in range(takes):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return 1_000 * statistics.median(times)


def nights(lines: list[JournalLine], count: int) -> Iterator[Batch]:
    """Each night other lines get another amount, two of an entry so that it still balances."""
    step = max(len(lines) // (count * NIGHTLY_LINES // 2 + 1), 1)
    at = 0
    for night in range(count):
        changed = []
        for _ in range(NIGHTLY_LINES // 2):
            for line, sign in zip(lines[at : at + 2], (1, -1), strict=True):
                amount_e4 = line.amount_e4 + sign * (night + 1)
                changed.append(attrs.evolve(line, amount_e4=amount_e4))
            at = (at + max(step, 1) * 2) % (len(lines) - 2)
            at -= at % LINES_PER_ENTRY
        yield Batch(bookmark=str(night), records=tuple({one.key: one for one in changed}.values()))


def file_bytes(path: Path) -> int:
    return sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*"))


def fold_log(path: Path) -> None:
    """Bring the write-ahead log into the file, so that the file's size is all there is."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def index_texts(storage: SqlStorage) -> tuple[float, float]:
    """Seconds in all, and the longest write lock in milliseconds."""
    began, longest = time.perf_counter(), 0.0
    while True:  # ends: each step goes on where the one before ended
        with storage.reading() as unit:
            pending = unit.books.pending_texts(ENTITY, limit=200)
        if pending is None:
            return time.perf_counter() - began, longest
        with storage.writing() as unit:
            at = time.perf_counter()
            unit.books.index_texts(ENTITY, pending)
            unit.commit()
            longest = max(longest, 1_000 * (time.perf_counter() - at))


def first_pages(
    storage: SqlStorage, number: int, asked: dict[str, LineFilter], takes: int = TAKES
) -> dict[str, float]:
    """Milliseconds per filter."""
    with storage.reading() as unit:
        return {
            name: median_ms(partial(unit.books.lines, ENTITY, number, where=where), takes)
            for name, where in asked.items()
        }


def say_pages(pages: dict[str, float], state: str = "") -> None:
    """The worst, how many are above the target, and which those and the next worst are."""
    worst = sorted(pages, key=pages.__getitem__, reverse=True)
    ordered = sorted(pages.values())
    for name in worst[:WORST_SHOWN]:
        print(f"first_page{state}_{name}_ms {pages[name]:.1f}")
    print(f"first_page{state}_filters {len(pages)}")
    print(f"first_page{state}_p50_ms {statistics.median(ordered):.1f}")
    print(f"first_page{state}_p95_ms {ordered[len(ordered) * 95 // 100]:.1f}")
    print(f"first_page{state}_above_30_ms {sum(ms > FIRST_PAGE_MS for ms in ordered)}")


def trial_balance_ms(storage: SqlStorage, number: int) -> float:
    with storage.reading() as unit:
        return median_ms(lambda: unit.books.trial_balance(ENTITY, number))


def compact(storage: SqlStorage, newest: int) -> tuple[int, float]:
    """Let every generation but each tenth go; rows removed, longest write lock in milliseconds."""
    going = [number for number in range(1, newest) if number % 10]
    removed, longest = 0, 0.0
    with storage.writing() as unit:
        unit.books.retire(ENTITY, going, BEGAN)
        unit.books.compact(ENTITY, going)
        unit.commit()
    position = None
    while True:  # ends: each page lies behind the one before
        with storage.reading() as unit:
            found = unit.books.leftovers(ENTITY, position=position, limit=100)
        with storage.writing() as unit:
            began = time.perf_counter()
            removed += unit.books.remove(ENTITY, found.versions)
            unit.commit()
            longest = max(longest, 1_000 * (time.perf_counter() - began))
        position = found.next_position
        if position is None:
            return removed, longest


def fill(storage: SqlStorage, books: BusyBooks) -> list[JournalLine]:
    """Some of the lines, from all over."""
    apply(storage, 1, accounts())
    sample: list[JournalLine] = []
    for at, batch in enumerate(books.batches()):
        apply(storage, 1, batch)
        if at % 4 == 0 and len(sample) < SAMPLE_MAX:
            sample += [one for one in batch.records if isinstance(one, JournalLine)]
    publish(storage, 1)
    return sample


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.sqlite3"
        storage = SqlStorage(path)
        books = BusyBooks(lines)
        began = time.perf_counter()
        sample = fill(storage, books)
        print(f"write_lines_per_s {lines / (time.perf_counter() - began):.0f}")
        asked = filters(books, sample[len(sample) // 2].entry_key)
        fold_log(path)
        print(f"file_bytes_per_line {file_bytes(path) / lines:.0f}")
        single = {name: where for name, where in asked.items() if "+" not in name}
        say_pages(first_pages(storage, 1, single, takes=1), "_unindexed")
        seconds, longest = index_texts(storage)
        print(f"index_texts_lines_per_s {lines / max(seconds, 1e-9):.0f}")
        print(f"index_texts_longest_lock_ms {longest:.1f} <=50")
        fold_log(path)
        held = file_bytes(path)
        print(f"file_bytes_per_line_indexed {held / lines:.0f}")
        once = trial_balance_ms(storage, 1)
        print(f"trial_balance_1m_lines_ms {once:.1f} <=50")
        pages = first_pages(storage, 1, asked)
        say_pages(pages)
        print(f"first_page_worst_ms {max(pages.values()):.1f} <=30")
        changed = 0
        for night, batch in enumerate(nights(sample, count), start=2):
            if night == count + 1:
                index_texts(storage)  # as in the product: in the quiet time after every night
            apply(storage, night, batch)
            publish(storage, night)
            changed += len(batch.records)
        fold_log(path)
        print(f"bytes_per_changed_row {(file_bytes(path) - held) / max(changed, 1):.0f}")
        now = trial_balance_ms(storage, count + 1)
        print(f"trial_balance_{count}_nights_ms {now:.1f}")
        print(f"trial_balance_{count}_nights_ratio {now / once:.2f} <=1.5")
        later = first_pages(storage, count + 1, asked)
        say_pages(later, f"_{count}_nights")
        print(f"first_page_worst_{count}_nights_ms {max(later.values()):.1f} <=30")
        with storage.reading() as unit:
            ms = median_ms(lambda: unit.books.changed_cells(ENTITY, older=count, newer=count + 1))
        print(f"changed_cells_last_night_ms {ms:.1f}")
        removed, longest = compact(storage, count + 1)
        print(f"compaction_rows_removed {removed}")
        print(f"compaction_longest_lock_ms {longest:.1f} <=50")
        storage.close()


if __name__ == "__main__":
    main()
