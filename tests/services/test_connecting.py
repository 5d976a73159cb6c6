"""Connecting: what counts, what is refused, and that a refusal loses nothing."""

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from core.domain.failures import (
    Action,
    CorrectRequest,
    Failure,
    FixSettings,
    ProviderDown,
    Reconnect,
    Unknown,
    Wait,
)
from core.domain.import_run import RunStatus
from core.domain.integration import IntegrationStatus
from core.domain.onboarding import OnboardingStep
from core.ports.attending import is_person_waiting
from core.ports.provider import Credentials
from core.services.authorising import AUTHORISATION_MINUTES
from tests.fake_provider import GOOD_CODE, GOOD_KEY, FakeProvider, FakeSource
from tests.services.house import BASE, OPERATOR, House


@pytest.fixture
def house() -> House:
    return House()


def test_a_key_connects_and_finds_administrations_but_counts_only_when_selected(
    house: House,
) -> None:
    integration_id = house.connect_odoo()
    found = house.services.connecting.get(house.org, integration_id)
    assert found.integration.status is IntegrationStatus.PENDING
    assert [one.name for one in found.administrations] == ["Bakery Noord", "Café Zuid"]
    assert house.services.onboarding.step(house.org) is OnboardingStep.SELECT_ENTITIES
    house.follow(integration_id)
    assert (
        house.services.connecting.get(house.org, integration_id).integration.status
        is IntegrationStatus.ACTIVE
    )
    assert house.services.onboarding.step(house.org) is OnboardingStep.FIRST_IMPORTS


def test_a_wrong_key_connects_nothing(house: House) -> None:
    with pytest.raises(Reconnect):
        house.connect_odoo("wrong")
    assert house.services.connecting.integrations(house.org) == []
    assert house.services.onboarding.step(house.org) is OnboardingStep.CHOOSE_SOFTWARE


def test_secret_fields_are_sealed_and_shown_nowhere(house: House) -> None:
    integration_id = house.connect_odoo()
    integration = house.services.connecting.get(house.org, integration_id).integration
    assert integration.fields == {"url": "https://books.fake.test"}
    with house.storage.reading() as uow:
        assert uow.secrets.rows() == [f"fields:{integration_id}"]
        assert GOOD_KEY not in repr(integration)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "missing-field"),
        ({"api_key": "  "}, "missing-field"),
        ({"api_key": "x", "colour": "red"}, "unknown-field"),
        ({"api_key": "x" * 5_000}, "bad-field"),
    ],
)
def test_a_form_filled_in_wrong_says_which_field(
    house: House, fields: dict[str, str], code: str
) -> None:
    with pytest.raises(CorrectRequest) as refused:
        house.services.connecting.connect(
            house.org, "odoo", fields, operator=OPERATOR, redirect_base=BASE
        )
    assert refused.value.code == code


@pytest.mark.parametrize("provider", ["csv", "stripe", "hubspot"])
def test_not_as_the_first_integration(house: House, provider: str) -> None:
    with pytest.raises(CorrectRequest) as refused:
        house.services.connecting.connect(
            house.org, provider, {}, operator=OPERATOR, redirect_base=BASE
        )
    assert refused.value.code == "not-during-onboarding"


def test_a_provider_this_build_lacks_is_said_so(house: House) -> None:
    with pytest.raises(FixSettings) as refused:
        house.services.connecting.connect(
            house.org, "xero", {}, operator=OPERATOR, redirect_base=BASE
        )
    assert refused.value.code == "provider-not-built"


def test_oauth_stores_the_grant_before_anything_else_can_fail(house: House) -> None:
    integration_id, state = house.begin_exact()
    house.exact.failures["administrations"] = [FixSettings("The provider is odd today.")]
    with pytest.raises(FixSettings):
        house.services.authorising.complete("exact-online", {"state": state, "code": GOOD_CODE})
    attempt = house.services.connecting.attempt(house.org, integration_id)
    assert (attempt.failed, attempt.outcome) == (True, "The provider is odd today.")
    checked = house.services.connecting.check(house.org, integration_id)
    assert len(checked.administrations) == 2
    assert house.services.onboarding.step(house.org) is OnboardingStep.SELECT_ENTITIES


