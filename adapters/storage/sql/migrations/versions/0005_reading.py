"""Accounts of open items, generations that are let go, and how far texts are indexed."""

import sqlalchemy as sa
from alembic import op

from adapters.storage.sql.migrations.words import instant, partial_index, text, whole

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_accounts", text("trade", null=True))
    op.add_column("generations", instant("retired_at", null=True))
    op.add_column(
        "generations", sa.Column("compacted", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("ledgers", whole("texts_generation", null=True))
    op.add_column("ledgers", text("texts_place", null=True))
    partial_index("ix_balances_live", "balances", ["ledger"], "to_generation IS NULL")
