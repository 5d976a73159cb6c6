"""The organisation at a glance, an entity's figures, and its time zone."""

import datetime as dt

import pytest

from core.domain.books import AccountClass, LedgerAccount, Statement
from core.domain.failures import Action, CorrectRequest, FixSettings, ProviderDown, Reconnect
from core.domain.import_run import RunStatus
from core.domain.proof import Cell, Verdict
from core.ports.storage import EntityFilter
from core.services.figures import figures_of
from core.services.overview import LOOKED_AT_MAX
from tests.services.house import OPERATOR
from tests.tui.houses import crowded_house, followed_house, ids, imported_house

VANISHED = FixSettings("Gone: grant it again.", code="administration-vanished")


def test_a_summary_counts_every_entity_once() -> None:
    house = imported_house()
    house.clock.advance(dt.timedelta(hours=20))
    house.odoo.failures["pull"] = [VANISHED]
    house.import_now(ids(house)[0])
    found = house.services.overview.summary(house.org)
    assert found.entities == 2
    assert found.by_status == {RunStatus.FAILED: 1, RunStatus.SUCCEEDED: 1}
    assert found.verdicts == {Verdict.PROVEN: 2}
    assert found.published == 2
    assert [number for _, number in found.younger] == [0, 2, 2]


def test_imports_are_counted_on_the_local_date_of_their_request() -> None:
    house = imported_house()  # at noon UTC of 10 March
    house.clock.advance(dt.timedelta(hours=11, minutes=30))  # 00:30 of the 11th in Amsterdam
    house.import_now(ids(house)[0])
    nights = house.services.overview.imports_by_night(house.org, nights=3)
    assert [night.local_date for night in nights] == [dt.date(2026, 3, day) for day in (9, 10, 11)]
    assert [night.by_status for night in nights] == [
        {},
        {RunStatus.SUCCEEDED: 2},
        {RunStatus.SUCCEEDED: 1},
    ]


def test_troubles_of_one_kind_are_one_thing_to_do() -> None:
    house = imported_house()
    house.odoo.failures["pull"] = [VANISHED, VANISHED]
    house.import_now()
    (found,) = house.services.overview.attention(house.org)
    assert (found.action, found.entities, found.sentence) == (
        Action.FIX_SETTINGS,
        2,
        VANISHED.sentence,
    )
    assert found.where is not None
    listed = house.services.reading.entities(house.org, where=found.where)
    assert [one.entity.id for one in listed] == ids(house)


def test_what_waits_says_until_when_and_a_lost_consent_is_told_once() -> None:
    house = imported_house()
    house.odoo.failures["pull"] = [ProviderDown("Down: try again later.")]
    (run, *_) = house.import_now(ids(house)[0])
    assert run is not None
    (found,) = house.services.overview.attention(house.org)
    assert (found.action, found.until) == (Action.PROVIDER_DOWN, run.due_at)
    house.odoo.failures["pull"] = [Reconnect("Not known any more: connect again.")]
    house.import_now(ids(house)[1])
    kinds = [one.action for one in house.services.overview.attention(house.org)]
    assert kinds == [Action.RECONNECT, Action.PROVIDER_DOWN]


def test_of_very_many_in_trouble_the_count_is_a_lower_bound() -> None:
    house = crowded_house(LOOKED_AT_MAX + 5)
    house.odoo.failures["pull"] = [VANISHED] * (LOOKED_AT_MAX + 5)
    house.import_rung()
    (found,) = house.services.overview.attention(house.org)
    assert (found.entities, found.at_least) == (LOOKED_AT_MAX, True)


def test_coming_slots_count_entities_per_time_zone() -> None:
    house = followed_house()
    house.services.linking.set_time_zone(
        house.org, ids(house)[0], "America/New_York", operator=OPERATOR
    )
    coming = house.services.nights.coming(house.org)
    assert [slot.entities for slot in coming] == [1, 1, 1, 1]
    assert [slot.due_at for slot in coming] == sorted(slot.due_at for slot in coming)
    statuses = house.services.reading.entities(house.org)
    assert {one.next_slot_at for one in statuses} <= {slot.due_at for slot in coming}
    assert statuses[0].next_slot_at != statuses[1].next_slot_at


