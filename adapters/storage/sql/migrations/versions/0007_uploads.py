"""Uploaded files, and how files with a certain header are read."""

from alembic import op

from adapters.storage.sql.migrations.words import instant, table, text

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table(
        "uploads",
        ["id"],
        text("id"),
        text("entity_id"),
        text("integration_id"),
        text("administration_key"),
        text("sha256"),
        text("status"),
        instant("confirmed_at", null=True),
        text("upload_json"),
    )
    op.create_index(op.f("ix_uploads_sha256"), "uploads", ["sha256"])
    op.create_index(op.f("ix_uploads_entity_id_id"), "uploads", ["entity_id", "id"])
    op.create_index(
        op.f("ix_uploads_integration_id_administration_key_status"),
        "uploads",
        ["integration_id", "administration_key", "status"],
    )
    table(
        "file_mappings",
        ["organisation_id", "source"],
        text("organisation_id"),
        text("source"),
        text("mapping_json"),
    )
