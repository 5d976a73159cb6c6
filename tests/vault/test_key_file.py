"""The key file: made once, for its owner only, rotated while others use it."""

import multiprocessing
import os
import stat
from functools import partial
from pathlib import Path

import pytest

from adapters.storage import key_file
from adapters.storage.key_file import FILE_BYTES_MAX, KeyFile, KeyFileMissing
from adapters.storage.key_text import text_from_key
from adapters.storage.vault import KEY_FILE_NAME, vault_from
from core.domain.failures import FixSettings, TryAgain
from core.ports.vault import WrongVaultKey
from tests.processes import FORKED

RACERS = 4


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_is_made_by_the_first_sealing_for_its_owner_only(tmp_path: Path) -> None:
    data_dir = tmp_path / "new" / "data"
    vault = vault_from(data_dir, {})
    assert not data_dir.exists()
    sealed = vault.seal("row", b"plain")
    assert mode_of(data_dir / KEY_FILE_NAME) == 0o600
    assert mode_of(data_dir) == 0o700
    assert vault_from(data_dir, {}).open("row", sealed) == b"plain"


def test_a_wide_umask_does_not_widen_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        vault_from(tmp_path, {}).seal("row", b"plain")
    finally:
        os.umask(before)
    assert {mode_of(path) for path in tmp_path.iterdir()} == {0o600}


def test_opening_without_a_key_file_makes_none(tmp_path: Path) -> None:
    elsewhere = vault_from(tmp_path / "a", {}).seal("row", b"plain")
    vault = vault_from(tmp_path / "b", {})
    assert not vault.current(elsewhere)
    with pytest.raises(WrongVaultKey) as caught:
        vault.open("row", elsewhere)
    assert str(tmp_path / "b" / KEY_FILE_NAME) in caught.value.sentence
    assert not (tmp_path / "b").exists()


def test_a_file_that_vanished_under_a_running_vault_is_told_and_not_made_anew(
    tmp_path: Path,
) -> None:
    vault = vault_from(tmp_path, {})
    sealed = vault.seal("row", b"plain")
    path = tmp_path / KEY_FILE_NAME
    away = path.rename(tmp_path / "away")
    for use in (partial(vault.seal, "row", b"x"), partial(vault.open, "row", sealed)):
        with pytest.raises(WrongVaultKey, match="has gone"):
            use()
    assert not path.exists()
    away.rename(path)
    assert vault.open("row", sealed) == b"plain"


def _race(path: str, start: str, results: "multiprocessing.Queue[bytes]") -> None:
    with Path(start).open():  # a pipe without writer: opens for all racers at once
        pass
    results.put(vault_from(Path(path), {}).seal("row", b"plain"))


def test_processes_that_race_for_the_first_key_share_the_winners(tmp_path: Path) -> None:
    data_dir, start = tmp_path / "data", tmp_path / "start"
    os.mkfifo(start)
    results: multiprocessing.Queue[bytes] = FORKED.Queue()
    racers = [
        FORKED.Process(target=_race, args=(str(data_dir), str(start), results))
        for _ in range(RACERS)
    ]
    for racer in racers:
        racer.start()
    with start.open("w"):
        sealed = [results.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join()
    vault = vault_from(data_dir, {})
    assert [vault.open("row", each) for each in sealed] == [b"plain"] * RACERS
    assert all(vault.current(each) for each in sealed)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o620, 0o601, 0o666])
def test_a_file_open_to_others_is_refused_with_the_command_that_helps(
    tmp_path: Path, mode: int
) -> None:
    data_dir = tmp_path / "a b"
    vault_from(data_dir, {}).seal("row", b"plain")
    path = data_dir / KEY_FILE_NAME
    path.chmod(mode)
    with pytest.raises(FixSettings) as caught:
        vault_from(data_dir, {})
    assert f"chmod 600 '{path}'" in caught.value.sentence
    assert caught.value.code == "key-file-open-to-others"
    path.chmod(0o600)
    vault_from(data_dir, {})


