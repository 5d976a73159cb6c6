"""Where a customer's database is, who may tell it, and where a token never goes."""

from contextlib import closing
from datetime import timedelta

import pytest
from attrs import evolve

from adapters.providers.horus import Horus
from adapters.providers.horus.contract import CONTRACT, Strategy
from adapters.providers.horus.endpoint import checked
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.reaching import Reach, reach_from
from core.domain.catalogue import Contract as Confirmed
from core.domain.failures import FixSettings, Reconnect
from core.ports.provider import OutcomeUnknown
from sandbox.server import Sandbox
from tests.providers.horus.sandboxed import KEY, asked, authorised, fields_of, views_of


def test_it_is_told_with_the_token(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit)
    assert connected.credentials.facts["api_endpoint"].endswith("/db/gouden-aar/api")
    with closing(connected.open()) as source:
        assert source.health().account.key.endswith("/db/gouden-aar/api")
    assert asked(sandbox, "/oauth2/databases") == 0


def test_it_is_asked_for_once_per_connection(sandbox: Sandbox, kit: Kit) -> None:
    """Kept with the connection, for other sources as well."""
    sandbox.settings(KEY, endpoint="discovery")
    connected = authorised(sandbox, kit)
    assert "api_endpoint" not in connected.credentials.facts
    for _ in range(2):
        with closing(connected.open()) as source:
            assert source.health().account.key.endswith("/db/gouden-aar/api")
    assert asked(sandbox, "/oauth2/databases") == 1


def test_of_several_databases_one_is_chosen_by_name(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, endpoint="discovery", databases=2)
    with closing(authorised(sandbox, kit).open()) as source, pytest.raises(FixSettings) as caught:
        source.health()
    assert caught.value.setting == "database"
    assert "Gouden-Aar, Archief" in caught.value.sentence
    with closing(authorised(sandbox, kit, database="archief").open()) as source:
        assert source.health().account.key.endswith("/db/archief/api")


def test_it_is_typed_where_nobody_tells_it(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, endpoint="untold")
    with closing(authorised(sandbox, kit).open()) as source, pytest.raises(FixSettings) as caught:
        source.health()
    assert caught.value.setting == "api_address"
    typed = f"{sandbox.url(KEY)}/db/gouden-aar/api/"
    with closing(authorised(sandbox, kit, api_address=typed).open()) as source:
        assert source.administrations()


def test_the_order_of_the_strategies_is_the_contracts(sandbox: Sandbox, kit: Kit) -> None:
    typed_first = evolve(CONTRACT, endpoint=evolve(CONTRACT.endpoint, strategies=(Strategy.TYPED,)))
    with (
        closing(authorised(sandbox, kit, typed_first).open()) as source,
        pytest.raises(FixSettings),
    ):
        source.health()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://abc.horus-software.be/api/", "https://abc.horus-software.be/api"),
        ("abc.azurewebsites.net", "https://abc.azurewebsites.net"),
        ("https://ABC.Horus-Software.BE", "https://abc.horus-software.be"),
        ("https://mine.lan:8443/horus", "https://mine.lan:8443/horus"),
    ],
)
def test_known_hosts_and_allowed_ones_may_be_called(address: str, found: str) -> None:
    reach = reach_from("mine.lan", local=True)
    assert checked(address, CONTRACT, reach).casefold() == found


@pytest.mark.parametrize(
    "address",
    [
        "http://abc.horus-software.be",
        "https://horus-software.be.evil.test",
        "https://evilhorus-software.be",
        "https://169.254.169.254/latest",
        "https://user:pw@abc.horus-software.be",
        "ftp://abc.horus-software.be",
        "https://",
    ],
)
def test_a_token_goes_nowhere_else(address: str) -> None:
    with pytest.raises(FixSettings):
        checked(address, CONTRACT, Reach())


def test_an_endpoint_told_with_the_token_is_judged_too(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit)
    facts = {"api_endpoint": "https://evil.test/api"}
    opened = connected.provider.open(evolve(connected.credentials, facts=facts))
    with closing(opened) as source, pytest.raises(FixSettings, match=r"evil\.test"):
        source.health()


def test_this_machine_is_not_called_on_a_server_for_others(sandbox: Sandbox, kit: Kit) -> None:
    """The typed address passes the same checks of what may be reached as Odoo's."""
    sandbox.settings(KEY, endpoint="untold")
    connected = authorised(sandbox, kit, api_address=f"{sandbox.url(KEY)}/db/gouden-aar/api")
    remote = Horus(evolve(kit, reach=Reach(loopback=False)))
    with closing(remote.open(connected.credentials)) as source, pytest.raises(FixSettings):
        source.administrations()


def test_the_sign_in_is_at_one_place_only(sandbox: Sandbox, kit: Kit) -> None:
    flow = Horus(kit).oauth
    assert flow is not None
    fields = {**fields_of(sandbox), "address": "https://accounts.evil.test"}
    with pytest.raises(FixSettings):
        flow.authorize_url(fields, redirect_uri="https://localhost/x", state="s", verifier="")


# -- tokens ----------------------------------------------------------------------------------------


def test_the_refresh_tokens_told_life_is_kept(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, refresh_seconds=9 * 24 * 3600)
    tokens = authorised(sandbox, kit).credentials.tokens
    grant = tokens.grant  # type: ignore[union-attr]  # the tests' own tokens
    assert grant.refresh_expires_at == grant.obtained_at + timedelta(days=9)


def test_a_refresh_token_counts_once(sandbox: Sandbox, kit: Kit) -> None:
    """Used twice, it ends everything: two workers must never refresh at once."""
    connected = authorised(sandbox, kit)
    flow, tokens = connected.provider.oauth, connected.credentials.tokens
    assert flow is not None
    fields = dict(connected.credentials.fields)
    first = tokens.grant.refresh_token  # type: ignore[union-attr]  # the tests' own tokens
    renewed = flow.refresh(fields, first)
    with pytest.raises(Reconnect):
        flow.refresh(fields, first)
    assert renewed.refresh_token is not None
    with pytest.raises(Reconnect):
        flow.refresh(fields, renewed.refresh_token)


def test_an_expired_refresh_token_asks_to_reconnect(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, refresh_seconds=3_600)
    connected = authorised(sandbox, kit)
    sandbox.advance(7_200)
    with closing(connected.open()) as source, pytest.raises((Reconnect, OutcomeUnknown)):
        source.administrations()


def test_the_scope_is_repeated_on_refresh(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit)
    sandbox.advance(3_600)
    with closing(connected.open()) as source:
        source.administrations()
    refreshes = [e for e in sandbox.log(KEY) if "grant_type=refresh_token" in e.body]
    assert ["scope=horus+offline_access" in entry.body for entry in refreshes] == [True]


def test_a_grant_is_revoked_as_the_sister_product_does(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit)
    flow, tokens = connected.provider.oauth, connected.credentials.tokens
    assert flow is not None
    fields = dict(connected.credentials.fields)
    refresh = tokens.grant.refresh_token  # type: ignore[union-attr]  # the tests' own tokens
    assert flow.end_grant(fields, refresh)
    with closing(connected.open()) as source, pytest.raises(Reconnect):
        source.administrations()


def test_it_is_marked_as_assumed(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit)
    assert connected.provider.entry.contract is Confirmed.ASSUMED
    assert "assumed" in connected.provider.form.preparation
    with closing(connected.open()) as source:
        assert any("assumed" in warning for warning in source.health().warnings)
    assert views_of(sandbox)
