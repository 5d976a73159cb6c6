"""Exact Online's refusals and addresses, row by row of its tables."""

from datetime import timedelta

import pytest

from adapters.providers.exact_online import ExactOnline
from adapters.providers.exact_online.bookmark import (
    DELETES_KEPT_SECONDS,
    Mode,
    Stage,
    starting,
)
from adapters.providers.exact_online.declaration import FAILURES, OAUTH
from adapters.providers.exact_online.wire import Volume, control_calls, pull_calls, site_origin
from adapters.providers.kit.oauth import CodeFlow
from adapters.providers.kit.retry_table import ACCESS_REFUSED, Signal
from core.domain.failures import Failure, FixSettings, NotUnderstood, ProviderDown, Reconnect, Wait
from core.ports.provider import Credentials, OutcomeUnknown, TooEarlyToRefresh
from tests.fakes import START
from tests.providers.kit.scripted import ScriptedServer, answer, kit_with

_SCOPE = "Application Scope Violated"


@pytest.mark.parametrize(
    ("status", "reason", "text", "kind", "code"),
    [
        (401, "", "Authentication Required", Reconnect, ACCESS_REFUSED),
        (403, "NoDivisionAccess", "", FixSettings, "no-division-access"),
        (403, "DivisionBlocked", "", FixSettings, "division-blocked"),
        (403, "LicenseExpired", "", FixSettings, "licence-ended"),
        (403, "BlockedCustomer", "", FixSettings, "licence-ended"),
        (403, "BlockedUser", "", FixSettings, "user-blocked"),
        (403, "InactiveUser", "", FixSettings, "user-blocked"),
        (403, "", f"Forbidden - {_SCOPE}. Cannot read", FixSettings, "scope-missing"),
        (403, _SCOPE, "", FixSettings, "scope-missing"),
        (403, "", "", FixSettings, "not-allowed"),
        (400, "", "Please add a $select or a $top=1", NotUnderstood, "data-not-understood"),
        (404, "", "", NotUnderstood, "not-found"),
        (404, "", "Unable to identify proxy for host: x", ProviderDown, "provider-down"),
        (408, "", "", ProviderDown, "provider-down"),
        (503, "", "", ProviderDown, "provider-down"),
        (429, "", "", Wait, "limit-reached"),
    ],
)
def test_refusals(status: int, reason: str, text: str, kind: type[Failure], code: str) -> None:
    signal = Signal(status=status, reason=reason, text=text, about="journals (Area)")
    decision = FAILURES.decide(signal, START)
    assert type(decision.failure) is kind
    assert decision.failure.code == code
    assert "{" not in decision.failure.sentence
    assert decision.again == (kind is ProviderDown or status == 429)
    if code == "scope-missing":
        assert "journals (Area)" in decision.failure.sentence


def test_an_absent_limit_header_is_no_zero() -> None:
    midnight = START.replace(hour=0) + timedelta(days=1)
    day = {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(midnight.timestamp() * 1000)),
    }
    minute = {"x-ratelimit-minutely-remaining": "0", "x-ratelimit-minutely-reset": "1773144060000"}

    def retry_at(headers: dict[str, str]) -> object:
        return FAILURES.decide(Signal(status=429, headers=headers), START).failure.retry_at

    assert retry_at(day) == midnight
    assert retry_at(minute) == START + timedelta(seconds=60)
    assert retry_at({}) == START + timedelta(seconds=60)
    assert retry_at({"retry-after": "7"}) == START + timedelta(seconds=7)


