"""Two organisations, two operators: neither finishes, sees or uses the other's consent.

Session fixation: Mallory begins a connection and gets Alice to open its link. Alice consents in her
browser, and the provider sends the code to Monitr with Mallory's state. What must not happen is
that books of Alice reach Mallory.
"""

from collections.abc import Callable

import pytest

from core.domain.failures import CorrectRequest, Unknown
from core.domain.integration import IntegrationStatus
from tests.fake_provider import CLIENT_SECRET, GOOD_CODE, FakeFlow
from tests.services.house import BASE, House

KEY = "exact-online"
ALICE, MALLORY = "alice", "mallory"


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def other(house: House) -> str:
    """Mallory's organisation on the same server."""
    return house.services.onboarding.start("Slagerij Vos").id


def begin(house: House, organisation_id: str, operator: str) -> tuple[str, str]:
    connection = house.services.connecting.connect(
        organisation_id,
        KEY,
        {"client_id": "app", "client_secret": CLIENT_SECRET},
        operator=operator,
        redirect_base=BASE,
    )
    return connection.integration.id, house.exact.flow.states[-1]


def test_a_state_is_finished_by_whoever_began_it_or_by_nobody(house: House, other: str) -> None:
    """Where the front end knows who pastes the address, another's is refused and used up."""
    _, state = begin(house, other, MALLORY)
    with pytest.raises(CorrectRequest) as refused:
        house.services.authorising.complete(
            KEY,
            {"state": state, "code": GOOD_CODE},
            organisation_id=house.org,
            operator=ALICE,
        )
    assert refused.value.code == "state-foreign"
    with pytest.raises(CorrectRequest) as again:
        house.services.authorising.complete(
            KEY,
            {"state": state, "code": GOOD_CODE},
            organisation_id=other,
            operator=MALLORY,
        )
    assert again.value.code == "state-reused"
    assert not house.exact.calls["exchange"]


def test_an_operator_of_the_same_organisation_cannot_finish_it_either(house: House) -> None:
    _, state = begin(house, house.org, MALLORY)
    with pytest.raises(CorrectRequest):
        house.services.authorising.complete(
            KEY, {"state": state, "code": GOOD_CODE}, organisation_id=house.org, operator=ALICE
        )


def test_the_same_operator_cannot_finish_it_in_another_organisation(
    house: House, other: str
) -> None:
    _, state = begin(house, other, ALICE)
    with pytest.raises(CorrectRequest) as refused:
        house.services.authorising.complete(
            KEY, {"state": state, "code": GOOD_CODE}, organisation_id=house.org, operator=ALICE
        )
    assert refused.value.code == "state-foreign"
    assert not house.exact.calls["exchange"]


def test_whoever_began_it_may(house: House) -> None:
    _, state = begin(house, house.org, ALICE)
    completion = house.services.authorising.complete(
        KEY, {"state": state, "code": GOOD_CODE}, organisation_id=house.org, operator=ALICE
    )
    assert completion.connected


def test_every_attempt_has_a_state_and_verifier_of_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code fed into another's attempt is traded with the wrong verifier: the provider refuses."""
    seen: list[str] = []
    genuine = FakeFlow.authorize_url

    def remembering(
        flow: FakeFlow, fields: dict[str, str], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        seen.extend((state, verifier))
        return genuine(flow, fields, redirect_uri=redirect_uri, state=state, verifier=verifier)

    monkeypatch.setattr(FakeFlow, "authorize_url", remembering)
    begin(house, house.org, ALICE)
    begin(house, house.org, MALLORY)
    assert len(set(seen)) == 4


def test_the_person_at_the_browser_can_be_told_for_whom_before_anything_is_used_up(
    house: House, other: str
) -> None:
    """The landing page of a shared server asks Alice whether Mallory may go on."""
    _, state = begin(house, other, MALLORY)
    for _ in range(2):
        began = house.services.authorising.began(KEY, state)
        assert (began.organisation_name, began.operator) == ("Slagerij Vos", MALLORY)
    with pytest.raises(CorrectRequest):
        house.services.authorising.began("moneybird", state)
    with pytest.raises(CorrectRequest):
        house.services.authorising.began(KEY, "made-up")
    answer = {"state": state, "code": GOOD_CODE}
    assert house.services.authorising.complete(KEY, answer).connected
    with pytest.raises(CorrectRequest):
        house.services.authorising.began(KEY, state)


def test_neither_sees_or_uses_what_the_other_connected(house: House, other: str) -> None:
    integration_id, state = begin(house, house.org, ALICE)
    house.services.authorising.complete(KEY, {"state": state, "code": GOOD_CODE})
    services = house.services
    refusals: list[Callable[[], object]] = [
        lambda: services.connecting.get(other, integration_id),
        lambda: services.connecting.check(other, integration_id),
        lambda: services.connecting.attempt(other, integration_id),
        lambda: services.connecting.affected(other, integration_id),
        lambda: services.connecting.disconnect(other, integration_id, operator=MALLORY),
        lambda: services.connecting.confirm_reconnect(other, integration_id, operator=MALLORY),
        lambda: services.connecting.reconnect(
            other, integration_id, {}, operator=MALLORY, redirect_base=BASE
        ),
        lambda: services.linking.select(other, integration_id, None, operator=MALLORY),
    ]
    for refusal in refusals:
        with pytest.raises(Unknown):
            refusal()
    assert list(services.connecting.integrations(other)) == []
    with house.storage.reading() as uow:
        assert uow.activity.after(other, 0, limit=100) == [
            event
            for event in uow.activity.after(other, 0, limit=100)
            if event.organisation_id == other
        ]


def test_the_same_account_in_two_organisations_is_two_connections(house: House, other: str) -> None:
    """Renewing the connection an account has stays within its organisation."""
    first, state = begin(house, house.org, ALICE)
    house.services.authorising.complete(KEY, {"state": state, "code": GOOD_CODE})
    house.exact.flow.good_codes.add(GOOD_CODE)
    second, state = begin(house, other, MALLORY)
    completion = house.services.authorising.complete(KEY, {"state": state, "code": GOOD_CODE})
    assert completion.integration_id == second != first
    mine = house.services.connecting.get(house.org, first).integration
    assert mine.status is IntegrationStatus.PENDING


def test_a_remembered_app_registration_stays_in_its_organisation(house: House, other: str) -> None:
    _, state = begin(house, house.org, ALICE)
    house.services.authorising.complete(KEY, {"state": state, "code": GOOD_CODE})
    with pytest.raises(CorrectRequest) as refused:
        house.services.connecting.connect(other, KEY, {}, operator=MALLORY, redirect_base=BASE)
    assert refused.value.code == "missing-field"


def test_nothing_counts_before_it_is_confirmed(house: House) -> None:
    """A consent that arrived imports nothing until its operator, shown account and
    administrations, selects.
    """
    integration_id, state = begin(house, house.org, ALICE)
    completion = house.services.authorising.complete(KEY, {"state": state, "code": GOOD_CODE})
    assert "Ada Lovelace" in completion.sentence
    held = house.services.connecting.get(house.org, integration_id)
    assert held.integration.status is IntegrationStatus.PENDING
    assert not house.doorbell.rung
    assert house.exact.calls["pull"] == 0
