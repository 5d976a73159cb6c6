"""Where an organisation lives, who may see what of it, and what the calls cost."""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.twinfield import Twinfield
from adapters.providers.twinfield.declaration import (
    ORGANISATION_AT_ONCE,
    ORGANISATION_LIMITS,
    YES,
    organisation_charges,
)
from core.domain.failures import FixSettings, NotUnderstood, ProviderDown, Reconnect
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.server import Sandbox
from sandbox.twinfield.office import Office
from tests.fakes import FakeClock
from tests.providers.conformance import NIGHT_SECONDS, NOW
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets, kit_with
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens, run
from tests.providers.twinfield.test_conformance import KEY, OFFICE, REDIRECT, authorised, fields_of


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=11, lines=700, providers=[KEY], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def kit(sandbox: Sandbox) -> Kit:
    clock = SandboxTime(sandbox)
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits)


@pytest.fixture
def connected(sandbox: Sandbox, kit: Kit) -> Connected:
    return authorised(sandbox, kit)


@pytest.fixture
def source(connected: Connected) -> Iterator[Source]:
    with closing(connected.open()) as opened:
        yield opened


def office(source: Source) -> Administration:
    return next(found for found in source.administrations() if found.key == OFFICE)


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def asked(sandbox: Sandbox, word: str) -> list[str]:
    return [one.body for one in sandbox.log(KEY) if word in one.body]


# -- where and who ---------------------------------------------------------------------------------


def test_an_organisation_that_moved_is_found_again(sandbox: Sandbox, source: Source) -> None:
    administration = office(source)
    sandbox.settings(KEY, wrong_cluster=True)
    ledger, _ = imported(source, administration)
    assert ledger.lines


@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_refused_token_is_told_by_its_fault_whatever_the_status(
    sandbox: Sandbox, connected: Connected, source: Source, status: int
) -> None:
    administration = office(source)
    sandbox.settings(KEY, fault_status=status)
    sandbox.tokens(KEY, "expire")
    ledger, _ = imported(source, administration)
    assert ledger.lines
    assert isinstance(connected.credentials.tokens, TestTokens)
    assert connected.credentials.tokens.refreshes == 1


def test_a_token_goes_to_hosts_of_twinfield_only(sandbox: Sandbox, connected: Connected) -> None:
    """What the token check names is not called blindly."""
    for cluster in ("https://evil.test", "https://twinfield.com.evil.test", "http://127.0.0.1:1"):
        body = f'{{"twf.organisationId":"x","twf.clusterUrl":"{cluster}"}}'
        fault = {"kind": "status", "path": "*validation", "status": 200, "body": body}
        sandbox.add_fault(KEY, fault)
        with (
            closing(connected.open()) as opened,
            pytest.raises((NotUnderstood, FixSettings, ProviderDown)),
        ):
            opened.administrations()


def test_a_user_without_offices_is_warned(sandbox: Sandbox, source: Source) -> None:
    assert source.health().warnings == ()
    sandbox.settings(KEY, no_offices=True)
    assert "no company" in source.health().warnings[0]
    assert source.administrations() == ()


def test_an_office_whose_details_are_refused_has_an_obstacle(
    sandbox: Sandbox, source: Source
) -> None:
    sandbox.settings(KEY, closed_offices=["1001"])
    found = office(source)
    assert not found.importable
    assert found.obstacle


def test_offices_are_asked_about_once_a_day(sandbox: Sandbox, connected: Connected) -> None:
    with closing(connected.open()) as first:
        offices = len(first.administrations())
        assert first.calls == 2 + offices
    with closing(connected.open()) as second:
        assert len(second.administrations()) == offices
        assert second.calls == 2
    sandbox.advance(NIGHT_SECONDS + 1)
    with closing(connected.open()) as third:
        third.administrations()
        assert third.calls == 2 + offices


def test_a_ledger_that_shows_no_accounts_is_a_missing_right(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    administration = office(source)
    monkeypatch.setattr(Office, "accounts", lambda *_: iter(()))
    with pytest.raises(FixSettings):
        imported(source, administration)


def test_no_more_credits_are_spent_a_minute_than_the_organisation_has(
    sandbox: Sandbox, source: Source
) -> None:
    """The stand-in refuses the 26th call of a minute; nothing was refused."""
    for administration in source.administrations():
        imported(source, administration)
    assert {entry.status for entry in sandbox.log(KEY)} <= {200, 302}
    assert len(sandbox.log(KEY)) > 50


def test_the_budget_is_shared_by_registration_and_organisation() -> None:
    fields = {"client_id": " app ", "certified": YES}
    client, organisation = organisation_charges(fields, "org")
    assert (client.scope, organisation.scope) == ("twinfield:app", "twinfield:app:org")
    assert organisation.limits == (ORGANISATION_LIMITS[YES], ORGANISATION_AT_ONCE)


def test_every_authorize_request_carries_another_nonce() -> None:
    flow = Twinfield(kit_with(FakeClock())).oauth
    assert flow is not None
    fields = {"client_id": "app", "client_secret": "x"}
    urls = [
        flow.authorize_url(fields, redirect_uri=REDIRECT, state=state, verifier="")
        for state in ("one", "two")
    ]
    nonces = [parse_qs(urlsplit(url).query)["nonce"][0] for url in urls]
    assert nonces[0] != nonces[1]
    assert all(url.startswith("https://login.twinfield.com/auth/") for url in urls)


def test_the_refresh_token_stays_and_its_end_is_told_by_nothing_but_a_refusal(
    sandbox: Sandbox, connected: Connected
) -> None:
    tokens = connected.credentials.tokens
    assert isinstance(tokens, TestTokens)
    before = tokens.grant.refresh_token
    assert before is not None
    again = tokens.flow.refresh(fields_of(sandbox), before)
    assert again.refresh_token == before
    assert again.refresh_expires_at is None
    sandbox.tokens(KEY, "revoke")
    with pytest.raises(Reconnect):
        tokens.flow.refresh(fields_of(sandbox), before)


def test_a_refusal_of_the_request_itself_is_no_reason_to_reconnect(
    sandbox: Sandbox, source: Source
) -> None:
    """Some clients met 400 without a body where a header was not to Twinfield's taste."""
    administration = office(source)
    sandbox.add_fault(KEY, {"kind": "status", "path": "*.asmx", "status": 400})
    with pytest.raises(NotUnderstood):
        imported(source, administration)
