"""Twinfield through the services: what is owed, by due date, and nights of edits and crashes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.providers.twinfield import Twinfield, source
from adapters.storage.memory.storage import MemoryStorage
from adapters.storage.sql.storage import SqlStorage
from core.domain.import_run import RunStatus
from core.ports.storage import Storage
from sandbox.server import Sandbox
from tests.fire.test_random_nights import LINES, NIGHTS, NOW
from tests.providers.open_ageing import assert_aged, assert_paid_the_next_night
from tests.providers.open_play import OpenPlay, following, kit_of
from tests.providers.twinfield.test_conformance import KEY, OFFICE, fields_of
from tests.providers.twinfield.truth import invoices_of, office_of

AGED_LINES = 600
"""So many that some invoices are not paid."""


@contextmanager
def playing(seed: int, storage: Storage, lines: int = LINES) -> Iterator[OpenPlay]:
    with Sandbox(seed=seed, lines=lines, providers=[KEY], frozen_at=NOW) as sandbox:
        sandbox.settings(KEY, certified=True)
        fields = fields_of(sandbox) | {"certified": "yes"}
        provider = Twinfield(kit_of(sandbox))
        with following(
            OpenPlay, invoices_of, sandbox, provider, fields, OFFICE, storage, seed=seed
        ) as play:
            yield play


def storage_of(name: str, folder: Path) -> Storage:
    return SqlStorage(folder / "monitr.sqlite3") if name == "sqlite" else MemoryStorage()


@pytest.mark.parametrize("name", ["memory", "sqlite"])
def test_ageing_is_by_due_date_and_follows_payments(name: str, tmp_path: Path) -> None:
    with playing(11, storage_of(name, tmp_path), AGED_LINES) as play:
        assert_aged(play, office_of(play.sandbox, OFFICE).books)
        assert_paid_the_next_night(play, office_of(play.sandbox, OFFICE).books)


@pytest.mark.fire
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, 9))
def test_whatever_happens_a_clean_night_is_true(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "RECORDS_PER_BATCH", 25)
    with playing(seed, SqlStorage(tmp_path / "monitr.sqlite3")) as play:
        for _ in range(NIGHTS):
            assert play.night(wild=True).status is RunStatus.SUCCEEDED
            play.sandbox.advance(3_600)
            play.assert_true(play.night(wild=False))
            play.assert_generations_stand()
            play.sandbox.advance(20 * 3_600)
            for _ in range(play.chance.randint(0, 6)):
                play.edit()
        assert play.kills
