"""Connecting on the command line: by key, by link, by pasted address; and everything refused."""

import json
from pathlib import Path

import pytest

from core.domain.failures import FixSettings, ProviderDown, Reconnect
from core.domain.integration import IntegrationStatus
from tests.fake_provider import CLIENT_SECRET, GOOD_CODE, GOOD_KEY
from tests.interfaces.stage import Stage

OAUTH = ("exact-online", "--field", "client_id=app", "--field", f"client_secret={CLIENT_SECRET}")


def test_a_key_connects_and_the_next_command_is_told(stage: Stage) -> None:
    ended = stage.run("connect", "odoo", "--field", f"api_key={GOOD_KEY}", "--json")
    assert ended.code == 0
    answer = json.loads(ended.out)
    assert [one["key"] for one in answer["administrations"]] == ["adm-1", "adm-2"]
    assert answer["integration"]["account"]["name"] == "Ada Lovelace"
    assert answer["integration"]["status"] == "pending"
    assert answer["next"] == f"monitr select {answer['integration']['id']} --all"


def test_people_see_account_administrations_and_the_next_command(stage: Stage) -> None:
    ended = stage.run("connect", "odoo", "--field", f"api_key={GOOD_KEY}")
    assert "Bakery Noord" in ended.out
    assert "Ada Lovelace" in ended.err
    assert "monitr select int_" in ended.err


def test_a_secret_may_come_from_a_file(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(GOOD_KEY + "\n")
    assert stage.run("connect", "odoo", "--field", f"api_key=@{tmp_path / 'key'}").code == 0


def test_a_secret_may_come_from_stdin(stage: Stage) -> None:
    assert stage.run("connect", "odoo", "--field", "api_key=-", stdin=GOOD_KEY + "\n").code == 0


def test_a_secret_may_come_from_the_environment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITR_FIELD_API_KEY", GOOD_KEY)
    monkeypatch.setenv("MONITR_FIELD_NOT_OF_THIS_FORM", "x")
    assert stage.run("connect", "odoo").code == 0


def test_an_option_wins_over_the_environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITR_FIELD_API_KEY", GOOD_KEY)
    assert stage.run("connect", "odoo", "--field", "api_key=wrong").code == 3


def test_a_missing_secret_is_asked_for_unseen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = []

    def answer(prompt: str, stream: object) -> str:
        prompts.append(prompt)
        return GOOD_KEY

    monkeypatch.setattr("getpass.getpass", answer)
    ended = stage.run("connect", "odoo", typed="")
    assert ended.code == 0
    assert prompts == ["API key: "]
    assert "Make an API key in the fake software." in ended.err


def test_a_plain_field_is_asked_for_in_the_open(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: CLIENT_SECRET)
    stage.clock.meanwhile = lambda: _consent(stage)
    ended = stage.run("connect", "exact-online", "--no-browser", typed="my-app\n")
    assert ended.code == 0
    assert "Client id: " in ended.err
    assert "client_id=my-app" in ended.err
    assert ended.out.count("Client id") == 0


def test_without_a_terminal_the_missing_field_is_named(stage: Stage) -> None:
    ended = stage.run("connect", "odoo")
    assert ended.code == 2
    assert "api_key=@FILE" in ended.err
    assert "MONITR_FIELD_API_KEY" in ended.err


def test_the_missing_plain_field_is_named_as_an_option(stage: Stage) -> None:
    ended = stage.run("connect", "exact-online", "--json")
    assert ended.code == 2
    assert json.loads(ended.out)["error"] == {
        "code": "missing-field",
        "action": "correct-request",
        "sentence": "Client id is missing: give it with --field client_id=... or in the "
        "environment as MONITR_FIELD_CLIENT_ID.",
        "retry_at": None,
        "setting": "client_id",
    }


@pytest.mark.parametrize(
    "option",
    [GOOD_KEY, "=x", "api_key=@/no/such/file"],
)
def test_a_malformed_field_is_usage_and_shows_no_value(stage: Stage, option: str) -> None:
    ended = stage.run("connect", "odoo", "--field", option)
    assert ended.code == 2
    assert ended.out == ""


def test_stdin_serves_one_field_only(stage: Stage) -> None:
    ended = stage.run("connect", "odoo", "--field", "api_key=-", "--field", "login=-", stdin="x")
    assert ended.code == 2


def test_a_value_may_begin_with_an_at_sign(stage: Stage) -> None:
    stage.run("connect", "odoo", "--field", f"api_key={GOOD_KEY}", "--field", "login=@@me")
    held = stage.services.connecting.integrations(stage.organisation_id)
    assert held[0].fields["login"] == "@me"


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Reconnect("The key is wrong: make another."), 3),
        (ProviderDown("The server does not answer: try again."), 4),
        (FixSettings("The database is unknown: correct it.", setting="database"), 5),
    ],
)
def test_a_refused_connection_says_why_by_sentence_and_code(
    stage: Stage, failure: Reconnect | ProviderDown | FixSettings, code: int
) -> None:
    stage.fail("health", failure)
    ended = stage.run("connect", "odoo", "--field", f"api_key={GOOD_KEY}")
    assert ended.code == code
    assert ended.err == f"{failure.sentence} ({failure.code})\n"
    assert stage.services.connecting.integrations(stage.organisation_id) == []


