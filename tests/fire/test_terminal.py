"""A person at a terminal: real tmux, the real ``monitr``, real consent pages of the stand-in."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from attrs import define

from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox

TMUX: Final = shutil.which("tmux") or ""

pytestmark = [
    pytest.mark.fire,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not TMUX, reason="tmux is not installed here"),
]

PAINTED_SECONDS: Final = 60.0
"""A loaded machine starts slowly: no screen is waited for longer."""

LOOK_SECONDS: Final = 0.1
QUIET_LOOKS: Final = 3
COUNTDOWN: Final = re.compile(r"\d+:\d\d left")
"""Moves each second, whatever is pressed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@define
class Terminal:
    """A tmux server of its own with one window, in which ``monitr`` runs."""

    name: str
    folder: Path
    port: int

    def tmux(self, *words: str) -> str:
        ended = subprocess.run(
            [TMUX, "-L", self.name, "-f", "/dev/null", *words],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return ended.stdout

    def start(self, columns: int, lines: int, **environ: str) -> None:
        settings = {
            "MONITR_DATA_DIR": str(self.folder / "data"),
            "MONITR_TUI_SETTINGS": str(self.folder / "tui.toml"),
            "MONITR_HTTP_PORT": str(self.port),
            "LANG": "C.UTF-8",
            "SSH_CONNECTION": "remote",
            **environ,
        }
        named = [word for name, value in settings.items() for word in ("-e", f"{name}={value}")]
        size = ("-x", str(columns), "-y", str(lines))
        # tmux sets TERM itself: what is named here wins.
        terminal = f"TERM={environ['TERM']} " if "TERM" in environ else ""
        # A size in the environment, as test runners set it, would hide that of the window.
        monitr = f"unset COLUMNS LINES; {terminal}{sys.executable} -m monitr"
        command = f"{monitr}; echo ended with $?; exec sleep 600"
        self.tmux("new-session", "-d", *size, *named, "-c", str(Path.cwd()), command)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def until(self, *words: str, seconds: float = PAINTED_SECONDS) -> str:
        """The screen once it shows every one of the words."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            shown = self.screen()
            if all(one in shown for one in words):
                return shown
            time.sleep(LOOK_SECONDS)  # a terminal tells nobody when it was painted
        raise AssertionError(f"{words} did not show:\n{self.screen()}")

    def press(self, *keys: str) -> None:
        """One after the other, looking at what each does before the next, as a person would."""
        for key in keys:
            self.tmux("send-keys", key)
            self.rest()

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)
        self.rest()

    def rest(self) -> None:
        """Until nothing has changed for a few looks."""
        before, same = "", 0
        while same < QUIET_LOOKS:
            time.sleep(LOOK_SECONDS)
            shown = COUNTDOWN.sub("", self.screen()) + self.tmux(
                "display-message", "-p", "#{cursor_x} #{cursor_y}"
            )
            before, same = shown, same + 1 if shown == before else 0

    def children(self) -> list[int]:
        """Processes that were started by ``monitr`` in the window."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        (monitr,) = _children_of(shell)
        return [int(one) for one in _children_of(monitr)]

    def end(self) -> None:
        subprocess.run([TMUX, "-L", self.name, "kill-server"], capture_output=True, check=False)


def _children_of(pid: str) -> list[str]:
    """Whichever of its threads started them."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [one for path in listed for one in path.read_text(encoding="ascii").split()]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=5, lines=400, providers=["exact-online"]) as sandbox:
        yield sandbox


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(f"monitr-{os.getpid()}-{time.monotonic_ns()}", tmp_path, free_port())
    yield terminal
    terminal.end()


def onboard(terminal: Terminal, sandbox: Sandbox) -> None:
    """From nothing to the list of what can be followed, the answer pasted as over SSH."""
    terminal.until("Welcome to Monitr", "Begin")
    terminal.type("Bakkerij Blom")
    terminal.press("Enter")
    terminal.press("Enter")
    terminal.until("Pick your accounting software", "Exact Online", "CSV Import")
    terminal.press("/")
    terminal.type("exact")
    terminal.until("Exact Online", "exact")
    terminal.press("Enter")
    terminal.press("Enter")
    terminal.until("Redirect address", "Client id")
    for value in (SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, sandbox.url("exact-online")):
        terminal.press("End", "C-u")
        terminal.type(value)
        terminal.press("Tab")
    assert SANDBOX_CLIENT_SECRET not in terminal.screen(), "secrets are masked"
    terminal.press("C-s")
    shown = terminal.until("Allow access at Exact Online", "Waiting for the answer")
    terminal.press("p")
    terminal.type(decide(link_on(shown)))
    terminal.press("Enter")
    terminal.until("administrations found", "can be followed")


def link_on(screen: str) -> str:
    """The authorize address, which may be longer than a line."""
    lines = [line.strip() for line in screen.splitlines()]
    first = next(at for at, line in enumerate(lines) if line.startswith("http://"))
    parts = []
    for line in lines[first:]:
        if not line:
            break
        parts.append(line)
    return "".join(parts)


def test_a_person_onboards_by_keyboard_and_comes_to_the_dashboard(
    terminal: Terminal, sandbox: Sandbox
) -> None:
    terminal.start(80, 24)
    onboard(terminal, sandbox)
    terminal.press("f")
    terminal.until("First imports")
    terminal.until("All are done.")
    terminal.press("Enter")
    terminal.until("Succeeded", "Next", "needs attention")
    terminal.rest()
    terminal.tmux("resize-window", "-x", "200", "-y", "60")
    terminal.until("Age of books", "Imports in the last 30 nights")
    terminal.tmux("resize-window", "-x", "60", "-y", "15")
    terminal.until("Dashboard")
    terminal.tmux("resize-window", "-x", "100", "-y", "30")
    terminal.press("2")
    terminal.until("status: all", "Succeeded")
    (worker,) = terminal.children()
    os.kill(worker, signal.SIGKILL)
    terminal.until("Imports had stopped: starting them again")
    terminal.press("n")
    terminal.until("requested")
    terminal.press("q")
    terminal.until("ended with 0")


@pytest.mark.parametrize(
    "environ",
    [{"TERM": "dumb"}, {"TERM": "linux", "LANG": "C"}, {"NO_COLOR": "1", "LANG": "C"}],
    ids=["dumb", "console", "colourless"],
)
def test_a_poor_terminal_shows_it_in_ascii(terminal: Terminal, environ: dict[str, str]) -> None:
    terminal.start(80, 24, **environ)
    shown = terminal.until("Welcome to Monitr", "Begin")
    assert shown.isascii() or "TERM" not in environ
    terminal.press("C-q")
    terminal.until("ended with 0")
