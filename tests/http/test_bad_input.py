"""Whatever is sent, the answer is a problem document, nothing is lost, nothing leaks."""

import base64
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar, post
from litestar.params import RawBody
from litestar.testing import TestClient

from core.services.repeating import ANSWERS_KEPT, UNDER_WAY_MAX
from interfaces.http.app import BODY_BYTES_MAX
from interfaces.http.asking import OPERATE
from interfaces.http.cursors import CURSOR_LIFE, PAGE_MAX
from interfaces.http.headers import SECURITY_HEADERS
from interfaces.http.problems import PROBLEM_MEDIA_TYPE
from interfaces.http.rates import Rate
from tests.http.street import UNLIMITED, Street

Client = TestClient[Litestar]


def is_problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:  # noqa: ANN401
    """The problem of an answer that is one, whole and clean."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM_MEDIA_TYPE
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert "Traceback" not in answer.text
    assert "canary" not in answer.text
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "action", "detail"} <= set(problem)
    assert problem["status"] == status
    if code is not None:
        assert problem["code"] == code
    return problem


@pytest.mark.parametrize(
    "path",
    [
        "/v1/entities/nobody",
        "/v1/entities/nobody/books/lines",
        "/v1/entities/nobody/books/lines.csv",
        "/v1/entities/nobody/settings",
        "/v1/imports/run_x",
        "/v1/integrations/int_x",
        "/v1/providers/fax/form",
        "/v1/entities/" + "x" * 3_000,
        "/v1/entities/%00",
        "/v1/entities/%ff%fe",
        "/v1/entities/..%2f..%2fetc%2fpasswd",
        "/v1/entities/' OR 1=1 --",
        "/v1/../v1/nothing",
        "/v1/nothing",
        "/V1/entities",
    ],
)
def test_unknown_things_and_path_tricks(client: Client, street: Street, path: str) -> None:
    is_problem(client.get(path, headers=street.here.headers()), 404)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        f"limit={PAGE_MAX + 1}",
        "limit=many",
        "limit=1e9",
        "status=Sleeping",
        "verdict=1",
        "cursor=" + "x" * 5_000,
        "text=" + "x" * 201,
    ],
)
def test_parameters_of_the_wrong_kind(client: Client, street: Street, query: str) -> None:
    problem = is_problem(
        client.get(f"/v1/entities?{query}", headers=street.here.headers()), 400, "bad-request"
    )
    assert problem["errors"][0]["key"] == query.partition("=")[0]


@pytest.mark.parametrize(
    "query",
    [
        "as_of=99999999999999999999",
        "as_of=-1",
        "as_of=2026-13-45",
        "as_of=9999-12-31",
        "as_of=0001-01-01",
        "as_of=٣",
        "since=2026",
        "until=2026-3;drop",
    ],
)
def test_generations_and_periods_that_are_none(client: Client, street: Street, query: str) -> None:
    entity_id = street.here.entity_ids[0]
    answer = client.get(
        f"/v1/entities/{entity_id}/books/trial-balance?{query}", headers=street.here.headers()
    )
    is_problem(answer, 404 if answer.status_code == 404 else 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"entity_ids": "one"}',
        b'{"entity_ids": [1]}',
        b'{"entity_ids": {"a": 1}}',
        b'{"entity_ids": ["\\ud800"]}',
        b"\xff\xfe",
        b"[" * 20_000,
    ],
)
def test_bodies_that_are_none(client: Client, street: Street, body: bytes) -> None:
    before = street.here.everything()
    for more in ({}, {"Idempotency-Key": f"k{len(body)}"}):
        answer = client.post("/v1/imports", content=body, headers=street.here.headers() | more)
        is_problem(answer, 400)
    assert street.here.everything() == before


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "ends too early, at line 1, column 2"),
        (b'{"entity_ids":\n ["a",]}', "goes wrong at line 2, column 7"),
        (b"nope", "goes wrong at line 1, column 1"),
        (b"{} canary", "goes wrong at line 1, column 4"),
        (b'{"entity_ids": ["\xff"]}', "byte 18 is not UTF-8"),
        (b'{"entity_ids": ["\\ud800"]}', "half a surrogate pair"),
        (b'{"entity_ids": 1e999999}', "number out of range"),
        (b'{"entity_ids": ["NaN", NaN]}', "NaN"),
    ],
)
def test_a_body_that_is_not_json_says_so_and_where(
    client: Client, street: Street, body: bytes, said: str
) -> None:
    for more in ({}, {"Idempotency-Key": "json"}):
        answer = client.post("/v1/imports", content=body, headers=street.here.headers() | more)
        problem = is_problem(answer, 400, "not-json")
        assert problem["detail"].startswith("The body is not JSON: ")
        assert said in problem["detail"]
        assert "errors" not in problem


def test_a_body_that_is_missing_is_said_to_be(client: Client, street: Street) -> None:
    problem = is_problem(client.post("/v1/imports", headers=street.here.headers()), 400)
    assert problem["errors"] == [{"key": "data", "message": "is missing", "source": "body"}]


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "large"}])
def test_a_body_that_is_too_large(client: Client, street: Street, key: dict[str, str]) -> None:
    body = json.dumps({"entity_ids": ["x" * BODY_BYTES_MAX]})
    answer = client.post("/v1/imports", content=body, headers=street.here.headers() | key)
    is_problem(answer, 413)


def test_other_methods_say_which_are_taken(client: Client, street: Street) -> None:
    for method in ("PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = client.request(method, "/v1/entities", headers=street.here.headers())
        if method == "OPTIONS" and answer.status_code == 204:
            assert not [name for name in answer.headers if name.startswith("access-control")]
            continue
        is_problem(answer, 405, "method-not-allowed")
        assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("header", ["Origin", "X-Forwarded-Host", "X-HTTP-Method-Override"])
def test_no_header_opens_anything(client: Client, street: Street, header: str) -> None:
    answer = client.get(
        "/v1/organisation", headers={**street.here.headers(), header: "https://evil.test"}
    )
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "evil" not in str(answer.headers)


def test_a_name_with_line_breaks_reaches_no_header_and_no_event(
    client: Client, street: Street
) -> None:
    body = {"name": "x\r\nSet-Cookie: a=b", "scope": "read"}
    is_problem(client.post("/v1/tokens", json=body, headers=street.here.headers()), 400)


@pytest.mark.parametrize("key", ["", "x" * 256, "\t", "é"])
def test_a_key_must_be_printable(client: Client, street: Street, key: str) -> None:
    headers: Any = {**street.here.headers(), "Idempotency-Key": key.encode("latin-1")}
    answer = client.post("/v1/imports", json={"entity_ids": None}, headers=headers)
    is_problem(answer, 400, "bad-idempotency-key")


def test_fifty_equal_posts_at_once_are_carried_out_once(client: Client, street: Street) -> None:
    headers = {**street.here.headers(), "Idempotency-Key": "once"}
    body = {"name": "fifty", "scope": "read"}

    def post(_: int) -> tuple[int, str]:
        answer = client.post("/v1/tokens", json=body, headers=headers)
        return answer.status_code, answer.text

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    made = {text for status, text in answers if status == 201}
    assert len(made) == 1
    assert {status for status, _ in answers} <= {201, 409}
    listed = client.get("/v1/tokens", headers=street.here.headers()).json()["items"]
    assert len([one for one in listed if one["name"] == "fifty"]) == 1
    again = client.post("/v1/tokens", json=body, headers=headers)
    assert {again.text} == made
    assert again.headers["idempotent-replayed"] == "true"


def test_a_key_is_for_one_request_and_a_day(client: Client, street: Street) -> None:
    headers = {**street.here.headers(), "Idempotency-Key": "mine"}
    first = client.post("/v1/tokens", json={"name": "a", "scope": "read"}, headers=headers)
    other = client.post("/v1/tokens", json={"name": "b", "scope": "read"}, headers=headers)
    is_problem(other, 422, "key-used-otherwise")
    is_problem(
        client.post("/v1/imports", json={"name": "a", "scope": "read"}, headers=headers), 422
    )
    street.house.clock.advance(ANSWERS_KEPT)
    later = client.post("/v1/tokens", json={"name": "b", "scope": "read"}, headers=headers)
    assert (first.status_code, later.status_code) == (201, 201)


def test_a_request_under_way_is_not_begun_again(client: Client, street: Street) -> None:
    headers = {**street.here.headers(), "Idempotency-Key": "slow"}
    body = json.dumps({"entity_ids": []})
    first = client.post("/v1/imports", content=body, headers=headers)
    assert first.status_code == 202
    with street.house.storage.writing() as uow:
        held = uow.repeats.begun_before(street.house.clock.now() + timedelta(1), limit=9)[0]
        uow.repeats.save(attrs.evolve(held, answered=False))
        uow.commit()
    is_problem(client.post("/v1/imports", content=body, headers=headers), 409, "key-under-way")
    street.house.clock.advance(UNDER_WAY_MAX)
    assert client.post("/v1/imports", content=body, headers=headers).status_code == 202


def test_settings_change_only_as_they_were_read(client: Client, street: Street) -> None:
    path = f"/v1/entities/{street.here.entity_ids[0]}/settings"
    headers = street.here.headers()
    read = client.get(path, headers=headers)
    tag = read.headers["etag"]
    tokyo = {"time_zone": "Asia/Tokyo"}
    is_problem(client.put(path, json=tokyo, headers=headers), 428, "precondition-required")
    is_problem(client.put(path, json=tokyo, headers={**headers, "If-Match": '"x"'}), 412)
    changed = client.put(path, json=tokyo, headers={**headers, "If-Match": tag})
    assert (changed.status_code, changed.json()["time_zone"]) == (200, "Asia/Tokyo")
    assert changed.headers["etag"] != tag
    stale = client.put(path, json={"time_zone": None}, headers={**headers, "If-Match": tag})
    is_problem(stale, 412, "settings-changed")
    nowhere = {**headers, "If-Match": changed.headers["etag"]}
    is_problem(
        client.put(path, json={"time_zone": "Mars/Base"}, headers=nowhere), 400, "unknown-time-zone"
    )


def test_two_changes_at_once_are_one_change_and_one_refusal(client: Client, street: Street) -> None:
    path = f"/v1/entities/{street.here.entity_ids[0]}/settings"
    tag = client.get(path, headers=street.here.headers()).headers["etag"]

    def put(zone: str) -> int:
        headers = {**street.here.headers(), "If-Match": tag}
        return client.put(path, json={"time_zone": zone}, headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(put, ["Asia/Tokyo", "Europe/Paris"]))
    assert codes == [200, 412]


def test_cursors_are_bound_and_end(client: Client, street: Street) -> None:
    headers = street.here.headers()
    cursor = client.get("/v1/entities?limit=1", headers=headers).json()["next_cursor"]
    for list_, more in (("imports", ""), ("entities", "&text=a"), ("tokens", "")):
        answer = client.get(f"/v1/{list_}?cursor={cursor}{more}", headers=headers)
        is_problem(answer, 400, "bad-cursor")
    assert client.get(f"/v1/entities?cursor={cursor}", headers=headers).status_code == 200
    street.house.clock.advance(CURSOR_LIFE)
    is_problem(client.get(f"/v1/entities?cursor={cursor}", headers=headers), 400, "cursor-expired")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cursor=st.text(max_size=80)
    | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
)
def test_any_other_text_is_no_cursor(client: Client, street: Street, cursor: str) -> None:
    try:
        cursor.encode()
    except UnicodeEncodeError:
        return
    answer = client.get("/v1/entities", params={"cursor": cursor}, headers=street.here.headers())
    is_problem(answer, 400, "bad-cursor")


def test_too_many_requests_wait(street: Street) -> None:
    with street.client(token_rate=Rate(per_second=0.01, burst=3)) as client:
        headers = street.here.headers()
        codes = [client.get("/v1/organisation", headers=headers).status_code for _ in range(3)]
        assert codes == [200, 200, 200]
        problem = is_problem(client.get("/v1/organisation", headers=headers), 429)
        assert problem["action"] == "wait"
        assert problem["retry_at"]
        neighbour = client.get("/v1/organisation", headers=street.there.headers())
        assert neighbour.status_code == 200


def test_guessing_tokens_is_slow(street: Street) -> None:
    slow = Rate(per_second=0.01, burst=5)
    with street.client(token_rate=UNLIMITED, refusal_rate=slow) as client:
        for guess in range(5):
            headers = {"Authorization": f"Bearer mtr_{guess}"}
            is_problem(client.get("/v1/organisation", headers=headers), 401)
        answer = client.get("/v1/organisation", headers={"Authorization": "Bearer mtr_6"})
        is_problem(answer, 429, "too-many-requests")
        assert int(answer.headers["retry-after"]) > 1


def test_an_unforeseen_error_says_nothing_of_itself(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("canary: a secret in an error")

    monkeypatch.setattr("core.services.reading.ReadingService.entities", breaks)
    with TestClient(street.app(), raise_server_exceptions=False) as client:
        is_problem(client.get("/v1/entities", headers=street.here.headers()), 500, "bug")


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "upload"}], ids=["plain", "repeatable"])
def test_a_route_may_take_larger_bodies_than_others(
    street: Street, monkeypatch: pytest.MonkeyPatch, key: dict[str, str]
) -> None:
    """What an upload needs: a limit of its own, with an Idempotency-Key as well as without."""
    most = 3 * BODY_BYTES_MAX
    taken: list[str] = []

    @post("/uploads", opt=OPERATE, sync_to_thread=True, request_max_body_size=most)
    def upload(body: RawBody) -> dict[str, int]:
        taken.append(hashlib.sha256(body).hexdigest())
        return {"bytes": len(body)}

    monkeypatch.setattr("interfaces.http.app.API_HANDLERS", [upload])
    body = b"x\n" * (most // 2)
    with street.client() as client:
        headers = street.here.headers() | key | {"Content-Type": "application/octet-stream"}
        is_problem(client.post("/v1/uploads", content=body + b"x", headers=headers), 413)

        def pieces() -> Iterator[bytes]:
            for at in range(0, len(body), 100_000):
                yield body[at : at + 100_000]
            yield b"x"

        is_problem(client.post("/v1/uploads", content=pieces(), headers=headers), 413)
        assert taken == []
        for _ in range(2):
            answer = client.post("/v1/uploads", content=body, headers=headers)
            assert (answer.status_code, answer.json()) == (201, {"bytes": most})
    assert taken == [hashlib.sha256(body).hexdigest()] * (1 if key else 2)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/v1/entities?limt=5", "'limt'"),
        ("/v1/entities?limit=5&limit=6", "limit twice"),
        ("/v1/organisation?x=", "'x'"),
        ("/v1/imports?entity=ent_1", "'entity'"),
        ("/v1/imports?ENTITY_ID=ent_1", "'ENTITY_ID'"),
        ("/v1/imports?%0d%0aA:%20b=c", "'\\r\\nA: b'"),
        ("/v1/entities?" + "&".join(f"p{at}=1" for at in range(200)), "too many"),
    ],
)
def test_a_slip_in_a_parameters_name_is_told(
    client: Client, street: Street, path: str, sentence: str
) -> None:
    """Ignoring it would answer another question than was asked: every import, not one entity's."""
    problem = is_problem(client.get(path, headers=street.here.headers()), 400, "bad-request")
    assert sentence in problem["detail"]


def test_a_slip_in_a_post_changes_nothing(client: Client, street: Street) -> None:
    before = street.here.everything()
    answer = client.post(
        "/v1/imports?dry_run=true", json={"entity_ids": None}, headers=street.here.headers()
    )
    is_problem(answer, 400, "bad-request")
    assert street.here.everything() == before
