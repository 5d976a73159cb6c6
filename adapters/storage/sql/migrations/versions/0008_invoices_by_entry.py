"""Invoices that bear the key of their entry leave the index by entry."""

from alembic import op

from adapters.storage.sql.migrations.words import partial_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_invoices_entry"), table_name="invoices")
    partial_index("ix_invoices_entry", "invoices", ["ledger", "entry_key"], "entry_key <> key")
