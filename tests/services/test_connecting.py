"""Connecting: what counts, what is refused, and that a refusal loses nothing."""

from collections.abc import Callable

import pytest

from core.domain.catalogue import AuthKind
from core.domain.failures import (
    CorrectRequest,
    Failure,
    FixSettings,
    ProviderDown,
    Reconnect,
    Unknown,
)
from core.domain.integration import IntegrationStatus
from core.domain.onboarding import OnboardingStep
from core.ports.attending import is_person_waiting
from tests.fake_provider import GOOD_CODE, GOOD_KEY, FakeProvider
from tests.services.house import BASE, OPERATOR, House


@pytest.fixture
def house() -> House:
    return House()


def test_a_provider_listed_under_oauth_may_be_set_to_take_credentials(house: House) -> None:
    onboarding = house.services.onboarding
    keys = ("exact-online", "odoo", "stripe")
    listed = [AuthKind.OAUTH, AuthKind.API_CREDENTIALS, AuthKind.API_KEY]
    assert [onboarding.connects_by(key) for key in keys] == listed
    house.exact.oauth = None
    shown = {one.entry.key: one for one in onboarding.choices(house.org)}["exact-online"]
    assert (shown.entry.auth, shown.connects_by) == (AuthKind.OAUTH, AuthKind.API_CREDENTIALS)


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
