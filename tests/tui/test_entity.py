"""One entity: its figures, its books down to an entry, its imports with proof, its settings."""

import datetime as dt

import pytest

from core.domain.entity import LinkRole
from core.domain.failures import NotUnderstood
from interfaces.tui.screens.entities import EntitiesScreen
from interfaces.tui.screens.entity.books import BooksPane
from interfaces.tui.screens.entity.run import RunScreen
from interfaces.tui.screens.entity.screen import EntityScreen
from interfaces.tui.widgets.charts import Chart
from interfaces.tui.widgets.dialogs import AskText, Choose, Confirm
from interfaces.tui.widgets.words import amount, when
from tests.services.house import House
from tests.tui.driving import Driven, at_terminal, driven
from tests.tui.houses import VANISHED, cells, column, followed_house, ids, imported_house, table
from tests.tui.launching import FakeLauncher

WIDE = (160, 40)


async def at_entity(one: Driven, *keys: str, entity: int = 0) -> EntityScreen:
    """Its screen, then those keys."""
    await one.press("2", *["down"] * entity, "enter", *keys)
    found = one.app.screen
    assert isinstance(found, EntityScreen)
    return found


def edited_house() -> House:
    """Imported twice: in between one sale changed, one was added, one payment deleted."""
    house = imported_house()
    books = house.odoo.books[0]
    books.post(
        "sale-1",
        dt.date(2026, 1, 15),
        ("acc-debtors", 2_000_0000),
        ("acc-turnover", -2_000_0000),
        description="Invoice 1, corrected",
    )
    books.post("sale-9", dt.date(2026, 3, 1), ("acc-bank", 7_0000), ("acc-turnover", -7_0000))
    books.delete("paid-2")
    house.clock.advance(dt.timedelta(days=1))
    house.import_now(ids(house)[0])
    return house


@at_terminal
async def test_overview_shows_figures_that_are_the_books() -> None:
    house = imported_house()
    figures = house.services.reading.figures(house.org, ids(house)[0])
    turnover_e4 = -house.trial_balance_e4(ids(house)[0])["acc-turnover"]
    assert figures.result_of_year_e4(2026) == turnover_e4 == 21_007_3800
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one)
        money = one.said("#money")
        assert "Result 2026              21,007.38" in money
        assert "Result 2025                   0.00" in money
        state = one.said("#state")
        assert "generation 1 of " in state
        assert "proven: 4 accounts equal the provider's to the cent" in state
        assert "from Odoo (active)" in state
        bars = one.app.screen.query_one("#result", Chart).bars
        assert [bar.value for bar in bars] == [one.result_e4 for one in figures.periods]
        assert [bar.mark for bar in bars] == ["1", "2", "3", "4", "5", "6"]
        assert [bar.label for bar in bars][:2] == ["2026", ""]


@at_terminal
async def test_an_entity_never_imported_has_empty_panes_that_say_so() -> None:
    house = followed_house()
    async with driven(FakeLauncher(house)) as one:
        await at_entity(one)
        assert "No books yet: n imports them now." in one.said("#money")
        await one.press("b")
        assert "No books yet: n imports them now." in one.painted()
        await one.press("c", "p", "g", "left", "right", "enter")
        assert one.failure == ""
        await one.press("m")
        assert column(one, "#runs", 1) == ["… Waiting"]
        await one.press("s")
        assert "No slot was due yet." in one.painted()
        house.import_rung()
        await one.news()
        await one.press("b")
        assert len(cells(one, "#books")) == 4


@at_terminal
async def test_a_failed_first_import_says_what_to_do() -> None:
    house = followed_house()
    house.odoo.failures["pull"] = [VANISHED]
    house.import_rung()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "m")
        assert VANISHED.sentence in one.said("#head")
        assert cells(one, "#runs")[0][6] == VANISHED.sentence
        await one.press("enter")
        assert isinstance(one.app.screen, RunScreen)
        assert VANISHED.sentence in one.said("#said")


