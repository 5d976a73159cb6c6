"""Twinfield, 50,000 lines: wire to published and proven, against the least a program could do.

The floor asks the same stand-in the same questions for the same lines with httpx, reads the same
elements with lxml's ``iterparse`` and writes them with ``executemany`` into one table: no records,
no versions, no proof. Both run in a process of their own against a stand-in in a third, its credits
not counted. Both wait for the stand-in to write its answers, which takes most of the floor's time;
``xml_wire_seconds`` says how much that is.
"""

import gc
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
from lxml import etree

from adapters.environment import RandomIds, SystemClock
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.soap import envelope
from adapters.providers.twinfield import Twinfield
from adapters.providers.twinfield.questions import (
    LEDGER,
    LEDGER_FIELDS,
    PROCESS_ACTION,
    Slice,
    asmx_header,
    browse,
    process,
)
from adapters.scheduler.inline import CollectingDoorbell
from adapters.storage.sql import SqlStorage
from adapters.storage.vault import vault_from
from bench.import_exact import NoBudgets, control
from core.domain.proof import Verdict
from core.services.import_engine import ImportEngine
from core.services.ports import Ports
from core.services.services import Services
from monitr.logs import QUIET, configure_logs
from monitr.working import present
from sandbox.browser import decide
from sandbox.server import Sandbox
from sandbox.twinfield.tokens import (
    CONNECT,
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SCOPES,
)

LINES = 50_000
SEED = 7
HTTP_SECONDS = 120
RATIO_MIN = 0.4
OURS, FLOOR, STAND_IN = "--ours", "--floor", "--stand-in"
ROUNDS = 3
"""Each is measured so often, in turn; the best counts."""


