"""What people are told is left of the calls providers allow: the tightest, and of theirs only."""

from datetime import timedelta

import attrs
import pytest

from adapters.storage.budgets import MemoryBudgets
from core.domain.failures import Unknown
from core.ports.budget import Charge
from core.ports.provider import Limit
from core.services.budgets import BudgetLeft, BudgetsService
from tests.fakes import START
from tests.services.house import OPERATOR, House

MINUTE = Limit(scope="app+administration", calls=3, seconds=60)
DAY = Limit(scope="app", calls=5, seconds=24 * 3600)


@pytest.fixture
def house() -> House:
    house = House()
    house.odoo.limits = house.exact.limits = (MINUTE, DAY)
    return house


@pytest.fixture
def counted(house: House) -> MemoryBudgets:
    return MemoryBudgets(house.clock)


@pytest.fixture
def service(house: House, counted: MemoryBudgets) -> BudgetsService:
    return BudgetsService(attrs.evolve(house.ports, budgets=counted))


def test_the_tightest_scope_of_each_limit_is_told(
    house: House, counted: MemoryBudgets, service: BudgetsService
) -> None:
    house.connect_odoo()
    assert service.left(house.org) == ()
    for scope in ("odoo:adm-1", "odoo:adm-2", "odoo:adm-2"):
        counted.spend(scope, [MINUTE])
    counted.spend("odoo:app", [DAY])
    assert service.left(house.org) == (
        BudgetLeft(provider="odoo", limit=MINUTE, calls_left=1, free_at=None),
        BudgetLeft(provider="odoo", limit=DAY, calls_left=4, free_at=None),
    )


def test_of_scopes_with_nothing_left_the_one_that_waits_longest_is_told(
    house: House, counted: MemoryBudgets, service: BudgetsService
) -> None:
    house.connect_odoo()
    for scope in ("odoo:adm-1", "odoo:adm-3", "odoo:adm-2"):
        for _ in range(MINUTE.calls):
            counted.spend(scope, [MINUTE])
        house.clock.advance(timedelta(seconds=1 if scope == "odoo:adm-3" else 20))
    (told,) = service.left(house.org)
    assert told.calls_left == 0
    assert told.free_at == START + timedelta(seconds=21 + MINUTE.seconds)


def test_only_providers_the_organisation_is_connected_to_are_told(
    house: House, counted: MemoryBudgets, service: BudgetsService
) -> None:
    odoo = house.connect_odoo()
    for scope in ("odoo:app", "odoo-twin:app", "exact-online:app"):
        counted.spend(scope, [DAY])
    assert [told.provider for told in service.left(house.org)] == ["odoo"]
    other = house.services.onboarding.start("Slagerij Vos").id
    assert service.left(other) == ()
    house.connect_exact()
    assert [told.provider for told in service.left(house.org)] == ["exact-online", "odoo"]
    house.services.connecting.disconnect(house.org, odoo, operator=OPERATOR)
    assert [told.provider for told in service.left(house.org)] == ["exact-online"]
    with pytest.raises(Unknown):
        service.left("org_x")


def test_a_scope_of_a_provider_whose_name_begins_alike_is_not_told(
    house: House, counted: MemoryBudgets, service: BudgetsService
) -> None:
    house.connect_odoo()
    counted.spend("odoo-twin:app", [DAY])
    assert service.left(house.org) == ()


def test_where_nothing_is_counted_or_the_provider_is_not_built_nothing_is_told(
    house: House, counted: MemoryBudgets
) -> None:
    house.connect_odoo()
    counted.spend("odoo:app", [DAY])
    assert BudgetsService(attrs.evolve(house.ports, budgets=None)).left(house.org) == ()
    without = attrs.evolve(house.ports, budgets=counted, providers={})
    assert BudgetsService(without).left(house.org) == ()


def test_of_two_limits_on_calls_at_once_the_stricter_counts(counted: MemoryBudgets) -> None:
    one, two = (Limit(scope="app", calls=calls, seconds=0) for calls in (1, 2))
    for number, limits in enumerate([(one, two), (two, one)]):
        charges = [Charge(scope=f"odoo:{number}", limits=limits)]
        assert counted.take(charges, call="first", seconds=60) is None
        assert counted.take(charges, call="second", seconds=60) is not None
