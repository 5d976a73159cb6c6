"""CSV, 1,000,000 lines: file to published and proven, against the csv module and executemany.

``csv_vs_floor`` is our speed as a share of the floor's. The floor reads the same file with the csv
module, turns dates and amounts into what is stored, and upserts entries and lines with the columns
they have in the books, by key, in the same units of work; it detects, checks, versions and proves
nothing.

python -m bench.file_import [lines]
"""

import csv
import datetime as dt
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final, cast

from adapters.environment import RandomIds, SystemClock
from adapters.files.confirmed import StoredUploads
from adapters.files.shelf import DiskShelf
from adapters.providers.csv_import.provider import CsvImport, FilesKit
from adapters.scheduler.inline import CollectingDoorbell
from adapters.storage.sql import SqlStorage
from adapters.storage.vault import vault_from
from core.domain.entity import Entity
from core.domain.file_import import Summary
from core.domain.onboarding import OnboardingStep
from core.domain.proof import Verdict
from core.ports.budget import Budgets
from core.services.import_engine import ImportEngine
from core.services.ports import Ports
from core.services.services import Services
from monitr.working import present

LINES: Final = 1_000_000
LINES_PER_ENTRY: Final = 4
ACCOUNTS: Final = 200
CHUNK_BYTES: Final = 1_048_576
UNIT_LINES: Final = 2_000
FIRST: Final = dt.date(2024, 1, 1)
DAYS: Final = 366
CHILD: Final = "--child"


