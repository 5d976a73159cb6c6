"""The answers of an OAuth consent: which of them count, and that a refused one changes nothing."""

from datetime import timedelta

import pytest

from core.domain.failures import CorrectRequest, Failure, FixSettings
from core.domain.integration import IntegrationStatus
from core.domain.onboarding import OnboardingStep
from core.ports.provider import Credentials
from core.services.authorising import AUTHORISATION_MINUTES
from tests.fake_provider import GOOD_CODE, FakeFlow, FakeProvider, FakeSource
from tests.services.house import OPERATOR, House


@pytest.fixture
def house() -> House:
    return House()


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


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "https://login.fake.test/",
        "https://login.fake.test.evil.example.org",
        "https://LOGIN.fake.test",
        "http://login.fake.test",
    ],
)
def test_an_issuer_is_compared_as_a_whole(house: House, issuer: str) -> None:
    """RFC 9207: simple string comparison, of a value that was sent, be it empty."""
    _, state = house.begin_exact()
    answer = {"code": GOOD_CODE, "state": state, "iss": issuer}
    assert _refusal(house, "exact-online", answer) == "issuer-foreign"


def test_an_issuer_tells_nothing_where_the_provider_declares_none(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeFlow, "issuer", lambda *_: None)
    _, state = house.begin_exact()
    answer = {"code": GOOD_CODE, "state": state, "iss": "https://login.fake.test"}
    assert house.services.authorising.complete("exact-online", answer).connected
