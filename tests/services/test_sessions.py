"""Session tokens of connections by key: shared, sealed, one login at a time, no refused one twice.

Every test runs on memory and on SQLite.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.domain.failures import OurBug, ProviderDown, Reconnect, TryAgain, Wait
from core.domain.integration import IntegrationStatus
from core.ports.provider import TOKEN_CALL_SECONDS_MAX
from core.ports.sessions import Session
from core.services.secrets import reseal_all
from core.services.sessions import (
    LOGIN_LOCK_SECONDS,
    LOGIN_PAUSE_SECONDS,
    RENEW_AGAIN_SECONDS,
    IntegrationSessions,
)
from tests.fakes import FakeClock
from tests.services.doors import LIFE_SECONDS, STORAGES, Doors, reconnect, sessions_of, stored_house
from tests.services.house import OPERATOR, House


@pytest.fixture(params=STORAGES)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with stored_house(request.param) as house:
        yield house


@pytest.fixture
def doors(house: House) -> Doors:
    return Doors(house.clock)


@pytest.fixture
def sessions(house: House) -> IntegrationSessions:
    return sessions_of(house, house.connect_odoo())


def _status(house: House, sessions: IntegrationSessions) -> IntegrationStatus:
    connection = house.services.connecting.get(house.org, sessions.integration.id)
    return connection.integration.status


def _session_rows(house: House) -> list[str]:
    with house.storage.reading() as uow:
        return [row for row in uow.secrets.rows() if row.startswith("session:")]


def test_one_login_serves_every_process_until_the_session_ends(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    first = sessions.current("user", doors.login)
    assert sessions_of(house, sessions.integration.id).current("user", doors.login) == first
    house.clock.advance(timedelta(seconds=LIFE_SECONDS - 31))
    assert sessions.current("user", doors.login) == first
    house.clock.advance(timedelta(seconds=1))
    assert sessions.current("user", doors.login) != first, "the margin before its end"
    assert doors.logins["user"] == 2


def test_a_session_without_a_known_end_is_used_until_it_is_refused(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    doors.life_seconds = None
    first = sessions.current("user", doors.login)
    house.clock.advance(timedelta(days=400))
    assert sessions.current("user", doors.login) == first
    assert sessions.renewed("user", first, doors.login) != first


@pytest.fixture
def real_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many threads poll, a clock that each pause moves on would end the lock under them."""

    def pause(_clock: FakeClock, _seconds: float) -> None:
        threading.Event().wait(0.02)

    monkeypatch.setattr(FakeClock, "pause", pause)


@pytest.mark.usefixtures("real_pauses")
def test_many_threads_one_login(sessions: IntegrationSessions, doors: Doors) -> None:
    found: list[str] = []
    barrier = threading.Barrier(20)

    def ask() -> None:
        barrier.wait()
        found.append(sessions.current("user", doors.login))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len(set(found)) == 1
    assert doors.logins["user"] == 1


def test_sessions_of_several_names_do_not_mix_and_a_login_may_need_another(
    sessions: IntegrationSessions, doors: Doors
) -> None:
    def dossier(number: int) -> str:
        def connect() -> Session:
            sessions.current("user", doors.login)
            return doors.login(f"dossier:{number}")

        return sessions.current(f"dossier:{number}", connect)

    assert {dossier(1), dossier(2), dossier(1)} == {
        "canary-session-dossier:1-1",
        "canary-session-dossier:2-1",
    }
    assert doors.logins == {"user": 1, "dossier:1": 1, "dossier:2": 1}


