"""A store as a large office has it, and a launcher that opens it: for measuring the terminal UI."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from adapters.storage.sql import SqlStorage
from bench.storage_apply import accounts, batches
from core.domain.entity import Entity, Link, LinkRole
from core.domain.failures import Action, Trouble
from core.domain.import_run import ImportRun, Progress, RunCause, RunStatus
from core.domain.integration import Account, Administration, Integration, IntegrationStatus
from core.domain.onboarding import OnboardingStep, Organisation
from core.domain.proof import Cell, Proof, Residual, Verdict
from core.domain.schedule import Slot, SlotRecord
from core.ports.books import Generation
from core.ports.storage import UnitOfWork
from monitr.bootstrap import DATABASE_FILE_NAME
from monitr.launching import LocalLauncher
from monitr.logs import QUIET, configure_logs
from monitr.settings import settings_from

ENTITIES: Final = 5_000
WITH_BOOKS: Final = 120
NIGHTS: Final = 3
NOW: Final = datetime.now(UTC).replace(microsecond=0)

DOWN: Final = Trouble(
    action=Action.FIX_SETTINGS,
    sentence="Exact Online no longer shows this administration: grant it again and reconnect.",
    code="administration-vanished",
)
LIMITED: Final = Trouble(
    action=Action.WAIT,
    sentence="The daily limit of calls is reached.",
    code="limit-reached",
    retry_at=NOW + timedelta(hours=5),
)


def seed(folder: Path, entities: int = ENTITIES) -> None:
    """Fill a new store: entities of every status, three nights of runs, books for some."""
    storage = SqlStorage(folder / DATABASE_FILE_NAME)
    with storage.writing() as uow:
        _office(uow)
        for number in range(entities):
            _entity(uow, number)
        uow.commit()
    _books(storage, min(WITH_BOOKS, entities))
    storage.close()


def _office(uow: UnitOfWork) -> None:
    """The organisation and its two integrations."""
    uow.organisations.save(
        Organisation(
            id="org_1",
            name="Kantoor Groot",
            time_zone="Europe/Amsterdam",
            created_at=NOW - timedelta(days=400),
            step=OnboardingStep.DONE,
        )
    )
    for number, provider in enumerate(("exact-online", "odoo"), start=1):
        uow.integrations.save(
            Integration(
                id=f"int_{number}",
                organisation_id="org_1",
                provider=provider,
                status=IntegrationStatus.ACTIVE,
                created_at=NOW,
                account=Account(key="a", name="Ada Lovelace"),
                expires_at=NOW + timedelta(days=5) if number == 2 else None,
                checked_at=NOW,
            )
        )
        uow.integrations.save_administrations(
            f"int_{number}",
            [
                Administration(key=f"{at:05d}", name=f"Klant {at:05d} BV", currency="EUR")
                for at in range(100)
            ],
        )


def _books(storage: SqlStorage, published: int) -> None:
    """Two generations of books for the first entities."""
    work = [accounts(), *batches(400)]
    for number in range(published):
        for generation in (1, 2):
            with storage.writing() as uow:
                for batch in work if generation == 1 else batches(400, touched=8):
                    uow.books.apply(_id(number), generation, batch)
                applied = uow.books.settle(_id(number), generation)
                uow.books.publish(
                    Generation(
                        entity_id=_id(number),
                        number=generation,
                        run_id=f"run_{number:06d}_{generation}",
                        link_id=f"lnk_{number:06d}",
                        published_at=NOW - timedelta(days=2 - generation),
                        bookmark=None,
                        counts=uow.books.counts(_id(number), generation),
                        added=applied.added,
                        changed=applied.changed,
                        removed=applied.removed,
                        proof=_proof(number),
                    )
                )
                uow.commit()


def _id(number: int) -> str:
    return f"ent_{number:06d}"


def _proof(number: int) -> Proof:
    if number % 37 == 0:
        cell = Cell(account_key="acc-7", year=2024, period=3)
        return Proof(
            verdict=Verdict.DIFFERS,
            cells=1200,
            accounts=200,
            difference_e4=12_3400,
            residual_count=1,
            residuals=(Residual(cell=cell, ours_e4=100_0000, theirs_e4=87_6600),),
        )
    return Proof(verdict=Verdict.PROVEN, cells=1200, accounts=200)


def _entity(uow: UnitOfWork, number: int) -> None:
    published = 2 if number < WITH_BOOKS else 0
    link = Link(
        id=f"lnk_{number:06d}",
        integration_id=f"int_{1 + number % 2}",
        administration_key=f"{number:05d}",
        provider=("exact-online", "odoo")[number % 2],
        role=LinkRole.PRIMARY,
    )
    uow.entities.save(
        Entity(
            id=_id(number),
            organisation_id="org_1",
            name=f"Klant {number:05d} {('BV', 'NV', 'Holding', 'Café')[number % 4]}",
            currency="EUR",
            created_at=NOW - timedelta(days=300),
            links=(link,),
            published_generation=published,
            published_at=NOW - timedelta(hours=number % 50) if published else None,
        )
    )
    if number % 50 == 49:
        return
    for night in range(NIGHTS):
        last = night == NIGHTS - 1
        _run(uow, number, link, NIGHTS - 1 - night, _status(number) if last else None)


def _status(number: int) -> RunStatus:
    if number % 23 == 3:
        return RunStatus.FAILED
    if number % 29 == 4:
        return RunStatus.WAITING
    return RunStatus.SUCCEEDED


def _run(uow: UnitOfWork, number: int, link: Link, days_ago: int, status: RunStatus | None) -> None:
    at = NOW - timedelta(days=days_ago, hours=number % 3)
    status = status or (RunStatus.FAILED if number % 400 == 9 else RunStatus.SUCCEEDED)
    slot = Slot(entity_id=_id(number), local_date=at.date(), ordinal=1)
    run = ImportRun(
        id=f"run_{NIGHTS - days_ago}_{number:06d}",
        organisation_id="org_1",
        entity_id=_id(number),
        link_id=link.id,
        integration_id=link.integration_id,
        status=status,
        cause=RunCause.SLOT,
        requested_at=at,
        due_at=NOW + timedelta(hours=5),
        slot=slot,
        attempt=1,
        started_at=at,
        finished_at=at + timedelta(seconds=42) if status is not RunStatus.WAITING else None,
        generation=1,
        progress=Progress(batches=3, records=600, lines=400, changed=12, calls=7, stage="proof"),
        trouble={RunStatus.FAILED: DOWN, RunStatus.WAITING: LIMITED}.get(status),
        proof=_proof(number) if status is RunStatus.SUCCEEDED else None,
    )
    uow.runs.add(run)
    uow.slots.open(SlotRecord(slot=slot, opened_at=at, run_id=run.id))


class Idle:
    """Implements interfaces.launcher.Companion: nothing imports while it is measured."""

    ours = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def alive(self) -> bool:
        return True

    def restart(self) -> None:
        """It never ends."""


def launcher(folder: Path) -> LocalLauncher:
    """The launcher ``monitr`` itself makes, but that it starts no process beside it."""

    class Quiet(LocalLauncher):
        def companion(self) -> Idle:  # type: ignore[override]  # as good as the real one
            return Idle()

    configure_logs(QUIET)
    return Quiet(settings_from(os.environ, data_dir=folder), dict(os.environ))


if __name__ == "__main__":  # python -m bench.tui_store DIRECTORY: look at it
    from interfaces.tui.run import run_tui

    _folder = Path(sys.argv[1])
    if not (_folder / DATABASE_FILE_NAME).exists():
        _folder.mkdir(parents=True, exist_ok=True)
        seed(_folder)
    sys.exit(run_tui(lambda: launcher(_folder)))
