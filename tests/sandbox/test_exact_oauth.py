"""Consent, codes, rotation and the refusals of the token endpoint."""

import re
from base64 import b64encode
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sandbox.browser import NoConsent, decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox
from tests.sandbox.exact_client import CALLBACK, EXACT, ExactClient, authorise_fields


def description(answer: object) -> str:
    return str(answer.json()["error_description"])  # type: ignore[attr-defined]


def test_a_person_logs_in_ticks_companies_and_comes_back(client: ExactClient) -> None:
    login = client.http.get(f"/api/oauth2/auth?{urlencode(authorise_fields())}")
    assert login.status_code == 200
    assert 'name="username"' in login.text
    fields = authorise_fields() | {
        "action": "login",
        "username": "boekhouder@sandbox.test",
        "password": "x",
    }
    page = client.http.post("/api/oauth2/auth", data=fields)
    boxes = re.findall(r'name="division" value="(\d+)" checked', page.text)
    assert len(boxes) == 8
    assert 'value="deny"' in page.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert hidden["state"] == "st/ate 1"
    assert hidden["redirect_uri"] == CALLBACK
    again = client.http.get(f"/api/oauth2/auth?{urlencode(authorise_fields())}")
    assert 'name="division"' in again.text, "logged in already"
    forced = client.http.get(f"/api/oauth2/auth?{urlencode(authorise_fields(force_login='1'))}")
    assert 'name="password"' in forced.text
    back = client.consent(**(hidden | {"division": boxes[:2], "action": "allow"}))
    assert back["state"] == "st/ate 1"
    client.keep(client.exchange(back["code"]))
    codes = [row["Code"] for row in client.rows("5/system/Divisions", _select="Code")]
    assert codes == [700001, 700002]


def test_no_tick_means_no_company_but_a_headless_client_gets_all(client: ExactClient) -> None:
    client.connect(companies_shown="1")
    assert client.rows("1/system/Divisions", _select="Code") == []
    client.connect()
    assert len(client.rows("1/system/Divisions", _select="Code")) == 8


def test_the_code_comes_percent_encoded_and_works_once(client: ExactClient) -> None:
    answer = client.http.post("/api/oauth2/auth", data=authorise_fields() | {"action": "allow"})
    assert "%2F" in answer.headers["Location"]
    assert "%21" in answer.headers["Location"]
    code = client.consent()["code"]
    assert client.exchange(code).status_code == 200
    again = client.exchange(code)
    assert again.status_code == 400
    assert description(again) == "Token is not allowed, because of invalid or empty chainId"


def test_a_denied_consent_comes_back_with_an_error_and_the_state(client: ExactClient) -> None:
    back = client.consent(action="deny")
    assert back["error"] == "access_denied"
    assert back["state"] == "st/ate 1"
    assert "code" not in back


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://example.org/x"},
        {"response_type": "token"},
    ],
)
def test_an_unregistered_request_is_refused_at_the_door(
    client: ExactClient, change: dict[str, str]
) -> None:
    assert client.http.get("/api/oauth2/auth", params=authorise_fields(**change)).status_code == 401


def test_the_token_endpoint_wants_the_same_redirect_uri_and_the_right_client(
    client: ExactClient,
) -> None:
    other = client.exchange(client.consent()["code"], redirect_uri="http://127.0.0.1:1/")
    assert other.status_code == 400
    form = {"grant_type": "authorization_code", "code": client.consent()["code"]}
    form["redirect_uri"] = CALLBACK
    assert client.http.post("/api/oauth2/token", data=form).status_code == 401
    basic = b64encode(f"{SANDBOX_CLIENT_ID}:{SANDBOX_CLIENT_SECRET}".encode()).decode()
    accepted = client.http.post(
        "/api/oauth2/token", data=form, headers={"Authorization": f"Basic {basic}"}
    )
    assert accepted.status_code == 200
    assert accepted.json()["expires_in"] == "600"
    assert accepted.json()["token_type"] == "bearer"


def test_a_refresh_before_570_seconds_is_refused_and_nothing_is_lost(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.advance(500)
    early = connected.refresh()
    assert early.status_code == 400
    assert early.json() == {
        "error": "access_denied",
        "error_description": "Rate limit exceeded: access_token not expired",
    }
    reason = "TooEarlyToRefreshTokens: Rate limit exceeded: access_token not expired"
    assert early.headers["Reason"] == reason
    assert connected.get("current/Me").status_code == 200
    sandbox.advance(70)
    assert connected.refresh().status_code == 200


def test_a_refresh_token_works_once(sandbox: Sandbox, connected: ExactClient) -> None:
    first = connected.tokens["refresh_token"]
    sandbox.advance(601)
    assert connected.get("current/Me").status_code == 401
    connected.keep(connected.refresh())
    assert connected.get("current/Me").status_code == 200
    old = connected.refresh(first)
    assert old.status_code == 401
    assert old.json() == {
        "error": "unauthorized_client",
        "error_description": "Old refresh token used.",
    }
    sandbox.advance(601)
    assert connected.refresh().status_code == 200, "the living token is untouched"


def test_thirty_idle_days_kill_the_refresh_token(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.advance(30 * 86_400 + 1)
    answer = connected.refresh()
    assert answer.status_code == 400
    assert re.fullmatch(
        r"The refresh token expired at \d+/\d+/\d{4} \d+:\d\d:\d\d [AP]M and it is now .*[AP]M\.",
        description(answer),
    )


def test_a_new_consent_of_the_same_user_kills_the_first_connection(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    first = connected.tokens["refresh_token"]
    connected.connect()
    sandbox.advance(601)
    assert connected.refresh(first).status_code == 400
    assert connected.refresh().status_code == 200


def test_another_account_has_another_user_id(client: ExactClient) -> None:
    def user_id(name: str) -> str:
        client.connect(username=name)
        return str(client.rows("current/Me", _select="UserID")[0]["UserID"])

    assert user_id("boekhouder@sandbox.test") != user_id("controller@sandbox.test")


def test_tokens_can_be_expired_revoked_and_left_idle(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.tokens(EXACT, "expire")
    assert connected.get("current/Me").status_code == 401
    connected.keep(connected.refresh())
    sandbox.tokens(EXACT, "revoke")
    assert connected.get("current/Me").status_code == 401
    assert connected.refresh().status_code == 400
    connected.connect()
    sandbox.tokens(EXACT, "idle")
    assert "expired at" in description(connected.refresh())


def test_token_calls_are_counted_by_the_day(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.settings(EXACT, token_calls_per_day=3)
    seen = []
    for _ in range(3):
        sandbox.tokens(EXACT, "expire")
        answer = connected.refresh()
        seen.append(answer.status_code)
        if answer.status_code == 200:
            connected.keep(answer)
    assert seen == [200, 200, 429]


def test_a_demo_without_a_browser_can_decide(client: ExactClient) -> None:
    address = f"{client.sandbox.url(EXACT)}/api/oauth2/auth?{urlencode(authorise_fields())}"
    location = decide(address, fields={"division": ["700002", "700004"]})
    code = parse_qs(urlsplit(location).query)["code"][0]
    client.keep(client.exchange(code))
    assert [row["Code"] for row in client.rows("1/system/Divisions")] == [700002, 700004]
    assert "error=access_denied" in decide(address, "deny")
    with pytest.raises(NoConsent, match="401"):
        decide(address.replace("response_type=code", "response_type=token"))
