"""What the books pane can show in its table: a view asks for its rows and says what Enter does.

A view is made for one generation, named by its number: an import that publishes while somebody
reads does not mix into what they read.
"""

from typing import TYPE_CHECKING, ClassVar, Final

from attrs import define, frozen

from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from interfaces.tui.screens.entity.books import BooksPane

MONEY: Final = 18


@frozen(kw_only=True)
class Period:
    """A fiscal year, or one period of it; neither: everything."""

    year: int | None = None
    period: int | None = None

    @property
    def words(self) -> str:
        if self.year is None:
            return "all periods"
        return f"{self.year}" if self.period is None else f"{self.year}-{self.period:02d}"

    @property
    def since(self) -> tuple[int, int] | None:
        return None if self.year is None else (self.year, self.period or 0)

    @property
    def until(self) -> tuple[int, int] | None:
        return None if self.year is None else (self.year, self.period or PERIOD_LAST)


PERIOD_LAST: Final = 9_999
"""Greater than any period number of a year."""


@define(kw_only=True, eq=False)
class View:
    """``place`` is where the table was when something was opened on top of it."""

    columns: ClassVar[tuple[Column, ...]] = ()
    place: tuple[Pages, int] | None = None
    said: str = ""
    """The line above the table, once known."""
    empty: str = "Nothing is here."
    """Stands in the table when it has no row."""

    @property
    def title(self) -> str:
        """Its crumb."""
        raise NotImplementedError

    def load(self, pane: "BooksPane") -> None:
        """Ask for the rows."""

    def fetch(self, pane: "BooksPane", number: int, start: str | None) -> None:
        """The table looks at a page it does not hold."""

    def filtered(self, pane: "BooksPane", words: str) -> None:
        """The operator filters."""

    def opened(self, key: str) -> "View | None":
        """What Enter on that row shows."""
        del key
        return None
