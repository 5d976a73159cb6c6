"""Callbacks over HTTP: what a browser is shown, for every way an authorisation can end."""

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import TypeAlias

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from core.domain.catalogue import CATALOGUE, AuthKind
from core.domain.failures import (
    Action,
    FixSettings,
    NotUnderstood,
    ProviderDown,
    Reconnect,
    TryAgain,
    Wait,
)
from core.services.authorising import callback_path
from interfaces.http.app import build_http
from interfaces.http.headers import SECURITY_HEADERS
from interfaces.http.problems import HTTP_STATUS
from tests.fake_provider import CLIENT_SECRET, GOOD_CODE
from tests.interfaces.stage import BASE, CANARY, Stage

PATH = callback_path("exact-online")
IDENTITY = "0123456789abcdef"

Client: TypeAlias = TestClient[Litestar]


@pytest.fixture
def browser(stage: Stage) -> Iterator[Client]:
    with TestClient(build_http(lambda: stage.services, identity=IDENTITY)) as client:
        yield client


class _Page(HTMLParser):
    """What is in a page: its tags with attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def names(self) -> set[str]:
        return {tag for tag, _ in self.tags}


class Answer:
    """One visit. Every page is checked for what must never be in any."""

    def __init__(self, client: Client, path: str, **query: str | list[str]) -> None:
        response = client.get(path, params=query)
        self.status = response.status_code
        self.headers = response.headers
        self.html = response.text
        self.page = _Page(self.html)
        assert CANARY not in self.html, "a secret is on the page"
        for name, value in SECURITY_HEADERS.items():
            assert self.headers[name] == value
        assert self.headers["content-type"] == "text/html; charset=utf-8"
        assert not self.page.names() & {"script", "img", "link", "iframe", "form", "object"}
        assert all("href" not in held and "src" not in held for _, held in self.page.tags)
        assert ("html", {"lang": "en"}) in self.page.tags
        assert {"main", "h1", "title"} <= self.page.names()


def test_a_consent_connects_and_tells_where_to_go_on(browser: Client, stage: Stage) -> None:
    integration_id, state = stage.begin_oauth()
    answer = Answer(browser, PATH, code=GOOD_CODE, state=state)
    assert answer.status == 200
    assert "Exact Online is connected as Ada Lovelace: 2 administrations found." in answer.html
    assert f"monitr select {integration_id}" in answer.html


def test_a_state_works_once(browser: Client, stage: Stage) -> None:
    _, state = stage.begin_oauth()
    assert Answer(browser, PATH, code=GOOD_CODE, state=state).status == 200
    again = Answer(browser, PATH, code=GOOD_CODE, state=state)
    assert again.status == 400
    assert "was used before" in again.html
    assert stage.oauth.calls["exchange"] == 1


@pytest.mark.parametrize("query", [{}, {"code": "x"}, {"state": "made-up", "code": "x"}])
def test_an_unknown_state_is_refused(browser: Client, stage: Stage, query: dict[str, str]) -> None:
    answer = Answer(browser, PATH, **query)
    assert answer.status == 400
    assert "nothing was connected" in answer.html
    assert stage.oauth.calls["exchange"] == 0


def test_an_expired_state_is_refused(browser: Client, stage: Stage) -> None:
    _, state = stage.begin_oauth()
    stage.clock.advance(timedelta(minutes=10))
    answer = Answer(browser, PATH, code=GOOD_CODE, state=state)
    assert (answer.status, "more than 10 minutes" in answer.html) == (400, True)
    assert stage.oauth.calls["exchange"] == 0


def test_a_state_on_another_providers_path_is_refused_and_used_up(
    browser: Client, stage: Stage
) -> None:
    _, state = stage.begin_oauth()
    foreign = Answer(browser, callback_path("xero"), code=GOOD_CODE, state=state)
    assert (foreign.status, "another provider" in foreign.html) == (400, True)
    assert Answer(browser, PATH, code=GOOD_CODE, state=state).status == 400
    assert stage.oauth.calls["exchange"] == 0


def test_a_denial_is_told_calmly(browser: Client, stage: Stage) -> None:
    integration_id, state = stage.begin_oauth()
    answer = Answer(browser, PATH, error="access_denied", state=state)
    assert answer.status == 200
    assert "Exact Online was not connected" in answer.page.words
    assert "access was not granted" in answer.html
    assert "monitr connect exact-online" in answer.html
    held = stage.services.connecting.get(stage.organisation_id, integration_id)
    assert held.integration.account is None


def test_a_review_is_asked_for(browser: Client, stage: Stage) -> None:
    integration_id = stage.connect_oauth()
    stage.follow_all(integration_id)
    stage.oauth.change_account("acct-9", "<b>Mallory</b>")
    stage.oauth.flow.good_codes.add("canary-second")
    stage.services.connecting.reconnect(
        stage.organisation_id, integration_id, {}, operator="t", redirect_base=BASE
    )
    answer = Answer(browser, PATH, code="canary-second", state=stage.oauth.flow.states[-1])
    assert answer.status == 200
    assert "please confirm" in answer.page.words
    assert "<b>Mallory</b>" in answer.page.words
    assert "b" not in answer.page.names()
    assert f"monitr reconnect {integration_id} --confirm" in answer.html


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (ProviderDown("No answer: try again later."), 502),
        (NotUnderstood("Not a token: report it."), 502),
        (Wait("Too many calls: wait."), 503),
        (TryAgain("Locked: try again.", code="storage-locked"), 503),
        (Reconnect("The code is refused: connect again."), 409),
        (FixSettings("The client secret is wrong: correct it."), 409),
    ],
)
def test_a_failure_after_the_consent_has_its_status(
    browser: Client,
    stage: Stage,
    failure: ProviderDown | NotUnderstood | Wait | TryAgain | Reconnect | FixSettings,
    status: int,
) -> None:
    _, state = stage.begin_oauth()
    stage.oauth.failures["exchange"] = [failure]
    answer = Answer(browser, PATH, code=GOOD_CODE, state=state)
    assert answer.status == status
    assert failure.sentence in answer.page.words
    assert ("retry-after" in answer.headers) == (status == 503)


def test_every_action_has_a_status() -> None:
    assert set(HTTP_STATUS) == set(Action)


def test_an_unforeseen_error_shows_nothing_of_itself(
    browser: Client, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, state = stage.begin_oauth()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary <script>")

    monkeypatch.setattr(type(stage.oauth.flow), "exchange", broken)
    answer = Answer(browser, PATH, code=GOOD_CODE, state=state)
    assert answer.status == 500
    assert "RuntimeError" not in answer.html


@pytest.mark.parametrize("place", ["error", "error_description", "state", "code", "<script>"])
def test_nothing_in_the_query_becomes_part_of_the_page(
    browser: Client, stage: Stage, place: str
) -> None:
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    _, state = stage.begin_oauth()
    query: dict[str, str] = {"state": state, "error": "x", place: attack}
    assert "alert(1)" not in Answer(browser, PATH, **query).html


def test_a_providers_own_words_are_escaped(browser: Client, stage: Stage) -> None:
    _, state = stage.begin_oauth()
    stage.oauth.failures["exchange"] = [
        FixSettings("Refused: <script>alert(1)</script> & correct it.")
    ]
    answer = Answer(browser, PATH, code=GOOD_CODE, state=state)
    assert "<script>alert(1)</script> & correct it." in answer.page.words


def test_a_parameter_given_twice_is_refused_and_the_state_kept(
    browser: Client, stage: Stage
) -> None:
    _, state = stage.begin_oauth()
    twice = Answer(browser, PATH, code=["a", "b"], state=state)
    assert (twice.status, "gives a parameter twice" in twice.html) == (400, True)
    assert Answer(browser, PATH, code=GOOD_CODE, state=state).status == 200


@pytest.mark.parametrize(
    "query",
    [{"code": "x" * 17_000}, {f"p{number}": "x" for number in range(40)}],
)
def test_an_oversized_query_is_refused(
    browser: Client, stage: Stage, query: dict[str, str]
) -> None:
    _, state = stage.begin_oauth()
    assert Answer(browser, PATH, state=state, **query).status == 400
    assert Answer(browser, PATH, state=state, code=GOOD_CODE).status == 200


def test_a_code_too_long_to_be_one_is_refused(browser: Client, stage: Stage) -> None:
    _, state = stage.begin_oauth()
    assert Answer(browser, PATH, state=state, code="x" * 9_000).status == 400
    assert stage.oauth.calls["exchange"] == 0


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_no_other_method_uses_a_state_up(browser: Client, stage: Stage, method: str) -> None:
    _, state = stage.begin_oauth()
    response = browser.request(method, PATH, params={"code": GOOD_CODE, "state": state})
    assert response.status_code in ({204} if method == "OPTIONS" else {405})
    assert stage.oauth.calls["exchange"] == 0
    assert Answer(browser, PATH, code=GOOD_CODE, state=state).status == 200


def test_there_is_one_path_per_oauth_provider_and_none_besides(browser: Client) -> None:
    for entry in CATALOGUE:
        status = browser.get(callback_path(entry.key)).status_code
        assert status == (400 if entry.auth is AuthKind.OAUTH else 404), entry.key
    assert browser.get("/oauth/nobody/callback").status_code == 404


def test_health_names_the_data_directory_by_its_hash_only(browser: Client) -> None:
    response = browser.get("/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "monitr": IDENTITY}
    assert response.headers["cache-control"] == "no-store"


def test_health_is_a_problem_when_the_storage_cannot_be_read(
    browser: Client, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: object) -> None:
        raise TryAgain("The database is locked: try again.", code="storage-locked")

    monkeypatch.setattr(type(stage.services.ports.storage), "reading", locked)
    response = browser.get("/health")
    assert response.status_code == 503
    assert response.headers["content-type"].startswith("application/problem+json")
    assert response.json() == {
        "type": "about:blank",
        "title": "Try again",
        "status": 503,
        "detail": "The database is locked: try again.",
        "code": "storage-locked",
        "action": "try-again",
    }


def test_health_shows_nothing_of_an_unforeseen_error(
    browser: Client, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("canary in an error text")

    monkeypatch.setattr(type(stage.services.ports.storage), "reading", broken)
    response = browser.get("/health")
    assert response.status_code == 500
    assert CANARY not in response.text
    assert response.json()["action"] == "report-bug"


@pytest.mark.parametrize("path", ["/nothing", "/docs", "/schema", "/..%2f", "/oauth/"])
def test_what_is_not_there_is_a_problem_with_all_headers(browser: Client, path: str) -> None:
    response = browser.get(path)
    assert response.status_code == 404
    assert response.json()["code"] == "not-found"
    for name, value in SECURITY_HEADERS.items():
        assert response.headers[name] == value


def test_the_front_page_says_what_this_is(browser: Client) -> None:
    answer = Answer(browser, "/")
    assert answer.status == 200
    assert "Monitr is running" in answer.page.words


def test_the_registration_never_reaches_a_page(browser: Client, stage: Stage) -> None:
    assert CANARY in CLIENT_SECRET
    stage.begin_oauth()
    for path in ("/", PATH):
        assert CLIENT_SECRET not in Answer(browser, path).html


def test_the_policy_allows_the_one_style_sheet_there_is(browser: Client) -> None:
    answer = Answer(browser, PATH)
    style = re.findall(r"<style>(.*?)</style>", answer.html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert len(style) == 1
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "prefers-color-scheme: dark" in style[0]
