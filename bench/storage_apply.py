"""How fast books go into SQLite and out again: prints ``name value`` lines.

python bench/storage_apply.py [lines]
"""

import datetime as dt
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import attrs

from adapters.storage.sql import SqlStorage
from core.domain.books import (
    AccountClass,
    Batch,
    Everything,
    JournalEntry,
    JournalLine,
    LedgerAccount,
    Record,
    RecordKind,
    Statement,
)
from core.domain.proof import Proof, Verdict
from core.ports.books import Generation, LineFilter

LINES_PER_BATCH = 1_000
LINES_PER_ENTRY = 4
ACCOUNTS = 200
ACCOUNT_AT = {0: "acc-13", 2: "acc-15"}
"""Debtors and VAT are always the same accounts; the other lines go anywhere."""
DAYS = 5 * 365
START = dt.date(2021, 1, 1)


def accounts() -> Batch:
    return Batch(
        bookmark="accounts",
        records=tuple(
            LedgerAccount(
                key=f"acc-{number}",
                code=f"{number:04d}",
                name=f"Account {number}",
                account_class=AccountClass.EXPENSE,
                statement=Statement.PROFIT_AND_LOSS,
            )
            for number in range(ACCOUNTS)
        ),
        coverage=(Everything(kind=RecordKind.ACCOUNT),),
    )


