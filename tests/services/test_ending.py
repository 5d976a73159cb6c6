"""What ends with a connection, what stays, and how its entities go on with a new one."""

import datetime as dt
from typing import Any

import attrs
import pytest

from core.domain.failures import CorrectRequest, FixSettings, Reconnect
from core.domain.import_run import RunStatus
from core.domain.integration import IntegrationStatus
from core.ports.provider import TokenGrant
from core.services.authorising import AUTHORISATION_MINUTES
from core.services.sources import open_source
from tests.fake_provider import CLIENT_SECRET, GOOD_CODE, GOOD_KEY, FakeFlow
from tests.services.house import BASE, OPERATOR, House


@pytest.fixture
def house() -> House:
    return House()


def disconnect(house: House, integration_id: str) -> None:
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)


def test_imports_that_wait_on_an_ended_connection_fail_at_once_and_say_why(house: House) -> None:
    integration_id = house.connect_odoo()
    house.follow(integration_id)
    rung = list(house.doorbell.rung)
    disconnect(house, integration_id)
    with house.storage.reading() as uow:
        runs = [uow.runs.get(run_id) for run_id in rung]
    assert len(runs) == 2
    for run in runs:
        assert run is not None
        assert run.status is RunStatus.FAILED
        assert run.trouble is not None
        assert "was disconnected" in run.trouble.sentence
    house.import_rung()
    assert house.odoo.calls["pull"] == 0


def test_imports_of_other_connections_wait_on(house: House) -> None:
    keyed, oauth = house.connect_odoo(), house.connect_exact()
    house.follow(oauth)
    waiting = list(house.doorbell.rung)
    disconnect(house, keyed)
    with house.storage.reading() as uow:
        runs = [uow.runs.get(run_id) for run_id in waiting]
    assert {run.status for run in runs if run is not None} == {RunStatus.WAITING}


def test_an_ended_connection_is_not_opened_even_by_who_saw_it_before(house: House) -> None:
    integration_id = house.connect_odoo()
    seen = house.services.connecting.get(house.org, integration_id).integration
    disconnect(house, integration_id)
    with pytest.raises(Reconnect, match="was disconnected"):
        open_source(house.ports, seen)


def test_what_an_authorisation_sealed_is_deleted_when_its_time_is_over(house: House) -> None:
    house.begin_exact()
    answered = house.connect_exact()
    house.clock.advance(dt.timedelta(minutes=AUTHORISATION_MINUTES - 1))
    house.begin_exact()

    def sealed() -> int:
        with house.storage.reading() as uow:
            return sum(row.startswith("attempt:") for row in uow.secrets.rows())

    house.services.keeping_alive.tend()
    assert sealed() == 2
    house.clock.advance(dt.timedelta(minutes=1))
    house.services.keeping_alive.tend()
    assert sealed() == 1, "the younger one may still be answered"
    house.clock.advance(dt.timedelta(minutes=AUTHORISATION_MINUTES))
    house.services.keeping_alive.tend()
    assert sealed() == 0
    assert house.services.connecting.get(house.org, answered).integration.account is not None


def test_a_consent_that_comes_while_the_connection_ends_is_revoked_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id, state = house.begin_exact()
    genuine = FakeFlow.exchange

    def ended_meanwhile(self: FakeFlow, *given: Any, **named: Any) -> TokenGrant:  # noqa: ANN401 - passed on as it is
        disconnect(house, integration_id)
        return genuine(self, *given, **named)

    monkeypatch.setattr(FakeFlow, "exchange", ended_meanwhile)
    with pytest.raises(CorrectRequest, match="ended meanwhile"):
        house.services.authorising.complete("exact-online", {"state": state, "code": GOOD_CODE})
    assert house.exact.calls["end_grant"] == 1
    assert house.exact.flow.refresh_token is None
    with house.storage.reading() as uow:
        assert uow.tokens.get(integration_id) is None


# -- connected anew --------------------------------------------------------------------------------


def test_connected_anew_the_same_entities_go_on_where_they_were(house: House) -> None:
    former = house.connect_odoo()
    entities = house.follow(former)
    house.import_rung()
    read = len(house.odoo.read)
    disconnect(house, former)
    new = house.connect_odoo()
    assert new != former
    selection = house.services.linking.select(house.org, new, None, operator=OPERATOR)
    assert selection.created == ()
    assert {one.id for one in selection.relinked} == {one.id for one in entities}
    assert {one.id for one in selection.already} == {one.id for one in entities}
    with house.storage.reading() as uow:
        assert len(uow.entities.of(house.org)) == len(entities)
        told = [one for one in uow.activity.newest(house.org) if one.kind == "entity.relinked"]
    assert len(told) == len(entities)
    runs = house.import_rung()
    assert [run.status for run in runs if run is not None] == [RunStatus.SUCCEEDED] * 2
    again = house.odoo.read[read:]
    assert all(first > 0 for _, first in again), "from the bookmark, no page twice"
    for entity in entities:
        with house.storage.reading() as uow:
            stored = uow.entities.get(entity.id)
        assert stored is not None
        assert stored.published_generation >= 1
        assert stored.primary is not None
        assert stored.primary.integration_id == new


