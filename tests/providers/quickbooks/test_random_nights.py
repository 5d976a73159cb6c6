"""Nights of random edits and crashes on SQLite, as elsewhere, with reports that are cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.parse import parse_qsl, urlsplit

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.quickbooks import QuickBooks
from adapters.storage.sql.storage import SqlStorage
from core.domain.import_run import RunStatus
from core.services.ports import Ports
from sandbox.browser import decide
from sandbox.server import Sandbox
from tests.fakes import CountingIds, RecordingDoorbell
from tests.fire.test_random_nights import LINES, NIGHTS, NOW, Play
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.quickbooks.sandboxed import FIRST, KEY, fields_of
from tests.providers.sandboxed import SandboxTime
from tests.services.house import BASE, OPERATOR, PlainVault


@contextmanager
def playing(seed: int, folder: Path, **settings: object) -> Iterator[Play]:
    with Sandbox(seed=seed, lines=LINES, providers=[KEY], frozen_at=NOW) as sandbox:
        clock = SandboxTime(sandbox)
        time_outs = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
        kit = Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=time_outs)
        ports = Ports(
            storage=SqlStorage(folder / "monitr.sqlite3"),
            vault=PlainVault(),
            doorbell=RecordingDoorbell(),
            clock=clock,
            ids=CountingIds(),
            providers={KEY: QuickBooks(kit)},
        )
        sandbox.settings(KEY, **settings)
        play = Play(KEY, FIRST, sandbox, ports, Random(seed))  # noqa: S311 - no secret is made
        play.organisation_id = play.services.onboarding.start("Random").id
        connection = play.services.connecting.connect(
            play.organisation_id, KEY, fields_of(sandbox), operator=OPERATOR, redirect_base=BASE
        )
        assert connection.authorize_url is not None
        answer = dict(parse_qsl(urlsplit(decide(connection.authorize_url)).query))
        play.services.authorising.complete(KEY, answer)
        selection = play.services.linking.select(
            play.organisation_id, connection.integration.id, [FIRST], operator=OPERATOR
        )
        play.entity_id = selection.created[0].id
        yield play
        ports.storage.close()


@pytest.mark.fire
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize(
    "settings",
    [{"report_cells": 1_500}, {"home_columns": False, "report_cells": 400}],
    ids=["journal", "general ledger"],
)
def test_whatever_happens_a_clean_night_is_true(
    settings: dict[str, object], seed: int, tmp_path: Path
) -> None:
    with playing(seed, tmp_path, **settings) as play:
        for _ in range(NIGHTS):
            assert play.night(wild=True).status is RunStatus.SUCCEEDED
            play.sandbox.advance(3_600)
            play.assert_true(play.night(wild=False))
            play.assert_generations_stand()
            play.sandbox.advance(20 * 3_600)
            for _ in range(play.chance.randint(0, 6)):
                play.edit()
        assert play.kills
