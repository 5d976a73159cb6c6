"""The contract on both implementations, and what only the file has to promise."""

import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import pytest
from attrs import evolve
from hypothesis import given

from adapters.storage import budgets as module
from adapters.storage.budgets import FILE_NAME, MemoryBudgets, SqlBudgets
from adapters.storage.call_ledgers import SCHEMA_VERSION
from core.domain.failures import FixSettings, TryAgain
from core.ports.budget import Budgets
from tests.budgets.contract import DAY, MINUTE, BudgetsContract, Step, steps
from tests.fakes import START, FakeClock


class TestMemoryBudgets(BudgetsContract):
    def open(self, clock: FakeClock) -> Budgets:
        return MemoryBudgets(clock)

    @given(steps=steps)
    def test_no_stretch_of_a_windows_length_holds_more_calls_than_allowed(
        self, steps: Sequence[Step]
    ) -> None:
        self.check_steps(steps)


class TestSqlBudgets(BudgetsContract):
    def open(self, clock: FakeClock) -> Budgets:
        directory = tempfile.TemporaryDirectory()
        budgets = SqlBudgets(Path(directory.name) / FILE_NAME, clock)
        self._directories[id(budgets)] = directory
        return budgets

    def shut(self, budgets: Budgets) -> None:
        assert isinstance(budgets, SqlBudgets)
        budgets.close()
        self._directories.pop(id(budgets)).cleanup()

    @given(steps=steps)
    def test_no_stretch_of_a_windows_length_holds_more_calls_than_allowed(
        self, steps: Sequence[Step]
    ) -> None:
        self.check_steps(steps)

    _directories: dict[int, tempfile.TemporaryDirectory[str]] = {}  # noqa: RUF012


def test_the_count_survives_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    for _ in range(MINUTE.calls):
        budgets = SqlBudgets(tmp_path / FILE_NAME, clock)
        assert budgets.spend("x", [MINUTE]) is None
        budgets.learn("y", MINUTE, remaining=0, resets_at=START.replace(minute=1))
        budgets.close()
    budgets = SqlBudgets(tmp_path / FILE_NAME, clock)
    assert budgets.spend("x", [MINUTE]) is not None
    assert budgets.spend("y", [MINUTE]) is not None
    budgets.close()


def test_two_that_are_open_count_together(tmp_path: Path) -> None:
    clock = FakeClock()
    both = [SqlBudgets(tmp_path / FILE_NAME, clock) for _ in range(2)]
    granted = [both[turn % 2].spend("x", [MINUTE]) for turn in range(6)]
    assert granted.count(None) == MINUTE.calls
    for budgets in both:
        budgets.close()


def test_the_file_does_not_grow_with_the_calls(tmp_path: Path) -> None:
    clock = FakeClock()
    budgets = SqlBudgets(tmp_path / FILE_NAME, clock)
    for _ in range(300):
        assert budgets.spend("x", [MINUTE]) is None
        clock.pause(MINUTE.seconds)
    (rows,) = budgets._rows.execute("SELECT count(*) FROM spent").fetchone()
    assert rows <= 2
    budgets.close()


def test_scopes_nobody_uses_any_more_are_forgotten_at_opening(tmp_path: Path) -> None:
    clock = FakeClock()
    budgets = SqlBudgets(tmp_path / FILE_NAME, clock)
    budgets.spend("gone", [MINUTE, DAY])
    budgets.learn("gone", DAY, remaining=3, resets_at=START.replace(hour=23))
    budgets.close()
    clock.pause(module.FORGET_SECONDS + 2 * DAY.seconds)
    budgets = SqlBudgets(tmp_path / FILE_NAME, clock)
    for table in ("spent", "told"):
        assert budgets._rows.execute(f"SELECT * FROM {table}").fetchall() == []  # noqa: S608
    budgets.close()


def test_a_failure_inside_a_turn_counts_nothing(tmp_path: Path) -> None:
    class Breaking(FakeClock):
        def now(self) -> NoReturn:
            raise ZeroDivisionError

    clock = FakeClock()
    budgets = SqlBudgets(tmp_path / FILE_NAME, clock)
    budgets.clock = Breaking()
    with pytest.raises(ZeroDivisionError):
        budgets.spend("x", [MINUTE])
    budgets.clock = clock
    assert [budgets.spend("x", [MINUTE]) for _ in range(3)] == [None] * 3
    budgets.close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    SqlBudgets(tmp_path / FILE_NAME, FakeClock()).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as rows:
        rows.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    rows.close()
    with pytest.raises(FixSettings) as caught:
        SqlBudgets(tmp_path / FILE_NAME, FakeClock())
    assert caught.value.code == "budgets-from-newer-version"
    assert "newer Monitr" in caught.value.sentence


def _damaged(path: Path) -> None:
    path.write_bytes(b"this is no database " * 100)


def _no_directory(path: Path) -> None:
    path.parent.rmdir()


def _a_directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (_damaged, "remove it"),
        (_no_directory, "rights of its directory"),
        (_a_directory, "rights of its directory"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(
    tmp_path: Path, spoil: Callable[[Path], None], hint: str
) -> None:
    path = tmp_path / "data" / FILE_NAME
    path.parent.mkdir()
    spoil(path)
    with pytest.raises(FixSettings, match=hint):
        SqlBudgets(path, FakeClock())


def test_a_full_disk_says_so_and_counts_again_afterwards(tmp_path: Path) -> None:
    budgets = SqlBudgets(tmp_path / FILE_NAME, FakeClock())
    (pages,) = budgets._rows.execute("PRAGMA page_count").fetchone()
    budgets._rows.execute(f"PRAGMA max_page_count = {pages}")
    many = [evolve(MINUTE, scope=f"{scope} {'x' * 100}") for scope in range(1_000)]
    with pytest.raises(FixSettings, match="free some space"):
        budgets.spend("x", many)
    budgets._rows.execute("PRAGMA max_page_count = 1000000")
    assert budgets.spend("y", [MINUTE]) is None
    budgets.close()


def test_a_file_held_by_another_process_asks_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.0)
    budgets = SqlBudgets(tmp_path / FILE_NAME, FakeClock())
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryAgain):
        budgets.spend("x", [MINUTE])
    other.execute("ROLLBACK")
    other.close()
    assert budgets.spend("x", [MINUTE]) is None
    budgets.close()
