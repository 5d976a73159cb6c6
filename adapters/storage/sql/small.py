"""Secrets, tokens, OAuth attempts, leases and settings."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from adapters.storage.sql.rows import drop, get, put, rows
from adapters.storage.sql.tables import LeaseRow, OAuthAttemptRow, SecretRow, SettingRow, TokensRow
from core.ports.connections import OAuthAttempt, TokenRow


class SqlSecrets:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, row: str) -> bytes | None:
        held = get(self._session, SecretRow, row)
        return None if held is None else held.sealed

    def put(self, row: str, sealed: bytes) -> None:
        put(self._session, SecretRow(row=row, sealed=sealed))

    def delete(self, row: str) -> None:
        drop(self._session, SecretRow, row)

    def rows(self) -> Sequence[str]:
        return self._session.exec(select(SecretRow.row).order_by(col(SecretRow.row))).all()


class SqlTokens:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, integration_id: str) -> TokenRow | None:
        row = get(self._session, TokensRow, integration_id)
        return None if row is None else _token_row(row)

    def swap(self, row: TokenRow, *, expected_version: int | None) -> bool:
        held = get(self._session, TokensRow, row.integration_id, lock=True)
        if (None if held is None else held.version) != expected_version:
            return False
        put(
            self._session,
            TokensRow(
                integration_id=row.integration_id,
                version=row.version,
                sealed=row.sealed,
                obtained_at=row.obtained_at,
                expires_at=row.expires_at,
                refresh_expires_at=row.refresh_expires_at,
                uncertain=row.uncertain,
            ),
        )
        return True

    def delete(self, integration_id: str) -> None:
        drop(self._session, TokensRow, integration_id)

    def all(self) -> Sequence[TokenRow]:
        query = select(TokensRow).order_by(col(TokensRow.integration_id))
        return [_token_row(row) for row in rows(self._session, query)]


def _token_row(row: TokensRow) -> TokenRow:
    return TokenRow(
        integration_id=row.integration_id,
        version=row.version,
        sealed=row.sealed,
        obtained_at=row.obtained_at,
        expires_at=row.expires_at,
        refresh_expires_at=row.refresh_expires_at,
        uncertain=row.uncertain,
    )


class SqlOAuthAttempts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, attempt: OAuthAttempt) -> None:
        self.save(attempt)

    def get(self, state_sha256: str) -> OAuthAttempt | None:
        row = get(self._session, OAuthAttemptRow, state_sha256, lock=True)
        return None if row is None else _attempt(row)

    def save(self, attempt: OAuthAttempt) -> None:
        put(
            self._session,
            OAuthAttemptRow(
                state_sha256=attempt.state_sha256,
                organisation_id=attempt.organisation_id,
                operator=attempt.operator,
                provider=attempt.provider,
                integration_id=attempt.integration_id,
                redirect_uri=attempt.redirect_uri,
                created_at=attempt.created_at,
                expires_at=attempt.expires_at,
                used_at=attempt.used_at,
                outcome=attempt.outcome,
                failed=attempt.failed,
            ),
        )

    def latest(self, integration_id: str) -> OAuthAttempt | None:
        query = (
            select(OAuthAttemptRow)
            .where(col(OAuthAttemptRow.integration_id) == integration_id)
            .order_by(
                col(OAuthAttemptRow.created_at).desc(), col(OAuthAttemptRow.state_sha256).desc()
            )
            .limit(1)
        )
        found = rows(self._session, query)
        return _attempt(found[0]) if found else None


def _attempt(row: OAuthAttemptRow) -> OAuthAttempt:
    return OAuthAttempt(
        state_sha256=row.state_sha256,
        organisation_id=row.organisation_id,
        operator=row.operator,
        provider=row.provider,
        integration_id=row.integration_id,
        redirect_uri=row.redirect_uri,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        outcome=row.outcome,
        failed=row.failed,
    )


class SqlLeases:
    def __init__(self, session: Session) -> None:
        self._session = session

    def acquire(self, name: str, owner: str, *, now: datetime, until: datetime) -> bool:
        row = get(self._session, LeaseRow, name, lock=True)
        if row is not None and row.owner != owner and row.until > now:
            return False
        put(self._session, LeaseRow(name=name, owner=owner, until=until))
        return True

    def release(self, name: str, owner: str) -> None:
        row = get(self._session, LeaseRow, name, lock=True)
        if row is not None and row.owner == owner:
            drop(self._session, LeaseRow, name)

    def holder(self, name: str, *, now: datetime) -> str | None:
        row = get(self._session, LeaseRow, name)
        return row.owner if row is not None and row.until > now else None


class SqlSettings:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> str | None:
        row = get(self._session, SettingRow, name)
        return None if row is None else row.value

    def put(self, name: str, value: str) -> None:
        put(self._session, SettingRow(name=name, value=value))
