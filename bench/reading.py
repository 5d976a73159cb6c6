"""How fast books of a million lines are read, with one generation and with hundreds.

python -m bench.reading [lines] [nights]

Prints ``name value target`` lines. Each figure is the median of five; the first page of lines is
asked for with every filter there is, and the worst of them counts.
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
from bench.storage_apply import ACCOUNTS, LINES_PER_ENTRY, accounts, batches
from core.domain.books import Batch, JournalLine
from core.domain.proof import Proof, Verdict
from core.ports.books import Generation, LineFilter

ENTITY = "ent_bench"
TAKES = 5
NIGHTLY_LINES = 400
"""Lines that differ each night, spread over the ledger."""
BEGAN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def filters(lines: int) -> dict[str, LineFilter]:
    """Everything that can be asked for; each finds something unless it says otherwise."""
    some = lines // LINES_PER_ENTRY // 2
    return {
        "all": LineFilter(),
        "account": LineFilter(account_key="acc-7"),
        "busy_account": LineFilter(account_key="acc-13"),
        "journal": LineFilter(journal_key="journal-3"),
        "no_journal": LineFilter(journal_key="journal-99"),
        "contact": LineFilter(contact_key="contact-77"),
        "period": LineFilter(year=2024, period=3),
        "period_alone": LineFilter(period=12),
        "dates": LineFilter(date_from=dt.date(2024, 5, 1), date_to=dt.date(2024, 5, 31)),
        "account_and_dates": LineFilter(account_key="acc-7", date_from=dt.date(2025, 5, 1)),
        "journal_and_account": LineFilter(journal_key="journal-3", account_key="acc-7"),
        "journal_and_contact": LineFilter(journal_key="journal-2", contact_key="contact-77"),
        "contact_and_account": LineFilter(contact_key="contact-77", account_key="acc-13"),
        "text_common": LineFilter(text="invoice"),
        "text_rare": LineFilter(text=f"invoice {some}"),
        "text_absent": LineFilter(text="credit note"),
        "text_number": LineFilter(text=str(some + 77)),
        "text_and_account": LineFilter(text=f"{some}", account_key="acc-13"),
        "text_and_dates": LineFilter(text="invoice 1", date_from=dt.date(2025, 3, 1)),
    }


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


def median_ms(call: Callable[[], object]) -> float:
    """One call to warm up, then the median."""
    call()
    times = []
    for _ in range(TAKES):
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


def first_pages(storage: SqlStorage, number: int, lines: int) -> dict[str, float]:
    """Milliseconds per filter."""
    with storage.reading() as unit:
        return {
            name: median_ms(partial(unit.books.lines, ENTITY, number, where=where))
            for name, where in filters(lines).items()
        }


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


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.sqlite3"
        storage = SqlStorage(path)
        apply(storage, 1, accounts())
        sample: list[JournalLine] = []
        began = time.perf_counter()
        for at, batch in enumerate(batches(lines)):
            apply(storage, 1, batch)
            if at % 4 == 0 and len(sample) < 300_000:
                sample += [one for one in batch.records if isinstance(one, JournalLine)]
        publish(storage, 1)
        print(f"write_lines_per_s {lines / (time.perf_counter() - began):.0f}")
        fold_log(path)
        print(f"file_bytes_per_line {file_bytes(path) / lines:.0f}")
        seconds, longest = index_texts(storage)
        print(f"index_texts_lines_per_s {lines / max(seconds, 1e-9):.0f}")
        print(f"index_texts_longest_lock_ms {longest:.1f} <=50")
        fold_log(path)
        held = file_bytes(path)
        print(f"file_bytes_per_line_indexed {held / lines:.0f}")
        once = trial_balance_ms(storage, 1)
        print(f"trial_balance_1m_lines_ms {once:.1f} <=50")
        pages = first_pages(storage, 1, lines)
        for name, value in pages.items():
            print(f"first_page_{name}_ms {value:.1f}")
        print(f"first_page_worst_ms {max(pages.values()):.1f} <=30")
        changed = 0
        for night, batch in enumerate(nights(sample, count), start=2):
            apply(storage, night, batch)
            publish(storage, night)
            changed += len(batch.records)
        fold_log(path)
        print(f"bytes_per_changed_row {(file_bytes(path) - held) / max(changed, 1):.0f}")
        now = trial_balance_ms(storage, count + 1)
        print(f"trial_balance_{count}_nights_ms {now:.1f}")
        print(f"trial_balance_{count}_nights_ratio {now / once:.2f} <=1.5")
        later = first_pages(storage, count + 1, lines)
        print(f"first_page_worst_{count}_nights_ms {max(later.values()):.1f} <=30")
        with storage.reading() as unit:
            ms = median_ms(lambda: unit.books.changed_cells(ENTITY, older=count, newer=count + 1))
        print(f"changed_cells_last_night_ms {ms:.1f}")
        removed, longest = compact(storage, count + 1)
        print(f"compaction_rows_removed {removed}")
        print(f"compaction_longest_lock_ms {longest:.1f} <=50")
        storage.close()


if __name__ == "__main__":
    assert ACCOUNTS > 0
    main()