_TOO_EARLY = (
    b'{"error":"access_denied","error_description":"Rate limit exceeded: access_token not expired"}'
)
_OLD_TOKEN = b'{"error":"unauthorized_client","error_description":"Old refresh token used."}'
_IDLE = (
    b'{"error":"invalid_request","error_description":"The refresh token expired at '
    b'7/5/2026 1:02:03 PM and it is now 8/5/2026 1:02:03 PM."}'
)
_NO_CHAIN = (
    b'{"error":"invalid_grant","error_description":'
    b'"Token is not allowed, because of invalid or empty chainId"}'
)
_GATEWAY = (
    b'{"fault":{"faultstring":"Unable to identify proxy for host: x","detail":'
    b'{"errorcode":"messaging.adaptors.http.flow.ApplicationNotFound"}}}'
)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, _TOO_EARLY, TooEarlyToRefresh),
        (401, _TOO_EARLY, TooEarlyToRefresh),
        (401, _OLD_TOKEN, Reconnect),
        (400, _IDLE, Reconnect),
        (400, _NO_CHAIN, Reconnect),
        (404, _GATEWAY, ProviderDown),
        (400, b"", ProviderDown),
        (429, b"", Wait),
        (401, b'{"error":"unauthorized_client"}', FixSettings),
        (200, b"", OutcomeUnknown),
    ],
)
def test_token_refusals(status: int, body: bytes, kind: type[Exception]) -> None:
    with ScriptedServer(answer(status, body)) as server:
        fields = {"client_id": "{app}", "client_secret": "secret-1", "site": server.url}
        with pytest.raises(kind) as caught:
            CodeFlow(kit_with(), OAUTH).refresh(fields, "refresh-1")
        assert len(server.requests) == 1
    assert type(caught.value) is kind


def test_sites() -> None:
    assert site_origin({}) == "https://start.exactonline.nl"
    assert site_origin({"site": " CO.UK "}) == "https://start.exactonline.co.uk"
    assert site_origin({"site": "http://127.0.0.1:8700"}) == "http://127.0.0.1:8700"
    assert site_origin({"site": "http://[::1]:8700/"}) == "http://[::1]:8700"


@pytest.mark.parametrize(
    "site", ["xx", "https://evil.example.org", "http://start.exactonline.nl", "nl.evil.org", "://"]
)
def test_tokens_go_to_no_other_host(site: str) -> None:
    with pytest.raises(FixSettings) as caught:
        site_origin({"site": site})
    assert caught.value.setting == "site"


def test_without_consent_there_is_no_source() -> None:
    with pytest.raises(Reconnect):
        ExactOnline(kit_with()).open(Credentials(fields={"client_id": "x"}))


def test_authorize_url() -> None:
    flow = ExactOnline(kit_with()).oauth
    assert flow is not None
    url = flow.authorize_url(
        {"client_id": "{app}", "client_secret": "s", "site": "be"},
        redirect_uri="https://m.example.org/cb",
        state="s",
        verifier="v",
    )
    assert url.startswith("https://start.exactonline.be/api/oauth2/auth?")
    assert "force_login=0" in url
    assert "scope" not in url
    assert "challenge" not in url


@pytest.mark.parametrize("kept", ["", "{}", "no json", '{"v":99}', "[]", '{"v":1,"epoch":7}'])
def test_a_bookmark_that_cannot_be_read_starts_over_and_compares(kept: str) -> None:
    at = starting(kept, epoch="e", now=1_000)
    assert (at.mode, at.stage) == (Mode.RELOAD, Stage.ACCOUNTS)


def test_bookmarks_go_on_or_start_over() -> None:
    fresh = starting(None, epoch="e", now=1_000)
    assert (fresh.mode, fresh.all_years) == (Mode.FIRST, True)
    assert starting(fresh.encoded(), epoch="e", now=2_000) == fresh
    assert starting(fresh.encoded(), epoch="other", now=2_000).mode is Mode.RELOAD
    late = 1_000 + DELETES_KEPT_SECONDS + 1
    assert starting(fresh.encoded(), epoch="e", now=late).mode is Mode.RELOAD


def test_the_fewest_calls_by_the_sheets_formula() -> None:
    volume = Volume(
        lines=50_000,
        accounts=300,
        contacts=2_500,
        journals=8,
        tax_codes=30,
        deleted=0,
        periods=39,
        balance_rows=(3_000, 2_999, 0),
    )
    assert pull_calls(volume) == 50 + 1 + 3 + 1 + 1 + 1
    assert control_calls(volume) == 1 + 50 + 50 + 1
    assert pull_calls(Volume()) == 6
