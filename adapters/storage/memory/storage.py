"""Units of work over plain dictionaries.

A committed state is never changed: a writing unit works on a copy of the tables and commit puts
that copy in place. So leaving without commit forgets everything, and a reading unit keeps seeing
the state it began with. Values are frozen, hence shared.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from adapters.storage.memory.access import MemoryApiTokens, MemoryRepeats
from adapters.storage.memory.books import MemoryBooks
from adapters.storage.memory.repositories import (
    MemoryActivity,
    MemoryEntities,
    MemoryIntegrations,
    MemoryLeases,
    MemoryOAuthAttempts,
    MemoryOrganisations,
    MemoryRuns,
    MemorySecrets,
    MemorySettings,
    MemorySlots,
    MemoryTokens,
)
from adapters.storage.memory.state import State
from adapters.storage.memory.uploads import MemoryUploads
from core.domain.failures import OurBug, TryAgain
from core.ports.access import ApiTokens, Repeats
from core.ports.connections import OAuthAttempts, Secrets, Tokens
from core.ports.files import Uploads
from core.ports.storage import (
    Activity,
    Entities,
    Integrations,
    Leases,
    Organisations,
    Runs,
    Settings,
    Slots,
)

LOCK_WAIT_SECONDS: Final = 10.0
"""A writer waits this long for another one, then says so."""


class MemoryUnit:
    """Implements core.ports.storage.UnitOfWork over one state."""

    def __init__(self, state: State, keep: Callable[[State], None] | None = None) -> None:
        self._state = state
        self._keep = keep
        self.organisations: Organisations = MemoryOrganisations(state)
        self.integrations: Integrations = MemoryIntegrations(state)
        self.entities: Entities = MemoryEntities(state)
        self.runs: Runs = MemoryRuns(state)
        self.slots: Slots = MemorySlots(state)
        self.activity: Activity = MemoryActivity(state)
        self.secrets: Secrets = MemorySecrets(state)
        self.tokens: Tokens = MemoryTokens(state)
        self.oauth_attempts: OAuthAttempts = MemoryOAuthAttempts(state)
        self.leases: Leases = MemoryLeases(state)
        self.settings: Settings = MemorySettings(state)
        self.api_tokens: ApiTokens = MemoryApiTokens(state)
        self.repeats: Repeats = MemoryRepeats(state)
        self.uploads: Uploads = MemoryUploads(state)
        self.books: MemoryBooks = MemoryBooks(state)

    def commit(self) -> None:
        if self._keep is None:
            raise OurBug("A reading unit of work was committed: report this.", code="read-only")
        self._keep(self._state.fork())
        self.books.share()


class MemoryStorage:
    """Implements core.ports.storage.Storage for one process."""

    def __init__(self) -> None:
        self._committed = State()
        self._writer = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[MemoryUnit]:
        # A fork too: what a reader writes by mistake must reach nobody.
        yield MemoryUnit(self._committed.fork())

    @contextmanager
    def writing(self) -> Iterator[MemoryUnit]:
        if not self._writer.acquire(timeout=LOCK_WAIT_SECONDS):
            raise TryAgain(
                "Another task is writing to the storage: try again.", code="storage-locked"
            )
        try:
            yield MemoryUnit(self._committed.fork(), self._keep)
        finally:
            self._writer.release()

    def _keep(self, state: State) -> None:
        self._committed = state

    def close(self) -> None:
        """Nothing to free."""
