"""Signing in to Octopus: two sessions, one password that is tried once, and one setting."""

from contextlib import closing

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.octopus.contract import SIGN_IN_VARIABLE, SignIn
from adapters.providers.octopus.provider import Octopus, sign_in_of
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown, Reconnect
from core.domain.integration import Administration
from core.ports.provider import Credentials, Source
from sandbox.server import Sandbox
from tests.providers.octopus.sandboxed import (
    API,
    FIRST,
    KEY,
    KeptSessions,
    asked,
    assert_true,
    imported,
    signed_in,
)
from tests.providers.sandboxed import Connected


def sessions_of(connected: Connected) -> KeptSessions:
    sessions = connected.credentials.sessions
    assert isinstance(sessions, KeptSessions)
    return sessions


def test_a_refused_password_is_tried_once(sandbox: Sandbox, kit: Kit) -> None:
    """The server counts failures and would lock the user."""
    connected = signed_in(sandbox, kit, password="not-the-password")
    with closing(connected.open()) as source, pytest.raises(Reconnect) as caught:
        source.health()
    assert caught.value.code == "login-refused"
    assert asked(sandbox, "/authentication") == 1
    assert "not-the-password" not in caught.value.sentence + caught.value.detail


def test_a_wrong_software_house_is_a_refused_login(sandbox: Sandbox, kit: Kit) -> None:
    connected = signed_in(sandbox, kit, software_house="someone-elses")
    with closing(connected.open()) as source, pytest.raises(Reconnect):
        source.health()


@pytest.mark.parametrize("kind", ["unavailable", "close", "lost", "malformed"])
def test_a_sign_in_that_fails_otherwise_is_not_repeated_either(
    sandbox: Sandbox, source: Source, kind: str
) -> None:
    sandbox.add_fault(KEY, {"kind": kind, "path": f"{API}/authentication"})
    with pytest.raises((ProviderDown, NotUnderstood)):
        source.health()
    assert asked(sandbox, "/authentication") == 1


def test_both_sessions_are_renewed_when_they_are_forgotten(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    sessions_of(connected).logins.clear()
    sandbox.tokens(KEY, "expire")
    ledger, _ = imported(source, administration)
    assert_true(sandbox, source, administration, ledger)
    assert sessions_of(connected).logins == [f"dossier:{FIRST}", "user"]


def test_a_long_import_signs_in_again_in_between(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    sessions_of(connected).logins.clear()
    for _ in source.pull(administration, None):
        sandbox.advance(300)
    logins = sessions_of(connected).logins
    assert logins.count("user") >= 2
    refused = [one for one in sandbox.log(KEY) if one.status == 401]
    assert refused == []  # replaced before they end


def test_a_session_refused_at_once_is_octopus_own_trouble(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    told = '{"technicalInfo":"Invalid or expired token presented, unauthorized"}'
    fault = {"kind": "status", "status": 401, "body": told, "times": 9}
    sandbox.add_fault(KEY, {**fault, "path": f"{API}/dossiers/*"})
    with pytest.raises(ProviderDown) as caught:
        imported(source, administration)
    assert caught.value.code == "session-contradiction"


def test_the_dossiers_token_may_be_spelled_small(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, small_letters=True)
    sandbox.tokens(KEY, "expire")
    ledger, _ = imported(source, administration)
    assert ledger.lines


# -- the setting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, SignIn.CREDENTIALS),
        ("", SignIn.CREDENTIALS),
        (" OAuth ", SignIn.OAUTH),
        ("credentials", SignIn.CREDENTIALS),
    ],
)
def test_one_setting_chooses_how_to_sign_in(value: str | None, expected: SignIn) -> None:
    assert sign_in_of(value) is expected


def test_another_value_of_the_setting_is_refused() -> None:
    with pytest.raises(FixSettings) as caught:
        sign_in_of("saml")
    assert SIGN_IN_VARIABLE in caught.value.sentence


@pytest.mark.parametrize("sign_in", list(SignIn))
def test_a_connection_made_the_other_way_is_to_be_made_again(kit: Kit, sign_in: SignIn) -> None:
    with pytest.raises(Reconnect):
        Octopus(kit, sign_in=sign_in).open(Credentials(fields={"address": ""}))


@pytest.mark.parametrize(
    "address", ["https://octopus.example.com", "http://service.inaras.be", "ftp://x"]
)
def test_passwords_go_to_octopus_only(sandbox: Sandbox, kit: Kit, address: str) -> None:
    with pytest.raises(FixSettings):
        signed_in(sandbox, kit, address=address).open()
