"""Connecting again: nothing is lost, and another account is never mixed in silently."""

from datetime import timedelta

import pytest

from core.domain.failures import Action, CorrectRequest, Reconnect, Wait
from core.domain.import_run import RunStatus
from core.domain.integration import IntegrationStatus
from tests.fake_provider import GOOD_CODE, GOOD_KEY
from tests.services.house import BASE, OPERATOR, House


@pytest.fixture
def house() -> House:
    return House()


def test_the_same_account_again_renews_the_connection_it_has(house: House) -> None:
    first = house.connect_odoo()
    house.follow(first)
    assert house.connect_odoo() == first
    exact = house.connect_exact()
    house.exact.flow.good_codes.add(GOOD_CODE)
    assert house.connect_exact() == exact
    living = [
        integration.id
        for integration in house.services.connecting.integrations(house.org)
        if integration.status is not IntegrationStatus.DISCONNECTED
    ]
    assert living == [first, exact]


def test_reconnect_keeps_everything(house: House) -> None:
    integration_id = house.connect_exact()
    (entity, _) = house.follow(integration_id)
    house.import_rung()
    before = house.trial_balance_e4(entity.id)
    house.exact.flow.revoke()
    house.clock.advance(timedelta(hours=1))
    (run, _) = house.import_now()
    assert run is not None
    assert run.trouble is not None
    assert "reconnect" in run.trouble.sentence
    integration = house.services.connecting.get(house.org, integration_id).integration
    assert integration.status is IntegrationStatus.NEEDS_RECONNECT
    assert house.trial_balance_e4(entity.id) == before

    (refused, _) = house.services.importing.request(house.org, None, operator=OPERATOR)
    assert isinstance(refused.refusal, Reconnect)

    house.services.connecting.reconnect(
        house.org, integration_id, {}, operator=OPERATOR, redirect_base=BASE
    )
    house.exact.flow.good_codes.add(GOOD_CODE)
    completion = house.services.authorising.complete(
        "exact-online", {"state": house.exact.flow.states[-1], "code": GOOD_CODE}
    )
    assert completion.connected
    pages_read = len(house.exact.read)
    (run, _) = house.import_now()
    assert run is not None
    assert run.proof is not None
    assert run.proof.sound
    assert {page for _, page in house.exact.read[pages_read:]} != {0}, "bookmarks were kept"


def test_reconnecting_as_somebody_else_waits_for_confirmation(house: House) -> None:
    integration_id = house.connect_odoo()
    house.follow(integration_id)
    house.odoo.change_account("acct-2", "Grace Hopper")
    del house.odoo.books[1]
    connection = house.services.connecting.reconnect(
        house.org, integration_id, {"api_key": GOOD_KEY}, operator=OPERATOR, redirect_base=BASE
    )
    assert connection.review is not None
    assert connection.review.lost == ("Café Zuid",)
    assert "Grace Hopper" in connection.review.sentence
    held = house.services.connecting.get(house.org, integration_id)
    assert held.integration.account is not None
    assert held.integration.account.name == "Ada Lovelace"
    assert len(held.administrations) == 2
    assert house.services.connecting.awaiting_confirmation(house.org) == {integration_id}
    (told,) = house.services.overview.attention(house.org)
    assert (told.action, told.integration_id) == (Action.RECONNECT, integration_id)
    assert "waits for you to confirm" in told.sentence

    confirmed = house.services.connecting.confirm_reconnect(
        house.org, integration_id, operator=OPERATOR
    )
    assert not house.services.connecting.awaiting_confirmation(house.org)
    assert confirmed.integration.account is not None
    assert confirmed.integration.account.name == "Grace Hopper"
    with pytest.raises(CorrectRequest, match="nothing to confirm"):
        house.services.connecting.confirm_reconnect(house.org, integration_id, operator=OPERATOR)


def test_a_reconnect_resumes_the_imports_by_itself(house: House) -> None:
    integration_id = house.connect_exact()
    house.follow(integration_id)
    house.import_rung()
    house.exact.flow.revoke()
    house.clock.advance(timedelta(hours=1))
    house.import_now()
    pages_read = len(house.exact.read)
    house.services.connecting.reconnect(
        house.org, integration_id, {}, operator=OPERATOR, redirect_base=BASE
    )
    house.exact.flow.good_codes.add(GOOD_CODE)
    answer = {"state": house.exact.flow.states[-1], "code": GOOD_CODE}
    assert house.services.authorising.complete("exact-online", answer).connected
    runs = house.import_rung()
    assert [run.status for run in runs if run is not None] == [RunStatus.SUCCEEDED] * 2
    assert {page for _, page in house.exact.read[pages_read:]} != {0}, "from the bookmarks"


def test_imports_that_wait_fail_with_the_sentence_when_their_connection_dies(house: House) -> None:
    integration_id = house.connect_odoo()
    (first, second) = house.follow(integration_id)
    house.import_rung()
    until = house.clock.now() + timedelta(hours=5)
    house.odoo.failures["pull"] = [Wait("A limit.", retry_at=until)]
    (waiting,) = house.import_now(first.id)
    assert waiting is not None
    assert waiting.status is RunStatus.WAITING
    house.odoo.failures["pull"] = [Reconnect("Odoo does not know this key.")]
    house.import_now(second.id)
    house.services.importing.sweep()
    (failed,) = house.import_rung()
    assert failed is not None
    assert (failed.id, failed.status) == (waiting.id, RunStatus.FAILED)
    assert failed.trouble is not None
    assert "reconnect it" in failed.trouble.sentence


def test_a_consent_confirmed_an_hour_later_is_renewed_first(house: House) -> None:
    integration_id = house.connect_exact()
    house.follow(integration_id)
    house.exact.change_account("acct-2", "Grace Hopper")
    connection = house.services.connecting.reconnect(
        house.org, integration_id, {}, operator=OPERATOR, redirect_base=BASE
    )
    assert connection.authorize_url is not None
    house.exact.flow.good_codes.add(GOOD_CODE)
    answer = {"state": house.exact.flow.states[-1], "code": GOOD_CODE}
    completion = house.services.authorising.complete("exact-online", answer)
    assert completion.review is not None
    house.exact.flow.access.clear()
    house.clock.advance(timedelta(hours=1))
    house.services.connecting.confirm_reconnect(house.org, integration_id, operator=OPERATOR)
    held = house.services.connecting.get(house.org, integration_id).integration
    assert held.account is not None
    assert held.account.name == "Grace Hopper"
