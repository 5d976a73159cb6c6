"""What to do about an error of SQLite, as one table, for the small files that hold no books."""

import sqlite3
from pathlib import Path
from typing import Final

from attrs import frozen

from core.domain.failures import Failure, FixSettings, TryAgain

_PRIMARY_CODE: Final = 0xFF
"""Extended SQLite codes keep the primary one in their lowest byte."""
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_REMOVABLE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_WHAT_TO_DO: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space",
    sqlite3.SQLITE_READONLY: "it is not writable: correct its rights",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: correct the rights of its directory",
    sqlite3.SQLITE_PERM: "it is not readable: correct its rights",
    sqlite3.SQLITE_IOERR: "the disk does not answer properly: check it",
}


@frozen(kw_only=True)
class SmallFile:
    """A SQLite file Monitr can do without. ``lost``: all that goes when it is removed."""

    path: Path
    name: str
    lost: str
    code: str

    def failure(self, error: sqlite3.Error) -> Failure:
        """TryAgain while another process holds the file, else FixSettings with what helps."""
        code = primary_code(error)
        detail = f"{type(error).__name__}: {error}"
        if code in _BUSY:
            return TryAgain(
                f"The {self.name} {self.path} is held by another process: try again.",
                detail=detail,
                code=f"{self.code}-busy",
            )
        if code in _REMOVABLE:
            what_to_do = f"it is damaged: remove it ({self.lost})"
        else:
            what_to_do = _WHAT_TO_DO.get(code, "SQLite refuses it: see the log")
        return FixSettings(
            f"The {self.name} {self.path} cannot be used, {what_to_do}.",
            detail=detail,
            code=f"{self.code}-unusable",
        )


def primary_code(error: sqlite3.Error) -> int:
    """Errors of the driver itself (a closed connection) carry none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process or thread holds the file."""
    return primary_code(error) in _BUSY
