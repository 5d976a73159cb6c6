"""The source over files, engine and all: crashes, overlaps in any order, undo of any upload."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.providers.csv_import.bookmark import Standing, standing_of
from core.domain.entity import Entity
from core.domain.file_import import Span, Upload
from core.domain.import_run import RunStatus
from core.domain.proof import Verdict
from core.services.import_engine import ImportEngine
from tests.files.room import FileRoom
from tests.files.test_uploading import HEADER, sale

FIRST = dt.date(2024, 1, 1)


def ledger(first: int, last: int, euros: int, account: str) -> str:
    """A sale a day, days counted from 1 January."""
    days = (FIRST + dt.timedelta(days=at) for at in range(first, last + 1))
    return HEADER + "".join(
        sale(day.isoformat(), at, euros, account=account) for at, day in enumerate(days, start=1)
    )


class Model:
    """What the books must be: per day the newest upload that covers it."""

    def __init__(self) -> None:
        self.active: list[tuple[Upload, int, int, int, str]] = []

    def balances(self) -> dict[str, int]:
        totals: dict[str, int] = {}
        for day in range(40):
            covering = [one for one in self.active if one[1] <= day <= one[2]]
            if covering:
                _, _, _, euros, account = covering[-1]
                totals["1300"] = totals.get("1300", 0) + euros
                totals[account] = totals.get(account, 0) - euros
        return totals


STEPS = st.lists(
    st.tuples(
        st.integers(0, 30), st.integers(0, 9), st.integers(1, 9), st.sampled_from(["8000", "8010"])
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=4)
@given(steps=STEPS, undone=st.data())
def test_any_order_of_uploads_and_undos_gives_the_newest_of_each_day(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, int, str]],
    undone: st.DataObject,
) -> None:
    room = FileRoom(tmp_path_factory.mktemp("uploads"))
    entity, model = room.entity(), Model()
    for at, (first, length, euros, account) in enumerate(steps):
        last = first + length
        received = room.receive(entity, ledger(first, last, euros, account), f"{at}.csv")
        if received.again:
            continue
        room.confirm(received.upload)
        _proven(room)
        model.active.append((received.upload, first, last, euros, account))
        assert room.balances(entity) == model.balances()
    while model.active:
        gone = undone.draw(st.integers(0, len(model.active) - 1))
        room.undo(model.active.pop(gone)[0])
        _proven(room)
        assert room.balances(entity) == model.balances()
    assert room.books(entity)["accounts"] == []


def _proven(room: FileRoom) -> None:
    run = room.succeed()
    assert run.proof is not None
    assert run.proof.verdict in {Verdict.PROVEN, Verdict.NOT_OFFERED}


def _crashing(room: FileRoom, entity: Entity, after: int) -> None:
    """An import whose worker stops after so many batches, then one that goes on."""
    del entity
    (run_id,) = dict.fromkeys(room.doorbell.rung)
    seen = 0

    def stopping() -> bool:
        nonlocal seen
        seen += 1
        return seen >= after

    room.services.importing.beat("first", standing=False)
    ended = ImportEngine(room.ports, "first", stopping).run(run_id)
    assert ended is not None
    if ended.status is RunStatus.WAITING:
        room.doorbell.rung = [run_id]
        room.succeed()


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_crash_at_any_batch_resumes_where_it_was(tmp_path: Path, after: int) -> None:
    whole, torn = FileRoom(tmp_path / "whole"), FileRoom(tmp_path / "torn")
    year = HEADER + "".join(
        sale((FIRST + dt.timedelta(days=at % 366)).isoformat(), at, 1 + at % 7)
        for at in range(2_100)
    )
    for room in (whole, torn):
        entity = room.entity()
        room.bring(entity, ledger(0, 39, 3, "8010"))
        upload = room.receive(entity, year).upload
        room.confirm(upload)
        if room is torn:
            _crashing(room, entity, after)
        else:
            room.succeed()
        assert room.balances(entity)["8000"] < 0
        assert "8010" not in room.balances(entity)
    assert torn.books(entity)["cells"] == whole.books(entity)["cells"]
    assert torn.books(entity)["counts"] == whole.books(entity)["counts"]


def test_a_resumed_import_takes_what_was_confirmed_meanwhile(tmp_path: Path) -> None:
    room = FileRoom(tmp_path / "uploads")
    entity = room.entity()
    first = room.receive(entity, ledger(0, 30, 1, "8000")).upload
    room.confirm(first)
    (run_id,) = dict.fromkeys(room.doorbell.rung)
    room.services.importing.beat("first", standing=False)
    ended = ImportEngine(room.ports, "first", lambda: True).run(run_id)
    assert ended is not None
    assert ended.status is RunStatus.WAITING
    room.undo(first)
    second = room.receive(entity, ledger(10, 35, 2, "8010")).upload
    room.confirm(second)
    room.doorbell.rung = [run_id]
    _proven(room)
    assert room.balances(entity) == {"1300": 52, "8010": -52}
    assert [one.code for one in room.books(entity)["accounts"]] == ["1300", "8010"]  # type: ignore[attr-defined]  # accounts


def test_bookmarks_are_read_back_and_others_begin_anew() -> None:
    span = Span(first=FIRST, last_day=dt.date(2024, 12, 31), upload_id="upl_1", opening=True)
    standing = Standing(held=(span,), doing=span, offset=7, masters_of=("upl_1",))
    assert standing_of(standing.text()) == standing
    for text in ("", "{}", '{"v":2}', "[1]", '{"v":1,"held":[[1]],"doing":null}'):
        assert standing_of(text) is None
    assert standing_of(None) is None
