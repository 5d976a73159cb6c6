"""The settings file: optional, checked, written whole."""

from pathlib import Path

import attrs
import pytest

from core.domain.failures import FixSettings
from interfaces.tui.app import MonitrApp
from interfaces.tui.glyphs import ascii_text, wants_ascii
from interfaces.tui.settings import (
    LIGHT,
    Glyphs,
    TuiSettings,
    load_settings,
    save_settings,
    settings_path,
)
from tests.services.house import House
from tests.tui.driving import at_terminal
from tests.tui.launching import FakeLauncher


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == TuiSettings()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "tui.toml"
    settings = TuiSettings(
        theme='odd "name" \\', refresh_seconds=2.5, glyphs=Glyphs.ASCII, open_browser=False
    )
    save_settings(path, settings)
    assert load_settings(path) == settings
    assert [one.name for one in path.parent.iterdir()] == ["tui.toml"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("theme = 1", "1 is no text @ $.theme"),
        ("refresh_seconds = 0.1", "refresh_seconds must be 1 to 60"),
        ("refresh_seconds = true", "True is no number"),
        ('glyphs = "emoji"', "glyphs"),
        ('open_browser = "yes"', "neither true nor false"),
        ("colour = 1", "colour"),
        ("theme = ", "Invalid value"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "tui.toml"
    path.write_text(text)
    with pytest.raises(FixSettings) as refused:
        load_settings(path)
    assert why in refused.value.sentence
    assert refused.value.setting == str(path)


def test_the_file_can_be_named(tmp_path: Path) -> None:
    assert settings_path({"MONITR_TUI_SETTINGS": str(tmp_path / "x")}) == tmp_path / "x"
    assert settings_path({}).name == "tui.toml"


@at_terminal
async def test_a_change_on_screen_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "tui.toml"
    app = MonitrApp(FakeLauncher(House()), TuiSettings(), settings_path=path)
    async with app.run_test() as pilot:
        await app.workers.wait_for_complete()
        app.change(attrs.evolve(app.settings, theme=LIGHT))
        await app.workers.wait_for_complete()
        await pilot.pause()
    app.close()
    assert load_settings(path).theme == LIGHT


@pytest.mark.parametrize(
    ("glyphs", "environ", "wanted"),
    [
        (Glyphs.ASCII, {"LANG": "nl_NL.UTF-8"}, True),
        (Glyphs.UNICODE, {"LANG": "C"}, False),
        (Glyphs.AUTO, {"LANG": "nl_NL.UTF-8", "TERM": "xterm-256color"}, False),
        (Glyphs.AUTO, {"LANG": "nl_NL.ISO-8859-1"}, True),
        (Glyphs.AUTO, {"LC_ALL": "C", "LANG": "nl_NL.UTF-8"}, True),
        (Glyphs.AUTO, {"LANG": "C.utf8"}, False),
        (Glyphs.AUTO, {"TERM": "linux", "LANG": "nl_NL.UTF-8"}, True),
    ],
)
def test_ascii_is_chosen_by_setting_locale_and_terminal(
    glyphs: Glyphs, environ: dict[str, str], wanted: bool
) -> None:
    assert wants_ascii(glyphs, environ) is wanted


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Café Zuid", "Cafe Zuid"),
        ("┌──┐│", "+--+|"),
        ("✓ ✗ → …", "v x > ."),
        ("日本", "????"),
        ("plain", "plain"),
    ],
)
def test_ascii_takes_as_many_cells(text: str, plain: str) -> None:
    assert ascii_text(text) == plain
