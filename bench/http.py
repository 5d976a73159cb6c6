"""The HTTP shell beside the least a server could do, and its slowest answers during an import.

``http_list_vs_bare``: requests per second for a list of 100 entities from a SQLite file, over those
of a bare Litestar handler that returns the same bytes from memory; each on its own uvicorn, over
one connection that stays open, in turns. Nothing is committed meanwhile, so ours gives an answer it
kept: what a program that polls gets.
``http_list_read_vs_bare`` is the same with a commit before each request, so that token and list are
read each time. No target can hold it near the other: reading the rows alone, with the driver and
nothing else, takes about three times as long as the bare handler (``http_rows_ms``).
``http_p99_ms_under_import``: the slowest percent of such lists while another thread of the same
process imports into the same file without a pause.
"""

import datetime as dt
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from attrs import define, field
from litestar import Litestar, Response, get

from adapters.environment import RandomIds, SystemClock
from adapters.storage.sql import SqlStorage
from core.domain.access import Scope
from core.domain.integration import Administration
from core.services.import_engine import ImportEngine
from core.services.ports import Ports
from core.services.services import Services
from interfaces.http.app import build_http
from interfaces.http.rates import Rate
from interfaces.http.server import BackgroundServer
from tests.fake_books import FakeBooks
from tests.fake_provider import GOOD_KEY, FakeProvider, providers_of
from tests.fakes import RecordingDoorbell
from tests.services.house import BASE, PlainVault

ENTITIES = 100
ROUNDS = 5
REQUESTS_PER_ROUND = 20
LISTS_UNDER_IMPORT = 200
PATH = "/v1/entities"
UNLIMITED = Rate(per_second=1e9, burst=1_000_000_000)
JOIN_SECONDS = 60
TARGET = ">=0.5"

ROWS_OF_A_LIST = (
    "SELECT * FROM entities WHERE organisation_id = ? ORDER BY id LIMIT 101",
    """SELECT * FROM links WHERE entity_id IN (SELECT id FROM entities WHERE organisation_id = ?)
       ORDER BY entity_id, position""",
    """SELECT * FROM runs WHERE id IN (SELECT max(id) FROM runs WHERE entity_id IN
       (SELECT id FROM entities WHERE organisation_id = ?) GROUP BY entity_id)""",
    """SELECT g.* FROM entities e JOIN ledgers l ON l.entity_id = e.id JOIN generations g
       ON g.ledger = l.id AND g.number = e.published_generation WHERE e.organisation_id = ?""",
)
"""The least that must be read for one."""


@define
class Town:
    """An organisation with so many entities, all imported once, in a SQLite file."""

    folder: Path
    provider: FakeProvider = field(init=False)
    services: Services = field(init=False)
    organisation_id: str = field(init=False)
    token: str = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        clock = SystemClock()
        self.provider = FakeProvider.keyed(clock=clock)
        self.provider.books = [
            FakeBooks(Administration(key=f"adm-{at}", name=f"Company {at:03d}", currency="EUR"))
            for at in range(ENTITIES)
        ]
        self.services = Services(
            Ports(
                storage=SqlStorage(self.folder / "bench.sqlite3"),
                vault=PlainVault(),
                doorbell=RecordingDoorbell(),
                clock=clock,
                ids=RandomIds(),
                providers=providers_of(self.provider),
            )
        )
        self.organisation_id = self.services.onboarding.start("Bench").id
        integration = self.services.connecting.connect(
            self.organisation_id, "odoo", {"api_key": GOOD_KEY}, operator="b", redirect_base=BASE
        ).integration
        self.services.linking.select(self.organisation_id, integration.id, None, operator="b")
        self.import_all(lambda: False)
        self.token = self.services.access.create(
            self.organisation_id, "bench", Scope.READ, operator="bench"
        ).text

    def import_all(self, stopping: Callable[[], bool]) -> None:
        engine = ImportEngine(self.services.ports, "bench", lambda: False)
        for run in self.services.reading.runs(self.organisation_id, limit=ENTITIES):
            if stopping():
                return
            engine.run(run.id)

    def write(self, at: int) -> None:
        """Commit something, so that no answer given before still holds."""
        with self.services.ports.storage.writing() as uow:
            uow.settings.put("bench", str(at))
            uow.commit()

    def rows_seconds(self) -> float:
        """What the driver alone takes for a list's entities, links, newest runs and books."""
        took = []
        with closing(sqlite3.connect(self.folder / "bench.sqlite3")) as connection:
            for _ in range(ROUNDS * REQUESTS_PER_ROUND):
                began = time.perf_counter()
                for statement in ROWS_OF_A_LIST:
                    connection.execute(statement, (self.organisation_id,)).fetchall()
                took.append(time.perf_counter() - began)
        return statistics.median(took)

    def import_on(self, stop: threading.Event) -> None:
        """New entries in every company, imported again and again."""
        at = 0
        while not stop.is_set():
            at += 1
            for books in self.provider.books:
                books.post(f"e-{at}", dt.date(2026, 3, 1), ("acc-bank", at), ("acc-turnover", -at))
            self.services.importing.request(self.organisation_id, None, operator="b")
            self.import_all(stop.is_set)


