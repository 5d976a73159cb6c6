"""Connections at the terminal: how they are, adding, reconnecting, checking, disconnecting."""

from datetime import timedelta

from textual.widgets import Input, OptionList

from core.domain.catalogue import AuthKind
from core.domain.failures import ProviderDown
from core.domain.integration import IntegrationStatus
from core.ports.provider import Limit
from core.services.budgets import BudgetLeft
from interfaces.tui.screens.connect import ConnectScreen, FollowScreen, ReconnectScreen
from interfaces.tui.screens.disconnecting import DisconnectDialog
from interfaces.tui.screens.integrations import (
    Held,
    IntegrationsScreen,
    about_held,
    budget_words,
    held_row,
)
from interfaces.tui.widgets.pages import Cell
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.wizard.consent import ConsentPanel
from interfaces.tui.wizard.review import ReviewPanel
from interfaces.tui.wizard.selecting import SelectPanel
from tests.fake_provider import CLIENT_SECRET, GOOD_CODE, GOOD_KEY
from tests.services.house import BASE, House
from tests.tui.driving import Driven, at_terminal, driven
from tests.tui.launching import FakeLauncher


def connected_house() -> House:
    """Odoo connected, one of its two administrations followed and imported."""
    house = House()
    house.odoo.expires_at = house.clock.now() + timedelta(days=12, hours=1)
    house.follow(house.connect_odoo(), "adm-1")
    house.import_rung()
    return house


def rows(one: Driven) -> list[list[str]]:
    table = one.app.screen.query_one(PagedTable)
    found = (table.row_at(place) for place in range(table.row_count))
    return [[cell.text for cell in row.cells] for row in found if row is not None]


def status_of(house: House) -> IntegrationStatus:
    return house.services.connecting.integrations(house.org)[0].status


async def at_integrations(one: Driven) -> None:
    await one.press("3")
    assert isinstance(one.app.screen, IntegrationsScreen)


@at_terminal
async def test_each_connection_shows_health_account_expiry_and_entities() -> None:
    async with driven(FakeLauncher(connected_house()), size=(120, 30)) as one:
        await at_integrations(one)
        assert rows(one) == [
            ["Odoo", "Bookkeeping", "✓ works", "Ada Lovelace", "in 12 days", "1", "-"]
        ]
        about = one.said("#about")
        assert "Ada Lovelace (ada@example.test)" in about
        assert "wire contract: recorded traffic" in about
        assert "Bakery Noord" in about
        assert "2 administrations" in about
        assert GOOD_KEY not in one.painted()


@at_terminal
async def test_without_connections_it_says_how_to_add_one() -> None:
    async with driven() as one:
        await at_integrations(one)
        assert "n adds a connection" in one.said("#about")
        await one.press("c")
        assert "Choose an integration first" in one.told


@at_terminal
async def test_adding_offers_categories_and_connects_by_consent() -> None:
    house = connected_house()
    async with driven(FakeLauncher(house)) as one:
        await at_integrations(one)
        await one.press("n")
        assert isinstance(one.app.screen, ConnectScreen)
        options = one.app.screen.query_one(OptionList)
        headings = [str(option.prompt) for option in options.options if option.id is None]
        assert headings == ["Bookkeeping", "CRM", "Subscriptions", "Files"]
        options.highlighted = options.get_option_index("exact-online")
        await one.press("enter")
        await one.type("#field-client_id", "app")
        await one.type("#field-client_secret", CLIENT_SECRET)
        await one.press("ctrl+s")
        assert one.app.screen.query(ConsentPanel)
        state = house.exact.flow.states[-1]
        await one.type(
            "#answer", f"{BASE}/oauth/exact-online/callback?state={state}&code={GOOD_CODE}"
        )
        await one.press("enter")
        assert one.app.screen.query(SelectPanel)
        await one.press("f")
        assert isinstance(one.app.screen, IntegrationsScreen)
        assert "2 more followed" in one.told
        assert [row[0] for row in rows(one)] == ["Odoo", "Exact Online"]


@at_terminal
async def test_a_dead_key_is_shown_and_reconnected_without_filling_everything_in() -> None:
    house = connected_house()
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        await at_integrations(one)
        house.odoo.failures["health"] = []
        integration = house.services.connecting.integrations(house.org)[0]
        with house.storage.writing() as uow:
            uow.integrations.save(integration.moved(IntegrationStatus.NEEDS_RECONNECT))
            uow.commit()
        await one.press("r")
        assert rows(one)[0][2] == "✗ needs reconnect"
        await one.press("c")
        assert isinstance(one.app.screen, ReconnectScreen)
        assert one.app.screen.query_one("#field-url", Input).value == "https://books.fake.test"
        assert one.app.screen.query_one("#field-api_key", Input).value == ""
        await one.press("ctrl+s")
        assert isinstance(one.app.screen, IntegrationsScreen)
        assert "Odoo works again." in one.told
        assert rows(one)[0][2] == "✓ works"


