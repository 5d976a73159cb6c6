"""Kept answers: the same bytes while nothing is committed, the new ones at once afterwards."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from litestar.testing import TestClient

from adapters.storage.sql import SqlStorage
from core.domain.access import Scope
from core.domain.failures import FixSettings
from core.services.import_engine import ImportEngine
from core.services.reading import ReadingService
from core.services.services import Services
from interfaces.http.app import build_http
from interfaces.http.keeping import KEPT_SECONDS, Kept
from tests.fake_provider import GOOD_KEY
from tests.services.house import BASE, House


def test_an_answer_is_kept_until_anything_is_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = SqlStorage(tmp_path / "a.sqlite3")
    services = Services(attrs.evolve(House().ports, storage=storage))
    here, there = (services.onboarding.start(name).id for name in ("Here", "There"))
    reads: list[str] = []
    entities = ReadingService.entities

    def counted(self: ReadingService, organisation_id: str, **options: Any) -> Any:  # noqa: ANN401
        reads.append(organisation_id)
        return entities(self, organisation_id, **options)

    monkeypatch.setattr(ReadingService, "entities", counted)
    mine = services.access.create(here, "t", Scope.READ, operator="x")
    theirs = services.access.create(there, "t", Scope.READ, operator="x")
    with TestClient(build_http(services, identity="i")) as client:

        def listed(text: str) -> Any:  # noqa: ANN401 - the client's response
            return client.get("/v1/entities", headers={"Authorization": f"Bearer {text}"})

        listed(mine.text)
        listed(theirs.text)
        reads.clear()
        first, second = listed(mine.text), listed(mine.text)
        assert first.content == second.content
        assert dict(first.headers) == dict(second.headers)
        assert reads in ([], [here])
        assert listed(theirs.text).status_code == 200
        reads.clear()
        integration = services.connecting.connect(
            here, "odoo", {"api_key": GOOD_KEY}, operator="x", redirect_base=BASE
        ).integration
        services.linking.select(here, integration.id, None, operator="x")
        assert len(listed(mine.text).json()["items"]) == 2
        assert listed(theirs.text).json()["items"] == []
        assert reads == [here, there]
        services.access.revoke(here, mine.token.id, operator="x")
        assert listed(mine.text).status_code == 401
    storage.close()


def test_stamps_change_with_commits_of_others_only(tmp_path: Path) -> None:
    storage, other = SqlStorage(tmp_path / "a.sqlite3"), SqlStorage(tmp_path / "a.sqlite3")
    stamps = [storage.stamp()]
    with storage.reading() as unit:
        unit.settings.get("a")
    with storage.writing() as unit:
        unit.settings.put("a", "never kept")
    stamps.append(storage.stamp())
    for writer in (storage, other):
        with writer.writing() as unit:
            unit.settings.put("a", str(writer))
            unit.commit()
        stamps.append(storage.stamp())
    assert stamps[0] == stamps[1]
    assert len(set(stamps[1:])) == 3
    assert None not in stamps
    storage.close()
    other.close()


def test_an_answer_is_kept_for_seconds_only_and_refusals_never() -> None:
    clock = [0.0]
    kept = Kept(lambda: clock[0])
    asked = ("org", "/v1/entities", b"")
    start: Any = {"type": "http.response.start", "status": 200, "headers": []}
    kept.keep_answer(asked, 1, [start])
    assert kept.answer(asked, 1) == (start,)
    assert kept.answer(asked, 2) is None
    assert kept.answer(("other", "/v1/entities", b""), 1) is None
    clock[0] = KEPT_SECONDS
    assert kept.answer(asked, 1) is None
    refusal: Any = {**start, "status": 404}
    kept.keep_answer(asked, 1, [refusal])
    assert kept.answer(asked, 1) is None


def test_a_list_says_of_each_entity_what_the_entity_itself_says(tmp_path: Path) -> None:
    """Whatever changed in between: entity, link, connection, run, books, or the time of day."""
    storage = SqlStorage(tmp_path / "a.sqlite3")
    house = House()
    services = Services(attrs.evolve(house.ports, storage=storage))
    org = services.onboarding.start("Here").id
    token = services.access.create(org, "t", Scope.ADMIN, operator="x")
    integration_id = services.connecting.connect(
        org, "odoo", {"api_key": GOOD_KEY}, operator="x", redirect_base=BASE
    ).integration.id
    services.linking.select(org, integration_id, None, operator="x")
    first = services.reading.entities(org)[0].entity.id
    engine = ImportEngine(services.ports, "worker", lambda: False)

    def import_some() -> None:
        services.importing.request(org, None, operator="x")
        for run in services.reading.runs(org, limit=2):
            engine.run(run.id)

    def fail() -> None:
        house.odoo.failures["pull"] = [FixSettings("The key lost its rights: correct it.")]
        import_some()

    changes: list[Callable[[], object]] = [
        lambda: None,
        import_some,
        lambda: services.linking.set_time_zone(org, first, "Asia/Tokyo", operator="x"),
        fail,
        import_some,
        lambda: house.clock.advance(timedelta(hours=30)),
        lambda: services.connecting.disconnect(org, integration_id, operator="x"),
    ]
    said: list[bytes] = []
    with TestClient(build_http(services, identity="i")) as client:
        headers = {"Authorization": f"Bearer {token.text}"}
        for change in changes:
            change()
            for again in range(2):
                # Another limit each time: a kept answer is for the very same request.
                limit = 50 + 2 * len(said) + again
                listed = client.get("/v1/entities", params={"limit": limit}, headers=headers)
                singly = [
                    client.get(f"/v1/entities/{one['id']}", headers=headers).json()
                    for one in listed.json()["items"]
                ]
                assert listed.json()["items"] == singly
            said.append(listed.content)
    assert len(set(said)) == len(changes)
    storage.close()
