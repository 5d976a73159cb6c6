"""The set-up at the terminal: both ways to connect, refusals, and coming back."""

import pytest
from textual.widgets import Button, Input, OptionList, SelectionList

from adapters.storage.memory.storage import MemoryStorage
from core.domain.failures import CorrectRequest, FixSettings, ProviderDown
from core.domain.import_run import RunStatus
from core.domain.integration import Administration
from core.domain.onboarding import OnboardingStep
from interfaces.tui.screens.onboarding import OnboardingScreen, ResumePanel
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.wizard.consent import ConsentPanel
from interfaces.tui.wizard.form import FormPanel
from interfaces.tui.wizard.imports import ImportsPanel
from interfaces.tui.wizard.naming import NamePanel
from interfaces.tui.wizard.panel import Panel
from interfaces.tui.wizard.selecting import SelectPanel
from interfaces.tui.wizard.software import SoftwarePanel
from tests.fake_books import FakeBooks
from tests.fake_provider import CLIENT_SECRET, GOOD_CODE, GOOD_KEY, FakeProvider
from tests.services.house import BASE, House
from tests.tui.driving import Driven, at_terminal, driven
from tests.tui.launching import FakeLauncher


def outcomes(one: Driven) -> str:
    """What the list of first imports says of each, uncut."""
    return " ".join(row.cells[2].text for row in one.app.screen.query_one(ListTable).shown_rows())


def panel_of(one: Driven) -> Panel | None:
    assert isinstance(one.app.screen, OnboardingScreen)
    return one.app.screen.panel


def callback(state: str, **answer: str) -> str:
    """The address a browser ends on."""
    query = "&".join(f"{name}={value}" for name, value in {**answer, "state": state}.items())
    return f"{BASE}/oauth/exact-online/callback?{query}"


async def choose(one: Driven, key: str) -> None:
    options = one.app.screen.query_one(OptionList)
    options.highlighted = options.get_option_index(key)
    await one.press("enter")


async def give_key(one: Driven, key: str = GOOD_KEY) -> None:
    await choose(one, "odoo")
    await one.type("#field-api_key", key)
    await one.press("enter")


async def begin_consent(one: Driven) -> str:
    """The state of an authorisation begun at the keyboard."""
    await choose(one, "exact-online")
    await one.type("#field-client_id", "app")
    await one.type("#field-client_secret", CLIENT_SECRET)
    await one.press("ctrl+s")
    assert isinstance(panel_of(one), ConsentPanel)
    return one.house.exact.flow.states[-1]


@at_terminal
async def test_the_list_says_what_can_be_chosen_and_why_the_rest_cannot() -> None:
    async with driven() as one:
        options = one.app.screen.query_one(OptionList)
        listed = {option.id: option for option in options.options if option.id}
        assert len(listed) == 14
        assert [key for key, option in listed.items() if not option.disabled] == [
            "exact-online",
            "odoo",
        ]
        words = "\n".join(str(option.prompt) for option in options.options)
        assert "Most widely used in NL/BE" in words
        assert "recorded traffic" in words
        assert "After set-up" in words
        assert "cannot be your first integration" in words
        assert "Not available in this version of Monitr yet" in words


@at_terminal
async def test_the_list_is_filtered_by_words_and_escape_ends_it() -> None:
    async with driven() as one:
        await one.press("slash", *"system")
        options = one.app.screen.query_one(OptionList)
        assert [option.id for option in options.options if option.id] == ["odoo"]
        await one.press("escape")
        assert len([option for option in options.options if option.id]) == 14


