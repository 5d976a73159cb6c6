"""Driving headless Chromium over its debugging pipe: no driver, nothing but the browser itself."""

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from attrs import define, field

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "chromium-headless-shell")
CHROMIUM = os.environ.get("MONITR_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here (install one, or name it in MONITR_CHROMIUM)"
)

ANSWERS_MAX = 10_000
"""Messages read while one is waited for."""


@define
class Browser:
    """One page of one browser. Calls wait for their answer."""

    _calls: IO[bytes]
    _answers: IO[bytes]
    log: list[str] = field(factory=list)
    """What the page's console and the browser say: refusals of a policy among it."""
    _numbers: Iterator[int] = field(factory=lambda: itertools.count(1))
    _session: str | None = None
    _seen: list[dict[str, Any]] = field(factory=list)

    def attach(self) -> None:
        made = self.call("Target.createTarget", url="about:blank")
        self._session = self.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._calls.write(json.dumps(message).encode() + b"\0")
        self._calls.flush()
        for _ in range(ANSWERS_MAX):
            found = self._read()
            if found.get("id") == number:
                assert "error" not in found, found
                result: dict[str, Any] = found["result"]
                return result
        raise AssertionError(f"no answer to {method}")

    def go(self, url: str) -> None:
        """Open an address and wait until it is loaded."""
        self._seen.clear()
        self.call("Page.navigate", url=url)
        self._loaded()

    def click(self, selector: str) -> None:
        """Click as a person does, and wait for the page that follows."""
        self._seen.clear()
        self.press(selector)
        self._loaded()

    def press(self, selector: str) -> None:
        """Click where the page stays."""
        spot = self.evaluate(
            f"(() => {{ const box = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        assert isinstance(spot, list)
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=spot[0],
                y=spot[1],
                button="left",
                clickCount=1,
            )

    def evaluate(self, expression: str) -> object:
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        value: object = result["result"].get("value")
        return value

    def text(self) -> str:
        return str(self.evaluate("document.body.innerText"))

    def _loaded(self) -> None:
        for _ in range(ANSWERS_MAX):
            if any(one.get("method") == "Page.loadEventFired" for one in self._seen):
                return
            self._read()
        raise AssertionError("the page never loaded")

    def _read(self) -> dict[str, Any]:
        raw = bytearray()
        while (byte := self._answers.read(1)) not in {b"\0", b""}:  # ends: with the message
            raw += byte
        assert raw, "the browser is gone"
        found: dict[str, Any] = json.loads(raw)
        self._seen.append(found)
        if found.get("method") == "Log.entryAdded":
            self.log.append(found["params"]["entry"]["text"])
        return found


@contextmanager
def opened(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, ended with the context."""
    assert CHROMIUM is not None, "skipped otherwise"
    from_us, to_browser = os.pipe()
    from_browser, to_us = os.pipe()

    def hand_over() -> None:
        # The browser reads descriptor 3 and writes descriptor 4.
        read, write = os.dup(from_us), os.dup(to_us)
        os.dup2(read, 3)
        os.dup2(write, 4)

    process = subprocess.Popen(
        [
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        pass_fds=(),
        preexec_fn=hand_over,  # noqa: PLW1509 - descriptors 3 and 4 can be had in no other way
    )
    os.close(from_us)
    os.close(to_us)
    with os.fdopen(to_browser, "wb") as to, os.fdopen(from_browser, "rb") as from_:
        try:
            browser = Browser(to, from_)
            browser.attach()
            yield browser
        finally:
            process.terminate()
            process.wait(20)
