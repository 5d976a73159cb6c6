"""Files far larger than memory: read or refused in constant memory, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import json, sys
from pathlib import Path
from adapters.files.readers import AllReaders
from adapters.files.staging import stage
from core.domain.failures import Failure
path, staged = Path(sys.argv[1]), Path(sys.argv[2])
staged.mkdir()
try:
    reader = AllReaders().recognise(path, "x")
    look = reader.look(path, "x")
    summary = stage(reader.read(path, look), look, staged)
    found = {"lines": summary.lines, "rejected": summary.rejected}
except Failure as failure:
    found = {"code": failure.code, "sentence": failure.sentence}
# Not ru_maxrss: that of a child begins with what the parent had when it started it.
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({**found, "peak_mib": peak}))
"""
HEADER = b"Datum;Dagboek;Boekstuk;Rekening;Omschrijving;Debet;Credit\n"
ROW = b"31-01-2024;70;%d;1300;Klant;1,00;\n31-01-2024;70;%d;8000;Omzet;;1,00\n"
PEAK_MIB_MAX = 200
PATIENCE_SECONDS = 900


def read(path: Path) -> dict[str, object]:
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), str(path.with_suffix(".staged"))],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    found: dict[str, object] = json.loads(child.stdout)
    assert isinstance(found["peak_mib"], float)
    assert found["peak_mib"] <= PEAK_MIB_MAX, found
    return found


@pytest.mark.fire
@pytest.mark.timeout(PATIENCE_SECONDS)
def test_a_line_of_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        file.write(HEADER + ROW % (1, 1) + b'31-01-2024;70;2;1300;"')
        for _ in range(8):
            file.write(b"x" * 1_000_000)
        file.seek(2 * 1024**3)
        file.write(b"\n")
    assert read(path)["code"] == "too-large"


@pytest.mark.fire
@pytest.mark.timeout(PATIENCE_SECONDS)
def test_ten_million_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("wb") as file:
        file.write(HEADER)
        for start in range(0, 5_000_000, 10_000):
            file.write(b"".join(ROW % (at, at) for at in range(start, start + 10_000)))
    found = read(path)
    assert found["code"] == "too-large"
    assert "5,000,000" in str(found["sentence"])


@pytest.mark.fire
@pytest.mark.timeout(PATIENCE_SECONDS)
def test_a_million_rows_that_are_all_wrong(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    with path.open("wb") as file:
        file.write(HEADER + ROW % (1, 1))
        for _ in range(1_000):
            file.write(b"kapot;70;1;1300;x;1,00;\n" * 1_000)
    assert read(path)["rejected"] == 1_000_000


XAF_HEAD = (
    b"<auditfile><header><fiscalYear>2024</fiscalYear><startDate>2024-01-01</startDate>"
    b"<endDate>2024-12-31</endDate><curCode>EUR</curCode></header><company><transactions>"
    b"<journal><jrnID>70</jrnID><desc>"
)


@pytest.mark.fire
@pytest.mark.timeout(PATIENCE_SECONDS)
def test_an_element_text_of_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "text.xaf"
    with path.open("wb") as file:
        file.write(XAF_HEAD)
        for _ in range(2_000):
            file.write(b"x" * 1_000_000)
        file.write(b"</desc></journal></transactions></company></auditfile>")
    assert read(path)["code"] == "too-large"


@pytest.mark.fire
@pytest.mark.timeout(PATIENCE_SECONDS)
def test_a_hundred_million_elements_that_mean_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.xaf"
    with path.open("wb") as file:
        file.write(XAF_HEAD + b"</desc>")
        for _ in range(400):
            file.write(b"<a/>" * 250_000)
    assert read(path)["code"] == "too-large"


@pytest.mark.fire
@pytest.mark.timeout(PATIENCE_SECONDS)
def test_a_million_audit_lines_in_one_transaction(tmp_path: Path) -> None:
    path = tmp_path / "lines.xaf"
    line = (
        b"<trLine><nr>1</nr><accID>1300</accID><amnt>1.00</amnt><amntTp>D</amntTp></trLine>"
        b"<trLine><nr>1</nr><accID>8000</accID><amnt>1.00</amnt><amntTp>C</amntTp></trLine>"
    )
    with path.open("wb") as file:
        file.write(XAF_HEAD + b"</desc><transaction><nr>1</nr><trDt>2024-01-31</trDt>")
        for _ in range(500):
            file.write(line * 1_000)
        file.write(b"</transaction></journal></transactions></company></auditfile>")
    assert read(path)["lines"] == 1_000_000