@at_terminal
async def test_a_key_connects_from_the_list_to_proven_books() -> None:
    async with driven() as one:
        await choose(one, "odoo")
        assert isinstance(panel_of(one), FormPanel)
        assert one.said(".preparation") == "Make an API key in the fake software."
        assert one.app.screen.query_one("#field-url", Input).value == "https://books.fake.test"
        assert one.app.screen.query_one("#field-api_key", Input).password
        await one.type("#field-api_key", GOOD_KEY)
        assert GOOD_KEY not in one.painted()
        await one.press("enter")
        assert isinstance(panel_of(one), SelectPanel)
        assert "as Ada Lovelace (ada@example.test)" in one.said("#account")
        assert "2 administrations found, 2 can be followed now, 2 chosen" in one.said("#count")
        await one.press("f")
        assert isinstance(panel_of(one), ImportsPanel)
        assert "2 Waiting" in one.said("#summary")
        one.house.import_rung()
        await one.news()
        assert "2 Succeeded" in one.said("#summary")
        assert "All are done." in one.said("#summary")
        assert "proven: 4 accounts" in outcomes(one)
        await one.press("enter")
        assert one.app.current_mode == "dashboard"


@at_terminal
async def test_a_wrong_key_is_said_and_can_be_corrected() -> None:
    async with driven() as one:
        await give_key(one, "wrong")
        assert "Fake does not know this API key" in one.failure
        box = one.app.screen.query_one("#field-api_key", Input)
        assert box.has_class("wrong")
        assert box.has_focus
        assert not one.app.screen.query_one("#go", Button).disabled
        await one.type("#field-api_key", GOOD_KEY)
        await one.press("enter")
        assert isinstance(panel_of(one), SelectPanel)
        assert one.failure == ""


@at_terminal
async def test_a_missing_field_is_named() -> None:
    async with driven() as one:
        await choose(one, "exact-online")
        await one.press("ctrl+s")
        assert "Client id is missing" in one.failure
        assert one.app.screen.query_one("#field-client_id", Input).has_focus


@at_terminal
async def test_the_words_follow_the_form_where_the_list_says_oauth() -> None:
    house = House()
    house.exact = FakeProvider.keyed("exact-online", house.clock)
    async with driven(FakeLauncher(house)) as one:
        await choose(one, "exact-online")
        assert one.said(".note").startswith("API credentials; wire contract: ")
        assert "Redirect address" not in one.painted()
        assert str(one.app.screen.query_one("#go", Button).label) == "Connect"


@at_terminal
async def test_a_long_form_opens_at_what_is_to_be_prepared() -> None:
    async with driven(size=(80, 15)) as one:
        await choose(one, "exact-online")
        assert one.app.screen.query_one("#field-client_id", Input).has_focus
        assert "Connect Exact Online" in one.painted()
        assert "Redirect address" in one.painted()
        assert "Client id" in one.painted()


@at_terminal
async def test_a_consent_is_awaited_with_link_copy_and_countdown() -> None:
    async with driven(size=(100, 30)) as one:
        state = await begin_consent(one)
        assert f"state={state}" in one.said("#link")
        assert one.said("#left-time") == "Waiting for the answer, 10:00 left"
        assert one.launcher.callbacks_open == 1
        await one.press("y")
        assert one.app.clipboard == one.said("#link")
        one.house.clock.pause(61)
        panel = panel_of(one)
        assert isinstance(panel, ConsentPanel)
        panel.look()
        await one.rest()
        assert one.said("#left-time") == "Waiting for the answer, 8:59 left"


@at_terminal
async def test_an_answer_at_the_callback_moves_the_wizard_on() -> None:
    async with driven() as one:
        state = await begin_consent(one)
        one.house.services.authorising.complete("exact-online", {"state": state, "code": GOOD_CODE})
        await one.news()
        assert isinstance(panel_of(one), SelectPanel)
        assert "Ada Lovelace" in one.said("#account")
        assert one.launcher.callbacks_open == 0


@at_terminal
async def test_an_answer_can_be_pasted_and_its_code_does_not_stay_on_screen() -> None:
    async with driven() as one:
        state = await begin_consent(one)
        await one.type("#answer", callback(state, code=GOOD_CODE))
        await one.press("enter")
        assert isinstance(panel_of(one), SelectPanel)
        assert GOOD_CODE not in one.painted()


