"""Bare ``monitr`` on a terminal, as a process of its own."""

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Final

import pytest

WAIT_SECONDS: Final = 60.0
CHUNK_BYTES: Final = 65_536
ROWS, COLUMNS = 30, 100


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def read_until(terminal: int, words: bytes) -> bytes:
    """What was written up to and with the words; fails when they never come."""
    seen, deadline = b"", time.monotonic() + WAIT_SECONDS
    while words not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"never wrote {words!r}: {seen[-2000:]!r}"
        seen += os.read(terminal, CHUNK_BYTES)
    return seen


def children_of(pid: int) -> list[int]:
    """Of any of its threads."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listed in lists for child in listed.read_text().split()]


def drained(terminal: int, monitr: "subprocess.Popen[bytes]") -> int:
    """The exit code; reads meanwhile, so that a full terminal stops nobody."""
    deadline = time.monotonic() + WAIT_SECONDS
    while monitr.poll() is None and time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if ready:
            try:
                os.read(terminal, CHUNK_BYTES)
            except OSError:  # the other end is closed
                break
    return monitr.wait(WAIT_SECONDS)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for children in /proc")
@pytest.mark.parametrize("ending", ["quit", "terminal closed"])
def test_it_opens_starts_a_process_that_imports_and_leaves_none_behind(
    tmp_path: Path, ending: str
) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environ = {
        **os.environ,
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "MONITR_DATA_DIR": str(tmp_path / "data"),
        "MONITR_HTTP_PORT": str(free_port()),
        "MONITR_TUI_SETTINGS": str(tmp_path / "tui.toml"),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "monitr"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environ,
        start_new_session=True,
    ) as monitr:
        os.close(theirs)
        try:
            seen = read_until(ours, b"Welcome to Monitr")
            assert seen.index(b"Opening your books") < seen.index(b"Welcome to Monitr")
            deadline = time.monotonic() + WAIT_SECONDS
            while not (children := children_of(monitr.pid)):
                assert time.monotonic() < deadline, "no process that imports was started"
                if select.select([ours], [], [], 0.05)[0]:
                    os.read(ours, CHUNK_BYTES)
            if ending == "quit":
                os.write(ours, b"\x11")  # Ctrl+Q quits from inside a line, too
            else:
                monitr.send_signal(signal.SIGHUP)
            assert drained(ours, monitr) == 0
            assert not [child for child in children if Path(f"/proc/{child}").exists()]
        finally:
            monitr.kill()
            os.close(ours)
