"""Runs by the moment they were requested: counting the imports of a night reads an index alone."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_runs_organisation_id_requested_at_status"),
        "runs",
        ["organisation_id", "requested_at", "status"],
    )
