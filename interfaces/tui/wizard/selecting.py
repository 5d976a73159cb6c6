"""Who consented, which administrations were found, and which of them to follow."""

from collections.abc import Mapping
from typing import ClassVar

from attrs import field, frozen
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, SelectionList, Static
from textual.widgets.selection_list import Selection

from core.domain.catalogue import entry_of
from core.domain.integration import Administration
from core.services.connecting import Connection
from interfaces.tui.widgets.ticks import Ticks
from interfaces.tui.widgets.words import fits
from interfaces.tui.wizard.panel import Panel, busy_line


@frozen(kw_only=True)
class Found:
    """A connection and what of it is followed: administration key to the entity's name."""

    connection: Connection
    followed: Mapping[str, str] = field(factory=dict)


class SelectPanel(Panel):
    """A list with boxes. What cannot be followed says why and has no box to tick."""

    STEP: ClassVar[str] = "Entities"
    FIRST: ClassVar[str] = "Ticks"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus", "all", "All", key_display="+"),
        Binding("minus", "none", "None", key_display="-"),
        Binding("f", "follow", "Follow them"),
    ]
    DEFAULT_CSS = """
    SelectPanel SelectionList { height: 1fr; min-height: 4; background: $background; }
    SelectPanel #warnings { color: $warning; }
    """

    class Decided(Message):
        def __init__(self, integration_id: str, keys: tuple[str, ...]) -> None:
            super().__init__()
            self.integration_id = integration_id
            self.keys = keys

    class Left(Message):
        """The operator wants other software, or decides later."""

    def __init__(self, found: Found) -> None:
        super().__init__()
        self.found = found
        self.integration = found.connection.integration
        self.administrations = found.connection.administrations
        self.chosen: set[str] = {one.key for one in self.administrations if self._free(one)}
        """Everything that can be followed is ticked to begin with; filtering keeps the ticks."""

    def _free(self, one: Administration) -> bool:
        return one.importable and one.key not in self.found.followed

    def compose(self) -> ComposeResult:
        account = self.integration.account
        who = account.name if account is not None else "nobody yet"
        if account is not None and account.email:
            who += f" ({account.email})"
        name = entry_of(self.integration.provider).name
        yield Static(
            Content.assemble((f"{name} is connected", "bold $primary"), f" as {who}"), id="account"
        )
        yield Static("", id="count", classes="note", markup=False)
        warnings = "\n".join(self.found.connection.warnings)
        yield Static(warnings, id="warnings", markup=False)
        yield Ticks(*self._selections(""), id="administrations", compact=True)
        with Horizontal(classes="row"):
            yield Button("Follow", variant="primary", id="follow", compact=True)
            yield Button("All (+)", id="all", compact=True)
            yield Button("None (-)", id="none", compact=True)
            yield Button("Back", id="left", compact=True)
        yield busy_line()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#warnings").display = bool(self.found.connection.warnings)
        self._count()

    def filtered(self, words: str) -> None:
        boxes = self._boxes()
        boxes.clear_options()
        boxes.add_options(self._selections(words))
        boxes.action_first()

    def _selections(self, words: str) -> list[Selection[str]]:
        return [
            Selection(
                self._line(one),
                one.key,
                initial_state=one.key in self.chosen,
                id=one.key,
                disabled=not self._free(one),
            )
            for one in self.administrations
            if fits(words, one.name, one.key, one.country or "")
        ]

    def _line(self, one: Administration) -> Content:
        where = " ".join(part for part in (one.key, one.country, one.currency) if part)
        line = Content.assemble(one.name, "  ", (where, "$foreground-muted"))
        if one.key in self.found.followed:
            held = f"  followed as {self.found.followed[one.key]}"
            return Content.assemble(line, (held, "$foreground-muted"))
        if not one.importable:
            return Content.assemble(line, (f"  {one.obstacle or 'cannot be read'}", "$warning"))
        return line

    def _boxes(self) -> Ticks:
        return self.query_one(Ticks)

    def _count(self) -> None:
        free = sum(self._free(one) for one in self.administrations)
        self.query_one("#count", Static).update(
            f"{len(self.administrations)} administrations found, {free} can be followed now, "
            f"{len(self.chosen)} chosen. Space ticks, / filters."
        )
        follow = self.query_one("#follow", Button)
        follow.label = f"Follow {len(self.chosen)} (f)"
        follow.disabled = not self.chosen

    @on(SelectionList.SelectionToggled)
    def _toggled(self, message: "SelectionList.SelectionToggled[str]") -> None:
        message.stop()
        key = message.selection.value
        if key in message.selection_list.selected:
            self.chosen.add(key)
        else:
            self.chosen.discard(key)
        self._count()

    def action_all(self) -> None:
        """Tick everything shown."""
        boxes = self._boxes()
        shown = {option.id for option in boxes.options if not option.disabled}
        self.chosen |= {key for key in shown if key is not None}
        for key in shown:
            if key is not None:
                boxes.select(key)
        self._count()

    def action_none(self) -> None:
        """Untick everything shown."""
        boxes = self._boxes()
        self.chosen -= {option.id for option in boxes.options if option.id is not None}
        for option in boxes.options:
            if not option.disabled and option.id is not None:
                boxes.deselect(option.id)
        self._count()

    def action_follow(self) -> None:
        if self.query_one("#follow", Button).disabled:
            return
        keys = tuple(one.key for one in self.administrations if one.key in self.chosen)
        self.post_message(self.Decided(self.integration.id, keys))

    @on(Button.Pressed)
    def _pressed(self, message: Button.Pressed) -> None:
        message.stop()
        match message.button.id:
            case "follow":
                self.action_follow()
            case "all":
                self.action_all()
            case "none":
                self.action_none()
            case _:
                self.post_message(self.Left())