@at_terminal
async def test_from_the_trial_balance_to_an_entry_and_back() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "b")
        balances_e4 = house.trial_balance_e4(ids(house)[0])
        assert [row[:2] + row[5:] for row in cells(one, "#books")] == [
            ["1000", "Bank", amount(balances_e4["acc-bank"]), "3"],
            ["1300", "Debtors", amount(balances_e4["acc-debtors"]), "9"],
            ["1800", "VAT payable", amount(balances_e4["acc-vat"]), "6"],
            ["8000", "Turnover", "-21,007.38", "6"],
        ]
        debit, credit = one.said("#said").removesuffix(" EUR").split(", credit ")
        assert debit == f"debit {credit}"
        await one.press("down", "enter")
        assert one.said("#crumbs").startswith("Trial balance > 1300 Debtors")
        lines = cells(one, "#books")
        assert len(lines) == 9
        assert lines[0] == ["2026-01-15", "sale-1", "Invoice 1", "1,211.4883", ""]
        await one.press("end", "enter")
        assert "balances" in one.said("#said")
        entry = cells(one, "#books")
        assert sorted(row[0] for row in entry) == ["1000", "1300"]
        await one.press("escape")
        assert table(one, "#books").cursor == 8
        await one.press("escape")
        assert table(one, "#books").cursor == 1
        assert one.said("#said").startswith("debit ")
        await one.press("escape")
        assert isinstance(one.app.screen, EntitiesScreen)


@at_terminal
async def test_books_by_period() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "b", "left")
        assert "(2026; generation 1)" in one.said("#crumbs")
        await one.press("left")
        assert "(2026-06; generation 1)" in one.said("#crumbs")
        turnover = cells(one, "#books")[-1]
        assert turnover[4:] == ["6,001.23", "-21,007.38", "1"]
        assert turnover[2] == "-15,006.15"
        await one.press("end", "enter")
        assert column(one, "#books", 0) == ["2026-06-15"]
        await one.press("escape", "p")
        assert isinstance(one.app.screen, Choose)
        assert "No period is known to be closed" in one.said(".words")
        assert column(one, "#choices", 0)[:3] == ["all periods", "2026", "2026-06"]
        await one.press("enter")
        assert "(all periods;" in one.said("#crumbs")


@at_terminal
async def test_filters_in_the_books() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "b", "/", "d", "e", "b")
        assert column(one, "#books", 1) == ["Debtors"]
        await one.press("enter", "enter")
        assert len(cells(one, "#books")) == 9
        await one.press("/", "p", "a", "y")
        assert set(column(one, "#books", 2)) == {"Payment 2", "Payment 4", "Payment 6"}
        await one.press("escape")
        assert len(cells(one, "#books")) == 9


@at_terminal
async def test_what_changed_since_the_last_import() -> None:
    house = edited_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "b", "c")
        changed = {(row[0], row[1]): row for row in cells(one, "#books")}
        january = changed["2026-01", "8000 Turnover"]
        assert january[3:] == ["1", "0", "", "-1,001.23", "-2,000.00", "-998.77"]
        assert changed["2026-03", "8000 Turnover"][2] == "1"
        assert changed["2026-02", "1000 Bank"][4:] == [
            "1", "", "2,421.4883", "0.00", "-2,421.4883",
        ]  # fmt: skip
        assert "from generation 1" in one.said("#said")
        await one.press("enter")
        kinds = column(one, "#books", 0)
        assert set(kinds) == {"added", "changed", "removed"}
        at = kinds.index("removed")
        await one.press(*["down"] * at, "enter")
        assert one.said("#crumbs").startswith("Trial balance > Changes > Line by line > Entry")
        await one.press("escape", "escape", "escape")
        assert one.said("#crumbs").startswith("Trial balance  (")


