"""API tokens and repeatable requests, in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from adapters.storage.sql.rows import drop, get, put, rows
from adapters.storage.sql.tables import ApiTokenRow, RepeatRow
from core.domain.access import ApiToken, Scope
from core.ports.access import Repeat
from core.ports.storage import LIST_MAX


class SqlApiTokens:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, token_id: str) -> ApiToken | None:
        row = get(self._session, ApiTokenRow, token_id)
        return None if row is None else _token(row)

    def of(self, organisation_id: str) -> Sequence[ApiToken]:
        query = (
            select(ApiTokenRow)
            .where(col(ApiTokenRow.organisation_id) == organisation_id)
            .order_by(col(ApiTokenRow.created_at), col(ApiTokenRow.id))
            .limit(LIST_MAX)
        )
        return [_token(row) for row in rows(self._session, query)]

    def save(self, token: ApiToken) -> None:
        put(
            self._session,
            ApiTokenRow(
                id=token.id,
                organisation_id=token.organisation_id,
                name=token.name,
                scope=token.scope.value,
                secret_sha256=token.secret_sha256,
                created_at=token.created_at,
                created_by=token.created_by,
                last_used_at=token.last_used_at,
                revoked_at=token.revoked_at,
            ),
        )


def _token(row: ApiTokenRow) -> ApiToken:
    return ApiToken(
        id=row.id,
        organisation_id=row.organisation_id,
        name=row.name,
        scope=Scope(row.scope),
        secret_sha256=row.secret_sha256,
        created_at=row.created_at,
        created_by=row.created_by,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


class SqlRepeats:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, organisation_id: str, key_sha256: str) -> Repeat | None:
        row = get(self._session, RepeatRow, (organisation_id, key_sha256), lock=True)
        return None if row is None else _repeat(row)

    def save(self, repeat: Repeat) -> None:
        put(
            self._session,
            RepeatRow(
                organisation_id=repeat.organisation_id,
                key_sha256=repeat.key_sha256,
                request_sha256=repeat.request_sha256,
                began_at=repeat.began_at,
                answered=repeat.answered,
            ),
        )

    def delete(self, organisation_id: str, key_sha256: str) -> None:
        drop(self._session, RepeatRow, (organisation_id, key_sha256))

    def begun_before(self, instant: datetime, *, limit: int) -> Sequence[Repeat]:
        query = (
            select(RepeatRow)
            .where(col(RepeatRow.began_at) < instant)
            .order_by(col(RepeatRow.began_at))
            .limit(limit)
        )
        return [_repeat(row) for row in rows(self._session, query)]


def _repeat(row: RepeatRow) -> Repeat:
    return Repeat(
        organisation_id=row.organisation_id,
        key_sha256=row.key_sha256,
        request_sha256=row.request_sha256,
        began_at=row.began_at,
        answered=row.answered,
    )