def test_a_refused_session_is_replaced_by_whoever_is_first(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    old = sessions.current("user", doors.login)
    new = sessions.renewed("user", old, doors.login)
    other = sessions_of(house, sessions.integration.id)
    assert other.renewed("user", old, doors.login) == new
    assert doors.logins["user"] == 2


def test_a_replacement_that_is_refused_too_ends_the_logins_for_a_while(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    new = sessions.renewed("user", sessions.current("user", doors.login), doors.login)
    for _ in range(3):
        with pytest.raises(ProviderDown, match="session it has just given") as raised:
            sessions.renewed("user", new, doors.login)
    assert raised.value.retry_at is not None
    assert doors.logins["user"] == 2
    house.clock.advance(timedelta(seconds=RENEW_AGAIN_SECONDS))
    assert sessions.renewed("user", new, doors.login) != new


def test_a_refused_login_marks_the_connection_and_is_never_tried_again(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    """Providers lock the account of who repeats it: no process, no name, no later day tries."""
    doors.failure = Reconnect("Octopus refuses user or password: enter them again.")
    with pytest.raises(Reconnect, match="enter them again"):
        sessions.current("user", doors.login)
    assert _status(house, sessions) is IntegrationStatus.NEEDS_RECONNECT
    house.clock.advance(timedelta(days=30))
    for name in ("user", "dossier:1"):
        with pytest.raises(Reconnect, match="enter them again"):
            sessions_of(house, sessions.integration.id).current(name, doors.login)
    assert doors.logins.total() == 1


@pytest.mark.usefixtures("real_pauses")
def test_only_the_first_of_a_crowd_meets_the_refusal(
    sessions: IntegrationSessions, doors: Doors
) -> None:
    doors.failure = Reconnect("Refused: enter them again.")
    refused: list[Reconnect] = []

    def ask() -> None:
        with pytest.raises(Reconnect) as raised:
            sessions.current("user", doors.login)
        refused.append(raised.value)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 12
    assert doors.logins["user"] == 1


def test_a_refusal_of_credentials_that_were_replaced_meanwhile_means_nothing(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    def refused_late() -> Session:
        house.clock.advance(timedelta(seconds=5))
        reconnect(house, sessions.integration.id)
        raise Reconnect("Refused: enter them again.")

    with pytest.raises(Reconnect):
        sessions.current("user", refused_late)
    assert _status(house, sessions) is not IntegrationStatus.NEEDS_RECONNECT
    with pytest.raises(TryAgain, match="new credentials"):
        sessions.current("user", doors.login)
    assert doors.logins.total() == 0, "a source of the old credentials logs in no more"
    assert sessions_of(house, sessions.integration.id).current("user", doors.login)


def test_a_login_of_old_credentials_is_not_stored_over_the_new_ones(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    def slow() -> Session:
        house.clock.advance(timedelta(seconds=5))
        reconnect(house, sessions.integration.id)
        return doors.login()

    with pytest.raises(TryAgain):
        sessions.current("user", slow)
    assert _session_rows(house) == []


def test_a_login_without_an_answer_is_not_repeated_at_once_by_anybody(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    doors.failure = ProviderDown("Yuki does not answer: try again later.")
    with pytest.raises(ProviderDown, match="does not answer"):
        sessions.current("user", doors.login)
    doors.failure = None
    with pytest.raises(ProviderDown, match="not repeated at once") as held_back:
        sessions_of(house, sessions.integration.id).current("user", doors.login)
    assert held_back.value.retry_at is not None
    assert doors.logins["user"] == 1
    house.clock.advance(timedelta(seconds=LOGIN_PAUSE_SECONDS))
    assert sessions.current("user", doors.login)


def test_a_spent_quota_is_waited_out_without_asking_again(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    doors.failure = Wait("No calls left today.", retry_at=house.clock.now() + timedelta(hours=3))
    with pytest.raises(Wait):
        sessions.current("user", doors.login)
    house.clock.advance(timedelta(hours=2))
    with pytest.raises(ProviderDown):
        sessions.current("user", doors.login)
    assert doors.logins["user"] == 1


def test_who_waits_for_a_killed_process_gets_its_turn(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    with house.storage.writing() as uow:
        now = house.clock.now()
        until = now + timedelta(seconds=LOGIN_LOCK_SECONDS)
        uow.leases.acquire(f"login:{sessions.integration.id}:user", "dead", now=now, until=until)
        uow.commit()
    began = house.clock.now()
    assert sessions.current("user", doors.login)
    assert house.clock.now() - began >= timedelta(seconds=LOGIN_LOCK_SECONDS)


def test_who_was_so_slow_that_another_logged_in_uses_that_session(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    other = sessions_of(house, sessions.integration.id)
    first: list[str] = []

    def stuck() -> Session:
        house.clock.advance(timedelta(seconds=LOGIN_LOCK_SECONDS))
        first.append(other.current("user", doors.login))
        return doors.login()

    assert sessions.current("user", stuck) == first[0]
    assert other.current("user", doors.login) == first[0]


def test_sessions_are_sealed_resealed_and_deleted_at_disconnect(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    for name in ("user", "dossier:1"):
        sessions.current(name, lambda name=name: doors.login(name))  # type: ignore[misc] # mypy does not infer bound lambdas
    rows = _session_rows(house)
    assert len(rows) == 2
    house.vault.newest = b"k2"
    assert reseal_all(house.ports) >= 2
    assert sessions.current("user", doors.login) == "canary-session-user-1"
    house.services.connecting.disconnect(house.org, sessions.integration.id, operator=OPERATOR)
    assert _session_rows(house) == []
    with pytest.raises(Reconnect):
        sessions.current("user", doors.login)
    assert doors.logins["user"] == 1


def test_sessions_of_an_integration_whose_id_begins_alike_stay(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    sessions.current("user", doors.login)
    with house.storage.writing() as uow:
        uow.secrets.put(f"session:{sessions.integration.id}9:user", b"k1||{}")
        uow.commit()
    house.services.connecting.disconnect(house.org, sessions.integration.id, operator=OPERATOR)
    assert _session_rows(house) == [f"session:{sessions.integration.id}9:user"]


def test_unusable_names_are_our_bug(sessions: IntegrationSessions, doors: Doors) -> None:
    for name in ("", "x" * 101):
        with pytest.raises(OurBug):
            sessions.current(name, doors.login)


def test_sessions_of_earlier_credentials_go_when_they_are_replaced(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    sessions.current("user", doors.login)
    house.clock.advance(timedelta(seconds=5))
    reconnect(house, sessions.integration.id)
    assert _session_rows(house) == []


def test_another_session_than_the_refused_one_is_used_only_while_it_is_good(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    old = sessions.current("user", doors.login)
    other = sessions.renewed("user", old, doors.login)
    house.clock.advance(timedelta(seconds=LIFE_SECONDS))
    assert sessions.renewed("user", old, doors.login) not in {old, other}


def test_the_lock_outlives_the_longest_login(
    house: House, sessions: IntegrationSessions, doors: Doors
) -> None:
    """One that needs another login first, each of them as slow as a call may be."""

    def slow() -> Session:
        house.clock.advance(timedelta(seconds=2 * TOKEN_CALL_SECONDS_MAX))
        with house.storage.reading() as uow:
            lock = f"login:{sessions.integration.id}:user"
            assert uow.leases.holder(lock, now=house.clock.now()) is not None
        return doors.login()

    assert sessions.current("user", slow)


def test_a_login_without_an_answer_holds_back_no_other_name(
    sessions: IntegrationSessions, doors: Doors
) -> None:
    """One dossier that does not answer is no reason to leave the others unread."""
    doors.failure = ProviderDown("Octopus does not answer: try again later.")
    with pytest.raises(ProviderDown, match="does not answer"):
        sessions.current("dossier:1", lambda: doors.login("dossier:1"))
    doors.failure = None
    assert sessions.current("dossier:2", lambda: doors.login("dossier:2"))
