"""The terminal interface's settings: one small TOML file, every key optional.

The file is ``tui.toml`` in the user's configuration directory for ``monitr`` (``~/.config/monitr``
on Linux), or the file ``MONITR_TUI_SETTINGS`` names. ``monitr`` writes it when a setting is changed
on screen::

    theme = "monitr-dark"      # any theme of the command palette; monitr-dark, monitr-light
    refresh_seconds = 1.0      # how often to look for news: 1 to 60
    glyphs = "auto"            # auto, unicode or ascii
    open_browser = true        # open consent pages in a browser on this machine
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from core.domain.failures import FixSettings

FILE_NAME: Final = "tui.toml"
VARIABLE: Final = "MONITR_TUI_SETTINGS"
REFRESH_SECONDS_MIN: Final = 1.0
REFRESH_SECONDS_MAX: Final = 60.0
SETTINGS_BYTES_MAX: Final = 65_536

DARK: Final = "monitr-dark"
LIGHT: Final = "monitr-light"


class Glyphs(StrEnum):
    AUTO = "auto"
    UNICODE = "unicode"
    ASCII = "ascii"


def _within_bounds(_owner: object, _name: "attrs.Attribute[float]", seconds: float) -> None:
    if not REFRESH_SECONDS_MIN <= seconds <= REFRESH_SECONDS_MAX:
        raise ValueError(
            f"refresh_seconds must be {REFRESH_SECONDS_MIN:g} to {REFRESH_SECONDS_MAX:g}"
        )


@frozen(kw_only=True)
class TuiSettings:
    """What a person may set. The module's docstring describes each key."""

    theme: str = DARK
    refresh_seconds: float = attrs.field(default=REFRESH_SECONDS_MIN, validator=_within_bounds)
    glyphs: Glyphs = Glyphs.AUTO
    open_browser: bool = True


def settings_path(environ: Mapping[str, str]) -> Path:
    """Where the settings are, whether or not the file exists."""
    named = environ.get(VARIABLE, "").strip()
    if named:
        return Path(named).expanduser()
    import platformdirs  # noqa: PLC0415 - not needed when the file is named

    return platformdirs.user_config_path("monitr") / FILE_NAME


def load_settings(path: Path) -> TuiSettings:
    """The settings of that file, defaults without one; FixSettings names what is wrong in it."""
    try:
        with path.open("rb") as file:
            raw = file.read(SETTINGS_BYTES_MAX)
    except FileNotFoundError:
        return TuiSettings()
    except OSError as error:
        raise _unusable(path, error.strerror or "cannot be read") from error
    try:
        document = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from error
    return _structured(path, document)


def _structured(path: Path, document: dict[str, object]) -> TuiSettings:
    import cattrs  # noqa: PLC0415 - only a file that exists is worth its import time

    def said(error: BaseException, expected: type | None) -> str:
        known = isinstance(error, ValueError) and error.args
        return str(error) if known else cattrs.v.format_exception(error, expected)

    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(bool, _strictly((bool,), "neither true nor false"))
    converter.register_structure_hook(str, _strictly((str,), "no text"))
    converter.register_structure_hook(float, _strictly((float, int), "no number"))
    # The hook of str would serve its subclass too.
    converter.register_structure_hook(Glyphs, lambda value, wanted: wanted(value))
    try:
        return converter.structure(document, TuiSettings)
    except cattrs.BaseValidationError as error:
        reasons = cattrs.transform_error(error, format_exception=said)
        raise _unusable(path, "; ".join(reasons)) from error


def _strictly(accepted: tuple[type, ...], words: str) -> Callable[[object, type], object]:
    """As TOML read it: nothing is converted into something it does not say."""

    def structure(value: object, wanted: type) -> object:
        if type(value) not in accepted:
            raise ValueError(f"{value!r} is {words}")
        return wanted(value)

    return structure


def save_settings(path: Path, settings: TuiSettings) -> None:
    """Write the file whole, through a neighbour, so that a crash leaves the old or the new one.

    FixSettings when it cannot be written.
    """
    lines = [
        "# Monitr's terminal interface. Every key is optional.",
        f"theme = {_quoted(settings.theme)}",
        f"refresh_seconds = {settings.refresh_seconds:g}  # 1 to 60",
        f"glyphs = {_quoted(settings.glyphs)}  # auto, unicode or ascii",
        f"open_browser = {'true' if settings.open_browser else 'false'}",
    ]
    beside = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(beside, path)  # noqa: PTH105 - says that it replaces
    except OSError as error:
        raise _unusable(path, error.strerror or "cannot be written") from error


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unusable(path: Path, why: str) -> FixSettings:
    return FixSettings(
        f"The settings file {path} cannot be used ({why}): correct it or remove it.",
        code="tui-settings",
        setting=str(path),
    )
