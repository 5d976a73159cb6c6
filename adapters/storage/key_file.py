"""The key file: one key a line, the newest first, readable by its owner only."""

import contextlib
import os
import secrets
import shlex
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from adapters.storage.key_text import KEY_BYTES, BadKeyText, key_from_text, text_from_key
from core.domain.failures import FixSettings, TryAgain

OWNER_ONLY: Final = 0o600
_DIRECTORY_OWNER_ONLY: Final = 0o700
_OTHERS: Final = 0o077
FILE_BYTES_MAX: Final = 16 * 1024
"""Some 300 keys; more is not a key file."""
LOCK_SECONDS: Final = 5.0
"""A change takes milliseconds; waiting longer means something is stuck."""
_LOCK_RETRY_SECONDS: Final = 0.02
_SETTING: Final = "secret.key"
_HEADING: Final = (
    "# Monitr's secret key: without it the stored connections cannot be opened.\n"
    "# Keep a copy apart from the database. The first key seals, the others only open.\n"
)

if sys.platform == "win32":
    import msvcrt

    def _locked(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _locked(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class KeyFileMissing(Exception):
    """There is no key file (yet)."""


@frozen
class KeyFile:
    """Reads, makes and rotates one key file. Every change replaces the file as a whole.

    Rotation: ``add_new``, re-seal every row, ``drop_old`` when none is left under an older key.
    Vaults of running processes notice each step by themselves.
    """

    path: Path

    def state(self) -> tuple[int, ...]:
        """Changes whenever the file does. KeyFileMissing without a file."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            raise KeyFileMissing from None
        except OSError as error:
            raise self._unusable(error) from None
        return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode)

    def read(self) -> Sequence[bytes]:
        """The newest key first, at least one. KeyFileMissing; FixSettings: open to others, damaged.

        Rights are checked on the opened file, so it cannot be exchanged in between.
        """
        try:
            with self.path.open("rb") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                content = opened.read(FILE_BYTES_MAX + 1)
        except FileNotFoundError:
            raise KeyFileMissing from None
        except OSError as error:
            raise self._unusable(error) from None
        if os.name == "posix" and stat.S_IMODE(mode) & _OTHERS:
            raise FixSettings(
                f"The key file {self.path} can be used by others on this machine: "
                f"run `chmod 600 {shlex.quote(str(self.path))}`.",
                detail=f"mode {stat.S_IMODE(mode):04o}",
                code="key-file-open-to-others",
                setting=_SETTING,
            )
        return self._parse(content)

    def create(self) -> None:
        """Make the file with one new key; nothing happens when another process was first.

        It appears whole under its name, so nobody reads half a file, and the loser of a race uses
        the winner's key.
        """
        with self._turn():
            if not self.path.exists():
                self._replace([secrets.token_bytes(KEY_BYTES)])

    def add_new(self) -> None:
        """Put a new key in front; the older ones still open."""
        with self._turn():
            try:
                older = list(self.read())
            except KeyFileMissing:
                older = []
            self._replace([secrets.token_bytes(KEY_BYTES), *older])

    def drop_old(self) -> int:
        """Keep the newest key only; returns how many were dropped.

        What is still sealed with a dropped key is lost: call it after a pass over every row found
        nothing left, and no unit of work begun before ``add_new`` is still open.
        """
        with self._turn():
            keys = self.read()
            self._replace(keys[:1])
        return len(keys) - 1

    def _parse(self, content: bytes) -> Sequence[bytes]:
        try:
            return _keys_in(content)
        except BadKeyText as bad:
            raise FixSettings(
                f"The key file {self.path} is damaged: put a copy of it back. Without a copy, "
                "move it away, and connect every integration again.",
                detail=bad.reason,
                code="key-file-damaged",
                setting=_SETTING,
            ) from None

    def _replace(self, keys: Sequence[bytes]) -> None:
        """Exchange the whole file, synced, for its owner only. Needs the turn."""
        beside = self.path.with_name(f".{self.path.name}.new")
        content = _HEADING + "".join(f"{text_from_key(key)}\n" for key in keys)
        try:
            beside.unlink(missing_ok=True)  # left by a process that died here
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(content.encode("ascii"))
                opened.flush()
                os.fsync(opened.fileno())
            beside.replace(self.path)
            self._sync_directory()
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise self._unusable(error) from None

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One process (and thread) changes the file at a time, or a key added meanwhile is lost.

        The operating system frees the lock of a process that dies. TryAgain after LOCK_SECONDS.
        """
        try:
            self.path.parent.mkdir(mode=_DIRECTORY_OWNER_ONLY, parents=True, exist_ok=True)
            descriptor = os.open(
                self.path.with_name(f".{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, OWNER_ONLY
            )
        except OSError as error:
            raise self._unusable(error) from None
        try:
            deadline = time.monotonic() + LOCK_SECONDS
            while not _locked(descriptor):
                if time.monotonic() >= deadline:
                    raise TryAgain(
                        "The key file is being changed by another Monitr process: try again.",
                        code="key-file-busy",
                    )
                time.sleep(_LOCK_RETRY_SECONDS)
            yield
        finally:
            os.close(descriptor)

    def _sync_directory(self) -> None:
        """The name survives a power cut as well as the content."""
        if os.name != "posix":
            return
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _unusable(self, error: OSError) -> FixSettings:
        return FixSettings(
            f"The key file {self.path} cannot be read or written "
            f"({os.strerror(error.errno) if error.errno else 'unknown reason'}): "
            "correct its rights, or the disk, and start again.",
            detail=f"{type(error).__name__} {error.errno}",
            code="key-file-unusable",
            setting=_SETTING,
        )


def _keys_in(content: bytes) -> Sequence[bytes]:
    """At least one; BadKeyText otherwise."""
    if len(content) > FILE_BYTES_MAX:
        raise BadKeyText(f"more than {FILE_BYTES_MAX} bytes")
    lines = [line.strip() for line in content.decode("ascii", "replace").splitlines()]
    keys = [key_from_text(line) for line in lines if line and not line.startswith("#")]
    if not keys:
        raise BadKeyText("no key in it")
    return keys
