"""The small tables, one row per thing, declared with SQLModel. They never leave this package.

Instants are text (see ``types``), dates ISO text, documents JSON text (see ``documents``). Text is
compared byte by byte; ids sort by creation. Renaming a column here needs a migration.
"""

from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import Index, MetaData, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from adapters.storage.sql.types import Instant
from core.domain.import_run import RunStatus

NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a migration can drop it."""

UNFINISHED_SQL: Final = f"status IN ('{RunStatus.WAITING.value}', '{RunStatus.IN_PROGRESS.value}')"


class Table(SQLModel):
    """Base of all tables: metadata of their own, shared with no other user of SQLModel."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


class OrganisationRow(Table, table=True):
    __tablename__ = "organisations"

    id: str = Field(primary_key=True)
    name: str
    time_zone: str
    created_at: datetime = Field(sa_type=Instant)
    step: str
    onboarding_integration_id: str | None = None


class IntegrationRow(Table, table=True):
    __tablename__ = "integrations"

    id: str = Field(primary_key=True)
    organisation_id: str = Field(index=True)
    provider: str
    status: str
    created_at: datetime = Field(sa_type=Instant)
    fields_json: str
    account_json: str | None = None
    authorised_at: datetime | None = Field(default=None, sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    checked_at: datetime | None = Field(default=None, sa_type=Instant)
    trouble_json: str | None = None


class AdministrationsRow(Table, table=True):
    """The administrations of one integration as last found, in the provider's order."""

    __tablename__ = "administrations"

    integration_id: str = Field(primary_key=True)
    administrations_json: str


class EntityRow(Table, table=True):
    __tablename__ = "entities"
    __table_args__ = (Index(None, "organisation_id", "id"),)

    id: str = Field(primary_key=True)
    organisation_id: str
    name: str
    currency: str
    created_at: datetime = Field(sa_type=Instant)
    published_generation: int
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    time_zone: str | None = None


class LinkRow(Table, table=True):
    """``position`` keeps the order of an entity's links."""

    __tablename__ = "links"

    entity_id: str = Field(primary_key=True, foreign_key="entities.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    id: str
    integration_id: str = Field(index=True)
    administration_key: str
    provider: str
    role: str


class RunRow(Table, table=True):
    """At most one unfinished run per link, and one per slot: the database sees to it."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(
            "uq_runs_unfinished",
            "link_id",
            unique=True,
            sqlite_where=text(UNFINISHED_SQL),
            postgresql_where=text(UNFINISHED_SQL),
        ),
        UniqueConstraint("entity_id", "slot_date", "slot_ordinal"),
        Index(None, "status", "due_at"),
        Index(None, "organisation_id", "id"),
        Index(None, "organisation_id", "requested_at", "status"),
        Index(None, "entity_id", "id"),
    )

    id: str = Field(primary_key=True)
    organisation_id: str
    entity_id: str
    link_id: str
    integration_id: str
    status: str
    cause: str
    requested_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    slot_date: str | None = None
    slot_ordinal: int | None = None
    late: bool
    attempt: int
    strikes: int
    owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    generation: int | None = None
    bookmark: str | None = None
    complete: bool
    progress_json: str
    trouble_json: str | None = None
    proof_json: str | None = None


class SlotRow(Table, table=True):
    __tablename__ = "slots"

    entity_id: str = Field(primary_key=True)
    local_date: str = Field(primary_key=True)
    ordinal: int = Field(primary_key=True)
    opened_at: datetime = Field(sa_type=Instant)
    late: bool
    run_id: str | None = None
    skipped: str | None = None


class EventRow(Table, table=True):
    """AUTOINCREMENT: a sequence number is never given twice."""

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "organisation_id", "sequence"),
        {"sqlite_autoincrement": True},
    )

    sequence: int | None = Field(default=None, primary_key=True)
    organisation_id: str
    at: datetime = Field(sa_type=Instant)
    kind: str
    text: str
    actor: str
    integration_id: str | None = None
    entity_id: str | None = None
    run_id: str | None = None
    data_json: str


class SecretRow(Table, table=True):
    __tablename__ = "secrets"

    row: str = Field(primary_key=True)
    sealed: bytes


class TokensRow(Table, table=True):
    __tablename__ = "tokens"

    integration_id: str = Field(primary_key=True)
    version: int
    sealed: bytes
    obtained_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    refresh_expires_at: datetime | None = Field(default=None, sa_type=Instant)
    uncertain: bool


class OAuthAttemptRow(Table, table=True):
    __tablename__ = "oauth_attempts"
    __table_args__ = (Index(None, "integration_id", "created_at"),)

    state_sha256: str = Field(primary_key=True)
    organisation_id: str
    operator: str
    provider: str
    integration_id: str
    redirect_uri: str
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = None
    failed: bool


class LeaseRow(Table, table=True):
    __tablename__ = "leases"

    name: str = Field(primary_key=True)
    owner: str
    until: datetime = Field(sa_type=Instant)


class SettingRow(Table, table=True):
    __tablename__ = "settings"

    name: str = Field(primary_key=True)
    value: str


class ApiTokenRow(Table, table=True):
    __tablename__ = "api_tokens"

    id: str = Field(primary_key=True)
    organisation_id: str = Field(index=True)
    name: str
    scope: str
    secret_sha256: str
    created_at: datetime = Field(sa_type=Instant)
    created_by: str
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class UploadRow(Table, table=True):
    """What is asked for by columns; the rest of an upload is a document."""

    __tablename__ = "uploads"
    __table_args__ = (
        Index(None, "entity_id", "id"),
        Index(None, "integration_id", "administration_key", "status"),
    )

    id: str = Field(primary_key=True)
    entity_id: str
    integration_id: str
    administration_key: str
    sha256: str = Field(index=True)
    status: str
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    upload_json: str


class FileMappingRow(Table, table=True):
    """How files with a certain header are read, as last confirmed."""

    __tablename__ = "file_mappings"

    organisation_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    mapping_json: str


class RepeatRow(Table, table=True):
    __tablename__ = "repeats"

    organisation_id: str = Field(primary_key=True)
    key_sha256: str = Field(primary_key=True)
    request_sha256: str
    began_at: datetime = Field(sa_type=Instant, index=True)
    answered: bool
