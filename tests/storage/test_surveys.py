"""Counting and filtering entities, runs and slots: every storage says the same."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from adapters.storage.memory import MemoryStorage
from core.domain.entity import Entity, Link, LinkRole
from core.domain.import_run import ImportRun, RunCause, RunStatus
from core.domain.proof import Proof, Verdict
from core.domain.schedule import SkipReason, Slot, SlotRecord
from core.ports.storage import EntityFilter, Storage
from tests.storage.makers import NOW, batch, later, pair, publish
from tests.storage.sql_files import fresh_sql

ORG = "org_1"
NIGHT = dt.date(2026, 3, 10)


@pytest.fixture(params=["memory", "sql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    made: Storage = MemoryStorage() if request.param == "memory" else fresh_sql(tmp_path)
    yield made
    made.close()


def entity(number: int, name: str = "Bakkerij", *, organisation_id: str = ORG) -> Entity:
    return Entity(
        id=f"ent_{number}",
        organisation_id=organisation_id,
        name=name,
        currency="EUR",
        created_at=NOW,
    )


def link(integration_id: str) -> Link:
    return Link(
        id=f"lnk_{integration_id}",
        integration_id=integration_id,
        administration_key="7",
        provider="odoo",
        role=LinkRole.PRIMARY if integration_id == "int_7" else LinkRole.ADDITIONAL,
    )


def run(
    key: str,
    entity_id: str,
    status: RunStatus,
    *,
    verdict: Verdict | None = None,
    seconds: float = 0,
    organisation_id: str = ORG,
    slot: Slot | None = None,
) -> ImportRun:
    return ImportRun(
        id=key,
        organisation_id=organisation_id,
        entity_id=entity_id,
        link_id=f"lnk_{entity_id}",
        integration_id="int_1",
        status=status,
        cause=RunCause.MANUAL,
        requested_at=later(seconds),
        due_at=later(seconds),
        slot=slot,
        proof=Proof(verdict=verdict) if verdict is not None else None,
    )


@pytest.fixture
def five(storage: Storage) -> Storage:
    """Five entities: failed after a success, proven, differing, never imported, in progress."""
    with storage.writing() as uow:
        uow.entities.save(entity(1, "Café Zuid"))
        uow.entities.save(attrs.evolve(entity(2), links=(link("int_9"), link("int_7"))))
        uow.entities.save(attrs.evolve(entity(3), time_zone="Europe/Lisbon"))
        uow.entities.save(attrs.evolve(entity(4, "ÉCLAIR 100%"), published_at=NOW))
        uow.entities.save(attrs.evolve(entity(5), published_at=later(-60)))
        uow.entities.save(entity(6, organisation_id="org_2"))
        for one in (
            run("run_1", "ent_1", RunStatus.SUCCEEDED, verdict=Verdict.DIFFERS),
            run("run_2", "ent_2", RunStatus.SUCCEEDED, verdict=Verdict.PROVEN, seconds=10),
            run("run_3", "ent_3", RunStatus.SUCCEEDED, verdict=Verdict.DIFFERS, seconds=20),
            run("run_4", "ent_1", RunStatus.FAILED, seconds=30),
            run("run_5", "ent_5", RunStatus.IN_PROGRESS, seconds=40),
            run("run_6", "ent_6", RunStatus.FAILED, seconds=10, organisation_id="org_2"),
        ):
            assert uow.runs.add(one)
        uow.commit()
    return storage


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (None, "1 2 3 4 5"),
        (EntityFilter(), "1 2 3 4 5"),
        (EntityFilter(text="BAK"), "2 3 5"),
        (EntityFilter(text="é"), "1 4"),
        (EntityFilter(text="%"), "4"),
        (EntityFilter(text="_"), ""),
        (EntityFilter(status=RunStatus.FAILED), "1"),
        (EntityFilter(status=RunStatus.SUCCEEDED), "2 3"),
        (EntityFilter(status=RunStatus.SUCCEEDED, text="zuid"), ""),
        (EntityFilter(verdict=Verdict.DIFFERS), "1 3"),
        (EntityFilter(verdict=Verdict.PROVEN, status=RunStatus.FAILED), ""),
        (EntityFilter(never=True), "4"),
        (EntityFilter(integration_id="int_9"), "2"),
        (EntityFilter(integration_id="int_8"), ""),
        (EntityFilter(never=True, status=RunStatus.FAILED), ""),
    ],
)
def test_a_filter_looks_at_the_name_the_newest_run_and_the_published_books(
    five: Storage, where: EntityFilter | None, ids: str
) -> None:
    with five.reading() as uow:
        found = [one.id.removeprefix("ent_") for one in uow.entities.of(ORG, where=where)]
        assert found == ids.split()
        contents = uow.entities.contents(ORG, every=2, where=where)
        assert contents.total == len(found)
        pages = [
            [one.id for one in uow.entities.of(ORG, after=start, limit=2, where=where)]
            for start in contents.starts
        ]
    assert [one for page in pages for one in page] == [f"ent_{number}" for number in found]
    assert all(pages)


def test_every_entity_is_counted_once_by_its_newest_run_and_its_published_books(
    five: Storage,
) -> None:
    with five.reading() as uow:
        groups = uow.entities.tally(ORG)
    assert {(one.status, one.verdict, one.count) for one in groups} == {
        (RunStatus.FAILED, Verdict.DIFFERS, 1),
        (RunStatus.SUCCEEDED, Verdict.PROVEN, 1),
        (RunStatus.SUCCEEDED, Verdict.DIFFERS, 1),
        (RunStatus.IN_PROGRESS, None, 1),
        (None, None, 1),
    }


def test_ages_and_time_zones_are_counted(five: Storage) -> None:
    with five.reading() as uow:
        assert list(uow.entities.published_since(ORG, [later(-60), NOW, later(1)])) == [2, 1, 0]
        assert list(uow.entities.published_since(ORG, [])) == []
        assert uow.entities.time_zones(ORG) == {None: 4, "Europe/Lisbon": 1}


def test_runs_are_counted_by_when_they_were_requested(five: Storage) -> None:
    with five.reading() as uow:
        first = uow.runs.tally(ORG, since=NOW, until=later(30))
        second = uow.runs.tally(ORG, since=later(30), until=later(99))
    assert first == {RunStatus.SUCCEEDED: 3}
    assert second == {RunStatus.FAILED: 1, RunStatus.IN_PROGRESS: 1}


def test_a_night_says_what_became_of_its_slots(five: Storage) -> None:
    def record(
        number: int,
        ordinal: int,
        run_id: str | None = None,
        *,
        late: bool = False,
        skipped: SkipReason | None = None,
    ) -> SlotRecord:
        slot = Slot(entity_id=f"ent_{number}", local_date=NIGHT, ordinal=ordinal)
        return SlotRecord(slot=slot, opened_at=NOW, late=late, run_id=run_id, skipped=skipped)

    with five.writing() as uow:
        uow.slots.open(record(1, 1, "run_4"))
        uow.slots.open(record(2, 1, "run_2"))
        uow.slots.open(record(3, 1, "run_3"))
        uow.slots.open(record(2, 2, "run_2", late=True))
        uow.slots.open(record(3, 2, skipped=SkipReason.TOO_LATE))
        uow.slots.open(record(6, 2, skipped=SkipReason.TOO_LATE))
        uow.commit()
    with five.reading() as uow:
        found = {
            (one.ordinal, one.late, one.status, one.skipped, one.count)
            for one in uow.slots.night(ORG, NIGHT)
        }
        assert uow.slots.night(ORG, NIGHT + dt.timedelta(days=1)) == []
    assert found == {
        (1, False, RunStatus.FAILED, None, 1),
        (1, False, RunStatus.SUCCEEDED, None, 2),
        (2, True, RunStatus.SUCCEEDED, None, 1),
        (2, False, None, SkipReason.TOO_LATE, 1),
    }


def test_the_newest_generation_of_many_is_read_at_once(five: Storage) -> None:
    publish(five, 1, batch(*pair("e1")), entity_id="ent_1")
    publish(five, 2, batch(*pair("e2")), entity_id="ent_1")
    publish(five, 1, batch(*pair("e1")), entity_id="ent_2")
    with five.reading() as uow:
        newest = uow.books.newest(["ent_1", "ent_2", "ent_3"])
        assert newest == {
            one: uow.books.generation(one, number) for one, number in (("ent_1", 2), ("ent_2", 1))
        }
