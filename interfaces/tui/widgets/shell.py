"""The bar on top and the failure panel: the two widgets of every screen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.widgets import Static

from core.domain.failures import Action, Failure
from interfaces.tui.places import PLACES

if TYPE_CHECKING:
    from interfaces.tui.app import MonitrApp

WHAT_TO_DO: Final[dict[Action, str]] = {
    Action.RECONNECT: "Reconnect it: Integrations (3), choose it, then c.",
    Action.WAIT: "Nothing to do: Monitr continues by itself.",
    Action.FIX_SETTINGS: "Change it, then try again.",
    Action.PROVIDER_DOWN: "Try again later; nothing is lost.",
    Action.DATA_NOT_UNDERSTOOD: "Nothing was taken over. Report it: Monitr must learn this.",
    Action.REPORT_BUG: "Report it to the makers of Monitr.",
    Action.CORRECT_REQUEST: "Correct it, then try again.",
    Action.TRY_AGAIN: "Nothing is wrong with your data.",
}
"""What to do next per kind of failure. Its own sentence comes first."""


TITLES_CELLS: Final = 76
"""What the titles of all places take."""

CRUMB_CELLS_MAX: Final = 24


class PlacesBar(Static):
    """Where one is and where one can go, with the organisation and what is amiss at the right."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PlacesBar { dock: top; height: 1; background: $panel; color: $text-muted; padding: 0 1;
        text-wrap: nowrap; text-overflow: ellipsis; link-style: none; link-color: $text;
        link-background-hover: $primary-muted; link-style-hover: none; }
    """

    def on_mount(self) -> None:
        self.show()

    def show(self) -> None:
        """Bring it up to date; paints nothing when nothing changed."""
        app: MonitrApp = self.app  # type: ignore[assignment]  # this bar is of no other app
        now = places_line(app.current_mode, app.notice, app.crumbs, app.size.width)
        if now != self.content:
            self.update(now)

    def on_resize(self) -> None:
        self.show()


def places_line(
    current: str, notice: str, crumbs: Sequence[str] = (), width: int = TITLES_CELLS
) -> Content:
    """The line of places, the current one lit with the way taken from it, then the notice.

    The other places are numbers alone where their titles would hide the way or the notice.
    """
    way = "".join(f" > {crumb}" for crumb in crumbs)
    said = len(way) + len(notice)
    short = said > 0 and said + TITLES_CELLS > width
    parts: list[Content] = [Content.styled("Monitr", "bold $primary")]
    for place in PLACES:
        number = place.keys.partition(",")[0]
        lit = place.name == current
        title = f" {number} " if short and not lit else f" {number} {place.title} "
        action = "app.back_to(1)" if lit and way else f"app.go('{place.name}')"
        name = Content.from_markup(f"[@click={action}]{title}[/]")
        if lit:
            name += _way(crumbs)
        parts.append(name.stylize("bold $text on $primary-muted") if lit else name)
    if notice:
        parts.append(Content.styled(notice, "bold $warning"))
    return Content(" ").join(parts)


def _way(crumbs: Sequence[str]) -> Content:
    """Each step can be clicked: back to it."""
    steps = [
        Content.from_markup(f"[@click=app.back_to({depth})]> $words [/]", words=_cut(crumb))
        for depth, crumb in enumerate(crumbs, start=2)
    ]
    return Content("").join(steps)


def _cut(words: str) -> str:
    return words if len(words) <= CRUMB_CELLS_MAX else words[: CRUMB_CELLS_MAX - 1] + "…"


class FailurePanel(Static):
    """One failure in words: what is wrong, what to do, and which key tries again."""

    DEFAULT_CSS = """
    FailurePanel { display: none; dock: bottom; height: auto; max-height: 8; margin-bottom: 1;
        padding: 0 1; background: $error-muted; color: $text; border-left: thick $error; }
    FailurePanel.-waiting { background: $warning-muted; border-left: thick $warning; }
    """

    words: str = ""
    """What it says, keys left out."""

    def show(self, failure: Failure, *, can_retry: bool, by_itself: bool) -> None:
        """``by_itself``: it is being tried again without being asked."""
        keys = []
        if by_itself:
            keys.append("Trying again by itself.")
        elif can_retry:
            keys.append("Ctrl+R tries again.")
        keys.append("Esc closes.")
        waits = failure.action in {Action.WAIT, Action.TRY_AGAIN}
        self.set_class(waits, "-waiting")
        said = WHAT_TO_DO[failure.action]
        if failure.retry_at is not None:
            until = failure.retry_at.astimezone().strftime("%d %b %H:%M")
            said = f"Wait until {until}. {said}"
        self.words = f"{failure.sentence} ({failure.code})"
        words = Content.assemble(
            (failure.sentence, "bold"), "\n", said, " ", (" ".join(keys), "$foreground-muted")
        )
        if words != self.content:
            self.update(words)
        self.display = True

    def hide(self) -> None:
        self.display = False