def _refusal(house: House, provider: str, answer: dict[str, str]) -> str:
    with pytest.raises(CorrectRequest, match="nothing was connected") as refused:
        house.services.authorising.complete(provider, answer)
    assert not house.exact.calls["exchange"]
    return refused.value.code


def test_an_answer_with_no_or_an_unknown_state(house: House) -> None:
    house.begin_exact()
    assert _refusal(house, "exact-online", {"code": GOOD_CODE}) == "state-unknown"
    answer = {"code": GOOD_CODE, "state": "made-up"}
    assert _refusal(house, "exact-online", answer) == "state-unknown"
    answer = {"code": GOOD_CODE, "state": "x" * 10_000}
    assert _refusal(house, "exact-online", answer) == "state-unknown"


def test_an_answer_that_came_before(house: House) -> None:
    _, state = house.begin_exact()
    house.services.authorising.complete("exact-online", {"state": state, "code": GOOD_CODE})
    house.exact.calls.clear()
    answer = {"code": GOOD_CODE, "state": state}
    assert _refusal(house, "exact-online", answer) == "state-reused"


def test_an_answer_that_came_too_late(house: House) -> None:
    _, state = house.begin_exact()
    house.clock.advance(timedelta(minutes=AUTHORISATION_MINUTES))
    answer = {"code": GOOD_CODE, "state": state}
    assert _refusal(house, "exact-online", answer) == "state-expired"


def test_an_answer_on_another_providers_path_burns_the_attempt(house: House) -> None:
    _, state = house.begin_exact()
    answer = {"code": GOOD_CODE, "state": state}
    assert _refusal(house, "moneybird", answer) == "state-foreign"
    assert _refusal(house, "exact-online", answer) == "state-reused"


def test_consent_denied_is_told_and_can_be_begun_again(house: House) -> None:
    integration_id, state = house.begin_exact()
    completion = house.services.authorising.complete(
        "exact-online", {"state": state, "error": "access_denied"}
    )
    assert not completion.connected
    assert "not granted" in completion.sentence
    assert house.services.connecting.attempt(house.org, integration_id).failed
    assert house.connect_exact()


def test_the_app_registration_is_remembered_for_the_next_connection(house: House) -> None:
    first = house.connect_exact()
    house.exact.change_account("acct-2", "Grace Hopper")
    house.exact.flow.good_codes.add(GOOD_CODE)
    connection = house.services.connecting.connect(
        house.org, "exact-online", {}, operator=OPERATOR, redirect_base=BASE
    )
    assert connection.integration.id != first
    assert connection.authorize_url is not None
    assert "client_id=app" in connection.authorize_url


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


def test_another_organisations_things_are_as_unknown_as_none(house: House) -> None:
    integration_id = house.connect_odoo()
    (entity, _) = house.follow(integration_id)
    other = house.services.onboarding.start("Slagerij Vos").id
    services = house.services
    refusals: list[Callable[[], object]] = [
        lambda: services.connecting.get(other, integration_id),
        lambda: services.connecting.disconnect(other, integration_id, operator=OPERATOR),
        lambda: services.linking.select(other, integration_id, None, operator=OPERATOR),
        lambda: services.linking.link(other, entity.id, integration_id, "adm-1", operator=OPERATOR),
        lambda: services.importing.request(other, [entity.id], operator=OPERATOR),
        lambda: services.reading.entity(other, entity.id),
        lambda: services.reading.trial_balance(other, entity.id),
        lambda: services.reading.find_entity(other, entity.id),
    ]
    for refusal in refusals:
        with pytest.raises(Unknown):
            refusal()
    assert services.reading.entities(other) == ()


