"""How commands end: exit codes by table, sentences, JSON errors, interruptions, broken pipes."""

import errno
import json
import os
import subprocess
import sys
from itertools import pairwise

import pytest

from core.domain.failures import Action, OurBug, Trouble
from core.domain.import_run import ImportRun, RunCause, RunStatus
from core.domain.proof import Proof, Verdict
from interfaces.cli.ending import EXIT_CODE, WORST_FIRST, ExitCode, code_of_run, worst
from interfaces.cli.output import plain
from interfaces.spreadsheets import harmless
from tests.fakes import START
from tests.interfaces.stage import Stage

EXPECTED = {
    Action.RECONNECT: 3,
    Action.WAIT: 4,
    Action.FIX_SETTINGS: 5,
    Action.PROVIDER_DOWN: 4,
    Action.DATA_NOT_UNDERSTOOD: 5,
    Action.REPORT_BUG: 5,
    Action.CORRECT_REQUEST: 2,
    Action.TRY_AGAIN: 4,
}


def test_every_action_has_the_exit_code_the_manual_says() -> None:
    assert {action: int(code) for action, code in EXIT_CODE.items()} == EXPECTED
    assert set(EXPECTED) == set(Action)


def _run(status: RunStatus, action: Action | None, verdict: Verdict | None) -> ImportRun:
    return ImportRun(
        id="run_1",
        organisation_id="org_1",
        entity_id="ent_1",
        link_id="lnk_1",
        integration_id="int_1",
        status=status,
        cause=RunCause.MANUAL,
        requested_at=START,
        due_at=START,
        trouble=Trouble(action=action, sentence="So it is.") if action else None,
        proof=Proof(verdict=verdict) if verdict else None,
    )


@pytest.mark.parametrize(
    ("status", "action", "verdict", "code"),
    [
        (RunStatus.SUCCEEDED, None, Verdict.PROVEN, 0),
        (RunStatus.SUCCEEDED, None, Verdict.NOT_OFFERED, 0),
        (RunStatus.SUCCEEDED, None, Verdict.DIFFERS, 6),
        (RunStatus.SUCCEEDED, None, Verdict.MOVED, 6),
        (RunStatus.FAILED, Action.RECONNECT, None, 3),
        (RunStatus.FAILED, Action.PROVIDER_DOWN, None, 4),
        (RunStatus.FAILED, Action.FIX_SETTINGS, None, 5),
        (RunStatus.FAILED, Action.DATA_NOT_UNDERSTOOD, None, 5),
        (RunStatus.FAILED, Action.REPORT_BUG, None, 5),
        (RunStatus.FAILED, Action.CORRECT_REQUEST, None, 5),
        (RunStatus.WAITING, Action.WAIT, None, 4),
        (RunStatus.WAITING, Action.PROVIDER_DOWN, None, 4),
        (RunStatus.WAITING, Action.TRY_AGAIN, None, 4),
        (RunStatus.WAITING, None, None, 0),
        (RunStatus.IN_PROGRESS, None, None, 0),
    ],
)
def test_a_run_ends_the_command_by_what_became_of_it(
    status: RunStatus, action: Action | None, verdict: Verdict | None, code: int
) -> None:
    assert code_of_run(_run(status, action, verdict)) == code


def test_of_several_outcomes_the_worst_counts() -> None:
    for worse, better in pairwise(WORST_FIRST):
        assert worst([better, worse, better]) is worse
    assert worst([]) is ExitCode.DONE
    assert {5, 3, 6, 4, 2, 0} <= set(map(int, WORST_FIRST))


