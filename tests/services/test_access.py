"""API tokens: shown once, stored hashed, scoped, revocable."""

from datetime import timedelta

import pytest

from core.domain.access import Scope
from core.domain.failures import CorrectRequest, Unknown
from core.services.access import (
    LAST_USE_AFTER,
    TOKEN_PREFIX,
    NewToken,
    NotAllowed,
    NotAuthenticated,
    require,
)
from tests.services.house import House


@pytest.fixture
def house() -> House:
    return House()


def made(house: House, scope: Scope = Scope.READ) -> NewToken:
    return house.services.access.create(house.org, "Reporting", scope, operator="me")


def test_a_token_authenticates_and_only_its_hash_is_kept(house: House) -> None:
    new = made(house)
    assert new.text.startswith(TOKEN_PREFIX)
    found = house.services.access.authenticate(new.text)
    assert (found.id, found.organisation_id, found.scope) == (new.token.id, house.org, Scope.READ)
    secret = new.text.partition(".")[2]
    with house.storage.reading() as uow:
        held = uow.api_tokens.get(new.token.id)
        assert held is not None
        assert secret not in str(held.__getstate__())
        assert secret not in str(uow.activity.newest(house.org))
    assert secret not in repr(new)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: text.partition(".")[0],
        lambda text: text.partition(".")[2],
        lambda text: text + "y" * 10_000,
        lambda text: "mtr_tok_nobody." + text.partition(".")[2],
    ],
)
def test_anything_else_does_not(house: House, spoil: object) -> None:
    assert callable(spoil)
    text = made(house).text
    with pytest.raises(NotAuthenticated):
        house.services.access.authenticate(spoil(text))


def test_a_revoked_token_is_dead_at_once(house: House) -> None:
    new = made(house)
    access = house.services.access
    revoked = access.revoke(house.org, new.token.id, operator="me")
    assert revoked.revoked_at == house.clock.now()
    with pytest.raises(NotAuthenticated):
        access.authenticate(new.text)
    house.clock.advance(timedelta(hours=1))
    assert access.revoke(house.org, new.token.id, operator="me") == revoked


def test_another_organisations_token_is_unknown(house: House) -> None:
    new = made(house)
    other = house.services.onboarding.start("Other")
    with pytest.raises(Unknown):
        house.services.access.revoke(other.id, new.token.id, operator="me")
    assert list(house.services.access.tokens(other.id)) == []
    assert house.services.access.authenticate(new.text).usable


def test_the_last_use_is_noted_once_a_minute(house: House) -> None:
    new = made(house)
    access = house.services.access
    assert access.tokens(house.org)[0].last_used_at is None
    first = access.authenticate(new.text).last_used_at
    assert first == house.clock.now()
    house.clock.advance(LAST_USE_AFTER - timedelta(seconds=1))
    access.authenticate(new.text)
    assert access.tokens(house.org)[0].last_used_at == first
    house.clock.advance(timedelta(seconds=1))
    access.authenticate(new.text)
    assert access.tokens(house.org)[0].last_used_at == house.clock.now()


def test_a_scope_covers_the_smaller_ones(house: House) -> None:
    covered = {scope: [asked for asked in Scope if scope.covers(asked)] for scope in Scope}
    assert covered == {
        Scope.READ: [Scope.READ],
        Scope.OPERATE: [Scope.READ, Scope.OPERATE],
        Scope.ADMIN: [Scope.READ, Scope.OPERATE, Scope.ADMIN],
    }
    require(made(house, Scope.OPERATE).token, Scope.READ)
    with pytest.raises(NotAllowed):
        require(made(house, Scope.READ).token, Scope.OPERATE)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb"])
def test_a_token_has_a_name_for_people(house: House, name: str) -> None:
    with pytest.raises(CorrectRequest):
        house.services.access.create(house.org, name, Scope.READ, operator="me")