def test_every_failure_is_told_with_what_to_do(house: House) -> None:
    """Sentences end; details and codes hold no secret."""
    failures: list[Failure] = []
    for call in (
        lambda: house.connect_odoo("canary-wrong-key"),
        lambda: house.services.connecting.get(house.org, "int_x"),
        lambda: house.services.connecting.attempt(house.org, house.connect_odoo()),
    ):
        with pytest.raises(Failure) as raised:
            call()
        failures.append(raised.value)
    assert all(failure.sentence.endswith(".") for failure in failures)
    assert "canary" not in "".join(
        failure.sentence + failure.detail + failure.code for failure in failures
    )


def test_disconnect_revokes_at_the_provider_where_it_can(house: House) -> None:
    integration_id = house.connect_exact()
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    assert house.exact.flow.refresh_token is None, "ended there"
    kinds = _kinds(house)
    assert kinds[-2:] == ["integration.disconnected", "integration.revoked"]
    with house.storage.reading() as uow:
        held = [row for row in uow.secrets.rows() if not row.startswith("registration:")]
        assert (held, uow.tokens.all()) == ([], [])


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


def test_an_answer_for_a_connection_ended_meanwhile_is_refused(house: House) -> None:
    integration_id, state = house.begin_exact()
    house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
    answer = {"state": state, "code": GOOD_CODE}
    assert _refusal(house, "exact-online", answer) == "disconnected"
    with house.storage.reading() as uow:
        assert uow.tokens.all() == []


def test_disconnected_while_the_answer_was_being_checked_nothing_is_adopted(house: House) -> None:
    integration_id, state = house.begin_exact()
    genuine = FakeProvider.open

    def disconnecting(self: FakeProvider, credentials: Credentials) -> FakeSource:
        house.services.connecting.disconnect(house.org, integration_id, operator=OPERATOR)
        return genuine(self, credentials)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FakeProvider, "open", disconnecting)
        with pytest.raises(Failure):
            house.services.authorising.complete("exact-online", {"state": state, "code": GOOD_CODE})
    held = house.services.connecting.get(house.org, integration_id).integration
    assert held.status is IntegrationStatus.DISCONNECTED
    with house.storage.reading() as uow:
        assert uow.tokens.all() == []


def test_an_answer_of_another_sign_in_service_is_refused(house: House) -> None:
    _, state = house.begin_exact()
    answer = {"code": GOOD_CODE, "state": state, "iss": "https://evil.example.org"}
    assert _refusal(house, "exact-online", answer) == "issuer-foreign"
    _, state = house.begin_exact()
    answer = {"code": GOOD_CODE, "state": state, "iss": "https://login.fake.test"}
    assert house.services.authorising.complete("exact-online", answer).connected


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


def _kinds(house: House) -> list[str]:
    with house.storage.reading() as uow:
        return [event.kind for event in uow.activity.after(house.org, 0, limit=1_000)]


# -- words that fit the moment ---------------------------------------------------------------------


def _down() -> ProviderDown:
    return ProviderDown("Odoo cannot be reached at books.test: the import is tried again later.")


def test_a_person_who_connects_is_told_what_a_person_can_do(house: House) -> None:
    house.odoo.failures["health"] = [_down()]
    with pytest.raises(ProviderDown) as raised:
        house.connect_odoo()
    assert raised.value.sentence == "Odoo cannot be reached at books.test: try again later."
    assert str(raised.value) == raised.value.sentence


def test_calls_for_a_person_are_known_as_such_and_those_of_imports_are_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    genuine = FakeProvider.called

    def noting(self: FakeProvider, operation: str) -> None:
        seen.append(is_person_waiting())
        genuine(self, operation)

    monkeypatch.setattr(FakeProvider, "called", noting)
    integration_id = house.connect_odoo()
    house.connect_exact()
    house.services.connecting.check(house.org, integration_id)
    assert seen
    assert all(seen)
    seen.clear()
    house.follow(integration_id)
    house.import_rung()
    assert seen
    assert not any(seen)
