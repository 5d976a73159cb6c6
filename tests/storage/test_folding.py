"""When the log is folded into the file, and that importing hardly waits for it."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from adapters.storage.sql import SqlStorage, folding
from adapters.storage.sql.dialect import LOG_BYTES_MAX
from adapters.storage.sql.folding import (
    BEHIND_MAX,
    CHANGES_LIKE_ANY_UNIT,
    CHANGES_PER_FOLDING_MAX,
    CHANGES_PER_FOLDING_MIN,
    FRAMES_KEPT,
    FRAMES_PER_FOLDING,
    Folding,
)

WAIT_SECONDS = 20
PAGE_BYTES = 4096


def test_the_log_is_folded_beside_the_units_and_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "FRAMES_KEPT", 200)
    path = tmp_path / "monitr.sqlite3"
    storage = SqlStorage(path)
    sizes = []
    try:
        for number in range(6 * CHANGES_PER_FOLDING_MAX // CHANGES_LIKE_ANY_UNIT):
            with storage.writing() as unit:
                unit.settings.put("number", str(number))
                unit.commit()
            sizes.append(Path(f"{path}-wal").stat().st_size)
    finally:
        storage.close()
    each = (sizes[100] - sizes[10]) / 90
    assert sizes[-1] < 0.8 * each * len(sizes), "the log begins anew once it is folded"


@pytest.mark.parametrize("pages_each", [1, 5, 40])
def test_the_more_pages_a_change_takes_the_sooner_it_is_folded(
    tmp_path: Path, pages_each: int
) -> None:
    path = tmp_path / "log.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA wal_autocheckpoint=0").fetchall()
        connection.execute("CREATE TABLE held (number INTEGER PRIMARY KEY, what BLOB)")
        content = bytes(PAGE_BYTES * pages_each - PAGE_BYTES // 4)
        connection.execute("BEGIN")
        rows = [(number, content) for number in range(CHANGES_PER_FOLDING_MIN)]
        connection.executemany("INSERT INTO held VALUES (?, ?)", rows)
        connection.execute("COMMIT")
        frames = Path(f"{path}-wal").stat().st_size // PAGE_BYTES
        learning = Folding(str(path))
        learning.wrote(CHANGES_PER_FOLDING_MIN)
        learning.fold_if_due()
        learning.close()
        fitting = FRAMES_PER_FOLDING * CHANGES_PER_FOLDING_MIN // frames
        fitting = min(max(fitting, CHANGES_PER_FOLDING_MIN), CHANGES_PER_FOLDING_MAX)
        assert learning.due == pytest.approx(fitting, rel=0.05)


def test_the_log_stays_below_what_a_commit_would_cut_it_back_to() -> None:
    """Cutting takes 45 ms for 100 MiB, and the commit that does it has the lock."""
    longest_frames = FRAMES_KEPT + BEHIND_MAX * FRAMES_PER_FOLDING
    assert longest_frames * PAGE_BYTES < LOG_BYTES_MAX


class Slow(Folding):
    """Folds when it is let, and tells that it began."""

    began = threading.Event()
    let = threading.Event()
    times: list[str]
    frames = FRAMES_KEPT

    def _fold(self) -> int:
        self.times.append(threading.current_thread().name)
        if threading.current_thread().name == "monitr-fold":
            self.began.set()
            assert self.let.wait(WAIT_SECONDS)
        return self.frames


@pytest.fixture(name="slow")
def _slow(tmp_path: Path) -> Slow:
    slow = Slow(str(tmp_path / "monitr.sqlite3"))
    slow.began, slow.let, slow.times = threading.Event(), threading.Event(), []
    return slow


def test_units_go_on_while_a_long_log_is_folded_and_fold_the_rest(slow: Slow) -> None:
    slow.fold_if_due()
    assert slow.began.wait(WAIT_SECONDS)
    slow.wrote(CHANGES_PER_FOLDING_MAX)
    slow.fold_if_due()
    assert slow.times == ["monitr-fold"], "one at a time, and no unit waits for it"
    slow.let.set()
    slow.close()
    slow.fold_if_due()
    assert slow.times == ["monitr-fold", threading.current_thread().name], "the rest"
    slow.fold_if_due()
    slow.close()
    assert slow.times[2:] == [], "with all that was written meanwhile"
    slow.wrote(slow.due)
    slow.fold_if_due()
    slow.close()
    assert slow.times[2:] == ["monitr-fold"]


def test_no_unit_folds_the_rest_of_a_log_that_is_short(slow: Slow) -> None:
    slow.frames = FRAMES_KEPT - 1
    slow.let.set()
    for times in range(1, 4):
        slow.fold_if_due()
        slow.close()
        assert slow.times == ["monitr-fold"] * times
        slow.wrote(slow.due)


def test_a_disk_slower_than_the_writing_is_waited_for(slow: Slow) -> None:
    slow.fold_if_due()
    assert slow.began.wait(WAIT_SECONDS)
    slow.wrote(BEHIND_MAX * CHANGES_PER_FOLDING_MAX)
    waits = threading.Thread(target=slow.fold_if_due, name="writer")
    waits.start()
    waits.join(0.2)
    assert waits.is_alive(), "else the log would grow without end"
    slow.let.set()
    waits.join(WAIT_SECONDS)
    slow.close()
    assert slow.times[:2] == ["monitr-fold", "writer"]


def test_closing_waits_for_what_is_under_way(slow: Slow) -> None:
    slow.fold_if_due()
    assert slow.began.wait(WAIT_SECONDS)
    closing = threading.Thread(target=slow.close)
    closing.start()
    closing.join(0.2)
    assert closing.is_alive()
    slow.let.set()
    closing.join(WAIT_SECONDS)
    assert not closing.is_alive()


def test_a_file_that_cannot_be_folded_stops_nobody(tmp_path: Path) -> None:
    nowhere = Folding(str(tmp_path / "no" / "such" / "folder.sqlite3"))
    nowhere.fold_if_due()
    nowhere.close()
    nowhere.fold_if_due()
