"""When the log is folded into the file, and that importing hardly waits for it."""

import threading
from pathlib import Path

import pytest

from adapters.storage.sql import SqlStorage
from adapters.storage.sql.folding import (
    RECORDS_BEHIND_MAX,
    RECORDS_LIKE_ANY_UNIT,
    RECORDS_PER_FOLDING,
    Folding,
)

WAIT_SECONDS = 20


def test_the_log_is_folded_beside_the_units_and_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "monitr.sqlite3"
    storage = SqlStorage(path)
    sizes = []
    try:
        for number in range(6 * RECORDS_PER_FOLDING // RECORDS_LIKE_ANY_UNIT):
            with storage.writing() as unit:
                unit.settings.put("number", str(number))
                unit.commit()
            sizes.append(Path(f"{path}-wal").stat().st_size)
    finally:
        storage.close()
    assert sizes[-1] == sizes[len(sizes) // 2], "the log begins anew once it is folded"


class Slow(Folding):
    """Folds when it is let, and tells that it began."""

    began = threading.Event()
    let = threading.Event()
    times: list[str]

    def _fold(self) -> None:
        self.times.append(threading.current_thread().name)
        if threading.current_thread().name == "monitr-fold":
            self.began.set()
            assert self.let.wait(WAIT_SECONDS)


@pytest.fixture(name="slow")
def _slow(tmp_path: Path) -> Slow:
    slow = Slow(str(tmp_path / "monitr.sqlite3"))
    slow.began, slow.let, slow.times = threading.Event(), threading.Event(), []
    return slow


def test_units_go_on_while_the_log_is_folded_and_fold_the_rest(slow: Slow) -> None:
    slow.fold_if_due()
    assert slow.began.wait(WAIT_SECONDS)
    slow.wrote(RECORDS_PER_FOLDING)
    slow.fold_if_due()
    assert slow.times == ["monitr-fold"], "one at a time, and no unit waits for it"
    slow.let.set()
    slow.close()
    slow.fold_if_due()
    assert slow.times == ["monitr-fold", threading.current_thread().name], "the rest"
    slow.fold_if_due()
    slow.close()
    assert slow.times[2:] == ["monitr-fold"], "what was written meanwhile"


def test_a_disk_slower_than_the_writing_is_waited_for(slow: Slow) -> None:
    slow.fold_if_due()
    assert slow.began.wait(WAIT_SECONDS)
    slow.wrote(RECORDS_BEHIND_MAX)
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
    folding = Folding(str(tmp_path / "no" / "such" / "folder.sqlite3"))
    folding.fold_if_due()
    folding.close()
    folding.fold_if_due()
