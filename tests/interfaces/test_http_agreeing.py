"""On an address others can reach, an answer counts only when the browser's person agreed."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlencode

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from core.services.authorising import callback_path
from interfaces.http.agreeing import ANSWER_FIELD, TOKEN_FIELD, is_loopback
from interfaces.http.app import build_http
from interfaces.http.headers import SECURITY_HEADERS
from interfaces.http.server import BackgroundServer
from tests.fake_provider import GOOD_CODE
from tests.interfaces.chromium import needs_chromium, opened
from tests.interfaces.stage import CANARY, Stage

PATH = callback_path("exact-online")
PUBLIC = "https://books.example.test"

Client: TypeAlias = TestClient[Litestar]


def shell(stage: Stage, base: str = PUBLIC) -> Litestar:
    return build_http(lambda: stage.services, identity="i", callback_base=base)


@pytest.fixture
def browser(stage: Stage) -> Iterator[Client]:
    with TestClient(shell(stage), base_url=PUBLIC) as client:
        yield client


def fields_of(html: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html)
    return {name: unescape(value) for name, value in found}


def sent(client: Client, fields: dict[str, str], **headers: str) -> Any:  # noqa: ANN401 - httpx' or its successor's
    return client.post(
        PATH,
        content=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded", **headers},
    )


def account_of(stage: Stage, integration_id: str) -> object:
    held = stage.services.connecting.get(stage.organisation_id, integration_id)
    return held.integration.account


def test_the_question_names_who_began_it_and_uses_nothing_up(browser: Client, stage: Stage) -> None:
    integration_id, state = stage.begin_oauth()
    query = {"code": GOOD_CODE, "state": state}
    for _ in range(3):
        asked = browser.get(PATH, params=query)
        assert asked.status_code == 200
    name = stage.services.onboarding.organisation(stage.organisation_id).name
    assert name in asked.text
    assert stage.services.authorising.began("exact-online", state).operator in asked.text
    assert stage.oauth.calls["exchange"] == 0
    policy = asked.headers["content-security-policy"]
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert asked.headers["x-frame-options"] == SECURITY_HEADERS["X-Frame-Options"]
    cookie = browser.get(PATH, params=query).headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert {"httponly", "secure", "samesite=strict", "path=/"} <= {
        part.strip().lower() for part in cookie.split(";")
    }
    answered = sent(browser, fields_of(asked.text), **{"Sec-Fetch-Site": "same-origin"})
    assert answered.status_code == 200
    assert "Exact Online is connected as Ada Lovelace" in answered.text
    assert "form-action 'none'" in answered.headers["content-security-policy"]
    assert account_of(stage, integration_id) is not None
    again = sent(browser, fields_of(asked.text))
    assert (again.status_code, "was used before" in again.text) == (400, True)
    assert stage.oauth.calls["exchange"] == 1


def test_an_answer_somebody_else_began_is_never_finished_by_a_link(stage: Stage) -> None:
    """Session fixation: Mallory begins, and gets Alice to open the finished answer, or to send it.

    Mallory sees the question too, with her own browser's cookie and its form; none of that makes
    Alice's browser agree. Only Alice pressing the button, with Mallory's name before her, would.
    """
    integration_id, state = stage.begin_oauth()
    query = {"code": GOOD_CODE, "state": state}
    # Two processes behind one address: neither keeps what it asked.
    with (
        TestClient(shell(stage), base_url=PUBLIC) as mallory,
        TestClient(shell(stage), base_url=PUBLIC) as alice,
    ):
        hers = fields_of(mallory.get(PATH, params=query).text)
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            refused = sent(alice, hers, **headers)
            assert (refused.status_code, "was not asked" in refused.text) == (400, True)
        alice.get(PATH, params=query)  # Alice is asked, and does not press the button
        assert sent(alice, hers).status_code == 400
        assert account_of(stage, integration_id) is None
        assert stage.oauth.calls["exchange"] == 0
        # Her form sent from another site, although it fits her cookie, is refused all the same.
        own = fields_of(alice.get(PATH, params=query).text)
        assert sent(alice, own, **{"Sec-Fetch-Site": "cross-site"}).status_code == 400
        assert sent(alice, own, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {TOKEN_FIELD: ""},
        {TOKEN_FIELD: "0" * 64},
        {TOKEN_FIELD: "\udcff"},
        {ANSWER_FIELD: ""},
        {ANSWER_FIELD: "code=x&state=made-up"},
        {ANSWER_FIELD: "state=a&state=b"},
        {ANSWER_FIELD: "x" * 20_000},
    ],
)
def test_a_form_that_was_changed_is_refused(
    browser: Client, stage: Stage, change: dict[str, str]
) -> None:
    _, state = stage.begin_oauth()
    fields = fields_of(browser.get(PATH, params={"code": GOOD_CODE, "state": state}).text)
    raw = urlencode({**fields, **change}, errors="surrogateescape")
    answered = browser.post(
        PATH, content=raw, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answered.status_code == 400
    assert CANARY not in answered.text
    assert stage.oauth.calls["exchange"] == 0
    assert sent(browser, fields).status_code == 200


def test_no_form_is_too_large_to_be_refused(browser: Client) -> None:
    answered = sent(browser, {ANSWER_FIELD: "x" * 2_000_000})
    assert answered.status_code == 413


def test_the_question_is_not_asked_about_what_nobody_waits_for(
    browser: Client, stage: Stage
) -> None:
    _, state = stage.begin_oauth()
    for query in ({}, {"state": "made-up"}, {"code": "x", "state": "<b>"}):
        answered = browser.get(PATH, params=query)
        assert answered.status_code == 400
        assert "<form" not in answered.text
        assert "set-cookie" not in answered.headers
    foreign = browser.get(callback_path("xero"), params={"code": "x", "state": state})
    assert (foreign.status_code, "<form" in foreign.text) == (400, False)
    denied = browser.get(PATH, params={"error": "access_denied", "state": state})
    assert "access was not granted" in denied.text


def test_a_code_with_markup_stays_a_value(browser: Client, stage: Stage) -> None:
    _, state = stage.begin_oauth()
    asked = browser.get(PATH, params={"code": '"><script>alert(1)</script>', "state": state})
    assert "<script>" not in asked.text
    assert asked.text.count("<form") == 1


def test_a_connection_begun_in_one_tab_survives_another(browser: Client, stage: Stage) -> None:
    _, first = stage.begin_oauth()
    tab = fields_of(browser.get(PATH, params={"code": GOOD_CODE, "state": first}).text)
    _, second = stage.begin_oauth()
    browser.get(PATH, params={"code": GOOD_CODE, "state": second})
    assert sent(browser, tab).status_code == 200


@pytest.mark.parametrize(
    ("base", "ours"),
    [
        ("http://127.0.0.1:8710", True),
        ("http://127.9.9.9:8710", True),
        ("http://localhost:1", True),
        ("http://[::1]:8710", True),
        ("https://books.example.test", False),
        ("http://192.168.1.5:8710", False),
        ("http://0.0.0.0:8710", False),
        ("http://localhost.example.test", False),
        ("http://127.0.0.1.example.test", False),
    ],
)
def test_which_addresses_are_the_machines_own(base: str, *, ours: bool) -> None:
    assert is_loopback(base) is ours


@needs_chromium
def test_a_person_is_asked_and_agrees_in_a_browser(stage: Stage, tmp_path: Path) -> None:
    integration_id, state = stage.begin_oauth()
    # Reached by the name, which is this machine's, but configured as a shared address is.
    with (
        BackgroundServer(shell(stage, "http://books.example.test")) as server,
        opened(tmp_path) as browser,
    ):
        browser.go(f"{server.base_url}{PATH}?code={GOOD_CODE}&state={state}")
        assert "Go on only if that was you" in browser.text()
        assert account_of(stage, integration_id) is None
        browser.click("button")
        assert "Exact Online is connected as Ada Lovelace" in browser.text()
        assert str(browser.evaluate("location.href")).endswith(f"{PATH}?")
        assert not [line for line in browser.log if "Content Security Policy" in line]
    assert account_of(stage, integration_id) is not None
    assert stage.oauth.calls["exchange"] == 1


@needs_chromium
def test_another_sites_page_cannot_agree_for_the_person(stage: Stage, tmp_path: Path) -> None:
    """The form Mallory got, sent by her page from Alice's browser: there is no cookie that fits."""
    integration_id, state = stage.begin_oauth()
    app = shell(stage, "http://books.example.test")
    with TestClient(app) as mallory:
        hers = fields_of(mallory.get(PATH, params={"code": GOOD_CODE, "state": state}).text)
    with BackgroundServer(app) as server, opened(tmp_path) as browser:
        inputs = "".join(f'<input name="{name}" value="{held}">' for name, held in hers.items())
        trap = tmp_path / "trap.html"
        trap.write_text(
            f'<form method="post" action="{server.base_url}{PATH}">{inputs}'
            "<button>You won</button></form>",
            encoding="utf-8",
        )
        browser.go(trap.as_uri())
        browser.click("button")
        assert "was not asked" in browser.text()
    assert account_of(stage, integration_id) is None
    assert stage.oauth.calls["exchange"] == 0
