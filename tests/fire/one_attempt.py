"""What a worker process does in one attempt at one run; it may kill itself with SIGKILL."""

import os
import signal
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import attrs
from attrs import define

from adapters.environment import SystemClock
from adapters.providers.exact_online import ExactOnline
from adapters.providers.kit.calls import Kit
from adapters.storage.sql.books import SqlBooks
from bench.import_exact import NoBudgets
from core.domain.import_run import ImportRun
from core.domain.proof import Proof
from core.ports.books import Generation
from core.services.claiming import Claim
from core.services.import_engine import ImportEngine
from core.services.services import Services
from monitr.bootstrap import open_monitr
from monitr.settings import settings_from
from monitr.working import present


@define
class AheadClock(SystemClock):
    """The machine's clock, ahead."""

    ahead: timedelta

    def now(self) -> datetime:
        return super().now() + self.ahead


@define
class Killer:
    """Asked after each committed batch: kills this process after the n-th one."""

    kill_after: int
    batches: int = 0

    def __call__(self) -> bool:
        self.batches += 1
        if self.batches == self.kill_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return False


def die_when(moment: str) -> None:
    """SIGKILL at a moment of publishing."""
    publish, settle = SqlBooks.publish, ImportEngine._publish

    def in_the_unit(books: SqlBooks, generation: Generation) -> None:
        if moment == "published, not committed":
            publish(books, generation)
        os.kill(os.getpid(), signal.SIGKILL)

    def whole(engine: ImportEngine, claimed: Claim, proof: Proof) -> ImportRun:
        settle(engine, claimed, proof)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody survives this")

    if moment == "committed":
        setattr(ImportEngine, "_publish", whole)  # noqa: B010 - a method is replaced
    elif moment:
        setattr(SqlBooks, "publish", in_the_unit)  # noqa: B010 - a method is replaced


def attempt(
    told: Connection, folder: Path, run_id: str, kill_after: int, ahead_seconds: int, moment: str
) -> None:
    """Sweep, so that the run is Waiting again, then attempt it. Tells "working" before it claims
    the run, and at the end the run's status, or "none".

    ``kill_after``: so many batches; 0 means never. The clock is ahead by ``ahead_seconds``, so that
    an earlier worker, killed a moment ago, counts as gone without anybody waiting. ``moment``: one
    of publishing at which to die instead: ``before publishing``, ``published, not committed``,
    ``committed``; empty for none.
    """
    die_when(moment)
    monitr = open_monitr(settings_from(os.environ, data_dir=folder), os.environ)
    clock = AheadClock(timedelta(seconds=ahead_seconds))
    # Without limits of our own: a minute's calls are made in a second, the rest would be waiting.
    exact = ExactOnline(Kit(clock=clock, budgets=NoBudgets()))
    ports = attrs.evolve(monitr.ports, clock=clock, providers={"exact-online": exact})
    services = Services(ports)
    services.importing.sweep()
    name = f"worker-{os.getpid()}"
    with present(services, name, standing=False):
        told.send("working")
        run = ImportEngine(ports, name, Killer(kill_after)).run(run_id)
    monitr.close()
    told.send("none" if run is None else run.status.value)