@at_terminal
async def test_a_pasted_answer_of_somewhere_else_is_refused_and_waiting_goes_on() -> None:
    async with driven() as one:
        state = await begin_consent(one)
        await one.type("#answer", callback("of-nobody", code=GOOD_CODE))
        await one.press("enter")
        assert "belongs to no connection begun here" in one.failure
        assert isinstance(panel_of(one), ConsentPanel)
        assert one.app.screen.query_one("#answer", Input).value == ""
        await one.type("#answer", callback(state, code=GOOD_CODE))
        await one.press("enter")
        assert isinstance(panel_of(one), SelectPanel)


@at_terminal
async def test_a_denied_consent_says_so_and_can_be_begun_again() -> None:
    async with driven() as one:
        state = await begin_consent(one)
        await one.type("#answer", callback(state, error="access_denied"))
        await one.press("enter")
        assert "access was not granted" in one.said("#outcome")
        one.house.clock.pause(1)
        await one.press("enter")
        again = one.house.exact.flow.states[-1]
        assert again != state
        await one.type("#answer", callback(again, code=GOOD_CODE))
        await one.press("enter")
        assert isinstance(panel_of(one), SelectPanel)


@at_terminal
async def test_a_consent_nobody_gives_in_time_ends_in_words() -> None:
    async with driven() as one:
        await begin_consent(one)
        one.house.clock.pause(601)
        panel = panel_of(one)
        assert isinstance(panel, ConsentPanel)
        panel.look()
        await one.rest()
        assert "sent no answer in time" in one.said("#outcome")
        assert one.app.screen.query_one("#again", Button).has_focus


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (FixSettings("Port 8710 is used by something else."), "Port 8710 is used"),
        (OSError(98, "Address already in use"), "(Address already in use): paste the address"),
    ],
)
@at_terminal
async def test_where_no_answer_can_arrive_the_paste_line_still_works(
    fault: Exception, said: str
) -> None:
    launcher = FakeLauncher(House())
    launcher.callback_failures.append(fault)
    async with driven(launcher) as one:
        state = await begin_consent(one)
        assert said in one.failure
        await one.type("#answer", callback(state, code=GOOD_CODE))
        await one.press("enter")
        assert isinstance(panel_of(one), SelectPanel)


@at_terminal
async def test_an_answer_the_provider_cannot_trade_is_said() -> None:
    async with driven() as one:
        state = await begin_consent(one)
        one.house.exact.failures["exchange"] = [ProviderDown("Exact does not answer: try later.")]
        await one.type("#answer", callback(state, code=GOOD_CODE))
        await one.press("enter")
        assert "Exact does not answer" in one.failure + one.said("#outcome")
        assert one.app.screen.query_one("#again", Button).display


@at_terminal
async def test_a_consent_is_left_by_going_elsewhere_and_goes_on_meanwhile() -> None:
    async with driven() as one:
        state = await begin_consent(one)
        await one.press("4")
        assert one.app.current_mode == "activity"
        one.house.services.authorising.complete("exact-online", {"state": state, "code": GOOD_CODE})
        await one.press("5")
        panel = panel_of(one)
        if isinstance(panel, ConsentPanel):
            panel.look()
            await one.rest()
        assert isinstance(panel_of(one), SelectPanel)


@at_terminal
async def test_an_abandoned_authorisation_is_resumed_without_filling_in_again() -> None:
    launcher = FakeLauncher(House())
    async with driven(launcher) as one:
        await begin_consent(one)
    async with driven(launcher) as one:
        assert isinstance(panel_of(one), ResumePanel)
        assert "A connection to Exact Online was begun" in one.said("#resume")
        await one.press("enter")
        assert isinstance(panel_of(one), ConsentPanel)
        state = launcher.house.exact.flow.states[-1]
        await one.type("#answer", callback(state, code=GOOD_CODE))
        await one.press("enter")
        assert isinstance(panel_of(one), SelectPanel)
    async with driven(launcher) as one:
        assert isinstance(panel_of(one), SelectPanel)
        await one.press("f")
        assert isinstance(panel_of(one), ImportsPanel)
    async with driven(launcher) as one:
        assert one.app.current_mode == "dashboard"


