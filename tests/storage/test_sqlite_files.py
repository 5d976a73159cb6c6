"""What only a file on a disk can do: be shared, locked, full, damaged, newer, killed on."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from adapters.storage.sql import SqlStorage
from adapters.storage.sql.dialect import WRITING
from adapters.storage.sql.errors import MEANINGS, failure_of
from adapters.storage.sql.opening import HEAD, MIGRATIONS
from adapters.storage.sql.tables import Table
from core.domain.books import Everything, RecordKind
from core.domain.failures import Failure, FixSettings, NotUnderstood, TryAgain
from core.domain.money import AMOUNT_E4_MAX
from core.ports.books import LineFilter
from tests.processes import FORKED
from tests.storage.makers import ENT, NOW, account, batch, import_run, line, pair, publish
from tests.storage.sql_files import fresh_sql

JOIN_SECONDS = 60
ROOT = Path(__file__).parents[2]


def test_models_are_what_the_migrations_make(tmp_path: Path) -> None:
    storage = SqlStorage(tmp_path / "new.sqlite3")
    with storage.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    storage.close()


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_new_file_keeps_a_log_and_the_rules_of_its_connections(tmp_path: Path) -> None:
    storage = SqlStorage(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    with storage.engine.connect() as connection:
        said = {
            pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one()
            for pragma in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    storage.close()
    assert said == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 1,
        "busy_timeout": 10_000,
    }


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused_by_name(url: str) -> None:
    with pytest.raises(FixSettings) as caught:
        SqlStorage(url)
    assert caught.value.code == "unknown-database"


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    with storage.engine.connect().execution_options(**{WRITING: True}) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    storage.close()
    path = tmp_path / "monitr.sqlite3"
    before = path.read_bytes()
    with pytest.raises(FixSettings) as caught:
        SqlStorage(path)
    assert caught.value.code == "storage-newer"
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"not a database, but notes " * 100)
    with pytest.raises(FixSettings) as caught:
        SqlStorage(path)
    assert caught.value.code == "storage-damaged"
    assert path.read_bytes() == b"not a database, but notes " * 100


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FixSettings) as caught:
        SqlStorage(tmp_path / "missing" / "monitr.sqlite3")
    assert caught.value.code == "storage-unreachable"


def test_a_locked_file_says_try_again(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    with storage.writers.connect() as connection:  # the pool gives this connection again
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    other = sqlite3.connect(tmp_path / "monitr.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryAgain) as caught, storage.writing():
        pytest.fail("two writers at once")
    assert caught.value.code == "storage-locked"
    other.execute("ROLLBACK")
    other.close()
    with storage.writing() as unit:
        unit.settings.put("a", "1")
        unit.commit()
    storage.close()


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    publish(storage, 1, batch(*pair("e1")))
    with storage.writers.connect() as connection:  # the pool gives this connection again
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    many = [line(f"{number}", "e2", description="x" * 500) for number in range(500)]

    def fill() -> None:
        with storage.writing() as unit:
            unit.books.apply(ENT, 2, batch(*many))
            unit.commit()

    with pytest.raises(FixSettings) as caught:
        fill()
    assert caught.value.code == "storage-full"
    with storage.reading() as unit:
        assert len(unit.books.lines(ENT, 2, where=LineFilter()).rows) == 2
    storage.close()


def test_an_amount_too_large_to_add_up_is_refused(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    two = batch(*(line(key, "e1", amount_e4=AMOUNT_E4_MAX) for key in ("1", "2")))
    with storage.writing() as unit, pytest.raises(NotUnderstood) as caught:
        unit.books.apply(ENT, 1, two)
    assert caught.value.code == "amount-too-large"
    storage.close()


class FakeDriverError(sqlite3.OperationalError):
    def __init__(self, name: str) -> None:
        super().__init__("as the driver says it")
        self.sqlite_errorname = name


@pytest.mark.parametrize("name", sorted(MEANINGS))
def test_every_listed_driver_error_is_translated(name: str) -> None:
    for spelled in (name, f"{name}_SOMETHING_MORE"):
        failure = failure_of(FakeDriverError(spelled))
        assert isinstance(failure, Failure)
        assert (type(failure), failure.code) == (MEANINGS[name].failure, MEANINGS[name].code)
        assert failure.detail == f"{spelled}: as the driver says it"


def test_other_errors_are_ours() -> None:
    assert failure_of(FakeDriverError("SQLITE_ERROR")) is None
    assert failure_of(KeyError("x")) is None


def open_and_claim(path: Path, name: str, claimed: "multiprocessing.Queue[list[str]]") -> None:
    """A worker process: open, then claim due runs until none is left."""
    storage = SqlStorage(path)
    mine: list[str] = []
    while True:  # ends: every round claims a run or finds none due
        with storage.writing() as unit:
            due = unit.runs.due(NOW, 1)
            if not due:
                break
            run = due[0]
            now = run.claimed(owner=name, now=NOW, generation=1, bookmark=None)
            assert unit.runs.replace(run, now)
            unit.commit()
            mine.append(run.id)
    storage.close()
    claimed.put(mine)


def test_two_processes_claim_each_run_once(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    with storage.writing() as unit:
        for number in range(150):
            unit.runs.add(import_run(f"run_{number}", link_id=f"lnk_{number}"))
        unit.commit()
    storage.close()
    claimed: multiprocessing.Queue[list[str]] = FORKED.Queue()
    path = tmp_path / "monitr.sqlite3"
    workers = [
        FORKED.Process(target=open_and_claim, args=(path, name, claimed)) for name in ("a", "b")
    ]
    for worker in workers:
        worker.start()
    both = [run for _ in workers for run in claimed.get(timeout=JOIN_SECONDS)]
    for worker in workers:
        worker.join(JOIN_SECONDS)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(both) == len(set(both)) == 150


def test_two_processes_may_create_the_same_file(tmp_path: Path) -> None:
    claimed: multiprocessing.Queue[list[str]] = FORKED.Queue()
    path = tmp_path / "new.sqlite3"
    workers = [
        FORKED.Process(target=open_and_claim, args=(path, name, claimed)) for name in ("a", "b")
    ]
    for worker in workers:
        worker.start()
    assert [claimed.get(timeout=JOIN_SECONDS) for _ in workers] == [[], []]
    for worker in workers:
        worker.join(JOIN_SECONDS)
    assert [worker.exitcode for worker in workers] == [0, 0]


DIE_HALFWAY = """
import os, signal, sys
from pathlib import Path
from adapters.storage.sql import SqlStorage
from tests.storage.makers import ENT, batch, pair
storage = SqlStorage(Path(sys.argv[1]))
with storage.writing() as unit:
    unit.books.apply(ENT, 2, batch(*pair("e2")))
    unit.settings.put("bookmark", "2")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_process_killed_before_commit_leaves_the_state_before(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    publish(storage, 1, batch(*pair("e1")))
    done = subprocess.run(
        [sys.executable, "-c", DIE_HALFWAY, str(tmp_path / "monitr.sqlite3")],
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=JOIN_SECONDS,
    )
    assert done.returncode == -signal.SIGKILL
    with storage.writing() as unit:  # the dead process holds no lock
        assert unit.settings.get("bookmark") is None
        assert len(unit.books.lines(ENT, 2, where=LineFilter()).rows) == 2
    storage.close()


def test_what_was_seen_survives_a_restart(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    publish(storage, 1, batch(account("1"), account("2"), account("3")))
    first = Everything(kind=RecordKind.ACCOUNT, last=False)
    with storage.writing() as unit:
        unit.books.apply(ENT, 2, batch(account("1"), coverage=(first,)))
        unit.commit()
    storage.close()
    storage = SqlStorage(tmp_path / "monitr.sqlite3")
    with storage.writing() as unit:
        end = Everything(kind=RecordKind.ACCOUNT)
        unit.books.apply(ENT, 2, batch(account("2"), coverage=(end,)))
        assert [held.key for held in unit.books.accounts(ENT, 2)] == ["1", "2"]
    storage.close()
