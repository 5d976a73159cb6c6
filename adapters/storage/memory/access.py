"""API tokens and repeatable requests, in memory."""

from collections.abc import Sequence
from datetime import datetime

from adapters.storage.memory.state import State
from core.domain.access import ApiToken
from core.ports.access import Repeat
from core.ports.storage import LIST_MAX


class MemoryApiTokens:
    def __init__(self, state: State) -> None:
        self._rows = state.api_tokens

    def get(self, token_id: str) -> ApiToken | None:
        return self._rows.get(token_id)

    def of(self, organisation_id: str) -> Sequence[ApiToken]:
        mine = (row for row in self._rows.values() if row.organisation_id == organisation_id)
        return sorted(mine, key=lambda row: (row.created_at, row.id))[:LIST_MAX]

    def save(self, token: ApiToken) -> None:
        self._rows[token.id] = token


class MemoryRepeats:
    def __init__(self, state: State) -> None:
        self._rows = state.repeats

    def get(self, organisation_id: str, key_sha256: str) -> Repeat | None:
        return self._rows.get((organisation_id, key_sha256))

    def save(self, repeat: Repeat) -> None:
        self._rows[repeat.organisation_id, repeat.key_sha256] = repeat

    def delete(self, organisation_id: str, key_sha256: str) -> None:
        self._rows.pop((organisation_id, key_sha256), None)

    def begun_before(self, instant: datetime, *, limit: int) -> Sequence[Repeat]:
        old = [row for row in self._rows.values() if row.began_at < instant]
        return sorted(old, key=lambda row: row.began_at)[:limit]
