"""Compaction killed at random moments, again and again: what is kept reads the same all along."""

import datetime as dt
import random
from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.storage.sql import SqlStorage
from core.domain.entity import Entity
from core.ports.storage import Storage
from tests.fire.one_compaction import compact_for_ever
from tests.processes import FORKED
from tests.services.house import OPERATOR, House
from tests.storage.makers import ENT, batch, generation, pair
from tests.storage.views import view

NIGHTS = 120
KILLS = 8
KEPT_NIGHTS = 5
PAGE = 50


def nightly_books(storage: Storage, began: dt.datetime) -> None:
    """Each night some entries change and one comes; a later one changes back."""
    choice = random.Random(11)  # noqa: S311 - the same nights each time
    for number in range(1, NIGHTS + 1):
        records = [
            record
            for _ in range(25)
            for record in pair(
                f"e{choice.randrange(200)}", choice.randrange(1, 9), on=number % 300 + 1
            )
        ]
        with storage.writing() as unit:
            unit.books.apply(ENT, number, batch(*records))
            unit.books.settle(ENT, number)
            at = began + dt.timedelta(days=number)
            unit.books.publish(generation(number, at=at))
            unit.commit()


def said(storage: Storage, numbers: list[int]) -> list[Any]:
    found = []
    with storage.reading() as unit:
        for number in numbers:
            one = view(unit.books, ENT, number, PAGE)
            # Comparisons with a generation that is gone cannot be made any more.
            found.append({name: held for name, held in one.items() if "changed" not in name})
    return found


@pytest.mark.fire
@pytest.mark.timeout(600)
def test_killed_at_any_moment_nothing_kept_is_lost(tmp_path: Path) -> None:
    database = tmp_path / "monitr.sqlite3"
    house = House(storage=SqlStorage(database))
    began = house.clock.now() + dt.timedelta(days=400 - NIGHTS - 2)
    nightly_books(house.storage, began)
    with house.storage.writing() as unit:
        unit.entities.save(
            Entity(
                id=ENT,
                organisation_id=house.org,
                name="Bakery",
                currency="EUR",
                created_at=began,
                published_generation=NIGHTS,
                published_at=began + dt.timedelta(days=NIGHTS),
            )
        )
        unit.commit()
    house.services.retaining.set_retention(house.org, KEPT_NIGHTS, operator=OPERATOR)
    house.clock.advance(dt.timedelta(days=400))
    plan = house.services.retaining.compact(house.org)
    assert plan.retired > 100
    kept = [one.number for one in house.services.reading.generations(house.org, ENT)]
    assert NIGHTS in kept
    before = said(house.storage, kept)
    interrupted = 0
    moments = random.Random(5)  # noqa: S311 - moments, not secrets
    for _ in range(KILLS):
        told, telling = FORKED.Pipe(duplex=False)
        child = FORKED.Process(
            target=compact_for_ever, args=(telling, database, house.org), daemon=True
        )
        child.start()
        telling.close()
        assert told.recv() == "ready"
        for _ in range(moments.randrange(1, 5)):
            assert told.recv() == "step"
        child.kill()
        child.join()
        looked_at = moments.sample(range(len(kept)), 2)
        now = said(house.storage, [kept[at] for at in looked_at])
        assert now == [before[at] for at in looked_at]
        with house.storage.reading() as unit:
            found = unit.books.leftovers(ENT, position=None, limit=9)
        interrupted += bool(found.versions)
    assert interrupted, "it was killed while it was at it"
    house.clock.advance(dt.timedelta(days=3))
    house.services.retaining.compact(house.org)
    assert said(house.storage, kept) == before
    with house.storage.reading() as unit:
        assert not unit.books.leftovers(ENT, position=None, limit=9).versions
        marks = unit.books.marks(ENT)
    assert {one.number for one in marks if not one.compacted} == set(kept)
    assert all(one.swept for one in marks if one.compacted)
    assert attrs.asdict(house.services.retaining.compact(house.org)) == {
        "retired": 0,
        "compacted": 0,
        "removed": 0,
    }
    house.storage.close()
