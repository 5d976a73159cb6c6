"""Lists and the small commands: JSON shapes, and what people are told when there is nothing."""

import json
from collections.abc import Callable, Iterator

import pytest
from attrs import evolve

from core.domain.failures import Reconnect
from interfaces.launcher import DemoEntity, DemoPlan, DemoResult, DemoRow, Diagnosis, SandboxPlan
from tests.fake_provider import GOOD_KEY
from tests.interfaces.stage import Ended, Stage


def _items(ended: Ended) -> list[dict[str, object]]:
    assert ended.code == 0
    items: list[dict[str, object]] = json.loads(ended.out)["items"]
    return items


def test_providers_show_contract_and_what_can_be_connected_now(stage: Stage) -> None:
    items = {str(item["key"]): item for item in _items(stage.run("providers", "--json"))}
    assert len(items) == 14
    assert set(items["horus"]) == {
        "key", "name", "category", "auth", "connects_by", "note", "onboarding", "contract",
        "available", "refusal",
    }  # fmt: skip
    assert items["horus"]["contract"] == "assumed"
    assert items["odoo"]["available"] is True
    assert "accounting software first" in str(items["csv"]["refusal"])
    table = stage.run("providers").out
    assert "Contract" in table
    assert "assumed" in table


def test_every_list_is_json_and_says_when_it_is_empty(stage: Stage) -> None:
    for command in ("integrations", "entities", "runs", "tonight", "activity"):
        items = _items(stage.run(command, "--json"))
        assert items == [] or command == "activity"
    for command in ("integrations", "entities", "runs", "tonight"):
        ended = stage.run(command)
        assert (ended.code, ended.out) == (0, "")
        assert ended.err


def test_integrations_show_health_and_what_to_do(stage: Stage) -> None:
    integration_id = stage.connect_keyed()
    stage.fail("health", Reconnect("The key was withdrawn: connect again."))
    stage.run("check", integration_id)
    item = _items(stage.run("integrations", "--json"))[0]
    assert item["status"] == "needs reconnect"
    trouble = item["trouble"]
    assert isinstance(trouble, dict)
    assert trouble["action"] == "reconnect"
    assert item["fields"] == {"url": "https://books.fake.test"}
    assert "The key was withdrawn" in stage.run("integrations").out


def test_a_connection_under_way_says_its_next_step(stage: Stage) -> None:
    begun, _ = stage.begin_oauth()
    assert f"monitr reconnect {begun}" in stage.run("integrations").out
    authorised = stage.connect_keyed()
    assert f"monitr select {authorised} --all" in stage.run("integrations").out


def test_entities_show_run_published_books_and_links(stage: Stage) -> None:
    stage.import_all()
    item = _items(stage.run("entities", "--json"))[0]
    run, published, links = item["run"], item["published"], item["links"]
    assert isinstance(run, dict)
    assert isinstance(published, dict)
    assert isinstance(links, list)
    assert run["status"] == "Succeeded"
    assert run["progress"]["lines"] == 24
    assert published["number"] == 1
    assert links[0]["role"] == "primary"
    assert item["integration_status"] == "active"
    assert "Bakery Noord" in stage.run("entities").out


def test_runs_can_be_narrowed_to_an_entity(stage: Stage) -> None:
    stage.import_all()
    assert len(_items(stage.run("runs", "--json"))) == 2
    narrowed = _items(stage.run("runs", "--entity", "zuid", "--json"))
    assert [item["entity"] for item in narrowed] == ["Café Zuid"]
    assert len(_items(stage.run("runs", "--limit", "1", "--json"))) == 1
    assert "first import" in stage.run("runs").out


def test_tonight_names_the_slot_of_each_entity(stage: Stage) -> None:
    stage.follow_all()
    items = _items(stage.run("tonight", "--json"))
    assert items[0]["ordinal"] == 1
    assert items[0]["local_date"] == "2026-03-11"
    assert items[0]["due_at"] == "2026-03-11T00:15:00+00:00"


def test_activity_is_told_oldest_first(stage: Stage) -> None:
    stage.connect_keyed()
    items = _items(stage.run("activity", "--json"))
    sequences = [int(str(item["sequence"])) for item in items]
    assert sequences == sorted(sequences)
    assert items[-1]["kind"] == "integration.connected"
    assert "is connected as Ada Lovelace" in stage.run("activity").out


