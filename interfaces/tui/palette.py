"""Entities in the command palette: typing a part of a name opens one from anywhere."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.command import DiscoveryHit, Hit, Hits, Provider

from core.domain.failures import Failure
from core.ports.storage import EntityFilter

if TYPE_CHECKING:
    from core.services.reading import EntityStatus
    from interfaces.tui.app import MonitrApp

FOUND_MAX: Final = 12
"""Offered at once: who looks for more goes to the list of entities and filters."""


class EntityCommands(Provider):
    """Asks the store while one types; commands themselves are found by their own provider."""

    @property
    def monitr(self) -> "MonitrApp":
        app: MonitrApp = self.app  # type: ignore[assignment]  # this provider is of no other app
        return app

    async def discover(self) -> Hits:
        yield DiscoveryHit(
            "Open an entity",
            lambda: self.monitr.action_go("entities"),
            help="Type a part of its name here",
        )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for one in await asyncio.to_thread(self._found, query.strip()):
            name = one.entity.name
            status = one.run.status.value if one.run is not None else "never imported"
            yield Hit(
                max(matcher.match(name), 0.1),
                matcher.highlight(name),
                partial(self.monitr.open_entity, one.entity.id),
                text=name,
                help=f"Open this entity ({status})",
            )

    def _found(self, words: str) -> "tuple[EntityStatus, ...]":
        """Nothing while the store is busy: the palette is asked again at the next key."""
        organisation_id = self.monitr.organisation_id
        if not words or organisation_id is None or not self.monitr.opened:
            return ()
        try:
            return tuple(
                self.monitr.services.reading.entities(
                    organisation_id, limit=FOUND_MAX, where=EntityFilter(text=words)
                )
            )
        except Failure:
            return ()
