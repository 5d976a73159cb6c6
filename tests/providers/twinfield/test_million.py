"""A million lines in one answer: memory stays flat. Measured in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LINES = 1_000_000
PEAK_MIB_MAX = 110

_CHILD = f"""
import json, time
from pathlib import Path
from adapters.providers.kit.xml import Reading, elements
from adapters.providers.twinfield.browsing import WANTED, rows_of
from adapters.providers.twinfield.pulling import RECORDS_PER_BATCH
from adapters.providers.twinfield.questions import LEDGER_FIELDS
from adapters.providers.twinfield.rows import Collected

LINES, ROWS = {LINES}, 4
TEXTS = ("2024", "7", "20240701", "EUR", "1300", "BAS", "1000", "DEB", "12.50", "12.50", "VH",
         "Factuur voor geleverde goederen", "2024001", "SALESINVOICE")

def answer():
    cells = "".join(f'<td field="{{name}}" hideforuser="false" type="String">{{text}}</td>'
                    for name, text in zip(LEDGER_FIELDS, TEXTS))
    heading = "".join(f"<td>{{name}}</td>" for name in LEDGER_FIELDS)
    yield f'<browse result="1" total="{{LINES}}"><th>{{heading}}</th>'.encode()
    for entry in range(LINES // ROWS):
        yield "".join(
            f"<tr>{{cells}}<key><office>1001</office><code>VRK</code><number>{{entry}}</number>"
            f"<line>{{line}}</line></key></tr>" for line in range(ROWS)).encode()
    yield b"</browse>"

started = time.perf_counter()
found = elements(answer(), WANTED, Reading(sender="Twinfield", what="lines"))
collected = Collected(currency="EUR", kinds={{}})
count = 0
for row in rows_of(found, LEDGER_FIELDS, "lines"):
    count += 1
    if len(collected.lines) >= RECORDS_PER_BATCH:
        collected.clear()
    collected.add(row)
# Not ru_maxrss: that of a child begins with what the parent had when it started it.
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({{"count": count, "peak_mib": peak, "seconds": time.perf_counter() - started}}))
"""


@pytest.mark.fire
@pytest.mark.timeout(600)
def test_a_million_lines_take_no_more_memory_than_a_few() -> None:
    child = subprocess.run(
        [sys.executable, "-c", _CHILD],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    told = json.loads(child.stdout)
    print(told)
    assert told["count"] == LINES
    assert told["peak_mib"] < PEAK_MIB_MAX
