"""Importing on the command line: here, by a worker, and everything that can come of it."""

import json
from datetime import timedelta

import pytest

from core.domain.failures import (
    Failure,
    FixSettings,
    NotUnderstood,
    ProviderDown,
    Reconnect,
    Wait,
)
from core.domain.import_run import RunStatus
from core.services.import_engine import ImportEngine
from core.services.importing import PRESENCE_SECONDS
from tests.fakes import START
from tests.interfaces.stage import Ended, Stage


def _items(ended: Ended) -> list[dict[str, object]]:
    items: list[dict[str, object]] = json.loads(ended.out)["items"]
    return items


def test_everything_is_imported_here_and_proven(stage: Stage) -> None:
    stage.follow_all()
    ended = stage.run("import", "--all", "--wait", "--json")
    assert ended.code == 0
    for item in _items(ended):
        assert item["status"] == "Succeeded"
        published = item["published"]
        assert isinstance(published, dict)
        assert published["counts"]["journal line"] == 24
        assert published["added"] == 38
        assert published["proof"]["verdict"] == "proven"
        assert published["proof"]["difference"] == "0.00"
    assert {item["entity"] for item in _items(ended)} == {"Bakery Noord", "Café Zuid"}


def test_people_see_counts_changes_and_proof(stage: Stage) -> None:
    stage.follow_all()
    ended = stage.run("import", "--all", "--wait")
    assert "38 added, 0 changed, 0 removed" in ended.out
    assert "proven: 4 accounts equal the provider's to the cent" in ended.out
    again = stage.run("import", "bakery", "--wait")
    assert "nothing changed" in again.out
    assert "Café" not in again.out


def test_without_wait_it_is_queued_and_said_how_to_start_a_worker(stage: Stage) -> None:
    stage.follow_all()
    ended = stage.run("import", "--all")
    assert ended.code == 0
    assert "2 imports are queued, but no worker is running" in ended.err
    assert "monitr up" in ended.err
    assert "Waiting" in ended.out


def test_with_a_worker_it_is_said_how_to_follow(stage: Stage) -> None:
    stage.follow_all()
    stage.services.importing.beat("w", standing=True)
    assert "monitr activity --follow" in stage.run("import", "--all").err


def test_a_standing_worker_is_followed(stage: Stage) -> None:
    runs = [run.id for run in stage.follow_all().runs]
    stage.services.importing.beat("w", standing=True)

    def work() -> None:
        stage.services.importing.beat("w", standing=True)
        if runs:
            ImportEngine(stage.services.ports, "w").run(runs.pop())

    stage.clock.meanwhile = work
    ended = stage.run("import", "--all", "--wait", "--json")
    assert ended.code == 0
    assert [item["status"] for item in _items(ended)] == ["Succeeded", "Succeeded"]


def test_a_worker_that_goes_away_is_not_waited_for(stage: Stage) -> None:
    stage.follow_all()
    stage.services.importing.beat("w", standing=True)
    ended = stage.run("import", "--all", "--wait", "--json")
    assert [item["status"] for item in _items(ended)] == ["Waiting", "Waiting"]
    assert sum(stage.clock.pauses) < 60


def test_a_second_import_while_one_runs_is_refused(stage: Stage) -> None:
    seen: list[Ended] = []

    def impatient() -> bool:
        """Asked between batches: somebody wants the same import once more."""
        if not seen:
            seen.append(stage.run("import", "bakery", "--json"))
        return False

    run = stage.follow_all().runs[0]
    stage.services.importing.beat("w", standing=False)
    ended = ImportEngine(stage.services.ports, "w", impatient).run(run.id)
    item = json.loads(seen[0].out)["items"][0]
    assert seen[0].code == 2
    assert item["error"]["code"] == "already-running"
    assert item["run"] is None
    assert ended is not None
    assert ended.status is RunStatus.SUCCEEDED