def test_a_file_opened_to_others_later_stops_a_running_vault(tmp_path: Path) -> None:
    vault = vault_from(tmp_path, {})
    vault.seal("row", b"plain")
    (tmp_path / KEY_FILE_NAME).chmod(0o644)
    with pytest.raises(FixSettings, match="chmod 600"):
        vault.seal("row", b"plain")


DAMAGED = {
    "empty": b"",
    "only a remark": b"# nothing\n",
    "no key": b"hello\n",
    "cut": text_from_key(bytes(32)).encode()[:30],
    "binary": bytes(range(256)),
    "one good, one bad": text_from_key(bytes(32)).encode() + b"\nPLANTED-CANARY\n",
    "too long": b"#" * FILE_BYTES_MAX + b"\n",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / KEY_FILE_NAME
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(FixSettings) as caught:
        vault_from(tmp_path, {})
    assert caught.value.code == "key-file-damaged"
    assert "CANARY" not in f"{caught.value.sentence}{caught.value.detail}"
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_written_is_a_setting_to_fix(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FixSettings) as caught:
        vault_from(tmp_path / "file" / "data", {}).seal("row", b"plain")
    assert caught.value.code == "key-file-unusable"


def test_rotation_is_seen_by_a_vault_that_runs_already(tmp_path: Path) -> None:
    running = vault_from(tmp_path, {})
    before = running.seal("row", b"plain")
    assert running.current(before)

    KeyFile(tmp_path / KEY_FILE_NAME).add_new()
    assert not running.current(before)
    assert running.open("row", before) == b"plain"
    after = running.seal("row", running.open("row", before))
    assert running.current(after)

    assert KeyFile(tmp_path / KEY_FILE_NAME).drop_old() == 1
    assert running.open("row", after) == b"plain"
    with pytest.raises(WrongVaultKey):
        running.open("row", before)
    assert mode_of(tmp_path / KEY_FILE_NAME) == 0o600


def test_rotating_twice_before_resealing_still_opens_everything(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / KEY_FILE_NAME)
    vault = vault_from(tmp_path, {})
    sealed = []
    for _ in range(3):
        keys.add_new()
        sealed.append(vault.seal("row", b"plain"))
    assert [vault.open("row", each) for each in sealed] == [b"plain"] * 3
    assert [vault.current(each) for each in sealed] == [False, False, True]
    assert keys.drop_old() == 2


def test_dropping_without_a_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissing):
        KeyFile(tmp_path / KEY_FILE_NAME).drop_old()


def _rotate(path: str, times: int) -> None:
    for _ in range(times):
        KeyFile(Path(path)).add_new()


def test_rotations_at_the_same_time_lose_no_key(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE_NAME
    rotating = [FORKED.Process(target=_rotate, args=(str(path), 8)) for _ in range(RACERS)]
    for process in rotating:
        process.start()
    for process in rotating:
        process.join()
    assert [process.exitcode for process in rotating] == [0] * RACERS
    assert len(set(KeyFile(path).read())) == 8 * RACERS


def test_a_file_another_process_is_changing_asks_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_file, "LOCK_SECONDS", 0.0)
    path = tmp_path / KEY_FILE_NAME
    with KeyFile(path)._turn(), pytest.raises(TryAgain):
        KeyFile(path).add_new()
    KeyFile(path).add_new()


def test_what_a_process_that_died_left_behind_is_cleared(tmp_path: Path) -> None:
    leftover = tmp_path / f".{KEY_FILE_NAME}.new"
    leftover.write_text("half a k")
    vault_from(tmp_path, {}).seal("row", b"plain")
    assert not leftover.exists()


def test_a_failed_write_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / KEY_FILE_NAME
    KeyFile(path).add_new()
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FixSettings, match="No space left"):
        KeyFile(path).add_new()
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert not (tmp_path / f".{KEY_FILE_NAME}.new").exists()
