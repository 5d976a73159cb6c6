"""Eight real processes on one SQLite file: one login for all of them, one refusal for all."""

from contextlib import closing
from pathlib import Path

import pytest

from adapters.storage.sql.storage import SqlStorage
from core.domain.integration import IntegrationStatus
from core.domain.onboarding import Organisation
from tests.connections.crowd import CONNECTED, THREADS, crowd, logins
from tests.storage.sql_files import fresh_sql

PROCESSES = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(fresh_sql(tmp_path)) as storage, storage.writing() as uow:
        uow.organisations.save(
            Organisation(
                id=CONNECTED.organisation_id,
                name="Crowd",
                time_zone="Europe/Amsterdam",
                created_at=CONNECTED.created_at,
            )
        )
        uow.integrations.save(CONNECTED)
        uow.commit()
    return tmp_path


def test_eight_processes_one_login(folder: Path) -> None:
    tokens = crowd(folder, "granted", processes=PROCESSES)
    assert len(tokens) == PROCESSES * THREADS
    assert len(set(tokens)) == 1
    assert logins(folder) == 1


@pytest.mark.fire
def test_eight_processes_one_refusal(folder: Path) -> None:
    outcomes = crowd(folder, "refused", processes=PROCESSES)
    assert set(outcomes) == {"Reconnect"}
    assert logins(folder) == 1, "a second one might lock the account"
    with closing(SqlStorage(folder / "monitr.sqlite3")) as storage, storage.reading() as uow:
        stored = uow.integrations.get(CONNECTED.id)
    assert stored is not None
    assert stored.status is IntegrationStatus.NEEDS_RECONNECT


@pytest.mark.fire
def test_the_process_that_logs_in_is_killed_and_the_next_one_serves_all(folder: Path) -> None:
    tokens = crowd(folder, "killed", processes=PROCESSES)
    assert len(tokens) == (PROCESSES - 1) * THREADS
    assert len(set(tokens)) == 1
    assert logins(folder) == 2
