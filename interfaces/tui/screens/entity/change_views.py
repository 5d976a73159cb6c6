"""What an import changed: per account and period, and line by line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from attrs import define, field, frozen

from core.domain.books import LedgerAccount
from core.ports.books import ChangePage
from core.services.reading import Changes
from interfaces.comparing import nothing_before
from interfaces.tui.screens.entity.view import MONEY, View
from interfaces.tui.screens.entity.views import EntryView
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import PAGE_ROWS, Cell, Pages, row
from interfaces.tui.widgets.words import amount, changes_words, count, when

if TYPE_CHECKING:
    from core.services.services import Services
    from interfaces.tui.screens.entity.books import BooksPane


@frozen(kw_only=True)
class NamedChanges:
    changes: Changes
    accounts: Sequence[LedgerAccount]


@define(kw_only=True, eq=False)
class ChangesView(View):
    """``older`` None: the generation before."""

    generation: str
    older: str | None = None
    _numbers: tuple[int, int] | None = field(default=None, init=False)

    columns: ClassVar = (
        Column(title="Period", width=8),
        Column(title="Account", width=14, share=1),
        Column(title="Added", width=7, right=True),
        Column(title="Changed", width=7, right=True),
        Column(title="Removed", width=7, right=True),
        Column(title="Closed", width=7, right=True),
        Column(title="Before", width=MONEY, right=True, from_width=100),
        Column(title="After", width=MONEY, right=True, from_width=100),
        Column(title="Difference", width=MONEY, right=True),
    )

    @property
    def title(self) -> str:
        return "Changes"

    def load(self, pane: "BooksPane") -> None:
        newer, older = self.generation, self.older

        def question(services: "Services", org: str, ent: str) -> NamedChanges:
            changes = services.reading.changes(org, ent, older=older, newer=newer)
            accounts = services.reading.accounts(org, ent, as_of=newer)
            return NamedChanges(changes=changes, accounts=accounts)

        pane.ask(question, lambda found: self._show(pane, found))

    def _show(self, pane: "BooksPane", found: NamedChanges) -> None:
        names = {one.key: f"{one.code} {one.name}".strip() for one in found.accounts}
        older, newer = found.changes.older, found.changes.newer
        if older is None:
            self.empty = nothing_before(newer.number)
            pane.show_rows(self, ())
            return
        self._numbers = (older.number, newer.number)
        self.said = (
            f"from generation {older.number} ({when(older.published_at)}) to {newer.number} "
            f"({when(newer.published_at)}): {count(len(found.changes.cells), 'balance')} touched"
        )
        if older.number == newer.number - 1:
            self.said += f", {changes_words(newer)}"
        if found.changes.closed.through is not None:
            self.said += (
                f"; {count(found.changes.closed_lines, 'line')} dated up to "
                f"{found.changes.closed.through.isoformat()}, where books are closed"
            )
        pane.show_rows(
            self,
            [
                row(
                    f"{one.cell.year} {one.cell.period} {one.cell.account_key}",
                    f"{one.cell.year}-{one.cell.period:02d}",
                    names.get(one.cell.account_key, one.cell.account_key),
                    f"{one.added:,}",
                    f"{one.changed:,}",
                    f"{one.removed:,}",
                    Cell(f"{one.closed:,}", "warn") if one.closed else "",
                    amount(one.before_e4),
                    amount(one.after_e4),
                    amount(one.after_e4 - one.before_e4),
                )
                for one in found.changes.cells
            ],
        )

    def opened(self, key: str) -> View | None:
        del key
        if self._numbers is None:
            return None
        older, newer = self._numbers
        return ChangedLinesView(older=older, newer=newer)


@define(kw_only=True, eq=False)
class ChangedLinesView(View):
    older: int
    newer: int
    _entries: dict[str, tuple[str, str]] = field(factory=dict, init=False)
    """Line key to (generation, entry key) where it can be read."""

    columns: ClassVar = (
        Column(title="What", width=8),
        Column(title="Date", width=10),
        Column(title="Period", width=8, from_width=100),
        Column(title="Description", width=12, share=1),
        Column(title="Before", width=MONEY, right=True),
        Column(title="After", width=MONEY, right=True),
    )

    @property
    def title(self) -> str:
        return "Line by line"

    def load(self, pane: "BooksPane") -> None:
        self.fetch(pane, 0, None)

    def fetch(self, pane: "BooksPane", number: int, start: str | None) -> None:
        older, newer = self.older, self.newer
        pane.ask(
            lambda services, org, ent: services.reading.changed_lines(
                org, ent, older=older, newer=newer, cursor=start, limit=PAGE_ROWS
            ),
            lambda page: self._show(pane, number, page),
        )

    def _show(self, pane: "BooksPane", number: int, page: ChangePage) -> None:
        rows = []
        for one in page.changes:
            line = one.after or one.before
            assert line is not None, "a change has a side"
            what = "changed" if one.before and one.after else "added" if one.after else "removed"
            tone = {"added": "good", "removed": "bad"}.get(what, "warn")
            generation = self.newer if one.after is not None else self.older
            self._entries[line.key] = (str(generation), line.entry_key)
            rows.append(
                row(
                    line.key,
                    Cell(what, tone),
                    line.date.isoformat(),
                    f"{line.year}-{line.period:02d}",
                    line.description or "-",
                    amount(one.before.amount_e4) if one.before else "",
                    amount(one.after.amount_e4) if one.after else "",
                )
            )
        self.said = f"lines that differ between generation {self.older} and {self.newer}"
        if number == 0:
            pages = Pages.forward()
            pages.put(0, rows, next_start=page.next_cursor)
            pane.show_pages(self, pages)
        else:
            pane.page_arrived(self, number, rows, page.next_cursor)

    def opened(self, key: str) -> View | None:
        found = self._entries.get(key)
        return EntryView(generation=found[0], entry_key=found[1]) if found is not None else None