def bare(body: bytes) -> Litestar:
    @get(PATH, sync_to_thread=False)
    def entities() -> Response[bytes]:
        return Response(body, media_type="application/json")

    return Litestar([entities], openapi_config=None, logging_config=None)


def asked(connection: HTTPConnection, token: str) -> bytes:
    """One list on a connection that stays open."""
    connection.request("GET", PATH, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == HTTPStatus.OK, body
    return body


def in_turns(town: Town) -> None:
    with ExitStack() as stack:

        def served(app: Litestar) -> HTTPConnection:
            server = stack.enter_context(BackgroundServer(app))
            return stack.enter_context(closing(HTTPConnection(server.host, server.port)))

        ours = served(build_http(town.services, identity="b", token_rate=UNLIMITED))
        body = asked(ours, town.token)
        least = served(bare(body))
        assert asked(least, "") == body
        seconds: dict[str, list[float]] = {"ours": [], "least": [], "read": []}
        for _ in range(ROUNDS):
            for name, connection in (("ours", ours), ("least", least), ("read", ours)):
                took = 0.0
                for at in range(REQUESTS_PER_ROUND):
                    if name == "read":
                        town.write(at)
                    began = time.perf_counter()
                    asked(connection, town.token)
                    took += time.perf_counter() - began
                seconds[name].append(took / REQUESTS_PER_ROUND)
    middle = {name: statistics.median(found) for name, found in seconds.items()}
    print(f"http_list_bytes {len(body)}")
    print(f"http_list_ms {middle['ours'] * 1_000:.2f}")
    print(f"http_bare_ms {middle['least'] * 1_000:.2f}")
    print(f"http_list_read_ms {middle['read'] * 1_000:.2f}")
    print(f"http_rows_ms {town.rows_seconds() * 1_000:.2f}")
    print(f"http_list_read_vs_bare {middle['least'] / middle['read']:.3f}")
    print(f"http_list_vs_bare {middle['least'] / middle['ours']:.2f} {TARGET}")


def under_import(town: Town) -> None:
    stop = threading.Event()
    importing = threading.Thread(target=town.import_on, args=(stop,))
    importing.start()
    took = []
    try:
        with (
            BackgroundServer(build_http(town.services, identity="b", token_rate=UNLIMITED)) as held,
            closing(HTTPConnection(held.host, held.port)) as connection,
        ):
            for _ in range(LISTS_UNDER_IMPORT):
                began = time.perf_counter()
                asked(connection, town.token)
                took.append(time.perf_counter() - began)
    finally:
        stop.set()
        importing.join(JOIN_SECONDS)
    print(f"http_p50_ms_under_import {statistics.median(took) * 1_000:.1f}")
    print(f"http_p99_ms_under_import {sorted(took)[int(len(took) * 0.99) - 1] * 1_000:.1f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        in_turns(town)
        under_import(town)
        town.services.ports.storage.close()


if __name__ == "__main__":
    main()