@contextmanager
def standing() -> Iterator[str]:
    """Twinfield's stand-in in a process of its own, on a free port; yields its origin."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench.xml_floor", STAND_IN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.terminate()


def stand_in() -> None:
    """Serves until it is ended or nobody is there to end it."""
    with Sandbox(seed=SEED, lines=LINES, providers=["twinfield"]) as sandbox:
        sandbox.settings("twinfield", limits=False)
        gc.freeze()
        print(sandbox.url("twinfield"), flush=True)
        sys.stdin.read()


def largest(origin: str) -> tuple[str, int]:
    """Key and lines of the administration with the most."""
    truths = control(origin, "GET", "truth")
    found = max(truths, key=lambda truth: truth["lines"])
    return str(found["code"]), int(found["lines"])


def ours(origin: str) -> dict[str, float]:
    """One full import through every room: seconds, lines, peak memory."""
    configure_logs(QUIET)
    key, lines = largest(origin)
    with tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder:
        clock = SystemClock()
        ports = Ports(
            storage=SqlStorage(Path(folder) / "monitr.sqlite3"),
            vault=vault_from(Path(folder), {}),
            doorbell=CollectingDoorbell(),
            clock=clock,
            ids=RandomIds(),
            providers={"twinfield": Twinfield(Kit(clock=clock, budgets=NoBudgets()))},
        )
        services = Services(ports)
        organisation_id = selected(services, origin, key)
        (waiting,) = (run for run in services.reading.runs(organisation_id) if not run.finished)
        with present(services, "bench", standing=False):
            started = time.perf_counter()
            run = ImportEngine(ports, "bench").run(waiting.id)
            seconds = time.perf_counter() - started
        ports.storage.close()
    assert run is not None
    assert run.proof is not None, run.trouble
    assert run.proof.verdict is Verdict.PROVEN, run.proof
    assert run.progress.lines == lines
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "lines": lines, "peak_mib": peak_mib}


def selected(services: Services, origin: str, key: str) -> str:
    """The organisation that follows this administration."""
    organisation = services.onboarding.start("Bench")
    connection = services.connecting.connect(
        organisation.id,
        "twinfield",
        {
            "site": origin,
            "client_id": SANDBOX_CLIENT_ID,
            "client_secret": SANDBOX_CLIENT_SECRET,
            "certified": "yes",
        },
        operator="bench",
        redirect_base="http://127.0.0.1:1",
    )
    assert connection.authorize_url is not None
    landed = decide(connection.authorize_url)
    services.authorising.complete("twinfield", dict(parse_qsl(urlsplit(landed).query)))
    services.linking.select(organisation.id, connection.integration.id, [key], operator="bench")
    return organisation.id


def floor(origin: str) -> dict[str, float]:
    """The same lines into one table."""
    key, lines = largest(origin)
    office = key.partition("/")[2]
    years = sorted({row["year"] for row in truth_rows(origin, key)})
    with (
        tempfile.TemporaryDirectory(prefix="monitr-bench-") as folder,
        closing(sqlite3.connect(Path(folder) / "floor.sqlite3")) as database,
        httpx.Client(timeout=HTTP_SECONDS) as client,
    ):
        token = authorised(client, origin)
        database.execute("PRAGMA journal_mode=WAL")
        columns = ", ".join(f"c{number}" for number in range(len(LEDGER_FIELDS) + 4))
        database.execute(f"CREATE TABLE line ({columns})")
        places = ", ".join("?" * (len(LEDGER_FIELDS) + 4))
        count = 0
        wire_seconds = 0.0
        started = time.perf_counter()
        for year in years:
            asked_at = time.perf_counter()
            body = answered(client, origin, token, office, year)
            wire_seconds += time.perf_counter() - asked_at
            with database:
                statement = f"INSERT INTO line VALUES ({places})"  # noqa: S608 - our own columns
                count += database.executemany(statement, texts(body)).rowcount
        seconds = time.perf_counter() - started
    assert count == lines
    return {"seconds": seconds, "lines": lines, "wire": wire_seconds}


def truth_rows(origin: str, key: str) -> list[dict[str, int]]:
    truths = control(origin, "GET", "truth")
    rows: list[dict[str, int]] = next(one["balances"] for one in truths if one["code"] == key)
    return rows


def authorised(client: httpx.Client, origin: str) -> str:
    redirect = "http://127.0.0.1:1/back"
    query = {
        "client_id": SANDBOX_CLIENT_ID,
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "nonce": "bench",
    }
    landed = decide(f"{origin}{CONNECT}/authorize?{urlencode(query)}")
    answer = client.post(
        f"{origin}{CONNECT}/token",
        data={
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(landed).query)["code"][0],
            "redirect_uri": redirect,
        },
        auth=(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET),
    )
    return str(answer.json()["access_token"])


def answered(client: httpx.Client, origin: str, token: str, office: str, year: int) -> bytes:
    asked = process(browse(LEDGER, LEDGER_FIELDS, Slice(year=year)))
    answer = client.post(
        f"{origin}/webservices/processxml.asmx",
        content=envelope(asked, asmx_header(token, office)),
        headers={
            "content-type": "text/xml; charset=utf-8",
            "soapaction": f'"{PROCESS_ACTION}"',
        },
    )
    assert answer.status_code == 200
    return answer.content


def texts(body: bytes) -> Iterator[tuple[str | None, ...]]:
    """Every cell of every row, the filter's column left out."""
    for _, row in etree.iterparse(BytesIO(body), events=("end",), tag="tr"):
        cells = [cell.text for cell in row]
        yield (*cells[1:-1], *(part.text for part in row[-1]))
        row.clear()
        parent = row.getparent()
        assert parent is not None
        while row.getprevious() is not None:
            del parent[0]


def measured(way: str, origin: str) -> dict[str, float]:
    child = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "bench.xml_floor", way, origin],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    told: dict[str, float] = json.loads(child.stdout)
    return told


def main() -> None:
    """Print ``name value target`` lines."""
    with standing() as origin:
        rounds = [(measured(FLOOR, origin), measured(OURS, origin)) for _ in range(ROUNDS)]
    floor_seconds = min(told["seconds"] for told, _ in rounds)
    our_seconds = min(told["seconds"] for _, told in rounds)
    print(f"xml_lines {rounds[0][0]['lines']:.0f}")
    print(f"xml_floor_seconds {floor_seconds:.2f}")
    print(f"xml_wire_seconds {min(told['wire'] for told, _ in rounds):.2f}")
    print(f"xml_import_seconds {our_seconds:.2f}")
    print(f"xml_floor_ratio {floor_seconds / our_seconds:.2f} >={RATIO_MIN}")
    print(f"xml_peak_memory_mib {max(told['peak_mib'] for _, told in rounds):.1f} <=200")


if __name__ == "__main__":
    if OURS in sys.argv:
        print(json.dumps(ours(sys.argv[-1])))
    elif STAND_IN in sys.argv:
        stand_in()
    elif FLOOR in sys.argv:
        print(json.dumps(floor(sys.argv[-1])))
    else:
        main()