def test_waiting_for_a_run_whose_worker_falls_silent_takes_that_run_over(stage: Stage) -> None:
    seen: list[Ended] = []

    def silent() -> bool:
        if not seen:
            seen.append(stage.run("import", "bakery", "--wait", "--json"))
        return False

    run = stage.follow_all().runs[0]
    stage.services.importing.beat("w", standing=False)
    assert ImportEngine(stage.services.ports, "w", silent).run(run.id) is None, "lost its lease"
    (ended,) = seen
    item = json.loads(ended.out)["items"][0]
    assert (ended.code, item["run"]["id"], item["run"]["attempt"]) == (0, run.id, 2)
    assert item["status"] == "Succeeded"
    assert sum(stage.clock.pauses) <= PRESENCE_SECONDS + 1


@pytest.mark.parametrize(
    ("failure", "code", "status"),
    [
        (Reconnect("The key was withdrawn: connect again."), 3, "Failed"),
        (FixSettings("The user lost a right: grant it."), 5, "Failed"),
        (NotUnderstood("The answer was cut off: report it."), 5, "Failed"),
        (ProviderDown("No answer: try again later."), 4, "Waiting"),
        (
            Wait("The day's calls are spent.", retry_at=START + timedelta(hours=9)),
            4,
            "Waiting",
        ),
    ],
)
def test_each_failure_has_its_exit_code_and_sentence(
    stage: Stage, failure: Failure, code: int, status: str
) -> None:
    stage.follow_all()
    stage.fail("pull", failure)
    ended = stage.run("import", "bakery", "--wait", "--json")
    item = _items(ended)[0]
    assert (ended.code, item["status"]) == (code, status)
    run = item["run"]
    assert isinstance(run, dict)
    assert run["trouble"]["action"] == failure.action.value
    assert failure.sentence in str(item["sentence"])


def test_a_limit_is_told_with_the_time_it_ends(stage: Stage) -> None:
    stage.follow_all()
    until = START + timedelta(hours=9)
    stage.fail("pull", Wait("The day's calls are spent.", retry_at=until))
    ended = stage.run("import", "bakery", "--wait")
    local = until.astimezone().strftime("%Y-%m-%d %H:%M")
    assert ended.code == 4
    assert f"Continues at {local}" in ended.out


def test_a_provider_that_stays_down_fails_with_4(stage: Stage) -> None:
    stage.follow_all()
    down = ProviderDown("No answer: try again later.")
    stage.fail("pull", down, down, down, down)
    codes = [stage.run("import", "bakery", "--wait").code for _ in range(4)]
    entity = stage.services.reading.find_entity(stage.organisation_id, "bakery")
    run = stage.services.reading.entity(stage.organisation_id, entity.id).run
    assert codes == [4, 4, 4, 4]
    assert run is not None
    assert run.status is RunStatus.FAILED


def test_a_difference_is_6_and_told_to_the_cent(stage: Stage) -> None:
    stage.keyed.books[0].skew_e4 = 12_3400
    stage.follow_all()
    ended = stage.run("import", "bakery", "--wait")
    assert ended.code == 6
    assert "differs by 12.34 EUR in 1 places" in ended.out


def test_of_several_entities_the_worst_counts(stage: Stage) -> None:
    stage.keyed.books[0].skew_e4 = 1
    stage.follow_all()
    stage.fail("pull", None, None, None, None, FixSettings("A right is gone: grant it."))
    ended = stage.run("import", "--all", "--wait", "--json")
    assert ended.code == 5
    assert {item["status"] for item in _items(ended)} == {"Succeeded", "Failed"}


def test_a_failed_import_says_that_books_published_before_stay(stage: Stage) -> None:
    stage.import_all()
    stage.fail("pull", FixSettings("A right is gone: grant it."))
    ended = stage.run("import", "bakery", "--wait")
    assert (ended.code, "Books published before stay readable." in ended.err) == (5, True)
    assert stage.run("books", "trial-balance", "bakery").code == 0


