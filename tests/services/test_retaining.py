"""Retention as operators see it, closed periods, and reports over imported books."""

import datetime as dt
from pathlib import Path

import pytest

from core.domain.ageing import Method
from core.domain.books import TradeSide
from core.domain.failures import CorrectRequest, Unknown
from core.services.closing import ClosedBy
from core.services.import_engine import ImportEngine
from tests.services.house import OPERATOR, House
from tests.storage.sql_files import fresh_sql


@pytest.fixture
def house() -> House:
    house = House()
    house.follow(house.connect_odoo(), "adm-1")
    house.import_rung()
    return house


def entity_id(house: House) -> str:
    return house.services.reading.entities(house.org)[0].entity.id


def nights(house: House, count: int) -> None:
    """So many nights, each with other words on one sale."""
    for number in range(count):
        house.clock.advance(dt.timedelta(days=1))
        house.odoo.books[0].post(
            "night",
            dt.date(2026, 3, 1),
            ("acc-bank", 1_0000),
            ("acc-turnover", -1_0000),
            description=f"night {number}",
        )
        house.import_now(entity_id(house))


def numbers(house: House) -> list[int]:
    return [one.number for one in house.services.reading.generations(house.org, entity_id(house))]


def test_everything_is_kept_unless_told_otherwise(house: House) -> None:
    nights(house, 3)
    done = house.services.retaining.compact(house.org)
    assert (done.retired, done.compacted, done.removed) == (0, 0, 0)
    assert numbers(house) == [4, 3, 2, 1]


def test_what_is_let_go_stays_readable_for_a_day_and_is_then_gone(house: House) -> None:
    nights(house, 5)
    retaining, reading = house.services.retaining, house.services.reading
    before = reading.trial_balance(house.org, entity_id(house), as_of="2").rows
    retaining.set_retention(house.org, 2, operator=OPERATOR)
    assert retaining.compact(house.org).retired == 4
    assert numbers(house) == [6, 5]
    assert reading.trial_balance(house.org, entity_id(house), as_of="2").rows == before
    house.clock.advance(dt.timedelta(hours=26))
    done = retaining.compact(house.org)
    assert done.compacted >= 4
    assert done.removed >= 1
    for as_of in ("2", "2026-03-11"):
        with pytest.raises(Unknown, match="no longer kept") as refused:
            reading.trial_balance(house.org, entity_id(house), as_of=as_of)
        assert refused.value.code == "compacted-generation"
        assert "6 (2026-03-15)" in refused.value.sentence
    newest = reading.trial_balance(house.org, entity_id(house))
    assert newest.view.generation.number == 6
    assert newest.view.generation.bookmark is not None
    assert retaining.compact(house.org).removed == 0
    kinds = [one.kind for one in reading.activity(house.org)]
    assert "books.compacted" in kinds
    assert "books.retention" in kinds


def test_a_wider_setting_brings_back_what_is_still_there(house: House) -> None:
    nights(house, 4)
    house.services.retaining.set_retention(house.org, 1, operator=OPERATOR)
    house.services.retaining.compact(house.org)
    assert numbers(house) == [5]
    house.services.retaining.set_retention(house.org, None, operator=OPERATOR)
    house.services.retaining.compact(house.org)
    assert numbers(house) == [5, 4, 3, 2, 1]


def test_a_worker_compacts_when_nothing_is_imported_and_not_twice_an_hour(house: House) -> None:
    nights(house, 4)
    house.services.retaining.set_retention(house.org, 1, operator=OPERATOR)
    assert house.services.retaining.tend().retired == 4
    house.clock.advance(dt.timedelta(minutes=30))
    nothing = house.services.retaining.tend()
    assert (nothing.retired, nothing.compacted) == (0, 0)
    house.clock.advance(dt.timedelta(hours=26))
    assert house.services.retaining.tend(lambda: True).compacted == 0
    assert house.services.retaining.tend().compacted == 4


