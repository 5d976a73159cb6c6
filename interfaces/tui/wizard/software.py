"""Which software: the product's list, with what may not be chosen now and why."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from core.services.onboarding import Choice
from interfaces.tui.widgets.words import FILES, category_of, fits
from interfaces.tui.wizard.panel import Panel

NOT_BUILT: Final = "Not available in this version of Monitr yet"
AFTER: Final = "After set-up"

_GROUPS: Final = ("Bookkeeping", "CRM", "Subscriptions", FILES)
_NAME_CELLS: Final = 14
_AUTH_CELLS: Final = 16
_NOTE_CELLS: Final = 26


class SoftwarePanel(Panel):
    """The list. ``grouped`` parts it by category."""

    STEP: ClassVar[str] = "Software"
    FIRST: ClassVar[str] = "OptionList"
    DEFAULT_CSS = """
    SoftwarePanel OptionList { height: 1fr; background: $background; }
    """

    class Chosen(Message):
        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, choices: Sequence[Choice], *, grouped: bool = False) -> None:
        super().__init__()
        self.choices = choices
        self.grouped = grouped

    def compose(self) -> ComposeResult:
        yield Static(
            "What do you want to connect?" if self.grouped else "Pick your accounting software",
            classes="title",
        )
        yield Static(
            f"   {'Name':{_NAME_CELLS}}{'Type':{_AUTH_CELLS}}{'Note':{_NOTE_CELLS}}Contract",
            classes="note",
            markup=False,
        )
        yield OptionList(*self._options(""), id="software", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(OptionList).action_first()

    def filtered(self, words: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options(words))
        options.action_first()

    def _options(self, words: str) -> list[Option | None]:
        fitting = [
            choice
            for choice in self.choices
            if fits(
                words,
                choice.entry.name,
                choice.entry.note,
                choice.connects_by,
                category_of(choice.entry),
            )
        ]
        options: list[Option | None] = []
        for heading, members in self._sections(fitting):
            if heading:
                options.append(Option(Content.styled(heading, "bold $primary"), disabled=True))
            options += [_option(choice, said=heading) for choice in members]
        return options

    def _sections(self, fitting: list[Choice]) -> Iterator[tuple[str, list[Choice]]]:
        """(heading, choices): by category, or what can be chosen now before what cannot."""
        if self.grouped:
            parts = [
                (group, [one for one in fitting if category_of(one.entry) == group])
                for group in _GROUPS
            ]
        else:
            parts = [
                ("", [one for one in fitting if one.refusal is None and one.available]),
                (AFTER, [one for one in fitting if one.refusal is not None]),
                (NOT_BUILT, [one for one in fitting if one.refusal is None and not one.available]),
            ]
        return ((heading, members) for heading, members in parts if members)

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        for choice in self.choices:
            if choice.entry.key == message.option_id:
                self.post_message(self.Chosen(choice))


def reason(choice: Choice) -> str | None:
    """Why it may not be chosen, in words for a person; None when it may."""
    if choice.refusal is not None:
        return f"{AFTER}: {choice.refusal}"
    if not choice.available:
        return NOT_BUILT
    return None


def _option(choice: Choice, *, said: str) -> Option:
    entry = choice.entry
    why = reason(choice)
    line = Content.assemble(
        "   " if why else " > ",
        (f"{entry.name:{_NAME_CELLS}}", "" if why else "bold"),
        f"{choice.connects_by.value:{_AUTH_CELLS}}",
        f"{entry.note:{_NOTE_CELLS}}",
        (entry.contract.value, "$foreground-muted"),
    )
    if why and why != said:
        why_here = choice.refusal if said == AFTER else why
        line = Content.assemble(line, "\n", (f"     {why_here}", "$foreground-muted"))
    return Option(line, id=entry.key, disabled=why is not None)