@at_terminal
async def test_other_software_can_be_chosen_after_an_abandoned_authorisation() -> None:
    launcher = FakeLauncher(House())
    async with driven(launcher) as one:
        await begin_consent(one)
    async with driven(launcher) as one:
        await one.press("tab", "enter")
        assert isinstance(panel_of(one), SoftwarePanel)
        await give_key(one)
        assert isinstance(panel_of(one), SelectPanel)


@at_terminal
async def test_escape_goes_one_step_back() -> None:
    async with driven() as one:
        await choose(one, "odoo")
        await one.press("escape")
        assert isinstance(panel_of(one), SoftwarePanel)


@at_terminal
async def test_administrations_are_chosen_by_filter_all_and_none() -> None:
    house = House()
    house.odoo.books.append(
        FakeBooks(
            Administration(
                key="adm-3",
                name="Drukkerij Oost",
                currency="EUR",
                importable=False,
                obstacle="archived at the provider",
            )
        )
    )
    async with driven(FakeLauncher(house)) as one:
        await give_key(one)
        assert "3 administrations found, 2 can be followed now, 2 chosen" in one.said("#count")
        boxes = one.app.screen.query_one(SelectionList)
        assert boxes.get_option("adm-3").disabled
        assert "archived at the provider" in str(boxes.get_option("adm-3").prompt)
        await one.press("minus")
        assert "0 chosen" in one.said("#count")
        assert one.app.screen.query_one("#follow", Button).disabled
        await one.press("slash", *"zuid")
        assert [option.id for option in boxes.options] == ["adm-2"]
        await one.press("enter")
        boxes.focus()
        await one.press("plus")
        assert "1 chosen" in one.said("#count")
        await one.press("escape")
        assert boxes.selected == ["adm-2"]
        boxes.focus()
        await one.press("f")
    entities = house.services.reading.entities(house.org)
    assert [status.entity.name for status in entities] == ["Café Zuid"]


@at_terminal
async def test_first_imports_show_failures_in_words() -> None:
    async with driven() as one:
        await give_key(one)
        await one.press("f")
        failure = CorrectRequest("The books are closed for maintenance: ask your accountant.")
        one.house.odoo.failures["pull"] = [failure]
        runs = one.house.import_rung()
        assert any(run is not None and run.status is RunStatus.FAILED for run in runs)
        await one.news()
        assert "1 Failed" in one.said("#summary")
        assert "The books are closed for maintenance" in outcomes(one)


@at_terminal
async def test_without_an_organisation_it_asks_for_a_name_first() -> None:
    house = House()
    house.storage = MemoryStorage()
    async with driven(FakeLauncher(house)) as one:
        assert isinstance(panel_of(one), NamePanel)
        await one.press("1")
        await one.type("#name", "  ")
        await one.press("enter", "enter")
        assert "Give the organisation a name" in one.failure
        await one.type("#name", "Bakkerij Vlaai")
        await one.type("#time_zone", "Europe/Nowhere")
        await one.press("enter")
        assert "There is no time zone" in one.failure
        await one.type("#time_zone", "Europe/Brussels")
        await one.press("enter")
        assert isinstance(panel_of(one), SoftwarePanel)
    (organisation,) = house.services.onboarding.organisations()
    assert (organisation.name, organisation.time_zone) == ("Bakkerij Vlaai", "Europe/Brussels")
    assert organisation.step is OnboardingStep.CHOOSE_SOFTWARE
