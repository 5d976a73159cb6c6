"""Layouts as text: what every cell of the main screens shows, at two sizes.

``python -m tests.tui.layouts`` writes them anew; look at the difference before it is committed.
Colours are not in them: the pictures in the documentation show those.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.pictures import empty_house, lived_in_house
from bench.pictures import set_up as walk_the_wizard
from tests.tui.driving import Driven, driven
from tests.tui.launching import FakeLauncher

FOLDER: Final = Path(__file__).parent / "layouts"
NARROW: Final = (80, 24)
WIDE: Final = (160, 45)
ZONE: Final = "Europe/Amsterdam"

Draw = Callable[[str], Awaitable[None]]


async def _daily(one: Driven, draw: Draw) -> None:
    for key, name in (
        ("1", "dashboard"),
        ("3", "integrations"),
        ("4", "activity"),
        ("question_mark", "help"),
        ("escape", ""),
        ("2", "entities"),
        ("enter", "overview"),
        ("b", "books"),
        ("m", "imports"),
        ("s", "settings"),
    ):
        await one.press(key)
        if name:
            await draw(name)


async def _drawn(
    size: tuple[int, int], play: Callable[[Driven, Draw], Awaitable[None]], *, empty: bool
) -> dict[str, str]:
    shown: dict[str, str] = {}
    house = empty_house() if empty else lived_in_house()
    async with driven(FakeLauncher(house), size=size) as one:

        async def draw(name: str) -> None:
            one.app.clear_notifications()
            await one.rest()
            lines = (line.rstrip() for line in one.painted().splitlines())
            shown[f"{name}-{size[0]}x{size[1]}"] = "\n".join(lines) + "\n"

        await play(one, draw)
    return shown


@contextmanager
def in_zone() -> Iterator[None]:
    """Moments are shown by this machine's clock: which one is fixed here."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = ZONE
    time.tzset()
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def wizard() -> dict[str, str]:
    """The set-up, at the size most is asked of it."""
    with in_zone():
        return asyncio.run(_drawn(NARROW, walk_the_wizard, empty=True))


def daily(size: tuple[int, int]) -> dict[str, str]:
    """Every place and every part of an entity, as after some weeks."""
    with in_zone():
        return asyncio.run(_drawn(size, _daily, empty=False))


def held(name: str) -> str:
    """The layout as committed; "" for none."""
    path = FOLDER / f"{name}.txt"
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in {**wizard(), **daily(NARROW), **daily(WIDE)}.items():
        (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")
        print(name)