def test_an_unforeseen_error_is_a_short_sentence_without_its_text(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> int:
        raise RuntimeError("canary in an error text")

    monkeypatch.setattr(stage.launcher.__class__, "rotate_keys", lambda _: broken())
    ended = stage.run("keys", "rotate")
    assert ended.code == 70
    assert "RuntimeError" in ended.err
    assert "MONITR_DEBUG=1" in ended.err
    assert "Traceback" not in ended.err


def test_debug_shows_the_place_and_the_detail(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITR_DEBUG", "1")
    monkeypatch.setattr(stage.launcher.__class__, "rotate_keys", lambda _: 1 // 0)
    assert "Traceback" in stage.run("keys", "rotate").err

    def known(_: object) -> int:
        raise OurBug("It is our fault: report it.", detail="the place")

    monkeypatch.setattr(stage.launcher.__class__, "rotate_keys", known)
    ended = stage.run("keys", "rotate")
    assert (ended.code, "Detail: the place" in ended.err) == (5, True)


def test_a_failure_in_json_is_one_object_on_stdout(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limited(_: object) -> int:
        raise OurBug("Not now.", code="nope", retry_at=START, setting="key")

    monkeypatch.setattr(stage.launcher.__class__, "rotate_keys", limited)
    ended = stage.run("keys", "rotate", "--json")
    assert json.loads(ended.out) == {
        "error": {
            "code": "nope",
            "action": "report-bug",
            "sentence": "Not now.",
            "retry_at": "2026-03-10T12:00:00+00:00",
            "setting": "key",
        }
    }
    assert ended.err == ""


def test_format_json_makes_errors_json_too(stage: Stage) -> None:
    stage.follow_all()
    ended = stage.run("books", "trial-balance", "bakery", "--format", "json")
    assert json.loads(ended.out)["error"]["code"] == "no-books"


def test_interrupting_ends_with_130(stage: Stage) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    stage.clock.meanwhile = interrupt
    ended = stage.run("activity", "--follow")
    assert ended.code == 130
    assert "Traceback" not in ended.err


class _ClosedPipe:
    """What stdout is when `head` has seen enough."""

    def write(self, _: str) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    def flush(self) -> None:
        return

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        raise OSError


def test_a_broken_pipe_is_quiet(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", _ClosedPipe())
    ended = stage.run("providers", "--json")
    assert ended.code == 141
    assert ended.err == ""


def test_the_launcher_is_closed_also_after_a_failure(stage: Stage) -> None:
    stage.run("providers")
    stage.run("check", "int_nope")
    assert stage.launcher.closed == 2


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense"],
        ["connect"],
        ["import"],
        ["import", "--all", "bakery"],
        ["select", "int_1", "--all", "adm-1"],
        ["books", "trial-balance", "bakery", "--format", "xml"],
        ["runs", "--limit", "0"],
        ["sandbox", "--port", "70000"],
    ],
)
def test_bad_usage_is_2(stage: Stage, argv: list[str]) -> None:
    ended = stage.run(*argv)
    assert (ended.code, ended.out) == (2, "")


def test_the_version_and_help_need_no_launcher(stage: Stage) -> None:
    assert stage.run("--version").out.startswith("monitr ")
    assert "connect" in stage.run("--help").out
    assert stage.launcher.closed == 0


LAZY = """
import sys
from interfaces.cli import main_with

def launcher(_):
    raise AssertionError("help opens nothing")

try:
    code = main_with(launcher, {argv!r})
finally:
    heavy = {{"sqlalchemy", "sqlmodel", "litestar", "uvicorn", "httpx", "huey", "cryptography"}}
    print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("argv", "environ"),
    [
        (["--help"], {}),
        (["connect", "--help"], {}),
        ([], {"_MONITR_COMPLETE": "complete_bash", "COMP_WORDS": "monitr im", "COMP_CWORD": "1"}),
    ],
)
def test_help_and_completion_import_nothing_heavy(argv: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LAZY.format(argv=argv)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environ},
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"
    assert ("import" if environ else "Usage") in done.stdout


def test_texts_from_outside_move_no_cursor() -> None:
    assert plain("a\x1b[2Jb\x9bc\u202ed\ne") == "a\ufffd[2Jb\ufffdc\ufffdd e"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_looks_like_a_formula_is_defused(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert harmless("1+1") == "1+1"
    assert harmless(-5) == -5