def test_words_are_made_findable_at_the_next_look_while_nothing_is_imported(tmp_path: Path) -> None:
    storage = fresh_sql(tmp_path)
    house = House(storage=storage)
    house.follow(house.connect_odoo(), "adm-1")

    def behind() -> list[str]:
        with storage.reading() as uow:
            return list(uow.books.behind(10))

    house.services.retaining.tend()  # the hour's round
    assert behind() == []
    house.import_rung()
    assert behind() == [entity_id(house)]
    house.services.retaining.tend(lambda: True)
    assert behind() == [entity_id(house)]

    def looked_meanwhile() -> bool:
        house.services.retaining.tend()
        meanwhile.append(behind())
        return False

    meanwhile: list[list[str]] = []
    house.services.importing.request(house.org, None, operator=OPERATOR)
    [run_id] = house.doorbell.rung
    house.services.importing.beat("worker-1", standing=False)
    ImportEngine(house.ports, "worker-1", looked_meanwhile, pages_in_flight=1).run(run_id)
    assert meanwhile
    assert all(found == [entity_id(house)] for found in meanwhile), "something was imported"
    house.services.retaining.tend()
    assert behind() == []
    storage.close()


@pytest.mark.parametrize("count", [0, -1, 99_999])
def test_an_absurd_retention_is_refused(house: House, count: int) -> None:
    with pytest.raises(CorrectRequest):
        house.services.retaining.set_retention(house.org, count, operator=OPERATOR)


def test_changes_compare_with_the_one_before_that_is_kept(house: House) -> None:
    nights(house, 4)
    house.services.retaining.set_retention(house.org, 1, operator=OPERATOR)
    house.services.retaining.compact(house.org)
    changes = house.services.reading.changes(house.org, entity_id(house))
    assert (changes.older, changes.newer.number, changes.cells) == (None, 5, ())


def test_changes_in_closed_periods_are_counted_and_told(house: House) -> None:
    closing = house.services.closing
    assert closing.closed(house.org, entity_id(house)).by is ClosedBy.NOBODY
    closing.set_closed(house.org, entity_id(house), dt.date(2026, 1, 31), operator=OPERATOR)
    house.odoo.books[0].delete("sale-1")
    house.odoo.books[0].post(
        "new", dt.date(2026, 2, 1), ("acc-bank", 1_0000), ("acc-turnover", -1_0000)
    )
    house.import_now(entity_id(house))
    changes = house.services.reading.changes(house.org, entity_id(house))
    assert changes.closed.through == dt.date(2026, 1, 31)
    assert changes.closed_lines == 3
    assert {cell.cell.period for cell in changes.cells if cell.closed} == {1}
    told = [
        one
        for one in house.services.reading.activity(house.org)
        if one.kind == "books.closed-changed"
    ]
    assert [one.data["lines"] for one in told] == ["3"]
    back = closing.set_closed(house.org, entity_id(house), None, operator=OPERATOR)
    assert back.through is None
    with pytest.raises(CorrectRequest):
        closing.set_closed(house.org, entity_id(house), dt.date(2099, 1, 1), operator=OPERATOR)


def test_reports_are_of_the_generation_asked_for(house: House) -> None:
    nights(house, 1)
    reports = house.services.reports
    then = reports.profit_and_loss(house.org, entity_id(house), as_of="1").statement
    now = reports.profit_and_loss(house.org, entity_id(house)).statement
    assert sum(now.results_e4) - sum(then.results_e4) == 1_0000
    sheet = reports.balance_sheet(house.org, entity_id(house), as_of="1").statement
    assert not any(sheet.differences_e4)
    assert sheet.results_e4[-1] == sum(then.results_e4)


def test_ageing_says_when_it_cannot_be_told(house: House) -> None:
    found = house.services.reports.ageing(house.org, entity_id(house), TradeSide.RECEIVABLE)
    assert (found.method, found.rows) == (Method.NOT_POSSIBLE, ())
