"""The command as a process: its standard streams, the files it leaves, settings from nowhere."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monitr.settings import settings_from

SECONDS_MAX = 60


def _monitr(words: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = f'exec "{sys.executable}" -m monitr {words}'
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITR_")}
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={**kept, "MONITR_DATA_DIR": str(folder), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_closed_standard_stream_is_no_error_and_never_becomes_a_file(
    tmp_path: Path, closed: str
) -> None:
    ended = _monitr(f"providers {closed}", tmp_path / "data")
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("words", ["providers", "providers --json"])
def test_a_full_disk_under_the_output_is_said(tmp_path: Path, words: str) -> None:
    ended = _monitr(f"{words} > /dev/full", tmp_path / "data")
    assert ended.returncode == 5
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("words", ["activity", "providers", "providers --json"])
def test_a_reader_that_left_ends_every_kind_of_output_alike(tmp_path: Path, words: str) -> None:
    gone, ours = os.pipe()
    os.close(gone)
    try:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITR_")}
        ended = subprocess.run(
            [sys.executable, "-m", "monitr", *words.split()],
            env={**kept, "MONITR_DATA_DIR": str(tmp_path / "data")},
            stdin=subprocess.DEVNULL,
            stdout=ours,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    finally:
        os.close(ours)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_what_is_written_is_for_its_owner_only_also_in_an_open_directory(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    assert _monitr("providers", folder).returncode == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert "monitr.sqlite3" in modes
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


def test_an_empty_variable_is_not_set() -> None:
    names = ("DATA_DIR", "HTTP_HOST", "HTTP_PORT", "PUBLIC_URL", "ALLOWED_HOSTS")
    assert settings_from({f"MONITR_{name}": " " for name in names}) == settings_from({})