def test_last_night_begins_with_its_first_slot() -> None:
    house = imported_house()
    night = house.services.nights.last_night(house.org)
    assert (night.local_date, night.slots) == (dt.date(2026, 3, 10), ())
    house.clock.advance(dt.timedelta(hours=12, minutes=10))  # 01:10 in Amsterdam
    assert house.services.nights.last_night(house.org).local_date == dt.date(2026, 3, 10)
    house.clock.advance(dt.timedelta(minutes=10))
    house.services.nights.open_due()
    night = house.services.nights.last_night(house.org)
    assert night.local_date == dt.date(2026, 3, 11)
    assert sum(slot.count for slot in night.slots if slot.ordinal == 1) == 2


def test_setting_a_time_zone_is_told_once_and_checked() -> None:
    house = followed_house()
    linking, entity_id = house.services.linking, ids(house)[0]
    with pytest.raises(CorrectRequest, match="no time zone 'Mars'"):
        linking.set_time_zone(house.org, entity_id, "Mars", operator=OPERATOR)
    linking.set_time_zone(house.org, entity_id, "Asia/Tokyo", operator=OPERATOR)
    linking.set_time_zone(house.org, entity_id, "Asia/Tokyo", operator=OPERATOR)
    kinds = [event.kind for event in house.services.reading.activity(house.org)]
    assert kinds.count("entity.time-zone") == 1
    assert linking.set_time_zone(house.org, entity_id, " ", operator=OPERATOR).time_zone is None
    with pytest.raises(CorrectRequest, match="no entity"):
        linking.set_time_zone("org_other", entity_id, None, operator=OPERATOR)


def account(key: str, kind: AccountClass, statement: Statement) -> LedgerAccount:
    return LedgerAccount(key=key, code=key, name=key, account_class=kind, statement=statement)


def test_figures_add_up_per_period() -> None:
    accounts = [
        account("bank", AccountClass.ASSET, Statement.BALANCE_SHEET),
        account("loan", AccountClass.LIABILITY, Statement.BALANCE_SHEET),
        account("sales", AccountClass.INCOME, Statement.PROFIT_AND_LOSS),
        account("rent", AccountClass.EXPENSE, Statement.PROFIT_AND_LOSS),
        account("other", AccountClass.UNKNOWN, Statement.PROFIT_AND_LOSS),
    ]

    def cell(key: str, year: int, period: int) -> Cell:
        return Cell(account_key=key, year=year, period=period)

    found = figures_of(
        {
            cell("bank", 2025, 12): 100,
            cell("loan", 2025, 12): -100,
            cell("bank", 2026, 1): 60,
            cell("sales", 2026, 1): -90,
            cell("rent", 2026, 1): 25,
            cell("other", 2026, 1): 5,
            cell("ghost", 2026, 1): 7,
        },
        accounts,
    )
    december, january = found.periods
    assert (december.result_e4, december.balance_total_e4) == (0, 100)
    assert (january.income_e4, january.expense_e4, january.result_e4) == (90, 25, 60)
    assert january.balance_total_e4 == 160
    assert found.unplaced == 1
    assert (found.result_of_year_e4(2026), found.result_of_year_e4(2024)) == (60, 0)


def test_contents_and_filters_reach_through_the_service() -> None:
    house = imported_house()
    where = EntityFilter(text="zuid")
    assert house.services.reading.contents(house.org, every=1, where=where).total == 1
    (one,) = house.services.reading.entities(house.org, where=where)
    assert one.entity.name == "Café Zuid"
    assert one.published is not None
    with pytest.raises(CorrectRequest):
        house.services.reading.contents(house.org, every=0)
