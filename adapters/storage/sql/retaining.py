"""The half of the books' port that lets generations go and makes words findable."""

import datetime as dt
from abc import abstractmethod
from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from adapters.storage.sql import texts
from adapters.storage.sql.compacting import Compacting
from core.ports.retention import Leftovers, Mark, PendingTexts, VersionRef


class SqlRetention:
    """Implements core.ports.retention.RetainedBooks on one connection."""

    _connection: Connection

    @abstractmethod
    def _ledger(self, entity_id: str) -> int:
        """The number of the entity's ledger."""

    def _compacting(self, entity_id: str) -> Compacting:
        return Compacting(self._connection, self._ledger(entity_id), entity_id)

    def marks(self, entity_id: str) -> Sequence[Mark]:
        return self._compacting(entity_id).marks()

    def retire(self, entity_id: str, numbers: Collection[int], at: dt.datetime) -> None:
        self._compacting(entity_id).retire(numbers, at)

    def restore(self, entity_id: str, numbers: Collection[int]) -> None:
        self._compacting(entity_id).restore(numbers)

    def compact(self, entity_id: str, numbers: Collection[int]) -> None:
        self._compacting(entity_id).compact(numbers)

    def leftovers(self, entity_id: str, *, position: str | None, limit: int) -> Leftovers:
        return self._compacting(entity_id).leftovers(position, limit)

    def remove(self, entity_id: str, versions: Collection[VersionRef]) -> int:
        return self._compacting(entity_id).remove(versions)

    def swept(self, entity_id: str, numbers: Collection[int]) -> None:
        self._compacting(entity_id).swept(numbers)

    def behind(self, limit: int) -> Sequence[str]:
        return texts.behind(self._connection, limit)

    def pending_texts(self, entity_id: str, *, limit: int) -> PendingTexts | None:
        return texts.pending(self._connection, self._ledger(entity_id), limit)

    def index_texts(self, entity_id: str, pending: PendingTexts) -> bool:
        return texts.index(self._connection, self._ledger(entity_id), pending)
