"""Which driver error means what: one table."""

import sqlite3
from typing import Final

from attrs import frozen
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.domain.failures import Failure, FixSettings, NotUnderstood, TryAgain


@frozen
class Meaning:
    """What a driver error becomes."""

    failure: type[Failure]
    code: str
    sentence: str
    setting: str | None = None


LOCKED: Final = Meaning(
    TryAgain,
    "storage-locked",
    "Another process kept the storage locked for too long: try again; if this stays, see whether "
    "a backup or another program holds the file.",
)
FULL: Final = Meaning(
    FixSettings,
    "storage-full",
    "The disk with the data directory is full: nothing was lost; free some space and try again.",
)
READONLY: Final = Meaning(
    FixSettings,
    "storage-readonly",
    "The data directory cannot be written: give this user write access to it and its files.",
)
UNREACHABLE: Final = Meaning(
    FixSettings,
    "storage-unreachable",
    "The database file cannot be opened or read: check that the data directory exists, belongs to "
    "this user, and that the disk works.",
)
DAMAGED: Final = Meaning(
    FixSettings,
    "storage-damaged",
    "The database file is no database or is damaged: restore a backup, or move the file away to "
    "start anew. It was left as it is.",
)

MEANINGS: Final[dict[str, Meaning]] = {
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_PROTOCOL": LOCKED,
    "SQLITE_FULL": FULL,
    "SQLITE_IOERR_WRITE": FULL,
    "SQLITE_IOERR_SHMSIZE": FULL,
    "SQLITE_READONLY": READONLY,
    "SQLITE_PERM": READONLY,
    "SQLITE_CANTOPEN": UNREACHABLE,
    "SQLITE_IOERR": UNREACHABLE,
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_FORMAT": DAMAGED,
}
"""By SQLite's name of the error; an extended name not listed means what its first part means."""


def failure_of(error: BaseException | None) -> Failure | None:
    """The failure a driver error stands for; None when it stands for none (our bug)."""
    if isinstance(error, OverflowError):
        return NotUnderstood(
            "An amount or a sum of amounts is larger than Monitr can keep exactly: report which "
            "administration this is.",
            detail=str(error),
            code="amount-too-large",
        )
    if isinstance(error, PoolTimeoutError):
        return _failure(LOCKED, "no free connection")
    name = getattr(error, "sqlite_errorname", None) if isinstance(error, sqlite3.Error) else None
    if name is None:
        return None
    parts = name.split("_")
    for length in range(len(parts), 1, -1):
        meaning = MEANINGS.get("_".join(parts[:length]))
        if meaning is not None:
            return _failure(meaning, f"{name}: {error}")
    return None


def _failure(meaning: Meaning, detail: str) -> Failure:
    return meaning.failure(
        meaning.sentence, detail=detail, code=meaning.code, setting=meaning.setting
    )


def translate(context: ExceptionContext) -> BaseException | None:
    """SQLAlchemy's hook: replaces what the driver raised."""
    return failure_of(context.original_exception)
