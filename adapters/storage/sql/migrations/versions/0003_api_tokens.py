"""API tokens, and the requests that may be repeated by the same key."""

from alembic import op

from adapters.storage.sql.migrations.words import instant, table, text, truth

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "api_tokens",
        ["id"],
        text("id"),
        text("organisation_id"),
        text("name"),
        text("scope"),
        text("secret_sha256"),
        instant("created_at"),
        text("created_by"),
        instant("last_used_at", null=True),
        instant("revoked_at", null=True),
    )
    op.create_index(op.f("ix_api_tokens_organisation_id"), "api_tokens", ["organisation_id"])
    table(
        "repeats",
        ["organisation_id", "key_sha256"],
        text("organisation_id"),
        text("key_sha256"),
        text("request_sha256"),
        instant("began_at"),
        truth("answered"),
    )
    op.create_index(op.f("ix_repeats_began_at"), "repeats", ["began_at"])
