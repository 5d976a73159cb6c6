"""Yuki through the services: what is owed, by due date, and nights of edits and crashes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.providers.yuki import Yuki
from adapters.storage.memory.storage import MemoryStorage
from adapters.storage.sql.storage import SqlStorage
from core.domain.import_run import ImportRun, RunStatus
from core.domain.money import parse_e4
from core.domain.proof import Verdict
from core.ports.storage import Storage
from sandbox.identity import Identities, Kind
from sandbox.server import Sandbox
from tests.fire.test_random_nights import LINES, NIGHTS, NOW
from tests.providers.open_ageing import assert_aged, assert_paid_the_next_night
from tests.providers.open_play import OpenPlay, following, kit_of
from tests.providers.yuki.test_conformance import KEY, fields_of, truth_of
from tests.providers.yuki.truth import invoices_of, presented


class YukiPlay(OpenPlay):
    """What is true is told with entries made of documents, and with openings in period 0."""

    def assert_true(self, run: ImportRun) -> None:
        assert run.status is RunStatus.SUCCEEDED, run.trouble
        assert run.proof is not None
        assert run.proof.verdict is Verdict.PROVEN, run.proof.residuals[:5]
        assert run.proof.finding_count == 0
        told: dict[str, Any] = next(
            one for one in self.sandbox.truth(KEY) if one["code"] == self.code
        )
        truth = truth_of(self.sandbox, self.code, told)
        wanted = {
            (row["account"], row["year"], row["period"]): parse_e4(row["amount"])
            for row in truth["balances"]
            if parse_e4(row["amount"])
        }
        assert run.generation is not None
        with self.ports.storage.reading() as uow:
            cells_e4 = uow.books.cells(self.entity_id, run.generation)
        assert {
            (cell.account_key, cell.year, cell.period): amount_e4
            for cell, amount_e4 in cells_e4.items()
        } == wanted
        assert self.invoices(run) == invoices_of(self.sandbox, self.code)


AGED_LINES = 600
"""So many that some invoices are not paid."""


@contextmanager
def playing(
    seed: int, storage: Storage, lines: int = LINES, **settings: object
) -> Iterator[OpenPlay]:
    with Sandbox(seed=seed, lines=lines, providers=[KEY], frozen_at=NOW) as sandbox:
        sandbox.settings(KEY, daily_calls=0, **settings)
        code = Identities(seed).guid(1, Kind.COMPANY, 1)
        provider = Yuki(kit_of(sandbox))
        with following(
            YukiPlay, invoices_of, sandbox, provider, fields_of(sandbox), code, storage, seed=seed
        ) as play:
            yield play


def storage_of(name: str, folder: Path) -> Storage:
    return SqlStorage(folder / "monitr.sqlite3") if name == "sqlite" else MemoryStorage()


@pytest.mark.parametrize("name", ["memory", "sqlite"])
def test_ageing_is_by_due_date_and_follows_payments(name: str, tmp_path: Path) -> None:
    with playing(11, storage_of(name, tmp_path), AGED_LINES) as play:
        assert_aged(play, presented(play.sandbox, play.code).books)
        assert_paid_the_next_night(play, presented(play.sandbox, play.code).books)


@pytest.mark.fire
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, 9))
def test_whatever_happens_a_clean_night_is_true(seed: int, tmp_path: Path) -> None:
    small = {"rows_max": 60, "contacts_page": 20, "digest_max": 100}
    storage = SqlStorage(tmp_path / "monitr.sqlite3")
    with playing(seed, storage, **small) as play:
        for _ in range(NIGHTS):
            assert play.night(wild=True).status is RunStatus.SUCCEEDED
            play.sandbox.advance(3_600)
            play.assert_true(play.night(wild=False))
            play.assert_generations_stand()
            play.sandbox.advance(20 * 3_600)
            for _ in range(play.chance.randint(0, 6)):
                play.edit()
        assert play.kills