def batches(lines: int, *, touched: int = 0) -> Iterator[Batch]:
    """Entries of four balanced lines, keys like GUIDs, by date. ``touched`` lines differ."""
    keys = random.Random(7)
    entries = lines // LINES_PER_ENTRY
    for start in range(0, entries, LINES_PER_BATCH // LINES_PER_ENTRY):
        records: list[Record] = []
        for number in range(start, min(entries, start + LINES_PER_BATCH // LINES_PER_ENTRY)):
            date = START + dt.timedelta(days=number * DAYS // max(entries, 1))
            entry_key = f"{keys.getrandbits(128):032x}"
            records.append(
                JournalEntry(
                    key=entry_key,
                    number=str(number),
                    journal_key=f"journal-{number % 5}",
                    date=date,
                    year=date.year,
                    period=date.month,
                )
            )
            for position, amount_e4 in enumerate((121_0000, -100_0000, -21_0000, 0)):
                at = number * LINES_PER_ENTRY + position
                records.append(
                    JournalLine(
                        key=f"{keys.getrandbits(128):032x}",
                        entry_key=entry_key,
                        position=position,
                        account_key=ACCOUNT_AT.get(position, f"acc-{keys.randrange(ACCOUNTS)}"),
                        date=date,
                        year=date.year,
                        period=date.month,
                        amount_e4=amount_e4,
                        contact_key=f"contact-{number % 500}" if position == 0 else None,
                        description="changed" if at < touched else f"Invoice {number}",
                    )
                )
        yield Batch(bookmark=str(start), records=tuple(records))


def run(storage: SqlStorage, number: int, work: list[Batch]) -> tuple[float, list[float]]:
    """Seconds for all batches, and of each unit of work."""
    units = []
    began = time.perf_counter()
    for batch in work:
        at = time.perf_counter()
        with storage.writing() as unit:
            unit.books.apply("ent_bench", number, batch)
            unit.commit()
        units.append(time.perf_counter() - at)
    return time.perf_counter() - began, units


def publish(storage: SqlStorage, number: int) -> float:
    began = time.perf_counter()
    with storage.writing() as unit:
        unit.books.settle("ent_bench", number)
        unit.commit()
    with storage.writing() as unit:
        unit.books.publish(
            Generation(
                entity_id="ent_bench",
                number=number,
                run_id="run",
                link_id="lnk",
                published_at=dt.datetime(2026, 1, number, tzinfo=dt.UTC),
                bookmark=None,
                counts=unit.books.counts("ent_bench", number),
                added=0,
                changed=0,
                removed=0,
                proof=Proof(verdict=Verdict.NOT_OFFERED),
            )
        )
        unit.commit()
    return time.perf_counter() - began


def reads(storage: SqlStorage, number: int) -> Iterator[tuple[str, float]]:
    """Milliseconds of common reads."""
    filters = {
        "all": LineFilter(),
        "account": LineFilter(account_key="acc-7"),
        "journal": LineFilter(journal_key="journal-3"),
        "period": LineFilter(year=2024, period=3),
        "dates": LineFilter(date_from=dt.date(2024, 5, 1), date_to=dt.date(2024, 5, 31)),
        "contact": LineFilter(contact_key="contact-77"),
        "text": LineFilter(text="invoice 77"),
    }
    with storage.reading() as unit:
        for name, where in filters.items():
            began = time.perf_counter()
            page = unit.books.lines("ent_bench", number, where=where)
            assert page.rows, name
            yield f"first_page_{name}_ms", 1_000 * (time.perf_counter() - began)
            if page.next_cursor:
                began = time.perf_counter()
                unit.books.lines("ent_bench", number, where=where, cursor=page.next_cursor)
                yield f"second_page_{name}_ms", 1_000 * (time.perf_counter() - began)
        for name, call in (
            ("trial_balance", unit.books.trial_balance),
            ("cells", unit.books.cells),
            ("counts", unit.books.counts),
        ):
            began = time.perf_counter()
            call("ent_bench", number)
            yield f"{name}_ms", 1_000 * (time.perf_counter() - began)
        began = time.perf_counter()
        unit.books.findings("ent_bench", number, limit=500)
        yield "findings_ms", 1_000 * (time.perf_counter() - began)
        began = time.perf_counter()
        unit.books.changed_cells("ent_bench", older=number - 1, newer=number)
        yield "changed_cells_ms", 1_000 * (time.perf_counter() - began)


def floor(path: Path, work: list[Batch]) -> float:
    """Seconds of the least that could be done: the driver's upsert by key, same units of work."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("PRAGMA synchronous=NORMAL")
    texts = {}
    for kind in (JournalEntry, JournalLine):
        columns = [attribute.name for attribute in attrs.fields(kind)]
        typed = ", ".join(f"{name} PRIMARY KEY" if name == "key" else name for name in columns)
        connection.execute(f"CREATE TABLE {kind.__name__} ({typed})")
        marks = ", ".join("?" * len(columns))
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "key")
        texts[kind] = (
            f"INSERT INTO {kind.__name__} VALUES ({marks}) "  # noqa: S608 - names of our own
            f"ON CONFLICT (key) DO UPDATE SET {changes}"
        )
    rows = [
        {
            kind: [
                tuple(
                    value.isoformat() if isinstance(value, dt.date) else value
                    for value in attrs.astuple(record)
                )
                for record in batch.records
                if isinstance(record, kind)
            ]
            for kind in texts
        }
        for batch in work
    ]
    began = time.perf_counter()
    for batch_rows in rows:
        connection.execute("BEGIN IMMEDIATE")
        for kind, some in batch_rows.items():
            connection.executemany(texts[kind], some)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def report(name: str, lines: int, seconds: float, units: list[float]) -> None:
    print(f"{name}_lines_per_s {lines / seconds:.0f}")
    print(f"{name}_unit_p50_ms {1_000 * statistics.median(units):.1f}")
    print(f"{name}_unit_max_ms {1_000 * max(units):.1f}")


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    first, same = list(batches(lines)), list(batches(lines))
    night = list(batches(lines, touched=lines // 100))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.sqlite3"
        least = floor(Path(directory) / "floor.sqlite3", first)
        print(f"floor_lines_per_s {lines / least:.0f}")
        storage = SqlStorage(path)
        run(storage, 1, [accounts()])
        seconds, units = run(storage, 1, first)
        report("first", lines, seconds, units)
        print(f"first_of_floor {least / seconds:.2f}")
        print(f"first_settle_publish_ms {1_000 * publish(storage, 1):.1f}")
        report("unchanged", lines, *run(storage, 2, same))
        print(f"unchanged_settle_publish_ms {1_000 * publish(storage, 2):.1f}")
        report("one_percent", lines, *run(storage, 3, night))
        print(f"one_percent_settle_publish_ms {1_000 * publish(storage, 3):.1f}")
        for name, value in reads(storage, 3):
            print(f"{name} {value:.1f}")
        with storage.writing() as unit:
            unit.books.apply("ent_bench", 4, night[0])
            began = time.perf_counter()
            unit.books.discard("ent_bench", 4)
            print(f"discard_ms {1_000 * (time.perf_counter() - began):.1f}")
        print(f"file_bytes_per_line {path.stat().st_size / lines:.0f}")
        storage.close()


if __name__ == "__main__":
    main()
