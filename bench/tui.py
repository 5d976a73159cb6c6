"""The terminal UI as a person has it, over a pseudo-terminal: first paint, keys, idle, memory.

Prints ``tui_first_paint_ratio`` (our app over an app of Textual alone, each in a fresh process,
best of several), ``tui_key_to_paint_p95_ms`` (from a key to the last byte it caused, with 5,000
entities on SQLite), ``tui_idle_bytes`` (written while nothing happens), ``tui_memory_mib`` (peak).
"""

import contextlib
import fcntl
import os
import pty
import random
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import define, field

COLUMNS, ROWS = 130, 40
STARTS: Final = 7
KEYS: Final = 300
IDLE_SECONDS: Final = 5.0
QUIET_SECONDS: Final = 0.012
"""A paint is over when nothing was written for this long; not counted."""

ENTITIES: Final = 5_000
WAIT_SECONDS: Final = 60.0
CHUNK_BYTES: Final = 65_536

MARK: Final = "Opening your books"
EMPTY_APP: Final = f"""
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("{MARK}")
Empty().run()
"""
OUR_APP: Final = """
import sys
from pathlib import Path
from interfaces.tui.run import run_tui
def late():
    from bench.tui_store import launcher
    return launcher(Path(sys.argv[1]))
sys.exit(run_tui(late))
"""
SEEDING: Final = """
import sys
from pathlib import Path
from bench.tui_store import seed
seed(Path(sys.argv[1]))
"""


@define
class Terminal:
    """A child on a pseudo-terminal of its own."""

    pid: int
    master: int
    text: str = field(default="", repr=False)
    written: int = 0

    def read(self, seconds: float) -> int:
        """Take in what is written until nothing came for that long; bytes taken."""
        taken = 0
        while select.select([self.master], [], [], seconds)[0]:
            try:
                chunk = os.read(self.master, CHUNK_BYTES)
            except OSError:  # the child is gone
                break
            if not chunk:
                break
            taken += len(chunk)
            self.text += chunk.decode(errors="replace")
        self.written += taken
        return taken

    def until(self, words: str) -> float:
        """Read until the words were written; the moment (perf_counter) they came."""
        end = time.perf_counter() + WAIT_SECONDS
        while words not in self.text:
            if not select.select([self.master], [], [], max(end - time.perf_counter(), 0))[0]:
                raise TimeoutError(f"{words!r} was not painted within {WAIT_SECONDS:g} s")
            self.text += os.read(self.master, CHUNK_BYTES).decode(errors="replace")
        return time.perf_counter()

    def press(self, key: bytes) -> float:
        """Seconds from the key to the last byte it caused."""
        began = last = time.perf_counter()
        os.write(self.master, key)
        if not select.select([self.master], [], [], 1.0)[0]:
            raise TimeoutError(f"nothing was painted for {key!r}")
        while select.select([self.master], [], [], QUIET_SECONDS)[0]:
            os.read(self.master, CHUNK_BYTES)
            last = time.perf_counter()
        return last - began

    def peak_mib(self) -> float:
        """Highest resident size so far, where Linux tells it."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


@contextlib.contextmanager
def running(code: str, *arguments: str) -> Iterator[Terminal]:
    """That code in a fresh interpreter on a pseudo-terminal; killed at the end."""
    pid, master = pty.fork()
    if pid == 0:  # the child
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
        os.environ.update(COLUMNS=str(COLUMNS), LINES=str(ROWS), MONITR_TUI_SETTINGS="/nonexistent")
        os.execv(sys.executable, [sys.executable, "-c", code, *arguments])  # noqa: S606 - ours
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        yield Terminal(pid, master)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)


def seconds_to_paint(code: str, *arguments: str) -> float:
    began = time.perf_counter()
    with running(code, *arguments) as terminal:
        return terminal.until(MARK) - began


def first_paint(folder: str) -> None:
    ours, empty = [], []
    for _ in range(STARTS):  # in turn, so that both meet the same weather
        empty.append(seconds_to_paint(EMPTY_APP))
        ours.append(seconds_to_paint(OUR_APP, folder))
    print(f"tui_first_paint_ms {1_000 * min(ours):.0f}")
    print(f"tui_empty_app_first_paint_ms {1_000 * min(empty):.0f}")
    print(f"tui_first_paint_ratio {min(ours) / min(empty):.2f} <=2.5")


def key_presses(entities: int) -> Iterator[bytes]:
    """As a person goes through a list: mostly a line, at times a page, rarely an end.

    Keys that would change nothing (up on the first row) are left out.
    """
    steps = {"down": 60, "up": 15, "pagedown": 15, "pageup": 6, "end": 2, "home": 2}
    codes = {
        "down": (b"\x1b[B", 1),
        "up": (b"\x1b[A", -1),
        "pagedown": (b"\x1b[6~", ROWS // 2),
        "pageup": (b"\x1b[5~", -ROWS // 2),
        "end": (b"\x1b[F", entities),
        "home": (b"\x1b[H", -entities),
    }
    at = 0
    for name in random.Random(3).choices(list(steps), list(steps.values()), k=KEYS):
        code, step = codes[name]
        now = max(0, min(at + step, entities - 1))
        if now != at and not (abs(step) == ROWS // 2 and now in {0, entities - 1}):
            at = now
            yield code


def keys_idle_memory(folder: str) -> None:
    with running(OUR_APP, folder) as terminal:
        terminal.until("Imports in the last 30 nights: at most")
        terminal.read(1.5)
        before = terminal.written
        terminal.read(IDLE_SECONDS)
        idle = terminal.written - before
        os.write(terminal.master, b"e")
        terminal.until("5,000 entities · status")
        terminal.read(1.5)
        before = terminal.written
        terminal.read(IDLE_SECONDS)
        idle += terminal.written - before
        took = []
        for key in key_presses(ENTITIES):
            with contextlib.suppress(TimeoutError):  # the list was at that end already
                took.append(terminal.press(key))
        for key in (b"\x1b[H", b"\r", b"b", b"\r", b"\x1b", b"m", b"s", b"\x1b"):
            os.write(terminal.master, key)
            terminal.read(0.5)
        print(f"tui_key_to_paint_p50_ms {1_000 * statistics.median(took):.1f}")
        p95 = statistics.quantiles(took, n=20)[-1]
        print(f"tui_key_to_paint_p95_ms {1_000 * p95:.1f} <=50")
        print(f"tui_key_to_paint_max_ms {1_000 * max(took):.1f}")
        print(f"tui_idle_bytes {idle} <=0")
        print(f"tui_memory_mib {terminal.peak_mib():.0f} <=120")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        child = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", SEEDING, folder])  # noqa: S606 - ours
        assert child == 0, "seeding failed"
        first_paint(folder)
        keys_idle_memory(folder)


if __name__ == "__main__":
    main()
