"""Session tokens of credentials on trial: the sign-in that tries them is not made twice."""

from collections.abc import Iterator

import pytest
from attrs import define

from core.domain.failures import Reconnect
from core.ports.provider import Credentials
from core.ports.sessions import OwnSessions, Session
from core.services.sources import open_source
from tests.fake_provider import FakeProvider, FakeSource
from tests.services.doors import STORAGES, Doors, reconnect, sessions_of, stored_house
from tests.services.house import OPERATOR, House


@pytest.fixture(params=STORAGES)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with stored_house(request.param) as house:
        yield house


@pytest.fixture
def doors(house: House) -> Doors:
    return Doors(house.clock)


@define
class SessionProvider(FakeProvider):
    """Logs in before it answers who it is, as Yuki does."""

    doors: Doors | None = None

    def open(self, credentials: Credentials) -> FakeSource:
        assert self.doors is not None
        credentials.sessions.current("user", self.doors.login)
        return FakeProvider.open(self, credentials)


@pytest.fixture
def trial_house(house: House, doors: Doors) -> House:
    keyed = house.odoo
    house.odoo = SessionProvider(entry=keyed.entry, form=keyed.form, clock=keyed.clock, doors=doors)
    return house


def test_the_login_of_a_trial_is_kept_with_the_credentials(
    trial_house: House, doors: Doors
) -> None:
    integration_id = trial_house.connect_odoo()
    integration = trial_house.services.connecting.get(trial_house.org, integration_id).integration
    open_source(trial_house.ports, integration).close()
    trial_house.services.connecting.check(trial_house.org, integration_id)
    assert doors.logins["user"] == 1


def test_the_login_of_a_staged_reconnect_is_kept_until_it_is_confirmed(
    trial_house: House, doors: Doors
) -> None:
    integration_id = trial_house.connect_odoo()
    trial_house.odoo.change_account("acct-2", "Grace Hopper")
    reconnect(trial_house, integration_id)
    assert doors.logins["user"] == 2
    trial_house.services.connecting.confirm_reconnect(
        trial_house.org, integration_id, operator=OPERATOR
    )
    assert sessions_of(trial_house, integration_id).current("user", doors.login)
    assert doors.logins["user"] == 2


def test_a_source_on_trial_meets_a_refusal_once() -> None:
    asked: list[str] = []

    def refused() -> Session:
        asked.append("login")
        raise Reconnect("Refused: enter them again.")

    own = OwnSessions()
    for name in ("user", "dossier:1"):
        with pytest.raises(Reconnect):
            own.current(name, refused)
    assert asked == ["login"]


def test_a_source_on_trial_renews_what_was_refused(doors: Doors) -> None:
    own = OwnSessions()
    old = own.current("user", doors.login)
    new = own.renewed("user", old, doors.login)
    assert new != old
    assert own.renewed("user", old, doors.login) == new, "refused late: it is another by now"
