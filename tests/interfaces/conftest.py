"""The stage, and a machine without browser, display or colours."""

import pytest

from tests.interfaces.stage import Stage


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "MONITR_DEBUG", "MONITR_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)

    def no_browser(url: str) -> bool:
        raise AssertionError(f"a browser was opened: {len(url)} characters")

    monkeypatch.setattr("webbrowser.open", no_browser)


@pytest.fixture
def stage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(capsys, monkeypatch)
