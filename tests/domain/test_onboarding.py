"""What may start an onboarding, and that a finished one never goes back."""

from datetime import UTC, datetime

import pytest

from core.domain.catalogue import CATALOGUE, AuthKind, Category, entry_of
from core.domain.entity import Entity, Link, LinkRole
from core.domain.failures import CorrectRequest, Unknown
from core.domain.integration import Integration, IntegrationStatus, unusable_sentence
from core.domain.onboarding import (
    OnboardingStep,
    Organisation,
    choices,
    require_allowed,
    zone_of,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ORGANISATION = Organisation(
    id="org_1", name="Bakkerij Blom", time_zone="Europe/Amsterdam", created_at=NOW
)


def test_the_catalogue_is_the_products_table() -> None:
    assert " ".join(entry.key for entry in CATALOGUE) == (
        "exact-online moneybird twinfield yuki quickbooks xero eboekhouden horus minox octopus "
        "odoo csv stripe hubspot"
    )
    assert [entry.key for entry in CATALOGUE if not entry.onboarding] == [
        "csv",
        "stripe",
        "hubspot",
    ]
    by_key = {entry.key: entry for entry in CATALOGUE}
    assert by_key["odoo"].auth is AuthKind.API_CREDENTIALS
    assert by_key["stripe"].category is Category.SUBSCRIPTIONS
    assert by_key["hubspot"].category is Category.CRM
    assert by_key["horus"].contract == "assumed"


@pytest.mark.parametrize("key", ["csv", "stripe", "hubspot"])
def test_not_before_onboarding_is_done_with_a_reason(key: str) -> None:
    entry = entry_of(key)
    with pytest.raises(CorrectRequest, match="connect your accounting software first") as refused:
        require_allowed(entry, onboarded=False)
    assert refused.value.code == "not-during-onboarding"
    require_allowed(entry, onboarded=True)


def test_choices_show_all_with_reasons() -> None:
    before = {entry.key: reason for entry, reason in choices(onboarded=False)}
    assert len(before) == 14
    assert [key for key, reason in before.items() if reason] == ["csv", "stripe", "hubspot"]
    assert all(reason is None for _, reason in choices(onboarded=True))


def test_an_unknown_provider_names_the_known_ones() -> None:
    with pytest.raises(Unknown, match="exact-online"):
        entry_of("exact")


def test_steps_go_forward_and_a_finished_one_stays() -> None:
    at_select = ORGANISATION.at(OnboardingStep.SELECT_ENTITIES, "int_1")
    assert at_select.onboarding_integration_id == "int_1"
    assert not at_select.onboarded
    first = at_select.at(OnboardingStep.FIRST_IMPORTS)
    assert first.onboarded
    assert first.at(OnboardingStep.AUTHORISE, "int_2") == first
    done = first.at(OnboardingStep.DONE)
    assert done.at(OnboardingStep.FIRST_IMPORTS) == done


@pytest.mark.parametrize("name", ["Nowhere/Land", "", "../etc/passwd", "Europe\0Amsterdam"])
def test_a_time_zone_must_exist(name: str) -> None:
    with pytest.raises(CorrectRequest, match="time zone"):
        zone_of(name)


def _integration(status: IntegrationStatus) -> Integration:
    return Integration(
        id="int_1", organisation_id="org_1", provider="odoo", status=status, created_at=NOW
    )


@pytest.mark.parametrize("status", IntegrationStatus)
@pytest.mark.parametrize("to", IntegrationStatus)
def test_the_life_of_an_integration(status: IntegrationStatus, to: IntegrationStatus) -> None:
    allowed = {
        "pending": {"pending", "active", "needs reconnect", "disconnected"},
        "active": {"active", "needs reconnect", "disconnected"},
        "needs reconnect": {"needs reconnect", "active", "pending", "disconnected"},
        "disconnected": {"disconnected"},
    }
    if to.value in allowed[status.value]:
        assert _integration(status).moved(to).status is to
    else:
        with pytest.raises(CorrectRequest):
            _integration(status).moved(to)


def test_unusable_integrations_say_what_to_do() -> None:
    sentences = [
        unusable_sentence(_integration(status), "Odoo")
        for status in IntegrationStatus
        if status is not IntegrationStatus.ACTIVE
    ]
    assert all(": " in sentence and sentence.endswith(".") for sentence in sentences)


def _link(provider: str, administration: str = "1") -> Link:
    return Link(
        id=f"lnk_{provider}_{administration}",
        integration_id="int_1",
        administration_key=administration,
        provider=provider,
        role=LinkRole.ADDITIONAL,
    )


def _entity(*links: Link) -> Entity:
    return Entity(
        id="ent_1",
        organisation_id="org_1",
        name="Blom BV",
        currency="EUR",
        created_at=NOW,
        links=links,
    )


def test_exactly_one_primary_link_and_it_keeps_books() -> None:
    entity = _entity().with_primary(_link("odoo")).with_primary(_link("exact-online"))
    assert entity.primary is not None
    assert [link.provider for link in entity.links] == ["exact-online"]
    with pytest.raises(CorrectRequest, match="no general ledger"):
        entity.with_primary(_link("stripe"))


def test_additional_links_are_many_but_never_the_same_twice() -> None:
    entity = _entity().with_primary(_link("odoo", "1")).with_additional(_link("stripe", "acct"))
    assert [link.role for link in entity.links] == [LinkRole.PRIMARY, LinkRole.ADDITIONAL]
    with pytest.raises(CorrectRequest, match="already linked"):
        entity.with_additional(_link("stripe", "acct"))


def test_what_a_provider_adds_is_said_as_people_write_it() -> None:
    said = [reason for _, reason in choices(onboarded=False) if reason is not None]
    assert any("adds subscription data" in reason for reason in said)
    assert any("adds CRM data" in reason for reason in said)
