"""What is read over HTTP: pages, exports, the activity as it happens, the documentation."""

import csv
import io
import json
import threading
from base64 import b64encode

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from core.domain.access import Scope
from core.services.import_engine import ImportEngine
from core.services.reading import ReadingService
from interfaces.cli import documents
from interfaces.http import shapes, shaping
from interfaces.http.app import API_HANDLERS
from interfaces.http.exporting import as_csv
from interfaces.http.headers import SECURITY_HEADERS
from interfaces.http.server import BackgroundServer
from interfaces.report_rows import AMOUNTS
from tests.http.street import Street

Client = TestClient[Litestar]


def test_cursors_walk_a_whole_list(client: Client, street: Street) -> None:
    entity_id = street.here.entity_ids[0]
    for path, count in (
        ("/v1/entities", 2),
        ("/v1/imports", 6),
        ("/v1/integrations", 2),
        (f"/v1/integrations/{street.here.integration_id}/administrations", 2),
        ("/v1/tokens", 3),
        (f"/v1/entities/{entity_id}/books/generations", 2),
        (f"/v1/entities/{entity_id}/books/lines", 24),
    ):
        seen: list[str] = []
        cursor = None
        while True:
            params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            page = client.get(path, params=params, headers=street.here.headers()).json()
            assert len(page["items"]) == 1
            seen += [json.dumps(one) for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(set(seen)) == len(seen) == count, path


def test_a_chain_of_line_pages_keeps_to_its_generation(client: Client, street: Street) -> None:
    entity_id = street.here.entity_ids[0]
    path, headers = f"/v1/entities/{entity_id}/books/lines", street.here.headers()
    first = client.get(path, params={"limit": 10}, headers=headers).json()
    assert first["generation"] == 2
    for run_id in street.here.run_ids:
        ImportEngine(street.services.ports, "worker", lambda: False).run(run_id)
    newest = client.get(path, params={"limit": 10}, headers=headers).json()
    following = client.get(
        path, params={"limit": 10, "cursor": first["next_cursor"]}, headers=headers
    ).json()
    assert (newest["generation"], following["generation"]) == (3, 2)


def test_exports_have_every_line(client: Client, street: Street) -> None:
    base = f"/v1/entities/{street.here.entity_ids[0]}/books"
    headers = street.here.headers()
    as_json = client.get(f"{base}/lines", params={"limit": 200}, headers=headers).json()["items"]
    ndjson = client.get(f"{base}/lines.ndjson", headers=headers)
    assert [json.loads(line) for line in ndjson.text.splitlines()] == as_json
    rows = list(csv.DictReader(io.StringIO(client.get(f"{base}/lines.csv", headers=headers).text)))
    assert [row["amount"] for row in rows] == [one["amount"] for one in as_json]
    assert [row["key"] for row in rows] == [one["key"] for one in as_json]
    filtered = client.get(f"{base}/lines.csv", params={"year": 1999}, headers=headers).text
    assert filtered.count("\n") == 1
    balance = client.get(f"{base}/trial-balance", headers=headers).json()
    lines = client.get(f"{base}/trial-balance.ndjson", headers=headers).text.splitlines()
    assert [json.loads(line) for line in lines] == balance["items"]


def test_no_cell_is_a_formula_and_amounts_stay_numbers() -> None:
    row = shapes.Finding(kind="=1+1", key="@x", amount="-12.00")
    text = b"".join(as_csv(iter([[row]]), ["kind", "key", "amount"])).decode()
    assert text.splitlines()[1] == "'=1+1,'@x,-12.00"
    assert "amount" in AMOUNTS


def test_an_export_holds_one_page_at_a_time(
    client: Client, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    lines = ReadingService.lines

    def counted(self: ReadingService, *args: object, **kwargs: object) -> object:
        asked.append(min(int(str(kwargs["limit"])), 5))
        kwargs["limit"] = asked[-1]
        return lines(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(ReadingService, "lines", counted)
    path = f"/v1/entities/{street.here.entity_ids[0]}/books/lines.ndjson"
    answer = client.get(path, headers=street.here.headers())
    assert len(answer.text.splitlines()) == 24
    assert len(asked) == 1 + 5


def test_books_that_are_not_there_are_refused_before_an_export_begins(
    client: Client, street: Street
) -> None:
    path = f"/v1/entities/{street.here.entity_ids[0]}/books/lines.csv"
    answer = client.get(path, params={"as_of": "77"}, headers=street.here.headers())
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-generation")


def test_activity_is_read_from_the_beginning_or_the_end(client: Client, street: Street) -> None:
    headers = street.here.headers()
    page = client.get("/v1/activity", params={"limit": 200}, headers=headers).json()
    numbers = [one["sequence"] for one in page["items"]]
    assert numbers == sorted(numbers)
    latest = client.get("/v1/activity?latest=true&limit=1", headers=headers).json()["items"]
    assert latest[0]["sequence"] == numbers[-1]
    after = {"cursor": page["next_cursor"]}
    nothing = client.get("/v1/activity", params=after, headers=headers).json()
    assert nothing["items"] == []
    street.services.importing.request(street.here.organisation_id, None, operator="x")
    street.services.access.create(street.here.organisation_id, "n", Scope.READ, operator="x")
    more = client.get("/v1/activity", params={"cursor": nothing["next_cursor"]}, headers=headers)
    assert [one["kind"] for one in more.json()["items"]] == ["token.created"]


def test_the_stream_resumes_after_the_last_event_seen(street: Street) -> None:
    newest = street.services.reading.activity(street.here.organisation_id, limit=3)
    seen = str(newest[-1].sequence)
    got: list[str] = []
    first, third = threading.Event(), threading.Event()
    with BackgroundServer(street.app()) as server:

        def listen() -> None:
            headers = {**street.here.headers(), "Last-Event-ID": seen}
            url = f"{server.base_url}/v1/activity/stream"
            with httpx.stream("GET", url, headers=headers, timeout=20) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                for line in answer.iter_lines():
                    if line.startswith("id: "):
                        got.append(line.removeprefix("id: "))
                        first.set()
                    if len(got) == 3:
                        third.set()
                        return

        listener = threading.Thread(target=listen)
        listener.start()
        assert first.wait(20)
        street.services.access.create(street.here.organisation_id, "n", Scope.READ, operator="x")
        assert third.wait(20)
        listener.join(20)
    assert got[:2] == [str(one.sequence) for one in reversed(newest[:2])]
    assert int(got[2]) > int(got[1])


def test_the_document_names_every_route_and_has_an_example_for_every_shape(
    client: Client, street: Street
) -> None:
    document = client.get("/v1/openapi.json", headers=street.here.headers()).json()
    assert document["openapi"].startswith("3.1")
    routes = {
        ("/v1" + path.replace(":str}", "}"), method.lower())
        for handler in API_HANDLERS
        for path in handler.paths
        for method in handler.http_methods
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == routes
    for name, schema in document["components"]["schemas"].items():
        if schema.get("type") == "object":
            example = schema["examples"][0]
            assert set(schema["properties"]) == set(example), name
    for item in document["paths"].values():
        for operation in item.values():
            assert operation["x-scope"] in set(Scope)
            problem = operation["responses"]["default"]["content"]["application/problem+json"]
            assert problem["schema"]["$ref"].endswith("/Problem")


def test_the_page_is_opened_with_a_token_as_password_and_loads_nothing(
    client: Client, street: Street
) -> None:
    refused = client.get("/v1/docs")
    assert refused.status_code == 401
    assert "Basic" in refused.headers["www-authenticate"]
    pair = b64encode(f"x:{street.here.tokens[Scope.READ]}".encode()).decode()
    page = client.get("/v1/docs", headers={"Authorization": f"Basic {pair}"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not [tag for tag in ("<script", "<img", "<link", "href=", "src=") if tag in page.text]
    assert "POST /v1/imports" in page.text
    for name, value in SECURITY_HEADERS.items():
        assert page.headers[name] == value
    elsewhere = client.get("/v1/entities", headers={"Authorization": f"Basic {pair}"})
    assert elsewhere.status_code == 401


def test_the_two_programs_interfaces_use_the_same_names(street: Street) -> None:
    """What the command line calls a thing, HTTP calls it too."""
    reading, org = street.services.reading, street.here.organisation_id
    status = reading.entity(org, street.here.entity_ids[0])
    assert status.run is not None
    assert status.published is not None
    for told, shaped in (
        (documents.entity(status), shaping.entity_(status)),
        (documents.run(status.run), shaping.run(status.run)),
        (documents.generation(status.published), shaping.generation(status.published)),
        (
            documents.event(reading.activity(org)[0]),
            shaping.event(reading.activity(org)[0]),
        ),
        (
            documents.choice(street.services.onboarding.choices(org)[0]),
            shaping.choice(street.services.onboarding.choices(org)[0]),
        ),
    ):
        assert told is not None
        assert {name for name in told if not hasattr(shaped, name)} == set()
