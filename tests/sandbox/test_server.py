"""Faults, the log and the control API: the same for every provider."""

from datetime import UTC, datetime

import httpx
import pytest

from sandbox.catalogue import KEYS
from sandbox.server import Sandbox
from tests.sandbox.exact_client import EXACT, ExactClient

ME = "current/Me"


@pytest.mark.parametrize(
    ("kind", "status"), [("unavailable", 503), ("too-many", 429), ("gateway", 404)]
)
def test_a_fault_hits_the_nth_matching_request_so_many_times(
    sandbox: Sandbox, connected: ExactClient, kind: str, status: int
) -> None:
    sandbox.add_fault(EXACT, {"kind": kind, "path": "*/Me", "nth": 2, "times": 2})
    statuses = [connected.get(ME).status_code for _ in range(4)]
    assert statuses == [200, status, status, 200]
    assert connected.get("1/system/Divisions").status_code == 200


def test_a_fault_can_say_anything(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.add_fault(
        EXACT, {"kind": "status", "status": 418, "body": "tea", "headers": {"Reason": "Pot"}}
    )
    answer = connected.get(ME)
    assert (answer.status_code, answer.text, answer.headers["Reason"]) == (418, "tea", "Pot")


@pytest.mark.parametrize("kind", ["close", "lost", "truncated"])
def test_a_connection_can_break(sandbox: Sandbox, connected: ExactClient, kind: str) -> None:
    sandbox.add_fault(EXACT, {"kind": kind})
    with pytest.raises(httpx.RemoteProtocolError):
        connected.get(ME)
    assert connected.get(ME).status_code == 200


def test_an_answer_can_be_lost_after_the_work_was_done(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.advance(580)
    sandbox.add_fault(EXACT, {"kind": "lost", "path": "/oauth2/token"})
    with pytest.raises(httpx.RemoteProtocolError):
        connected.refresh()
    assert connected.refresh().json()["error_description"] == "Old refresh token used."


def test_a_body_can_be_malformed_or_carry_unknown_fields(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.add_fault(EXACT, {"kind": "malformed"})
    with pytest.raises(ValueError):
        connected.get(ME).json()
    sandbox.add_fault(EXACT, {"kind": "extra-fields"})
    row = connected.get(ME).json()["d"]["results"][0]
    assert row["sandboxSurprise"] == {"nested": [1, None]}
    assert row["UserName"]


def test_a_slow_answer_takes_the_time_it_was_told(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.add_fault(EXACT, {"kind": "slow", "delay": 0.05})
    assert connected.get(ME).status_code == 200
    assert sandbox.log(EXACT)[-1].took_ms >= 50


def test_the_log_tells_every_request_and_no_secret(sandbox: Sandbox, client: ExactClient) -> None:
    client.connect()
    client.get(ME, _select="UserID")
    log = sandbox.log(EXACT)
    assert [(e.method, e.path, e.status) for e in log] == [
        ("POST", "/api/oauth2/auth", 302),
        ("POST", "/api/oauth2/token", 200),
        ("GET", "/api/v1/current/Me", 200),
    ]
    assert "grant_type=authorization_code" in log[1].body
    assert log[2].query == "%24select=UserID"
    secrets = (*client.tokens.values(), "secret-Vr7", "stamNL001")
    for secret in secrets:
        if secret not in {"600", "bearer"}:
            assert not any(secret in f"{entry.query} {entry.body}" for entry in log)
    sandbox.clear_log(EXACT)
    assert sandbox.log(EXACT) == []


def test_everything_can_be_done_over_http(sandbox: Sandbox, connected: ExactClient) -> None:
    control = connected.http

    def post(name: str, body: object) -> object:
        answer = control.post(f"/__sandbox__/{name}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert post("faults", [{"kind": "unavailable"}, {"kind": "close"}]) == {"waiting": 2}
    assert control.delete("/__sandbox__/faults").status_code == 200
    assert connected.get(ME).status_code == 200
    before = control.get("/__sandbox__/clock").json()["now_ms"]
    after = post("clock", {"advance_seconds": 3600})
    assert isinstance(after, dict)
    assert after["now_ms"] >= before + 3_600_000
    assert control.get("/__sandbox__/truth").json() == sandbox.truth(EXACT)
    done = post("edit", {"kind": "add-entry", "administration": "700002", "count": 2})
    assert isinstance(done, list)
    assert len(done) == 2
    assert post("settings", {"limits": False}) == {}
    assert post("tokens", {"action": "revoke"}) == {}
    assert connected.get(ME).status_code == 401
    assert len(control.get("/__sandbox__/log").json()) == 4
    assert control.delete("/__sandbox__/log").status_code == 200
    assert control.get("/__sandbox__/log").json() == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("edit", {"kind": "dance"}),
        ("edit", {"kind": "night", "administration": "1"}),
        ("faults", {"kind": "unheard"}),
        ("faults", {"kind": "close", "typo": 1}),
        ("settings", {"unheard": 1}),
        ("settings", {"denied_areas": ["Nonsense"]}),
        ("tokens", {"action": "unheard"}),
        ("clock", {"advance_seconds": -1}),
        ("clock", []),
    ],
)
def test_a_control_call_that_makes_no_sense_is_refused(
    client: ExactClient, name: str, body: object
) -> None:
    answer = client.http.post(f"/__sandbox__/{name}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_each_provider_listens_on_its_own_place_of_the_catalogue() -> None:
    assert (KEYS.index("exact-online"), KEYS.index("odoo"), len(KEYS)) == (0, 10, 14)
    with Sandbox(lines=0) as all_of_them:
        urls = {all_of_them.url(key) for key in all_of_them.providers}
        assert len(urls) == len(all_of_them.providers)
        assert all(url.startswith("http://127.0.0.1:") for url in urls)


def test_two_runs_with_a_still_clock_answer_the_same_bytes() -> None:
    def run() -> list[bytes]:
        moment = datetime(2026, 11, 20, 3, 15, tzinfo=UTC)
        with Sandbox(seed=3, lines=400, frozen_at=moment) as fresh, ExactClient(fresh) as client:
            client.connect()
            fresh.edit(EXACT, {"kind": "night"})
            options = {"_filter": "Timestamp gt 1", "_select": "*"}
            paths = ["sync/Financial/TransactionLines", "sync/CRM/Accounts", "sync/Deleted"]
            bodies = [client.get(f"700001/{path}", **options).content for path in paths]
            origin = fresh.url(EXACT).encode()
            return [body.replace(origin, b"") for body in bodies]

    assert run() == run()