def test_activity_is_followed_line_by_line(stage: Stage) -> None:
    stage.connect_keyed()
    steps: Iterator[Callable[[], object]] = iter([stage.follow_all, _interrupt])

    def meanwhile() -> None:
        next(steps)()

    stage.clock.meanwhile = meanwhile
    ended = stage.run("activity", "--follow", "--json")
    events = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 130
    assert events[-1]["kind"] == "entities.selected"
    assert len({event["sequence"] for event in events}) == len(events)


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_select_lists_then_follows_then_knows_what_it_follows(stage: Stage) -> None:
    stage.keyed.books[1].administration = evolve(
        stage.keyed.books[1].administration, importable=False, obstacle="archived"
    )
    integration_id = stage.connect_keyed()
    listed = _items(stage.run("select", integration_id, "--json"))
    assert [(one["key"], one["importable"]) for one in listed] == [
        ("adm-1", True),
        ("adm-2", False),
    ]
    ended = stage.run("select", integration_id, "--all", "--json")
    answer = json.loads(ended.out)
    assert [one["name"] for one in answer["created"]] == ["Bakery Noord"]
    assert answer["refused"] == [{"key": "adm-2", "name": "Café Zuid", "reason": "archived"}]
    again = stage.run("select", integration_id, "adm-1")
    assert "was followed before" in again.out


def test_an_administration_the_connection_does_not_cover_is_refused(stage: Stage) -> None:
    ended = stage.run("select", stage.connect_keyed(), "adm-77", "--json")
    assert ended.code == 2
    assert json.loads(ended.out)["error"]["code"] == "unknown-administration"


def test_selecting_before_access_was_allowed_is_refused(stage: Stage) -> None:
    integration_id, _ = stage.begin_oauth()
    ended = stage.run("select", integration_id, "--all")
    assert (ended.code, "connect it first" in ended.err) == (2, True)


def test_linking_another_organisations_integration_is_refused(stage: Stage) -> None:
    stage.follow_all()
    other = stage.services.onboarding.start("Other")
    stage.keyed.change_account("acct-2", "Other")
    foreign = stage.services.connecting.connect(
        other.id, "odoo", {"api_key": GOOD_KEY}, operator="t", redirect_base="http://x"
    )
    ended = stage.run("link", "bakery", foreign.integration.id, "adm-1", "--json")
    assert ended.code == 2
    assert json.loads(ended.out)["error"]["code"] == "unknown-integration"


def test_an_entity_can_be_linked_elsewhere(stage: Stage) -> None:
    stage.import_all()
    integration_id = stage.connect_oauth()
    additional = stage.run("link", "bakery", integration_id, "adm-1", "--additional", "--json")
    roles = [link["role"] for link in json.loads(additional.out)["links"]]
    assert sorted(roles) == ["additional", "primary"]
    ended = stage.run("link", "zuid", integration_id, "adm-2")
    assert (ended.code, "is linked" in ended.err) == (0, True)


def test_bare_monitr_tells_the_next_step_all_the_way(stage: Stage) -> None:
    assert "monitr connect exact-online" in stage.run().out
    integration_id, state = stage.begin_oauth()
    assert f"monitr reconnect {integration_id}" in stage.run().out
    stage.answer(state=state, code="canary-good-code-55d0")
    assert f"monitr select {integration_id} --all" in stage.run().out
    selection = stage.follow_all(integration_id)
    waiting = stage.run().out
    assert "2 entities: 2 Waiting." in waiting
    assert "monitr up" in waiting
    stage.launcher.import_here(
        [run.id for run in selection.runs], lambda _: None, stopping=lambda: False
    )
    done = stage.run().out
    assert "2 Succeeded" in done
    assert "monitr books trial-balance" in done
    stage.oauth.flow.revoke()
    stage.run("check", integration_id)
    assert f"needs a hand:  monitr reconnect {integration_id}" in stage.run().out