@at_terminal
async def test_the_first_import_has_nothing_to_compare_with() -> None:
    async with driven(FakeLauncher(imported_house()), size=WIDE) as one:
        await at_entity(one, "b", "c")
        assert one.failure == ""
        assert one.said("#crumbs").startswith("Trial balance > Changes  (")
        nothing = (
            "Generation 1 is the first that can be read: there is nothing before it to compare"
        )
        assert nothing in one.painted()
        assert cells(one, "#books") == []
        await one.press("enter", "escape")
        assert one.said("#crumbs").startswith("Trial balance  (")
        assert len(cells(one, "#books")) == 4
        assert nothing not in one.painted()


@at_terminal
async def test_books_as_of_an_earlier_generation() -> None:
    house = edited_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "b")
        newest = cells(one, "#books")[-1][5]
        await one.press("g")
        assert isinstance(one.app.screen, Choose)
        assert column(one, "#choices", 0) == ["2", "1"]
        await one.press("down", "enter")
        assert "generation 1, not the newest" in one.said("#crumbs")
        assert cells(one, "#books")[-1][5] == "-21,007.38" != newest
        await one.press("g", "enter")
        assert "generation 2)" in one.said("#crumbs")
        assert cells(one, "#books")[-1][5] == newest


@at_terminal
async def test_new_books_replace_the_trial_balance_that_shows() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "b")
        house.odoo.books[0].post(
            "late", dt.date(2026, 6, 30), ("acc-bank", 1_0000), ("acc-turnover", -1_0000)
        )
        house.import_now(ids(house)[0])
        await one.news()
        assert "generation 2)" in one.said("#crumbs")
        assert cells(one, "#books")[-1][5] == "-21,008.38"


@at_terminal
async def test_imports_with_proof_and_residuals_per_account() -> None:
    house = imported_house()
    house.odoo.books[0].skew_e4 = 5_0000
    house.clock.advance(dt.timedelta(days=1))
    house.import_now(ids(house)[0])
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "m")
        newest, first = cells(one, "#runs")
        assert newest[1] == first[1] == "✓ Succeeded"
        assert newest[6] == "differs by 5.00 EUR in 1 place"
        assert first[6] == "proven: 4 accounts equal the provider's to the cent"
        assert first[2:5] == ["24", "38", "4"]
        await one.press("enter")
        assert isinstance(one.app.screen, RunScreen)
        assert cells(one, "#residuals") == [
            ["2026-01", "1000 Bank", "0.00", "5.00", "-5.00"],
        ]
        assert "differs by 5.00 EUR" in one.said("#said")
        await one.press("escape", "down", "enter")
        assert "No place differs." in one.painted()


@at_terminal
async def test_a_long_history_of_imports_pages_backwards() -> None:
    house = imported_house()
    for _ in range(60):
        house.clock.advance(dt.timedelta(hours=1))
        house.import_now(ids(house)[0])
    async with driven(FakeLauncher(house), size=(100, 60)) as one:
        await at_entity(one, "m")
        seen = column(one, "#runs", 0)
        await one.press("end", "end")
        assert table(one, "#runs").row_count == 61
        oldest = house.services.reading.runs(house.org, entity_id=ids(house)[0])[-1]
        assert column(one, "#runs", 0)[-1] == when(oldest.requested_at)
        assert seen[0] != column(one, "#runs", 0)[0]


@at_terminal
async def test_import_now_from_the_entity_and_its_progress() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "m", "n")
        assert "1 import requested." in one.told
        assert column(one, "#runs", 1) == ["… Waiting", "✓ Succeeded"]
        house.odoo.failures["pull"] = [NotUnderstood("Fake answered in riddles: report it.")]
        house.import_rung()
        await one.news()
        assert column(one, "#runs", 1) == ["✗ Failed", "✓ Succeeded"]
        assert "riddles" in one.said("#head")
        assert "are still good" in one.said("#head")


