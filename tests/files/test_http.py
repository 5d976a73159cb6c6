"""Files over HTTP, from the upload to the undo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from core.domain.access import Scope
from interfaces.http.app import BODY_BYTES_MAX, build_http
from tests.files.audit_files import small, stated
from tests.files.room import OPERATOR, FileRoom
from tests.files.test_uploading import HEADER, YEAR, sale


@pytest.fixture
def room(tmp_path: Path) -> FileRoom:
    return FileRoom(tmp_path / "uploads")


@pytest.fixture
def client(room: FileRoom) -> Iterator[TestClient[Litestar]]:
    made = room.services.access.create(room.org, "t", Scope.OPERATE, operator=OPERATOR)
    app = build_http(room.services, identity="files")
    with TestClient(app) as client:
        client.headers["Authorization"] = f"Bearer {made.text}"
        yield client


def test_from_upload_to_undo(room: FileRoom, client: TestClient[Litestar]) -> None:
    entity = room.entity()
    path = f"/v1/entities/{entity.id}/uploads"
    answer = client.post(path, params={"name": "Jaar 2024.csv"}, content=YEAR.encode())
    assert answer.status_code == 201, answer.text
    upload = answer.json()
    assert (upload["status"], upload["lines"], upload["balances"]) == ("staged", 6, True)
    assert upload["mapping"]["columns"]["date"] == 0
    assert upload["sample"][0]["line"] == 2
    one = f"/v1/uploads/{upload['id']}"
    assert client.get(one).json() == upload
    decided = client.post(f"{one}/confirm", json={}).json()
    run = room.succeed()
    assert decided["run_id"] == run.id
    assert client.get(path).json()["items"][0]["status"] == "confirmed"
    again = client.post(path, params={"name": "x"}, content=YEAR.encode())
    assert (again.status_code, again.json()["id"]) == (200, upload["id"])
    assert client.post(f"{one}/undo").json()["upload"]["status"] == "undone"
    room.succeed()
    assert room.balances(entity) == {}


def test_the_mapping_can_be_changed_by_the_words_above_columns(
    room: FileRoom, client: TestClient[Litestar]
) -> None:
    entity = room.entity()
    text = "Dag,Rek,Eur,Nr\n01/02/2024,1000,1.00,1\n01/02/2024,2000,-1.00,1\n"
    upload = client.post(
        f"/v1/entities/{entity.id}/uploads", params={"name": "a"}, content=text.encode()
    ).json()
    assert any(one["weight"] == "question" for one in upload["remarks"])
    refused = client.post(f"/v1/uploads/{upload['id']}/confirm", json={"anyway": True})
    assert (refused.status_code, refused.json()["code"]) == (400, "mapping-open")
    mapping = {
        "columns": {"date": "dag", "account": "Rek", "amount": 2, "entry number": "Nr"},
        "date_order": "backwards",
        "entries_by": "number",
    }
    wrong = client.put(f"/v1/uploads/{upload['id']}/mapping", json={"mapping": mapping})
    assert wrong.json()["code"] == "bad-mapping"
    mapping["date_order"] = "day month year"
    again = client.put(f"/v1/uploads/{upload['id']}/mapping", json={"mapping": mapping}).json()
    assert (again["lines"], again["balances"], again["covers_from"]) == (2, True, "2024-02-01")


def test_rejected_rows_come_as_a_table_that_no_spreadsheet_runs(
    room: FileRoom, client: TestClient[Litestar]
) -> None:
    entity = room.entity()
    text = YEAR + '=HYPERLINK("http://x");70;9;1300;x;5,00;\n'
    upload = client.post(
        f"/v1/entities/{entity.id}/uploads", params={"name": "a"}, content=text.encode()
    ).json()
    assert upload["rejected"] == 1
    table = client.get(f"/v1/uploads/{upload['id']}/rejected")
    assert table.headers["content-type"].startswith("text/csv")
    header, row = table.text.splitlines()
    assert header == "line,reason,row"
    assert row.startswith('8,"no date')
    assert ",\"'=HYPERLINK" in row
    refused = client.post(f"/v1/uploads/{upload['id']}/confirm", json={})
    assert refused.json()["code"] == "preview-not-balanced"
    gone = client.delete(f"/v1/uploads/{upload['id']}").json()
    assert gone["status"] == "discarded"
    assert list((room.folder / "files").iterdir()) == []


def test_a_file_larger_than_any_other_body_is_taken(
    room: FileRoom, client: TestClient[Litestar]
) -> None:
    entity = room.entity()
    text = HEADER + "".join(sale("2024-01-15", number, 7) for number in range(16_000))
    assert len(text) > BODY_BYTES_MAX
    answer = client.post(
        f"/v1/entities/{entity.id}/uploads", params={"name": "a"}, content=text.encode()
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["lines"] == 32_000


def test_what_is_no_table_is_the_senders_to_put_right(
    room: FileRoom, client: TestClient[Litestar]
) -> None:
    entity = room.entity()
    path = f"/v1/entities/{entity.id}/uploads"
    for content, code in (
        (b"", "unknown-format"),
        (b"%PDF-1.7 ...", "unknown-format"),
        (b'"EXTF";700;21;"Buchungsstapel"', "no-general-ledger"),
        (b"PK\x03\x04 broken", "zip-refused"),
    ):
        answer = client.post(path, params={"name": "a"}, content=content)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert list((room.folder / "files").iterdir()) == []
    assert client.post(path, content=b"x").status_code == 400
    assert client.get("/v1/uploads/upl_none").status_code == 404
    half = client.post(
        path, params={"name": "a", "covers_from": "2024-01-01"}, content=YEAR.encode()
    )
    assert half.json()["code"] == "outside-range"


def test_an_audit_file_whose_totals_differ_waits_for_a_word(
    room: FileRoom, client: TestClient[Litestar]
) -> None:
    entity = room.entity()
    content = small(totals=stated(2, "12.11", "12.10")).encode()
    path = f"/v1/entities/{entity.id}/uploads"
    upload = client.post(path, params={"name": "a.xaf"}, content=content).json()
    assert (upload["mapping"], upload["balances"]) == (None, False)
    one = f"/v1/uploads/{upload['id']}/confirm"
    assert client.post(one, json={}).json()["code"] == "preview-not-balanced"
    assert client.post(one, json={"anyway": True}).json()["run_id"] == room.succeed().id
    assert room.balances(entity) == {"1300": 12, "8000": -13}
