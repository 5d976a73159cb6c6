"""Where uploaded bytes and staged forms lie: files in the data directory, for their owner only.

The readers and their libraries are imported when a file is read, not when Monitr starts.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from attrs import define, field, frozen

from core.domain.failures import CorrectRequest, FixSettings
from core.domain.file_import import ColumnMapping, Look, Summary
from core.ports.files import FILE_BYTES_MAX, Staged, Stored

PRIVATE: Final = 0o700
LEFT_BEHIND_SECONDS: Final = 24 * 3600
"""No file takes that long to arrive or to be read."""
_RECEIVING: Final = "receiving-"
_MAKING: Final = "making-"
_ID_CHARACTERS: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyz_")


@define
class _Receiving:
    """Implements core.ports.files.Receiving."""

    files: Path
    temporary: Path
    out: BinaryIO
    size_bytes: int = 0
    _hash: "hashlib._Hash" = field(factory=hashlib.sha256)

    def write(self, chunk: bytes) -> None:
        self.size_bytes += len(chunk)
        if self.size_bytes > FILE_BYTES_MAX:
            raise CorrectRequest(
                f"The file is larger than {FILE_BYTES_MAX // 1024**3} GiB: export it a year at a "
                "time.",
                code="file-too-large",
            )
        self._hash.update(chunk)
        with _room():
            self.out.write(chunk)

    def done(self) -> Stored:
        sha256 = self._hash.hexdigest()
        with _room():
            self.out.flush()
            os.fsync(self.out.fileno())
        self.temporary.replace(self.files / sha256)
        return Stored(sha256=sha256, size_bytes=self.size_bytes)


@frozen
class DiskShelf:
    """Implements core.ports.files.Shelf in a folder of its own."""

    folder: Path

    @property
    def _files(self) -> Path:
        return self._made("files")

    @property
    def _staged(self) -> Path:
        return self._made("staged")

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        return path

    @contextmanager
    def receive(self) -> Iterator[_Receiving]:
        self._tidy()
        descriptor, name = tempfile.mkstemp(prefix=_RECEIVING, dir=self._files)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as out:
                yield _Receiving(self._files, temporary, out)
        finally:
            temporary.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Drop what processes left behind that were killed while they wrote."""
        before = time.time() - LEFT_BEHIND_SECONDS
        for path in (*self._files.glob(f"{_RECEIVING}*"), *self._staged.glob(f"{_MAKING}*")):
            with contextlib.suppress(OSError):  # somebody else was first
                if path.stat().st_mtime < before:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def path_of(self, sha256: str) -> Path:
        path = self._files / _safe(sha256)
        if not path.is_file():
            raise _gone()
        return path

    def look(self, sha256: str, name: str, mapping: ColumnMapping | None = None) -> Look:
        from adapters.files.archives import unpacked  # noqa: PLC0415 - see above
        from adapters.files.readers import AllReaders  # noqa: PLC0415 - see above

        with unpacked(self.path_of(sha256)) as path:
            return AllReaders().recognise(path, name).look(path, name, mapping)

    def stage(self, upload_id: str, sha256: str, look: Look) -> Summary:
        from adapters.files.archives import unpacked  # noqa: PLC0415 - see above
        from adapters.files.readers import AllReaders  # noqa: PLC0415 - see above
        from adapters.files.staging import stage  # noqa: PLC0415 - see above

        reader = AllReaders().reader_of(look.format)
        making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=self._staged))
        try:
            with _room(), unpacked(self.path_of(sha256)) as path:
                summary = stage(reader.read(path, look), look, making)
            final = self._staged / _safe(upload_id)
            if final.exists():
                shutil.rmtree(final)
            making.rename(final)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return summary

    def staged(self, upload_id: str) -> Staged:
        from adapters.files.staging import StagedFolder  # noqa: PLC0415 - see above

        folder = self._staged / _safe(upload_id)
        if not folder.is_dir():
            raise _gone()
        return StagedFolder(folder)

    def forget(self, upload_id: str, sha256: str | None) -> None:
        shutil.rmtree(self._staged / _safe(upload_id), ignore_errors=True)
        if sha256 is not None:
            (self._files / _safe(sha256)).unlink(missing_ok=True)


def _safe(name: str) -> str:
    """Ids and hashes are ours, but a path is made of them: nothing else passes."""
    assert name, "an id is not empty"
    assert set(name) <= _ID_CHARACTERS, "ids and hashes hold nothing else"
    return name


def _gone() -> FixSettings:
    return FixSettings(
        "The uploaded file is not in this data directory: upload it again, or run Monitr where it "
        "was uploaded.",
        code="file-gone",
    )


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FixSettings(
            "The uploaded file could not be written to the data directory: free some space and "
            "upload it again.",
            detail=f"{type(error).__name__}: {error.strerror}",
            code="storage-full",
        ) from error
