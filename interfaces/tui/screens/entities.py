"""The entities: every company, how its import stands, and its books one key away."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

import attrs
from attrs import frozen
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from core.domain.catalogue import entry_of
from core.domain.import_run import RunStatus
from core.domain.proof import Verdict
from core.ports.storage import EntityFilter
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.screens.importing import import_all, import_now
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.pages import PAGE_ROWS, Pages, Row, row
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import (
    NEVER,
    count,
    outcome_words,
    proof_cell,
    status_cell,
    when,
)

if TYPE_CHECKING:
    from datetime import datetime

    from core.ports.storage import Contents
    from core.services.reading import EntityStatus
    from core.services.services import Services

_COLUMNS: Final = (
    Column(title="Entity", width=16, share=2),
    Column(title="Status", width=17),
    Column(title="What happens, what to do", width=14, share=4),
    Column(title="Books of", width=12, from_width=74),
    Column(title="Proof", width=14, from_width=96),
    Column(title="Next", width=12, from_width=112),
    Column(title="Source", width=12, from_width=130),
)

STANDINGS: Final[tuple[tuple[str, EntityFilter], ...]] = (
    ("all", EntityFilter()),
    (RunStatus.FAILED.value, EntityFilter(status=RunStatus.FAILED)),
    (RunStatus.IN_PROGRESS.value, EntityFilter(status=RunStatus.IN_PROGRESS)),
    (RunStatus.WAITING.value, EntityFilter(status=RunStatus.WAITING)),
    (RunStatus.SUCCEEDED.value, EntityFilter(status=RunStatus.SUCCEEDED)),
    (NEVER, EntityFilter(never=True)),
    ("Proof differs", EntityFilter(verdict=Verdict.DIFFERS)),
)
"""What ``f`` goes through."""

MOVING: Final = frozenset({RunStatus.WAITING, RunStatus.IN_PROGRESS})


@frozen(kw_only=True)
class Fetched:
    """A table of contents with the pages that show, read together."""

    contents: "Contents"
    pages: "Mapping[int, Sequence[Row]]"
    moving: frozenset[str]
    """Ids of the entities in those pages whose import is under way."""


class EntitiesScreen(MonitrScreen):
    """A list that may be thousands long: pages by keyset, repaints cells that changed."""

    NAME = "entities"
    FILTERS = True
    AUTO_FOCUS = ""
    HELP = (
        "Every company that is followed, with its newest import and the books that are visible. "
        "A failed import never takes away the books of an earlier night. "
        "f shows those of one status, / those whose name has the words; Enter opens one."
    )
    CSS = """
    EntitiesScreen #about { height: 1; color: $text-muted; }
    EntitiesScreen #detail { height: 2; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "import_now", "Import now"),
        Binding("N", "import_all", "Import all", key_display="N"),
        Binding("f", "next_standing", "Status"),
    ]

    def __init__(self, where: EntityFilter | None = None) -> None:
        super().__init__()
        self._standing = where or EntityFilter()
        self._arrived_with = self._standing
        self._total = 0
        self._moving: frozenset[str] = frozenset()
        self._another = True

    def body(self) -> Iterable[Widget] | ComposeResult:
        yield Static(id="about")
        yield PagedTable(_COLUMNS, fetch=self._fetch, empty="Reading…", id="entities")
        yield Static(id="detail")

    def on_mount(self) -> None:
        self.table.focus()

    @property
    def table(self) -> PagedTable:
        return self.query_one("#entities", PagedTable)

    @property
    def where(self) -> EntityFilter:
        """What is shown: a standing and the words of the filter."""
        return attrs.evolve(self._standing, text=self.filter_words.strip() or None)

    # Reading

    def load(self) -> None:
        """Contents and visible pages at once, so that they fit each other."""
        where, organisation_id = self.where, self.organisation_id
        another = self._another
        numbers = [0] if another else [number for number, _ in self.table.shown_pages()] or [0]

        def question(services: "Services") -> Fetched:
            reading = services.reading
            contents = reading.contents(organisation_id, every=PAGE_ROWS, where=where)
            now, pages, moving = services.ports.clock.now(), {}, set[str]()
            for number in numbers:
                if number < len(contents.starts):
                    found = reading.entities(
                        organisation_id,
                        after=contents.starts[number],
                        limit=PAGE_ROWS,
                        where=where,
                    )
                    pages[number] = [entity_row(one, now) for one in found]
                    moving |= {one.entity.id for one in found if _moves(one)}
            return Fetched(contents=contents, pages=pages, moving=frozenset(moving))

        def then(fetched: Fetched) -> None:
            self._another = False
            self._show(fetched, where, another=another)

        self.ask(question, then, group="list")

    def _fetch(self, number: int, start: str | None) -> None:
        """The table looks at a page it does not hold."""
        where, organisation_id = self.where, self.organisation_id

        def question(services: "Services") -> tuple[list[Row], set[str]]:
            found = services.reading.entities(
                organisation_id, after=start, limit=PAGE_ROWS, where=where
            )
            now = services.ports.clock.now()
            moving = {one.entity.id for one in found if _moves(one)}
            return [entity_row(one, now) for one in found], moving

        def then(answer: tuple[list[Row], set[str]]) -> None:
            rows, moving = answer
            self._moving |= moving
            self.table.page_arrived(number, rows)

        self.ask(question, then, group="page", otherwise=lambda _: self.table.fetch_failed())

    def beat(self) -> None:
        """Progress moves without an event: look while a visible entity is being imported."""
        if self._moving and any(one.key in self._moving for one in self.table.shown_rows()):
            self.load()

    # Showing

    def _show(self, fetched: Fetched, where: EntityFilter, *, another: bool) -> None:
        total = fetched.contents.total
        self._total, self._moving = total, fetched.moving
        pages = Pages.listed(total, fetched.contents.starts)
        table = self.table
        table.empty = (
            "No entity is followed yet: 5 goes through the steps."
            if where == EntityFilter()
            else "No entity fits. f shows another status, Esc ends the filter."
        )
        if another:
            for number, rows in fetched.pages.items():
                pages.put(number, rows)
            table.show_pages(pages)
        else:
            table.renew_pages(pages, fetched.pages)
        name = next(
            (name for name, one in STANDINGS if one == attrs.evolve(where, text=None)), "some"
        )
        self.named(name)
        words = f"{count(total, 'entity', 'entities')} · status: {name}"
        if where.text:
            words += f" · name contains “{where.text}”"
        self._put("about", words)
        self._show_detail(table.current)

    def _put(self, widget_id: str, words: str) -> None:
        """What did not change is not painted."""
        held = self.query_one(f"#{widget_id}", Static)
        if str(held.content) != words:
            held.update(Content(words), layout=False)

    @on(PagedTable.Moved, "#entities")
    def _moved(self, message: PagedTable.Moved) -> None:
        message.stop()
        self._show_detail(message.row)

    def _show_detail(self, current: Row | None) -> None:
        """The line under the cursor in full: columns cut it."""
        words = ""
        if current is not None:
            name, status, what, books, proof, due, source = (one.text for one in current.cells)
            words = (
                f"{name} ({source}): {status}. {what.removesuffix('.')}. "
                f"Books of {books}, proof {proof}, "
                f"next import {due}."
            )
        self._put("detail", words)

    def filtered(self, words: str) -> None:  # noqa: ARG002 - read from the filter itself
        self._show_another()

    def _show_another(self) -> None:
        self._another = True
        self.load()

    # Doing

    def action_next_standing(self) -> None:
        held = [one for _, one in STANDINGS]
        at = held.index(self._standing) if self._standing in held else -1
        self._standing = held[(at + 1) % len(held)]
        self._show_another()

    def leave(self) -> None:
        """Every status again first, as the empty list says; then back to what opened this one."""
        pushed = len(self.app.screen_stack) > 1
        wanted = self._arrived_with if pushed else EntityFilter()
        if self._standing == wanted:
            super().leave()
        else:
            self._standing = wanted
            self._show_another()

    def action_import_now(self) -> None:
        if self.table.current is not None:
            import_now(self, [self.table.current.key])

    def action_import_all(self) -> None:
        organisation_id = self.organisation_id
        self.ask(
            lambda services: services.reading.contents(organisation_id, every=PAGE_ROWS).total,
            lambda total: import_all(self, total),
            group="import",
        )

    @on(PagedTable.Chosen, "#entities")
    def _open(self, message: PagedTable.Chosen) -> None:
        message.stop()
        from interfaces.tui.screens.entity.screen import EntityScreen  # noqa: PLC0415 - when asked

        self.app.push_screen(EntityScreen(message.row.key))


def _moves(one: "EntityStatus") -> bool:
    return one.run is not None and one.run.status in MOVING


def entity_row(one: "EntityStatus", now: "datetime") -> Row:
    proof = one.published.proof if one.published is not None else None
    source = entry_of(one.integration.provider).name if one.integration is not None else "-"
    return row(
        one.entity.id,
        one.entity.name,
        status_cell(one.run),
        outcome_words(one.run, one.published, now),
        when(one.entity.published_at),
        proof_cell(proof),
        when(one.next_slot_at),
        source,
    )