def test_doctor_tells_and_its_exit_code_too(stage: Stage) -> None:
    well = Diagnosis(name="disk", well=True, found="9 GiB")
    stage.launcher.diagnoses = [well]
    assert stage.run("doctor").code == 0
    stage.launcher.diagnoses = [
        well,
        Diagnosis(name="worker", well=False, found="none", advice="Start one: monitr up."),
    ]
    ended = stage.run("doctor", "--json")
    assert ended.code == 5
    assert json.loads(ended.out)["items"][1]["advice"] == "Start one: monitr up."
    assert "Start one: monitr up." in stage.run("doctor").out


def test_keys_are_rotated(stage: Stage) -> None:
    assert json.loads(stage.run("keys", "rotate", "--json").out) == {"resealed": 3}
    assert "3 secrets" in stage.run("keys", "rotate").err


@pytest.mark.parametrize(
    ("command", "started"), [("up", "up"), ("serve", "serve"), ("worker", "worker")]
)
def test_processes_are_the_launchers(stage: Stage, command: str, started: str) -> None:
    assert stage.run(command).code == 0
    assert stage.launcher.log == [started]


def test_the_sandbox_is_given_its_plan(stage: Stage) -> None:
    stage.run("sandbox", "--port", "9000", "--seed", "3", "--lines", "10")
    assert stage.launcher.plans == [SandboxPlan(port=9000, seed=3, lines=10)]


DEMO = DemoResult(
    provider="exact-online",
    entities=(
        DemoEntity(
            name="Bakery", status="Succeeded", accounts=4, entries=9, lines=24,
            debit="100.00", credit="100.00", proof="proven",
            trial_balance=(
                DemoRow(
                    code="1000", name="Bank", debit="100.00", credit="0.00", balance="100.00"
                ),
            ),
        ),
    ),
    calls=12,
    seconds=1.23456,
    next_steps=("monitr entities",),
)  # fmt: skip


def test_the_demo_prints_exactly_one_object(stage: Stage) -> None:
    stage.launcher.demo_result = DEMO
    ended = stage.run("demo", "--headless", "--json", "--lines", "50")
    assert ended.code == 0
    assert json.loads(ended.out) == {
        "provider": "exact-online",
        "entities": [
            {
                "name": "Bakery", "status": "Succeeded", "accounts": 4, "entries": 9,
                "lines": 24, "debit": "100.00", "credit": "100.00", "proof": "proven",
            }
        ],
        "calls": 12,
        "seconds": 1.235,
    }  # fmt: skip
    assert stage.launcher.plans == [DemoPlan(provider="exact-online", lines=50, keep=None)]


def test_the_demo_shows_people_the_books_and_what_to_try(stage: Stage) -> None:
    stage.launcher.demo_result = DEMO
    ended = stage.run("demo")
    assert "Bank" in ended.out
    assert "12 calls to exact-online in 1.2 s." in ended.err
    assert ended.err.rstrip().endswith("monitr entities")


@pytest.mark.parametrize(
    ("status", "proof", "code"),
    [("Succeeded", "differs", 6), ("Failed", "not offered", 5), ("Succeeded", "not offered", 0)],
)
def test_a_demo_that_goes_wrong_is_no_success(
    stage: Stage, status: str, proof: str, code: int
) -> None:
    entity = evolve(DEMO.entities[0], status=status, proof=proof)
    stage.launcher.demo_result = evolve(DEMO, entities=(entity,))
    assert stage.run("demo").code == code


def test_a_name_with_escapes_and_markup_stays_a_name(stage: Stage) -> None:
    books = stage.keyed.books[0]
    books.administration = evolve(books.administration, name="[red]Bad\x1b[31m :smile:")
    stage.follow_all()
    ended = stage.run("entities")
    assert "\x1b" not in ended.out
    assert "[red]Bad" in ended.out
    assert ":smile:" in ended.out


@pytest.mark.parametrize("cells", [20, 40])
def test_a_narrow_terminal_and_no_color_lose_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    stage.import_all()
    entity_id = stage.entity_ids()[0]
    monkeypatch.setattr("interfaces.cli.output.PIPED_COLUMNS", cells)
    monkeypatch.setenv("NO_COLOR", "1")
    ended = stage.run("entities")
    assert f"Id: {entity_id}\nEntity: Bakery Noord\nStatus: Succeeded\n" in ended.out
    assert "\x1b[3" not in ended.out
