"""XAF, 1,000,000 lines: file to published and proven, against lxml's iterparse and executemany.

``xaf_vs_floor`` is our speed as a share of the floor's, by the clock; ``xaf_vs_floor_cpu`` the same
in CPU seconds, which other programs on the machine do not change. The floor reads the same elements
with ``iterparse``, turns amounts into what is stored, and upserts entries and lines with the
columns they have in the books, by key, in the same units of work; it checks, versions and proves
nothing.

python -m bench.audit_file [lines]
"""

import datetime as dt
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
from typing import Final

from lxml import etree

from bench.file_import import (
    ACCOUNTS,
    DAYS,
    ENTRY_COLUMNS,
    FIRST,
    LINE_COLUMNS,
    LINES_PER_ENTRY,
    UNIT_LINES,
    entity_of_files,
    house,
    imported,
    upsert,
)

LINES: Final = 1_000_000
CHILD: Final = "--child"
NAMESPACE: Final = "http://www.auditfiles.nl/XAF/3.2"
_NS: Final = f"{{{NAMESPACE}}}"

Row = tuple[str | int | None, ...]


def write_audit_file(path: Path, lines: int) -> None:
    """A year in one journal, entry by entry, with the totals it must state."""
    entries = lines // LINES_PER_ENTRY
    cents = sum(100 + number % 9_000 for number in range(entries)) * 100 + entries * 3_021
    total = f"{cents / 100:.2f}"
    with path.open("w", encoding="utf-8") as file:
        file.write(
            f'<?xml version="1.0" encoding="UTF-8"?><auditfile xmlns="{NAMESPACE}"><header>'
            "<fiscalYear>2024</fiscalYear><startDate>2024-01-01</startDate>"
            "<endDate>2024-12-31</endDate><curCode>EUR</curCode></header><company>"
            "<companyIdent>1</companyIdent><companyName>Bench</companyName><generalLedger>"
        )
        for code in ("1300", "1500", "4990", *map(str, range(8000, 8000 + ACCOUNTS))):
            file.write(
                f"<ledgerAccount><accID>{code}</accID><accDesc>Rekening {code}</accDesc>"
                f"<accTp>{'B' if code < '4' else 'P'}</accTp></ledgerAccount>"
            )
        file.write(
            f"</generalLedger><transactions><linesCount>{entries * LINES_PER_ENTRY}</linesCount>"
            f"<totalDebit>{total}</totalDebit><totalCredit>{total}</totalCredit>"
            "<journal><jrnID>70</jrnID><desc>Verkoop</desc><jrnTp>S</jrnTp>"
        )
        for number in range(entries):
            file.write(_transaction(number, entries))
        file.write("</journal></transactions></company></auditfile>")


def _transaction(number: int, entries: int) -> str:
    day = FIRST + dt.timedelta(days=number * DAYS // entries)
    net = 100 + number % 9_000
    postings = (
        ("1300", f"{net + 30}.21", "D"),
        (str(8000 + number % ACCOUNTS), f"{net}.00", "C"),
        ("1500", "21.00", "C"),
        ("4990", "9.21", "C"),
    )
    lines = "".join(
        f"<trLine><nr>{at}</nr><accID>{account}</accID><docRef>{number}</docRef>"
        f"<effDate>{day}</effDate><desc>Factuur {number}</desc><amnt>{amount}</amnt>"
        f"<amntTp>{side}</amntTp></trLine>\n"
        for at, (account, amount, side) in enumerate(postings, start=1)
    )
    return (
        f"<transaction><nr>{24_000_000 + number}</nr><desc>Factuur {number}</desc>"
        f"<periodNumber>{day.month}</periodNumber><trDt>{day}</trDt>{lines}</transaction>\n"
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
    rows = _rows(source)
    count = 0
    while some := list(islice(rows, UNIT_LINES // LINES_PER_ENTRY)):
        lines = [line for _, held in some for line in held]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(texts["entries"], [entry for entry, _ in some])
        connection.executemany(texts["lines"], lines)
        connection.execute("COMMIT")
        count += len(lines)
    connection.close()
    return count


def _rows(source: Path) -> Iterator[tuple[Row, list[Row]]]:
    """Each transaction as (entry, lines)."""
    for _, element in etree.iterparse(source, events=("end",), tag=f"{_NS}transaction"):
        number, date = element.findtext(f"{_NS}nr", ""), element.findtext(f"{_NS}trDt", "")
        period = int(element.findtext(f"{_NS}periodNumber", ""))
        year = int(date[:4])
        entry = f"70/{number}"
        lines: list[Row] = []
        for at, line in enumerate(element.iterchildren(f"{_NS}trLine"), start=1):
            texts = {child.tag: child.text or "" for child in line}
            amount_e4 = int(Decimal(texts[f"{_NS}amnt"]) * 10_000)
            lines.append(
                (
                    f"{entry}/{at}", entry, at, texts[f"{_NS}accID"], date, year, period,
                    amount_e4 if texts[f"{_NS}amntTp"] == "D" else -amount_e4,
                    None, None, None, None, texts[f"{_NS}desc"],
                )
            )  # fmt: skip
        yield (entry, number, "70", date, year, period, element.findtext(f"{_NS}desc")), lines
        element.clear()
        parent = element.getparent()
        assert parent is not None, "transactions stand in a journal"
        while element.getprevious() is not None:
            del parent[0]


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(lines: int) -> None:
    """Both sides, in a process of their own: the memory of both together is measured too."""
    with tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder:
        source = Path(folder) / "ledger.xaf"
        write_audit_file(source, lines)
        began, cpu_began = time.perf_counter(), _cpu_seconds()
        floor(source, Path(folder) / "floor.sqlite3")
        floor_seconds, floor_cpu = time.perf_counter() - began, _cpu_seconds() - cpu_began
        ports, services = house(Path(folder))
        entity = entity_of_files(ports, services)
        cpu_began = _cpu_seconds()
        previewed, seconds, summary = imported(ports, services, entity, source)
        cpu = _cpu_seconds() - cpu_began
        ports.storage.close()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"xaf_lines {summary.lines}")
    print(f"xaf_floor_seconds {floor_seconds:.2f}")
    print(f"xaf_floor_cpu_seconds {floor_cpu:.2f}")
    print(f"xaf_preview_seconds {previewed:.2f}")
    print(f"xaf_seconds {seconds:.2f}")
    print(f"xaf_cpu_seconds {cpu:.2f}")
    print(f"xaf_vs_floor {floor_seconds / seconds:.2f} >=0.4")
    print(f"xaf_vs_floor_cpu {floor_cpu / cpu:.2f}")
    print(f"xaf_peak_memory_mib {peak_mib:.0f} <=200")


def main() -> None:
    """Print ``name value target`` lines."""
    lines = next((int(word) for word in sys.argv[1:] if word.isdigit()), LINES)
    subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench.audit_file", CHILD, str(lines)], check=True
    )


if __name__ == "__main__":
    if CHILD in sys.argv:
        measure(int(sys.argv[-1]))
    else:
        main()
