"""Draws the terminal interface for the documentation: ``python -m bench.pictures [FOLDER]``.

Each picture is the app itself, driven by keys over made-up books in memory, as SVG. The same tree
draws the same files: time stands where it is put and ids count.
"""

import asyncio
import datetime as dt
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from textual.widgets import OptionList

from core.domain.failures import ProviderDown
from core.domain.integration import Administration, IntegrationStatus
from tests.fake_books import FakeBooks
from tests.fake_provider import CLIENT_SECRET, GOOD_CODE, GOOD_KEY
from tests.services.house import BASE, House
from tests.tui.driving import Driven, driven
from tests.tui.launching import FakeLauncher

FOLDER: Final = Path(__file__).parent.parent / "docs"
SIZE: Final = (110, 30)
NIGHTS: Final = 9

NAMES: Final = (
    "Bakkerij Blom B.V.", "Brouwerij Sint-Joris BV", "Café 't Hoekje V.O.F.", "De Gouden Aar B.V.",
    "Drukkerij Oost B.V.", "Fietsen Peeters BV", "Houthandel Jansen & Zn.", "Kwekerij Zuid B.V.",
)  # fmt: skip


def books() -> list[FakeBooks]:
    """A year of sales of every company; one is archived at the provider."""
    found = []
    for number, name in enumerate(NAMES, start=1):
        company = FakeBooks(
            Administration(
                key=f"70{number:04d}",
                name=name,
                currency="EUR",
                country="BE" if "BV" in name else "NL",
                importable="Drukkerij" not in name,
                obstacle="archived at the provider" if "Drukkerij" in name else None,
            )
        )
        for sale in range(1, 37):
            net_e4 = (sale * 137 + number * 911) % 900 * 10_0000 + 250_0000
            vat_e4 = net_e4 * 21 // 100
            day = dt.date(
                2026 if sale > 24 else 2025,
                (sale - 1) % 12 + 1 if sale <= 24 else (sale - 25) % 3 + 1,
                1 + sale % 27,
            )
            company.post(
                f"sale-{sale}",
                day,
                ("acc-debtors", net_e4 + vat_e4),
                ("acc-turnover", -net_e4),
                ("acc-vat", -vat_e4),
                description=f"Invoice {20260000 + sale}",
            )
            if sale % 3:
                company.post(
                    f"paid-{sale}",
                    day,
                    ("acc-bank", net_e4 + vat_e4),
                    ("acc-debtors", -net_e4 - vat_e4),
                    description=f"Payment {20260000 + sale}",
                )
        found.append(company)
    return found


def empty_house() -> House:
    house = House()
    house.odoo.books = books()
    house.exact.books = books()
    return house


def lived_in_house() -> House:
    """Nights of imports: most went well, one failed, one connection needs a hand."""
    house = empty_house()
    house.exact.expires_at = house.clock.now() + dt.timedelta(days=40)
    integration_id = house.connect_exact()
    house.follow(integration_id, *(f"70{number:04d}" for number in (1, 2, 3, 4, 6, 7, 8)))
    house.import_rung()
    for night in range(NIGHTS):
        house.clock.advance(dt.timedelta(hours=23, minutes=50))
        for company in house.exact.books[night % 3 :: 3]:
            company.post(
                f"late-{night}",
                dt.date(2026, 3, 1 + night),
                ("acc-debtors", 1210_0000 + night * 10_0000),
                ("acc-turnover", -1210_0000 - night * 10_0000),
                description="Posted later",
            )
        house.import_now()
    house.exact.books[5].skew_e4 = 12_3400
    house.exact.failures["pull"] = [
        None,
        None,
        None,
        *[ProviderDown("Exact Online does not answer: it is tried again by itself.")] * 2,
    ]
    house.clock.advance(dt.timedelta(hours=23))
    house.import_now()
    other = house.connect_odoo(GOOD_KEY)
    with house.storage.writing() as uow:
        integration = uow.integrations.get(other)
        assert integration is not None, "connected above"
        uow.integrations.save(integration.moved(IntegrationStatus.NEEDS_RECONNECT))
        uow.commit()
    return house


async def choose(one: Driven, key: str) -> None:
    options = one.app.screen.query_one(OptionList)
    options.highlighted = options.get_option_index(key)
    await one.press("enter")


Draw = Callable[[str], Awaitable[None]]


async def set_up(one: Driven, draw: Draw) -> None:
    """The wizard, step by step."""
    await draw("software")
    await choose(one, "exact-online")
    await one.type("#field-client_id", "1b2f0c52-7d1e-4a52-9a44-2f6b8c1c9e10")
    await one.type("#field-client_secret", CLIENT_SECRET)
    await draw("form")
    await one.press("ctrl+s")
    await draw("consent")
    state = one.house.exact.flow.states[-1]
    answer = f"{BASE}/oauth/exact-online/callback?state={state}&code={GOOD_CODE}"
    await one.type("#answer", answer)
    await one.press("enter")
    await draw("select")
    await one.press("f")
    for _ in range(5):
        one.house.engine().run(one.house.doorbell.rung.pop(0))
    await one.news()
    await draw("first-imports")


async def daily(one: Driven, draw: Draw) -> None:
    """Every place, as after some weeks."""
    for key, name in (("1", "dashboard"), ("2", "entities"), ("3", "integrations")):
        await one.press(key)
        await draw(name)
    await one.press("4")
    await draw("activity")
    await one.press("question_mark")
    await draw("help")
    await one.press("escape", "2", "enter")
    await draw("entity")
    await one.press("1", "t")
    await draw("dashboard-light")


async def draw_all() -> dict[str, str]:
    """Every picture: its name and its SVG."""
    drawn: dict[str, str] = {}
    for house, play in ((empty_house(), set_up), (lived_in_house(), daily)):
        async with driven(FakeLauncher(house), size=SIZE) as one:

            async def draw(name: str, one: Driven = one) -> None:
                one.app.clear_notifications()
                await one.rest()
                drawn[name] = one.app.export_screenshot(title="monitr")

            await play(one, draw)
    return drawn


def write(folder: Path) -> None:
    """Draw and write them all, telling each path."""
    os.environ["TZ"] = "Europe/Amsterdam"
    time.tzset()
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in asyncio.run(draw_all()).items():
        path = folder / f"tui-{name}.svg"
        path.write_text(svg, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
