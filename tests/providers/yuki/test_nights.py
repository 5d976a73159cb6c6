"""Nights of random edits and crashes on SQLite, with Yuki: the books end up true and proven."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.yuki import Yuki
from adapters.storage.sql.storage import SqlStorage
from core.domain.import_run import ImportRun, RunStatus
from core.domain.money import parse_e4
from core.domain.proof import Verdict
from core.services.ports import Ports
from sandbox.identity import Identities, Kind
from sandbox.server import Sandbox
from tests.fakes import CountingIds, RecordingDoorbell
from tests.fire.test_random_nights import LINES, NIGHTS, NOW, Play
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import SandboxTime
from tests.providers.yuki.test_conformance import KEY, fields_of, truth_of
from tests.services.house import BASE, OPERATOR, PlainVault


class YukiPlay(Play):
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


@contextmanager
def playing(seed: int, folder: Path) -> Iterator[YukiPlay]:
    with Sandbox(seed=seed, lines=LINES, providers=[KEY], frozen_at=NOW) as sandbox:
        clock = SandboxTime(sandbox)
        waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
        kit = Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits)
        ports = Ports(
            storage=SqlStorage(folder / "monitr.sqlite3"),
            vault=PlainVault(),
            doorbell=RecordingDoorbell(),
            clock=clock,
            ids=CountingIds(),
            providers={KEY: Yuki(kit)},
        )
        code = Identities(seed).guid(1, Kind.COMPANY, 1)
        play = YukiPlay(KEY, code, sandbox, ports, Random(seed))  # noqa: S311 - no secret is made
        sandbox.settings(KEY, daily_calls=0, rows_max=60, contacts_page=20, digest_max=100)
        play.organisation_id = play.services.onboarding.start("Random").id
        connection = play.services.connecting.connect(
            play.organisation_id, KEY, fields_of(sandbox), operator=OPERATOR, redirect_base=BASE
        )
        selection = play.services.linking.select(
            play.organisation_id, connection.integration.id, [code], operator=OPERATOR
        )
        play.entity_id = selection.created[0].id
        yield play
        ports.storage.close()


@pytest.mark.fire
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, 9))
def test_whatever_happens_a_clean_night_is_true(seed: int, tmp_path: Path) -> None:
    with playing(seed, tmp_path) as play:
        for _ in range(NIGHTS):
            assert play.night(wild=True).status is RunStatus.SUCCEEDED
            play.sandbox.advance(3_600)
            play.assert_true(play.night(wild=False))
            play.assert_generations_stand()
            play.sandbox.advance(20 * 3_600)
            for _ in range(play.chance.randint(0, 6)):
                play.edit()
        assert play.kills