@at_terminal
async def test_link_to_a_different_accounting_integration() -> None:
    house = imported_house()
    other = house.connect_exact()
    house.follow(other, "adm-2")
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "s")
        assert cells(one, "#links") == [["primary", "Odoo", "Bakery Noord", "active"]]
        await one.press("l")
        assert isinstance(one.app.screen, Choose)
        assert column(one, "#choices", 0) == ["Odoo", "Exact Online"]
        await one.press("down", "enter")
        assert column(one, "#choices", 0) == ["Bakery Noord", "Café Zuid"]
        await one.press("down", "enter")
        assert isinstance(one.app.screen, Confirm)
        assert "Café Zuid" in one.said(".words")
        await one.press("y")
        assert "is followed as Café Zuid already" in one.failure
        await one.press("escape", "l", "down", "enter", "enter", "y")
        assert one.failure == ""
        assert cells(one, "#links") == [["primary", "Exact Online", "Bakery Noord", "active"]]
        entity = house.services.reading.entity(house.org, ids(house)[0]).entity
        assert entity.primary is not None
        assert entity.primary.integration_id == other


@at_terminal
async def test_add_a_link_beside_the_accounting_and_refuse_politely() -> None:
    house = imported_house()
    house.follow(house.connect_exact(), "adm-2")
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "s")
        await one.press("A", "down", "enter", "enter", "n")
        assert len(cells(one, "#links")) == 1
        await one.press("A", "down", "enter", "enter", "y")
        assert column(one, "#links", 0) == ["primary", "additional"]
        entity = house.services.reading.entity(house.org, ids(house)[0]).entity
        assert [link.role for link in entity.links] == [LinkRole.PRIMARY, LinkRole.ADDITIONAL]


@at_terminal
async def test_set_a_time_zone_and_take_it_away() -> None:
    house = imported_house()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "s")
        assert "clock of Europe/Amsterdam, as the organisation" in one.said("#clock")
        await one.press("z")
        assert isinstance(one.app.screen, AskText)
        await one.type("Input", "Mars/Olympus")
        await one.press("enter")
        assert "There is no time zone 'Mars/Olympus'" in one.failure
        await one.press("escape", "z")
        await one.type("Input", "Atlantic/Azores")
        await one.press("enter")
        assert "clock of Atlantic/Azores" in one.said("#clock")
        status = house.services.reading.entity(house.org, ids(house)[0])
        assert status.entity.time_zone == "Atlantic/Azores"
        assert when(status.next_slot_at) in one.said("#clock")
        await one.press("z")
        await one.type("Input", "")
        await one.press("enter")
        assert house.services.reading.entity(house.org, ids(house)[0]).entity.time_zone is None


@at_terminal
async def test_slots_so_far_and_the_run_behind_one() -> None:
    house = imported_house()
    house.clock.advance(dt.timedelta(hours=14))
    house.services.nights.open_due()
    house.import_rung()
    async with driven(FakeLauncher(house), size=WIDE) as one:
        await at_entity(one, "s")
        slots = cells(one, "#slots")
        assert slots[0][:2] == ["2026-03-11", "1"]
        assert "import requested, late" in slots[0][3]
        table(one, "#slots").focus()
        await one.press("enter")
        assert isinstance(one.app.screen, RunScreen)


@at_terminal
async def test_panes_go_round_by_tab_and_by_click() -> None:
    async with driven(FakeLauncher(imported_house())) as one:
        screen = await at_entity(one)
        shown = []
        for _ in range(4):
            assert screen.pane is not None
            shown.append(screen.pane.NAME)
            await one.press("tab")
        assert shown == ["overview", "books", "imports", "settings"]
        await one.app.run_action("screen.pane('books')")
        await one.rest()
        assert screen.query_one(BooksPane).display
        assert "[Books]" in one.said("#tabs")


@pytest.mark.parametrize("pane", ["v", "b", "m", "s"])
def test_every_pane_fits_every_size(pane: str) -> None:
    @at_terminal
    async def through_sizes() -> None:
        async with driven(FakeLauncher(edited_house())) as one:
            screen = await at_entity(one, pane)
            for size in ((80, 24), (40, 10), (200, 60), (80, 24)):
                await one.pilot.resize_terminal(*size)
                await one.rest()
                assert "Bakery Noord" in one.said("#head")
            assert screen.pane is not None
            assert screen.pane.display

    through_sizes()
