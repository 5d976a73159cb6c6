"""How a command ends: exit codes by one table, failures as a sentence or as JSON."""

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Final, ParamSpec

import typer

from core.domain.failures import Action, Failure
from core.domain.import_run import ImportRun, RunStatus
from core.domain.proof import Verdict
from interfaces.cli.output import CutShort, Format, failure_document, say, write_json

DEBUG_VARIABLE: Final = "MONITR_DEBUG"


class ExitCode(IntEnum):
    DONE = 0
    USAGE = 2
    NEEDS_RECONNECT = 3
    UNAVAILABLE = 4
    """Nothing to put right: the same command may pass later."""
    IMPORT_FAILED = 5
    PROOF_DIFFERS = 6
    OUR_BUG = 70
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    """128 + SIGPIPE, as a shell reports it: whoever read our output stopped reading."""


EXIT_CODE: Final[dict[Action, ExitCode]] = {
    Action.RECONNECT: ExitCode.NEEDS_RECONNECT,
    Action.WAIT: ExitCode.UNAVAILABLE,
    Action.FIX_SETTINGS: ExitCode.IMPORT_FAILED,
    Action.PROVIDER_DOWN: ExitCode.UNAVAILABLE,
    Action.DATA_NOT_UNDERSTOOD: ExitCode.IMPORT_FAILED,
    Action.REPORT_BUG: ExitCode.IMPORT_FAILED,
    Action.CORRECT_REQUEST: ExitCode.USAGE,
    Action.TRY_AGAIN: ExitCode.UNAVAILABLE,
}

WORST_FIRST: Final = (
    ExitCode.OUR_BUG,
    ExitCode.IMPORT_FAILED,
    ExitCode.NEEDS_RECONNECT,
    ExitCode.PROOF_DIFFERS,
    ExitCode.UNAVAILABLE,
    ExitCode.USAGE,
    ExitCode.DONE,
)
"""Of several outcomes the first of these counts: what a person must act on before what passes."""


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The one exit code of several outcomes; DONE when there is none."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.DONE)


def code_of_run(run: ImportRun) -> ExitCode:
    """A Succeeded run counts by its proof, any other by what to do about it."""
    if run.status is RunStatus.SUCCEEDED:
        unequal = run.proof is not None and run.proof.verdict in {Verdict.DIFFERS, Verdict.MOVED}
        return ExitCode.PROOF_DIFFERS if unequal else ExitCode.DONE
    if run.trouble is None:
        return ExitCode.DONE
    code = EXIT_CODE[run.trouble.action]
    failed = run.status is RunStatus.FAILED
    return ExitCode.IMPORT_FAILED if failed and code is ExitCode.USAGE else code


NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def tell_no_room(error: OSError) -> ExitCode:
    """The output's disk is full; the storage tells of its own disk by a Failure."""
    silence_stdout()
    say(f"The output could not be written ({os.strerror(error.errno or 0)}): make room for it.")
    return ExitCode.IMPORT_FAILED


def debugging() -> bool:
    return os.environ.get(DEBUG_VARIABLE, "") not in {"", "0"}


P = ParamSpec("P")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """The command with every way it can end turned into an exit code.

    Its ``json_`` and ``format_`` arguments tell how a failure is to be shown.
    """

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Failure as failure:
            as_json = bool(kwargs.get("json_")) or kwargs.get("format_") is Format.JSON
            raise typer.Exit(_tell(failure, as_json=as_json)) from None
        except CutShort as cut:
            raise typer.Exit(EXIT_CODE[cut.failure.action]) from None
        except BrokenPipeError:
            silence_stdout()
            raise typer.Exit(ExitCode.BROKEN_PIPE) from None
        except (typer.Exit, typer.TyperException, typer.Abort):
            raise
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise typer.Exit(_tell_unforeseen(error)) from None
            raise typer.Exit(tell_no_room(error)) from None
        except Exception as error:  # noqa: BLE001 - whatever it is, the command ends with a word
            raise typer.Exit(_tell_unforeseen(error)) from None

    return wrapped


def _tell(failure: Failure, *, as_json: bool) -> ExitCode:
    if as_json:
        write_json({"error": failure_document(failure)})
    else:
        say(f"{failure.sentence} ({failure.code})")
    if debugging() and failure.detail:
        say(f"Detail: {failure.detail}")
    return EXIT_CODE[failure.action]


def _tell_unforeseen(error: Exception) -> ExitCode:
    """Its type only: the text of an unforeseen error may quote anything, a secret included."""
    if debugging():
        traceback.print_exception(error)
    say(
        f"Monitr stopped because of an error of its own ({type(error).__name__}): report it. "
        f"Set {DEBUG_VARIABLE}=1 to see where it happened."
    )
    return ExitCode.OUR_BUG


def silence_stdout() -> None:
    """Nobody reads on: what is still buffered goes nowhere, without a complaint at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
