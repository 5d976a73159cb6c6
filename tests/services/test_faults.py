"""One night in which the n-th call of a port fails, for every n: nothing breaks, all heals.

Storage calls, commits and provider calls are counted alike. After each fault readers see the old
books or the new ones, whole; the next night without faults ends proven and equal to the truth.
"""

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from attrs import frozen

from adapters.storage.memory.storage import MemoryStorage
from adapters.storage.sql.storage import SqlStorage
from core.domain.failures import FixSettings, ProviderDown, TryAgain
from core.domain.import_run import RunStatus
from core.domain.proof import Verdict
from core.ports.storage import Storage
from tests.fake_provider import FakeProvider
from tests.services.faulty import Faults, FaultyStorage, Killed
from tests.services.house import House

NIGHT = dt.datetime(2026, 3, 11, 0, 20, tzinfo=dt.UTC)
CALLS_MIN = 60
"""A night has at least this many port calls: fewer, and the loop proves little."""
TIME_OUT_SECONDS = 600
"""A hundred nights on files, on a busy machine."""
ROUNDS_MAX = 8
"""Sweeps, ten minutes apart, within which everything heals."""


@frozen
class Kind:
    """How a call fails."""

    name: str
    make: Callable[[], BaseException]
    lost_answer: bool = False


KINDS = (
    Kind("killed before", Killed),
    Kind("killed after", Killed, lost_answer=True),
    Kind("locked", lambda: TryAgain("The storage is locked.", code="storage-locked")),
    Kind("answer lost", lambda: ProviderDown("No answer came."), lost_answer=True),
    Kind("disk full", lambda: FixSettings("The disk is full.", code="storage-full")),
    Kind("our own error", lambda: RuntimeError("unforeseen")),
)


def truth_e4(house: House) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for cell, amount_e4 in house.odoo.books[0].balances_e4().items():
        totals[cell.account_key] += amount_e4
    return {key: amount_e4 for key, amount_e4 in totals.items() if amount_e4}


def held_e4(house: House, entity_id: str) -> dict[str, int]:
    balance_e4 = house.trial_balance_e4(entity_id)
    return {key: amount_e4 for key, amount_e4 in balance_e4.items() if amount_e4}


def leftovers(house: House, entity_id: str) -> bool:
    """Whether something is written beyond the published generation."""
    with house.storage.reading() as uow:
        entity = uow.entities.get(entity_id)
        assert entity is not None
        number = entity.published_generation
        cells = [uow.books.cells(entity_id, one) for one in (number, number + 1)]
        counts = [uow.books.counts(entity_id, one) for one in (number, number + 1)]
    return cells[0] != cells[1] or counts[0] != counts[1]


def night(house: House) -> None:
    """What a worker does in a minute of the night; it logs what is raised, and goes on."""
    for step in (
        house.services.nights.open_due,
        house.services.importing.sweep,
        house.import_rung,
    ):
        with suppress(Exception, Killed):
            step()


def faulted_night(storage: Storage, nth: int, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Play it and check; False when the night had fewer calls than ``nth``."""
    faults = Faults(nth=nth, make=kind.make, lost_answer=kind.lost_answer)
    house = House(storage=FaultyStorage(storage, faults))
    (entity,) = house.follow(house.connect_odoo(), "adm-1")
    house.import_rung()
    before = held_e4(house, entity.id)
    first = house.services.reading.trial_balance(house.org, entity.id, as_of="1").rows
    books = house.odoo.books[0]
    books.post("new", dt.date(2026, 2, 1), ("acc-bank", 7_0000), ("acc-turnover", -7_0000))
    books.post("sale-1", dt.date(2026, 1, 15), ("acc-debtors", 500), ("acc-turnover", -500))
    books.delete("sale-3")
    house.clock.instant = NIGHT
    house.odoo.page_changes = 4
    house.odoo.read.clear()
    original = FakeProvider.called
    with monkeypatch.context() as patch:
        patch.setattr(
            FakeProvider,
            "called",
            lambda self, operation: faults.call(
                f"provider.{operation}", lambda: original(self, operation)
            ),
        )
        faults.armed = True
        night(house)
        faults.armed = False
    told = f"call {nth}, {faults.struck}, {kind.name}"
    assert held_e4(house, entity.id) in (before, truth_e4(house)), told
    for _ in range(ROUNDS_MAX):
        house.clock.advance(dt.timedelta(minutes=10))
        night(house)
    pages = len(house.odoo.read) - len(set(house.odoo.read))
    runs = house.services.reading.runs(house.org, entity_id=entity.id)
    assert all(run.finished for run in runs), told
    assert not leftovers(house, entity.id), f"{told}: part of a generation nobody builds is left"
    if runs[0].status is RunStatus.FAILED:
        house.import_now(entity.id)
    else:
        assert pages <= 1, f"{told}: more than the page in flight was read twice"
    status = house.services.reading.entity(house.org, entity.id)
    assert status.run is not None
    assert status.run.status is RunStatus.SUCCEEDED, told
    assert status.published is not None
    assert status.published.proof.verdict is Verdict.PROVEN, told
    assert status.published.proof.finding_count == 0, told
    assert held_e4(house, entity.id) == truth_e4(house), told
    again = house.services.reading.trial_balance(house.org, entity.id, as_of="1").rows
    assert again == first, f"{told}: an older generation changed"
    numbers = [found.number for found in house.services.reading.generations(house.org, entity.id)]
    assert numbers == list(range(len(numbers), 0, -1)), told
    return bool(faults.struck)


def test_every_call_of_a_night_may_fail_somehow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call fails in one way; ``make fire`` has each fail in every way."""
    nth = 1
    while faulted_night(MemoryStorage(), nth, KINDS[nth % len(KINDS)], monkeypatch):
        nth += 1
    assert nth > CALLS_MIN


@pytest.mark.fire
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_call_of_a_night_may_fail_in_every_way(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    nth = 1
    while faulted_night(MemoryStorage(), nth, kind, monkeypatch):
        nth += 1
    assert nth > CALLS_MIN


@pytest.mark.fire
@pytest.mark.timeout(TIME_OUT_SECONDS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_call_of_a_night_may_fail_in_every_way_on_sqlite(
    kind: Kind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.sqlite3"
    SqlStorage(empty).close()
    nth = 1
    struck = True
    while struck:
        copy = tmp_path / f"{nth}.sqlite3"
        shutil.copy(empty, copy)
        with closing(SqlStorage(copy)) as storage:
            struck = faulted_night(storage, nth, kind, monkeypatch)
        copy.unlink()
        nth += 1
    assert nth > CALLS_MIN