@at_terminal
async def test_a_reconnect_by_another_account_asks_first_and_can_be_left() -> None:
    house = connected_house()
    async with driven(FakeLauncher(house)) as one:
        await at_integrations(one)
        house.odoo.change_account("acct-2", "Grace Hopper")
        await one.press("c", "ctrl+s")
        screen = one.app.screen
        assert isinstance(screen, ReconnectScreen)
        assert isinstance(screen.panel, ReviewPanel)
        assert "The new consent is by Grace Hopper" in one.said("#sentence")
        await one.press("enter")
        assert isinstance(one.app.screen, IntegrationsScreen)
        assert rows(one)[0][3] == "Ada Lovelace"
        await one.press("c", "ctrl+s")
        await one.click("#confirm")
        assert isinstance(one.app.screen, IntegrationsScreen)
        assert rows(one)[0][3] == "Grace Hopper"


@at_terminal
async def test_a_check_says_what_answered_or_why_not() -> None:
    house = connected_house()
    async with driven(FakeLauncher(house)) as one:
        await at_integrations(one)
        await one.press("h")
        assert "Odoo answers: 2 administrations." in one.told
        house.odoo.failures["health"] = [ProviderDown("Odoo does not answer: try again later.")]
        await one.press("h")
        assert "Odoo does not answer" in one.failure
        await one.press("escape")
        assert one.failure == ""


@at_terminal
async def test_more_of_what_is_covered_can_be_followed() -> None:
    house = connected_house()
    async with driven(FakeLauncher(house)) as one:
        await at_integrations(one)
        await one.press("s")
        assert isinstance(one.app.screen, FollowScreen)
        assert "2 administrations found, 1 can be followed now, 1 chosen" in one.said("#count")
        await one.press("f")
        assert isinstance(one.app.screen, IntegrationsScreen)
        assert rows(one)[0][5] == "2"


@at_terminal
async def test_disconnecting_says_what_it_affects_and_asks() -> None:
    house = connected_house()
    async with driven(FakeLauncher(house)) as one:
        await at_integrations(one)
        await one.press("x")
        assert isinstance(one.app.screen, DisconnectDialog)
        assert "This ends the imports of 1: Bakery Noord." in one.said("#affects")
        await one.press("escape")
        assert status_of(house) is IntegrationStatus.ACTIVE
        await one.press("x", "x")
        assert status_of(house) is IntegrationStatus.DISCONNECTED
        assert "Odoo is disconnected. 1 entity is no longer imported." in one.told
        assert rows(one)[0][2] == "- disconnected"
        await one.press("c", "ctrl+s")
        assert "was disconnected for good" in one.failure


@at_terminal
async def test_the_list_is_filtered() -> None:
    house = connected_house()
    house.connect_exact()
    async with driven(FakeLauncher(house)) as one:
        await at_integrations(one)
        await one.press("slash", *"exact")
        assert [row[0] for row in rows(one)] == ["Exact Online"]
        await one.press("escape")
        assert len(rows(one)) == 2


@at_terminal
async def test_a_consent_that_was_left_waits_on_the_list_and_is_taken_there() -> None:
    house = connected_house()
    async with driven(FakeLauncher(house), size=(120, 30)) as one:
        await at_integrations(one)
        house.odoo.change_account("acct-2", "Grace Hopper")
        await one.press("f")
        assert isinstance(one.app.screen, IntegrationsScreen), "nothing waits yet"
        await one.press("c", "ctrl+s", "enter")
        assert rows(one)[0][2] == "! confirm it (f)"
        assert "waits for you: f takes it" in one.said("#about")
        await one.press("1")
        assert "waits for you to confirm it" in one.painted()
        await one.press("3", "f")
        assert "Use the new consent for Odoo" in one.painted()
        await one.press("n")
        assert rows(one)[0][3] == "Ada Lovelace"
        await one.press("f", "y")
        assert rows(one)[0][2:4] == ["✓ works", "Grace Hopper"]
        assert "Odoo is connected as Grace Hopper now." in one.told


def test_calls_left_show_what_is_tightest_and_every_limit_below() -> None:
    house = connected_house()
    minute = Limit(scope="app", calls=60, seconds=60)
    day = Limit(scope="app+administration", calls=5_000, seconds=86_400)
    now = house.clock.now()
    free_at = now + timedelta(hours=2)
    left = (
        BudgetLeft(provider="odoo", limit=minute, calls_left=58, free_at=None),
        BudgetLeft(provider="odoo", limit=day, calls_left=0, free_at=free_at),
    )
    assert budget_words(left[0]) == "58 calls left of 60 per minute, per app"
    (connection,) = house.services.connecting.integrations(house.org)
    held = Held(
        integration=connection,
        connects_by=AuthKind.API_CREDENTIALS,
        entities=(),
        administrations=2,
        budgets=left,
    )
    assert held_row(held, now).cells[-1] == Cell("0 of 5,000", "warn")
    about = about_held(held, now).plain
    assert "58 calls left of 60 per minute, per app" in about
    assert "0 calls left of 5,000 per day, per app and administration; the next may" in about
