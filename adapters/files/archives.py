"""Zip archives, looked at before anything in them is unpacked.

Sizes and ratios are checked in the directory of the archive, and unpacking never goes beyond what
that says. Names inside an archive are never used as paths.
"""

import errno
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from core.domain.failures import NotUnderstood
from core.ports.files import FILE_BYTES_MAX

ZIP_MAGIC: Final = b"PK\x03\x04"
MEMBERS_MAX: Final = 2_000
RATIO_MAX: Final = 200
RATIO_FROM_BYTES: Final = 4 * 1024 * 1024
"""Small members may be packed as tightly as they like."""
COPY_BYTES: Final = 1_048_576
ENCRYPTED_FLAG: Final = 0x1
WORKBOOK_MARK: Final = "[Content_Types].xml"


DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,  # a place in the file that cannot be
    RuntimeError,
    OverflowError,
    LookupError,
    ValueError,
)
"""What the library raises on archives that are not what they say, as far as fuzzing found."""
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, once its directory was found harmless. NotUnderstood otherwise."""
    try:
        with zipfile.ZipFile(path) as archive:
            _require_harmless(archive.infolist())
            yield archive
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise
        raise NotUnderstood(
            "The archive is damaged or packed in a way that is not read: pack it again as zip.",
            detail=type(error).__name__,
            code="zip-refused",
        ) from error


def _require_harmless(members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MEMBERS_MAX or total > FILE_BYTES_MAX:
        raise _refused(
            f"holds {len(members):,} files of {total / 1024**2:,.0f} MiB in all, more than is read"
        )
    for member in members:
        if member.flag_bits & ENCRYPTED_FLAG:
            raise _refused("is encrypted: save it without a password")
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise _refused("is packed in an unusual way")
        if member.file_size > RATIO_FROM_BYTES and (
            member.file_size > RATIO_MAX * max(member.compress_size, 1)
        ):
            raise _refused("unpacks to more than 200 times its size, as no ledger does")


def _refused(what: str) -> NotUnderstood:
    return NotUnderstood(f"The archive {what}. Upload the file itself.", code="zip-refused")


def is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ZIP_MAGIC)) == ZIP_MAGIC


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or the only file in an archive, unpacked while it is used."""
    if not is_zip(path):
        yield path
        return
    with opened_zip(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir() and one.file_size]
        if any(one.filename == WORKBOOK_MARK for one in members):
            member = None
        elif len(members) != 1:
            raise _refused(f"holds {len(members)} files: upload them one by one")
        else:
            member = members[0]
            if member.filename.lower().endswith(".zip"):
                raise _refused("holds another archive")
    if member is None:
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="monitr-unpacked-") as out:
        with opened_zip(path) as archive, archive.open(member) as packed:
            while chunk := packed.read(COPY_BYTES):
                out.write(chunk)
        out.flush()
        if is_zip(Path(out.name)) and not _is_workbook(Path(out.name)):
            raise _refused("holds another archive")
        yield Path(out.name)


def _is_workbook(path: Path) -> bool:
    with opened_zip(path) as archive:
        return WORKBOOK_MARK in archive.namelist()
