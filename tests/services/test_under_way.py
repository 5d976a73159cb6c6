"""What happens to an import while something else happens to its connection or its entity."""

import datetime as dt
from collections.abc import Callable

import attrs
import pytest
from attrs import define

from core.domain.entity import LinkRole
from core.domain.failures import Action, CorrectRequest, Reconnect, Wait
from core.domain.import_run import LEASE_SECONDS, RunStatus
from core.domain.integration import Administration
from core.ports.storage import LIST_MAX
from core.services.import_engine import ImportEngine
from tests.fake_books import FakeBooks
from tests.services.house import OPERATOR, House


@pytest.fixture
def house() -> House:
    return House()


@define
class AfterBatch:
    """Asked by the engine after each batch: does something once, after the n-th."""

    number: int
    act: Callable[[], object]
    batches: int = 0

    def __call__(self) -> bool:
        self.batches += 1
        if self.batches == self.number:
            self.act()
        return False


def followed(house: House) -> tuple[str, str, str]:
    """(integration id, entity id, run id) of one followed administration."""
    integration_id = house.connect_odoo()
    (entity,) = house.follow(integration_id, "adm-1")
    return integration_id, entity.id, house.doorbell.rung[-1]


def run_with(house: House, run_id: str, interruption: AfterBatch) -> RunStatus | None:
    house.services.importing.beat("worker-1", standing=False)
    run = ImportEngine(house.ports, "worker-1", interruption, pages_in_flight=1).run(run_id)
    return None if run is None else run.status


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_disconnecting_ends_the_import_at_its_next_batch(house: House, batch: int) -> None:
    integration_id, entity_id, run_id = followed(house)

    def disconnect() -> None:
        house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)

    assert run_with(house, run_id, AfterBatch(batch, disconnect)) is RunStatus.FAILED
    run = house.services.reading.run(house.org, run_id)
    assert run.trouble is not None
    assert run.trouble.code == "integration-unusable"
    assert house.services.reading.entity(house.org, entity_id).published is None
    with house.storage.reading() as uow:
        assert not any(uow.books.counts(entity_id, 1).values()), "what was read is forgotten"


def test_disconnecting_before_the_source_is_opened_is_no_bug_of_ours(house: House) -> None:
    integration_id, entity_id, _ = followed(house)
    house.import_rung()
    house.clock.advance(dt.timedelta(hours=6))
    original = house.odoo.called

    def called(operation: str) -> None:
        original(operation)
        if operation == "administrations":
            house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(house.odoo), "called", lambda _, operation: called(operation))
        (run,) = house.import_now(entity_id)
    assert run is not None
    assert run.trouble is not None
    assert (run.status, run.trouble.action) == (RunStatus.FAILED, Action.FIX_SETTINGS)


def test_a_key_replaced_while_importing_costs_another_attempt_only(house: House) -> None:
    """The old key dies under the running import because the operator has just given a new one."""
    integration_id, _, run_id = followed(house)
    house.odoo.failures["pull"] = [None, None, Reconnect("Fake does not know this key any more.")]

    def replace_key() -> None:
        house.clock.advance(dt.timedelta(seconds=1))
        with house.storage.writing() as uow:
            integration = uow.integrations.get(integration_id)
            assert integration is not None
            now = house.clock.now()
            uow.integrations.save(attrs.evolve(integration, authorised_at=now))
            uow.commit()

    assert run_with(house, run_id, AfterBatch(2, replace_key)) is RunStatus.WAITING
    house.clock.advance(dt.timedelta(minutes=5))
    (run,) = [house.engine().run(run_id)]
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED
    assert len(house.odoo.read) == len(set(house.odoo.read)), "no page twice"


def test_reading_control_totals_may_take_longer_than_a_batch(house: House) -> None:
    """A large ledger has a thousand pages of them, at sixty calls a minute."""
    _, _, run_id = followed(house)
    original = house.odoo.called

    def called(operation: str) -> None:
        original(operation)
        if operation == "control_totals":
            for _ in range(LEASE_SECONDS // 10):
                house.clock.pause(20)
                house.services.importing.beat("worker-1", standing=False)
            assert house.services.importing.sweep().freed == ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(house.odoo), "called", lambda _, operation: called(operation))
        run = house.engine().run(run_id)
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED


def test_a_night_is_for_the_link_there_is_when_its_slot_opens(house: House) -> None:
    """Linking elsewhere while the nights are gone through must not cost the entity its night."""
    integration_id, entity_id, _ = followed(house)
    house.import_rung()
    other = house.connect_exact()
    house.clock.instant = dt.datetime(2026, 3, 11, 0, 20, tzinfo=dt.UTC)
    writing = house.storage.writing
    linked = False

    def relink_first() -> object:
        nonlocal linked
        if not linked:
            linked = True
            house.services.linking.link(house.org, entity_id, other, "adm-1", operator=OPERATOR)
        return writing()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.storage, "writing", relink_first)
        (record,) = house.services.nights.open_due()
    assert record.run_id is not None
    run = house.services.reading.run(house.org, record.run_id)
    assert run.integration_id == other != integration_id
    (ended,) = house.import_rung()
    assert ended is not None
    assert ended.status is RunStatus.SUCCEEDED


def test_an_import_that_can_never_run_does_not_keep_an_entity_from_another_link(
    house: House,
) -> None:
    """It waits for tomorrow's calls; then its connection is ended for good."""
    integration_id, entity_id, run_id = followed(house)
    until = house.clock.now() + dt.timedelta(hours=20)
    house.odoo.failures["pull"] = [None, Wait("The day's calls are used.", retry_at=until)]
    (run,) = house.import_rung()
    assert run is not None
    assert run.status is RunStatus.WAITING
    other = house.connect_exact()
    with pytest.raises(CorrectRequest, match="import"):
        house.services.linking.link(house.org, entity_id, other, "adm-1", operator=OPERATOR)
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    house.services.linking.link(house.org, entity_id, other, "adm-1", operator=OPERATOR)
    assert house.services.reading.run(house.org, run_id).status is RunStatus.FAILED
    (run,) = house.import_now(entity_id)
    assert run is not None
    assert run.proof is not None
    assert run.proof.sound
    assert run.generation == 1


def test_selecting_a_thousand_administrations_twice_follows_each_once(house: House) -> None:
    count = LIST_MAX + 5
    house.odoo.books = [
        FakeBooks(Administration(key=f"adm-{number}", name=f"Company {number}", currency="EUR"))
        for number in range(count)
    ]
    integration_id = house.connect_odoo()
    assert len(house.follow(integration_id)) == count
    again = house.services.linking.select(house.org, integration_id, None, operator=OPERATOR)
    assert (len(again.created), len(again.already)) == (0, count)


def test_changed_lines_are_the_same_whichever_generation_is_named_first(house: House) -> None:
    _, entity_id, _ = followed(house)
    house.import_rung()
    house.odoo.books[0].delete("sale-3")
    house.import_now(entity_id)
    reading = house.services.reading
    forth = reading.changed_lines(house.org, entity_id, older=1, newer=2)
    assert forth.changes
    assert reading.changed_lines(house.org, entity_id, older=2, newer=1) == forth


def test_an_entity_keeps_one_link_to_an_administration(house: House) -> None:
    integration_id, entity_id, _ = followed(house)
    house.import_rung()
    with pytest.raises(CorrectRequest):
        house.services.linking.link(
            house.org,
            entity_id,
            integration_id,
            "adm-1",
            role=LinkRole.ADDITIONAL,
            operator=OPERATOR,
        )