LOGIN_NEEDED = FixSettings(
    "Neither a login nor a token: enter one of them.", code="credentials-missing", setting="login"
)


@pytest.mark.parametrize(
    ("setting", "given", "code"),
    [("login", (), 2), ("login", ("--field", "login=me"), 5), ("url", (), 5), (None, (), 5)],
)
def test_what_only_the_provider_knows_to_be_missing_is_usage_too(
    stage: Stage, setting: str | None, given: tuple[str, ...], code: int
) -> None:
    stage.fail("health", FixSettings(LOGIN_NEEDED.sentence, setting=setting))
    ended = stage.run("connect", "odoo", "--field", f"api_key={GOOD_KEY}", *given)
    assert ended.code == code
    assert LOGIN_NEEDED.sentence in ended.err
    assert ("--field login=..." in ended.err) == (code == 2)


def test_what_only_the_provider_knows_to_be_missing_is_asked_for(stage: Stage) -> None:
    stage.fail("health", LOGIN_NEEDED)
    ended = stage.run("connect", "odoo", "--field", f"api_key={GOOD_KEY}", typed="me\n")
    assert ended.code == 0
    assert LOGIN_NEEDED.sentence in ended.err
    held = stage.services.connecting.integrations(stage.organisation_id)
    assert held[0].fields["login"] == "me"


def test_a_reconnect_keeps_what_is_left_out_so_nothing_is_missing(stage: Stage) -> None:
    integration_id = stage.connect_keyed()
    stage.fail("health", LOGIN_NEEDED)
    assert stage.run("reconnect", integration_id).code == 5


def test_plain_http_is_refused(stage: Stage) -> None:
    ended = stage.run(
        "connect", "odoo", "--field", "url=http://odoo.example.com", "--field", "api_key=-",
        stdin=GOOD_KEY,
    )  # fmt: skip
    assert (ended.code, "insecure-address" in ended.err) == (5, True)


@pytest.mark.parametrize("key", ["csv", "stripe", "hubspot"])
def test_nothing_but_bookkeeping_begins_an_onboarding(stage: Stage, key: str) -> None:
    ended = stage.run("connect", key, "--json")
    assert ended.code == 2
    assert json.loads(ended.out)["error"]["code"] == "not-during-onboarding"


def test_an_unknown_provider_names_those_there_are(stage: Stage) -> None:
    ended = stage.run("connect", "sap")
    assert ended.code == 2
    assert "exact-online" in ended.err


def _consent(stage: Stage, code: str = GOOD_CODE) -> None:
    """The person at the browser allows access; the provider answers to the callback."""
    stage.clock.meanwhile = lambda: None
    stage.answer(state=stage.oauth.flow.states[-1], code=code)


def test_a_link_is_shown_and_the_answer_awaited(stage: Stage) -> None:
    stage.clock.meanwhile = lambda: _consent(stage)
    ended = stage.run("connect", *OAUTH, "--no-browser", "--json")
    assert ended.code == 0
    assert "https://login.fake.test/authorize?client_id=app" in ended.err
    assert "It works until" in ended.err
    assert "http://127.0.0.1:8710/oauth/exact-online/callback" in ended.err
    assert json.loads(ended.out)["integration"]["account"]["name"] == "Ada Lovelace"
    assert stage.launcher.log == ["callbacks open", "callbacks closed"]