def write_ledger(path: Path, lines: int) -> None:
    """A general ledger as a Dutch package exports it, entry by entry."""
    entries = lines // LINES_PER_ENTRY
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(
            ("Datum", "Dagboek", "Boekstuk", "Rekening", "Omschrijving", "Debet", "Credit")
        )
        for number in range(entries):
            day = (FIRST + dt.timedelta(days=number * DAYS // entries)).strftime("%d-%m-%Y")
            net = 100 + number % 9_000
            postings = (
                ("1300", f"{net + 30},21", ""),
                (str(8000 + number % ACCOUNTS), "", f"{net},00"),
                ("1500", "", "21,00"),
                ("4990", "", "9,21"),
            )
            for account, debit, credit in postings:
                journal, entry = str(70 + number % 5), str(24_000_000 + number)
                writer.writerow((day, journal, entry, account, f"Factuur {number}", debit, credit))


ENTRY_COLUMNS: Final = ("key", "number", "journal_key", "date", "year", "period", "description")
LINE_COLUMNS: Final = (
    *("key", "entry_key", "position", "account_key", "date", "year", "period", "amount_e4"),
    *("currency", "foreign_e4", "contact_key", "tax_key", "description"),
)


def upsert(table: str, columns: tuple[str, ...]) -> str:
    """Insert a row, or replace what its key has."""
    marks = ", ".join("?" * len(columns))
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    return (
        f"INSERT INTO {table} VALUES ({marks}) "  # noqa: S608 - names of our own
        f"ON CONFLICT (key) DO UPDATE SET {changes}"
    )


def floor(source: Path, target: Path) -> int:
    """Lines upserted, with their entries, by the least that could be done."""
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("PRAGMA synchronous=NORMAL")
    texts = {}
    for table, columns in (("entries", ENTRY_COLUMNS), ("lines", LINE_COLUMNS)):
        typed = ", ".join(f"{name} PRIMARY KEY" if name == "key" else name for name in columns)
        connection.execute(f"CREATE TABLE {table} ({typed})")
        texts[table] = upsert(table, columns)
    count = 0
    with source.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows)
        numbered = enumerate(rows, start=2)
        while some := list(islice(numbered, UNIT_LINES)):
            plain = [_plain(number, row) for number, row in some]
            entries = {line[1]: (line[1], row[2], row[1], *line[4:7], None)
                       for line, (_, row) in zip(plain, some, strict=True)}  # fmt: skip
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(texts["entries"], list(entries.values()))
            connection.executemany(texts["lines"], plain)
            connection.execute("COMMIT")
            count += len(some)
    connection.close()
    return count


def _plain(number: int, row: list[str]) -> tuple[str | int | None, ...]:
    """A line as it is stored."""
    date = dt.datetime.strptime(row[0], "%d-%m-%Y").date()  # noqa: DTZ007 - a day
    debit = Decimal(row[5].replace(",", ".")) if row[5] else Decimal()
    credit = Decimal(row[6].replace(",", ".")) if row[6] else Decimal()
    entry = f"{row[1]}/{row[2]}"
    return (
        f"{entry}/{number}", entry, number, row[3], date.isoformat(), date.year, date.month,
        int((debit - credit) * 10_000), None, None, None, None, row[4],
    )  # fmt: skip


def house(folder: Path) -> tuple[Ports, Services]:
    """A Monitr on SQLite that takes files."""
    clock = SystemClock()
    storage = SqlStorage(folder / "monitr.sqlite3")
    shelf = DiskShelf(folder / "uploads")
    kit = FilesKit(
        clock=clock,
        budgets=cast("Budgets", None),  # files cost no calls
        uploads=StoredUploads(storage, shelf),
    )
    ports = Ports(
        storage=storage,
        vault=vault_from(folder, os.environ),
        doorbell=CollectingDoorbell(),
        clock=clock,
        ids=RandomIds(),
        providers={"csv": CsvImport(kit)},
        shelf=shelf,
    )
    return ports, Services(ports)


def entity_of_files(ports: Ports, services: Services) -> Entity:
    """An entity imported from files, in an organisation that is past its onboarding."""
    organisation = services.onboarding.start("Bench")
    with ports.storage.writing() as uow:
        uow.organisations.save(organisation.at(OnboardingStep.DONE))
        uow.commit()
    connection = services.connecting.connect(
        organisation.id, "csv", {"companies": "Bench"}, operator="bench", redirect_base="http://x"
    )
    selection = services.linking.select(
        organisation.id, connection.integration.id, None, operator="bench"
    )
    (run,) = selection.runs
    with present(services, "bench", standing=False):
        ImportEngine(ports, "bench").run(run.id)
    return selection.created[0]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def imported(
    ports: Ports, services: Services, entity: Entity, source: Path
) -> tuple[float, float, Summary]:
    """(seconds to the preview, seconds to published and proven, summary)."""
    began = time.perf_counter()
    received = services.uploading.receive(
        entity.organisation_id, entity.id, source.name, _chunks(source), operator="bench"
    )
    previewed = time.perf_counter() - began
    decided = services.uploading.confirm(
        entity.organisation_id, received.upload.id, operator="bench"
    )
    assert decided.run is not None, "a new file"
    with present(services, "bench", standing=False):
        run = ImportEngine(ports, "bench").run(decided.run.id)
    seconds = time.perf_counter() - began
    assert run is not None
    assert run.proof is not None, run.trouble
    assert run.proof.verdict is Verdict.PROVEN, run.proof
    return previewed, seconds, received.upload.summary


def measure(lines: int) -> None:
    """Our side, in a process of its own: its memory is measured too."""
    with tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder:
        source = Path(folder) / "ledger.csv"
        write_ledger(source, lines)
        floor_began = time.perf_counter()
        floor(source, Path(folder) / "floor.sqlite3")
        floor_seconds = time.perf_counter() - floor_began
        ports, services = house(Path(folder))
        entity = entity_of_files(ports, services)
        previewed, seconds, summary = imported(ports, services, entity, source)
        ports.storage.close()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"csv_lines {summary.lines}")
    print(f"csv_floor_seconds {floor_seconds:.2f}")
    print(f"csv_preview_seconds {previewed:.2f}")
    print(f"csv_seconds {seconds:.2f}")
    print(f"csv_lines_per_second {summary.lines / seconds:.0f}")
    print(f"csv_vs_floor {floor_seconds / seconds:.2f} >=0.5")
    print(f"csv_peak_memory_mib {peak_mib:.0f} <=200")


def main() -> None:
    """Print ``name value target`` lines."""
    lines = next((int(word) for word in sys.argv[1:] if word.isdigit()), LINES)
    subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench.file_import", CHILD, str(lines)], check=True
    )


if __name__ == "__main__":
    if CHILD in sys.argv:
        measure(int(sys.argv[-1]))
    else:
        main()