def test_an_integration_that_needs_a_hand_refuses_at_once(stage: Stage) -> None:
    stage.import_all()
    integration = stage.services.connecting.integrations(stage.organisation_id)[0]
    stage.fail("health", Reconnect("The key was withdrawn: connect again."))
    stage.run("check", integration.id)
    ended = stage.run("import", "--all", "--json")
    assert ended.code == 3
    errors = [item["error"] for item in _items(ended)]
    assert all(isinstance(error, dict) and error["action"] == "reconnect" for error in errors)


def test_an_administration_that_vanished_is_told(stage: Stage) -> None:
    stage.import_all()
    stage.keyed.books.pop(0)
    stage.clock.pause(4 * 3600)
    ended = stage.run("import", "bakery", "--wait")
    assert ended.code == 5
    assert "no longer shows this administration (adm-1)" in ended.out


def test_nothing_followed_yet_is_said(stage: Stage) -> None:
    ended = stage.run("import", "--all", "--json")
    assert (ended.code, _items(ended)) == (0, [])
    assert "monitr select" in ended.err


@pytest.mark.parametrize(("words", "code"), [("nobody", "unknown-entity"), ("o", "ambiguous-")])
def test_an_entity_must_be_found_and_be_the_only_one(stage: Stage, words: str, code: str) -> None:
    stage.keyed.books[1].administration = stage.keyed.books[0].administration.__class__(
        key="adm-2", name="Bistro Zuidoost", currency="EUR"
    )
    stage.follow_all()
    ended = stage.run("import", words, "--json")
    assert ended.code == 2
    assert json.loads(ended.out)["error"]["code"].startswith(code)


def test_an_error_of_the_importing_thread_reaches_the_operator(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.follow_all()

    def full(*_: object, **__: object) -> None:
        raise FixSettings("The disk is full: make room.", code="storage-full")

    monkeypatch.setattr(stage.launcher.__class__, "import_here", full)
    ended = stage.run("import", "--all", "--wait")
    assert (ended.code, "storage-full" in ended.err) == (5, True)


def test_ctrl_c_lets_the_batch_end_and_keeps_the_bookmark(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.follow_all()
    waits: list[float | None] = []

    class Interrupted:
        """Ctrl-C at the first look; ``set`` by the thread like the real event."""

        def __init__(self) -> None:
            self.was_set = False

        def wait(self, seconds: float | None = None) -> bool:
            waits.append(seconds)
            if len(waits) == 1:
                raise KeyboardInterrupt
            return True

        def set(self) -> None:
            self.was_set = True

        def is_set(self) -> bool:
            return True

    class NoThread:
        """Runs when it is started, so that the test needs no luck with timing."""

        def __init__(self, *, target: object, name: str, daemon: bool) -> None:
            self.target = target

        def start(self) -> None:
            assert callable(self.target)
            self.target()

        def join(self) -> None:
            return

    monkeypatch.setattr("interfaces.cli.following.threading.Event", Interrupted)
    monkeypatch.setattr("interfaces.cli.following.threading.Thread", NoThread)
    ended = stage.run("import", "bakery", "--wait")
    assert ended.code == 130
    assert "the next import goes on from there" in ended.err
    run = stage.services.reading.runs(stage.organisation_id)[-1]
    assert (run.status, run.progress.batches) == (RunStatus.WAITING, 1)


def test_on_a_terminal_bars_go_to_stderr_and_data_stays_clean(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.follow_all()
    runs = [run.id for run in stage.services.reading.runs(stage.organisation_id)]
    stage.services.importing.beat("w", standing=True)

    def work() -> None:
        stage.services.importing.beat("w", standing=True)
        if runs:
            ImportEngine(stage.services.ports, "w").run(runs.pop())

    stage.clock.meanwhile = work
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    ended = stage.run("import", "--all", "--wait", "--json")
    assert ended.code == 0
    assert len(_items(ended)) == 2