def test_the_browser_is_opened_where_there_is_a_display(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setenv("DISPLAY", ":0")

    def open_browser(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", open_browser)
    stage.clock.meanwhile = lambda: _consent(stage)
    assert stage.run("connect", *OAUTH).code == 0
    assert [url.split("?")[0] for url in opened] == ["https://login.fake.test/authorize"]


def test_over_ssh_no_browser_is_opened(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    stage.clock.meanwhile = lambda: _consent(stage)
    assert stage.run("connect", *OAUTH).code == 0


def test_nobody_answers_in_time(stage: Stage) -> None:
    ended = stage.run("connect", *OAUTH, "--no-browser", "--json")
    assert ended.code == 3
    assert json.loads(ended.out)["error"]["code"] == "no-answer"
    assert sum(stage.clock.pauses) <= 11 * 60
    assert stage.launcher.log == ["callbacks open", "callbacks closed"]


def test_an_attempt_nobody_answered_is_taken_up_again_instead_of_piling_up(stage: Stage) -> None:
    ended = stage.run("connect", *OAUTH, "--no-browser")
    begun = stage.services.connecting.integrations(stage.organisation_id)
    assert f"monitr reconnect {begun[0].id}" in ended.err
    assert f"monitr disconnect {begun[0].id}" in ended.err
    stage.clock.meanwhile = lambda: _consent(stage)
    again = stage.run("reconnect", begun[0].id, "--no-browser")
    assert (again.code, "monitr disconnect" in again.err) == (0, False)
    living = stage.services.connecting.integrations(stage.organisation_id)
    assert [one.id for one in living] == [begun[0].id]
    stage.clock.meanwhile = lambda: None
    later = stage.run("reconnect", begun[0].id, "--no-browser")
    assert (later.code, "monitr disconnect" in later.err) == (3, False)


def test_access_denied_is_told_and_connects_nothing(stage: Stage) -> None:
    def deny() -> None:
        stage.clock.meanwhile = lambda: None
        stage.answer(state=stage.oauth.flow.states[-1], error="access_denied")

    stage.clock.meanwhile = deny
    ended = stage.run("connect", *OAUTH, "--no-browser")
    assert ended.code == 3
    assert "access was not granted" in ended.err
    assert stage.services.connecting.integrations(stage.organisation_id)[0].account is None


def test_the_registration_is_remembered_for_the_next_time(stage: Stage) -> None:
    stage.connect_oauth()
    stage.oauth.flow.good_codes.add("canary-second-code")
    stage.oauth.change_account("acct-2", "Grace Hopper")
    stage.clock.meanwhile = lambda: _consent(stage, "canary-second-code")
    assert stage.run("connect", "exact-online", "--no-browser").code == 0


def test_the_same_account_again_renews_the_connection_there_is(stage: Stage) -> None:
    older = stage.connect_oauth()
    stage.oauth.flow.good_codes.add("canary-second-code")
    stage.clock.meanwhile = lambda: _consent(stage, "canary-second-code")
    ended = stage.run("connect", "exact-online", "--no-browser", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["integration"]["id"] == older


def _paste(stage: Stage, address: str) -> None:
    """Type the address once the link with its state is known: stdin is read after it is shown."""

    class Typing:
        def isatty(self) -> bool:
            return False

        def readline(self, _: int = -1) -> str:
            return address.replace("STATE", stage.oauth.flow.states[-1]) + "\n"

    stage.monkeypatch.setattr("sys.stdin", Typing())


def _run_pasting(stage: Stage, address: str) -> tuple[int, str, str]:
    from interfaces.cli import main_with  # noqa: PLC0415 - stage.run would replace stdin

    _paste(stage, address)
    stage.capsys.readouterr()
    code = main_with(lambda _: stage.launcher, ["connect", *OAUTH, "--paste", "--json"])
    out, err = stage.capsys.readouterr()
    assert "canary" not in out + err
    return code, out, err


CALLBACK = "http://127.0.0.1:8710/oauth/exact-online/callback"


@pytest.mark.parametrize("prefix", [f"{CALLBACK}?", "", "?"])
def test_a_pasted_address_connects_without_a_callback(stage: Stage, prefix: str) -> None:
    code, out, _ = _run_pasting(stage, f"{prefix}code={GOOD_CODE}&state=STATE")
    assert code == 0
    assert len(json.loads(out)["administrations"]) == 2
    assert stage.launcher.log == []


@pytest.mark.parametrize(
    ("address", "exit_code", "word"),
    [
        ("", 2, "answer-empty"),
        (f"{CALLBACK}?code=x&state=made-up", 2, "state-unknown"),
        (f"{CALLBACK}?code=x&state=STATE&state=STATE", 2, "answer-repeats"),
        (f"{CALLBACK.replace('exact-online', 'xero')}?code=x&state=STATE", 2, "state-foreign"),
        (f"{CALLBACK}?code=x&state=STATE", 3, "code-refused"),
        (f"{CALLBACK}?error=access_denied&state=STATE", 3, "not-authorised"),
        (f"{CALLBACK}?code={'x' * 20_000}&state=STATE", 2, "answer-too-long"),
        ("http://[broken", 2, "answer-malformed"),
    ],
)
def test_a_bad_pasted_address_is_refused(
    stage: Stage, address: str, exit_code: int, word: str
) -> None:
    code, out, _ = _run_pasting(stage, address)
    assert (code, json.loads(out)["error"]["code"]) == (exit_code, word)


def test_a_reconnect_by_another_account_asks_first(stage: Stage) -> None:
    integration_id = stage.connect_keyed()
    stage.follow_all(integration_id)
    stage.keyed.change_account("acct-9", "Mallory")
    ended = stage.run("reconnect", integration_id, "--json")
    answer = json.loads(ended.out)
    assert ended.code == 3
    assert answer["review"]["account_before"] == "Ada Lovelace"
    assert answer["review"]["account_now"] == "Mallory"
    assert answer["next"] == f"monitr reconnect {integration_id} --confirm"
    confirmed = stage.run("reconnect", integration_id, "--confirm", "--json")
    assert confirmed.code == 0
    assert json.loads(confirmed.out)["integration"]["account"]["name"] == "Mallory"


def test_an_oauth_reconnect_by_another_account_asks_first(stage: Stage) -> None:
    integration_id = stage.connect_oauth()
    stage.follow_all(integration_id)
    stage.clock.pause(1)
    stage.oauth.change_account("acct-9", "Mallory")
    stage.oauth.flow.good_codes.add("canary-second-code")
    stage.clock.meanwhile = lambda: _consent(stage, "canary-second-code")
    ended = stage.run("reconnect", integration_id, "--no-browser")
    assert ended.code == 3
    assert "The new consent is by Mallory, the present one by Ada Lovelace." in ended.err
    assert f"monitr reconnect {integration_id} --confirm" in ended.err
    assert stage.run("reconnect", integration_id, "--confirm").code == 0


def test_nothing_to_confirm_is_said(stage: Stage) -> None:
    ended = stage.run("reconnect", stage.connect_keyed(), "--confirm")
    assert (ended.code, "nothing-staged" in ended.err) == (2, True)


def test_a_reconnect_with_the_same_account_is_done_at_once(stage: Stage) -> None:
    integration_id = stage.connect_keyed()
    ended = stage.run("reconnect", integration_id, "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["integration"]["id"] == integration_id


def test_disconnecting_says_what_it_affects_and_asks(stage: Stage) -> None:
    integration_id = stage.connect_keyed()
    stage.follow_all(integration_id)
    ended = stage.run("disconnect", integration_id, typed="n\n")
    assert ended.code == 2
    assert "Bakery Noord, Café Zuid" in ended.err
    assert _status(stage, integration_id) is IntegrationStatus.ACTIVE
    assert stage.run("disconnect", integration_id, typed="y\n").code == 0
    assert _status(stage, integration_id) is IntegrationStatus.DISCONNECTED


def test_without_a_terminal_disconnecting_needs_yes(stage: Stage) -> None:
    integration_id = stage.connect_keyed()
    stage.follow_all(integration_id)
    refused = stage.run("disconnect", integration_id)
    assert (refused.code, "--yes" in refused.err) == (2, True)
    ended = stage.run("disconnect", integration_id, "--yes", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["affected"] == ["Bakery Noord", "Café Zuid"]


def _status(stage: Stage, integration_id: str) -> IntegrationStatus:
    connection = stage.services.connecting.get(stage.organisation_id, integration_id)
    return connection.integration.status


def test_a_check_shows_warnings_and_marks_what_is_dead(stage: Stage) -> None:
    integration_id = stage.connect_keyed()
    stage.keyed.warnings = ("The key ends in 5 days: make another.",)
    ended = stage.run("check", integration_id, "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["warnings"] == ["The key ends in 5 days: make another."]
    assert "The key ends in 5 days" in ended.err
    stage.fail("health", Reconnect("The key was withdrawn: connect again."))
    assert stage.run("check", integration_id).code == 3
    assert _status(stage, integration_id) is IntegrationStatus.NEEDS_RECONNECT


def test_an_integration_nobody_has_is_unknown(stage: Stage) -> None:
    for command in ("check", "reconnect", "select"):
        ended = stage.run(command, "int_nope", "--json")
        assert ended.code == 2
        assert json.loads(ended.out)["error"]["code"] == "unknown-integration"