def test_only_what_was_chosen_is_linked_anew(house: House) -> None:
    former = house.connect_odoo()
    first, second = house.follow(former)
    disconnect(house, former)
    new = house.connect_odoo()
    assert first.primary is not None
    key = first.primary.administration_key
    selection = house.services.linking.select(house.org, new, [key], operator=OPERATOR)
    assert [one.id for one in selection.relinked] == [first.id]
    with house.storage.reading() as uow:
        other = uow.entities.get(second.id)
    assert other is not None
    assert other.primary == second.primary


def test_books_of_another_account_are_not_taken_for_the_former_ones(house: House) -> None:
    """Odoo numbers its companies per database: company 1 of another one is another company."""
    former = house.connect_odoo()
    house.follow(former)
    disconnect(house, former)
    house.odoo.change_account("another database", "Grace Hopper")
    new = house.connect_odoo()
    selection = house.services.linking.select(house.org, new, None, operator=OPERATOR)
    assert len(selection.created) == 2
    assert selection.relinked == ()


def test_an_entity_that_was_linked_elsewhere_meanwhile_stays_there(house: House) -> None:
    former = house.connect_odoo()
    first, _ = house.follow(former)
    elsewhere = house.connect_exact()
    assert first.primary is not None
    key = first.primary.administration_key
    disconnect(house, former)
    house.services.linking.link(house.org, first.id, elsewhere, key, operator=OPERATOR)
    new = house.connect_odoo()
    selection = house.services.linking.select(house.org, new, [key], operator=OPERATOR)
    assert selection.relinked == ()
    assert len(selection.created) == 1


def test_a_living_connection_gives_no_entity_away(house: House) -> None:
    living = house.connect_odoo()
    house.follow(living)
    assert house.connect_odoo() == living, "the same account: renewed"
    integration = house.services.connecting.get(house.org, living).integration
    assert integration.status is IntegrationStatus.ACTIVE
    selection = house.services.linking.select(house.org, living, None, operator=OPERATOR)
    assert (selection.created, selection.relinked) == ((), ())
    assert len(selection.already) == 2


def test_disconnect_deletes_secrets_and_says_whom_it_affects(house: House) -> None:
    integration_id = house.connect_odoo()
    (entity, _) = house.follow(integration_id)
    house.import_rung()
    names = house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    assert names == ["Bakery Noord", "Café Zuid"]
    with house.storage.reading() as uow:
        assert uow.secrets.rows() == []
    assert house.trial_balance_e4(entity.id), "books stay"
    with pytest.raises(CorrectRequest):
        house.services.connecting.check(house.org, integration_id)
    (refused, _) = house.services.importing.request(house.org, None, operator=OPERATOR)
    assert isinstance(refused.refusal, FixSettings)


def test_disconnect_revokes_at_the_provider_where_it_can(house: House) -> None:
    integration_id = house.connect_exact()
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    assert house.exact.flow.refresh_token is None, "ended there"
    kinds = _kinds(house)
    assert kinds[-2:] == ["integration.disconnected", "integration.revoked"]
    with house.storage.reading() as uow:
        held = [row for row in uow.secrets.rows() if not row.startswith("registration:")]
        assert (held, uow.tokens.all()) == ([], [])


def _kinds(house: House) -> list[str]:
    with house.storage.reading() as uow:
        return [event.kind for event in uow.activity.after(house.org, 0, limit=1_000)]


def test_disconnect_works_when_secrets_do_not_open(house: House) -> None:
    """Another key, an altered row: no reason to keep a connection."""
    integration_id = house.connect_exact()
    with house.storage.writing() as uow:
        row = uow.tokens.get(integration_id)
        assert row is not None
        spoilt = attrs.evolve(row, version=row.version + 1, sealed=b"k1|token:other|{}")
        uow.tokens.swap(spoilt, expected_version=row.version)
        uow.commit()
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    with house.storage.reading() as uow:
        assert uow.tokens.all() == []


def test_what_waits_to_be_confirmed_is_deleted_too(house: House) -> None:
    integration_id = house.connect_odoo()
    house.odoo.change_account("acct-2", "Grace Hopper")
    reconnected = house.services.connecting.reconnect(
        house.org, integration_id, {"api_key": GOOD_KEY}, operator=OPERATOR, redirect_base=BASE
    )
    assert reconnected.review is not None
    disconnect(house, integration_id)
    with house.storage.reading() as uow:
        assert uow.secrets.rows() == []


def test_revoking_is_asked_for_with_the_registration_of_the_app(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client secret is sealed apart from the other fields: providers refuse who lacks it."""
    integration_id = house.connect_exact()
    held = house.exact.flow.refresh_token
    asked: list[tuple[dict[str, str], str]] = []

    def end_grant(_: FakeFlow, fields: dict[str, str], refresh_token: str) -> bool:
        asked.append((fields, refresh_token))
        return True

    monkeypatch.setattr(FakeFlow, "end_grant", end_grant)
    disconnect(house, integration_id)
    ((fields, refresh_token),) = asked
    assert (fields["client_id"], fields["client_secret"]) == ("app", CLIENT_SECRET)
    assert refresh_token == held


def test_a_consent_that_could_not_be_ended_there_is_said_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id = house.connect_exact()
    monkeypatch.setattr(FakeFlow, "end_grant", lambda *_: False)
    disconnect(house, integration_id)
    assert _kinds(house)[-2:] == ["integration.disconnected", "integration.not-revoked"]
    with house.storage.reading() as uow:
        (*_, told) = uow.activity.after(house.org, 0, limit=1_000)
        assert uow.tokens.all() == []
    assert "remove Monitr's access there" in told.text
