"""The first schema."""

import sqlalchemy as sa
from alembic import op

from adapters.storage.sql.migrations.words import (
    big,
    day,
    instant,
    partial_index,
    sealed,
    table,
    text,
    truth,
    versions,
    whole,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    organisations()
    runs()
    access()
    ledgers()
    masters()
    entries()
    invoices_and_sums()


def organisations() -> None:
    table(
        "organisations",
        ["id"],
        text("id"),
        text("name"),
        text("time_zone"),
        instant("created_at"),
        text("step"),
        text("onboarding_integration_id", null=True),
    )
    table(
        "integrations",
        ["id"],
        text("id"),
        text("organisation_id"),
        text("provider"),
        text("status"),
        instant("created_at"),
        text("fields_json"),
        text("account_json", null=True),
        instant("authorised_at", null=True),
        instant("expires_at", null=True),
        instant("checked_at", null=True),
        text("trouble_json", null=True),
    )
    op.create_index(op.f("ix_integrations_organisation_id"), "integrations", ["organisation_id"])
    table(
        "administrations", ["integration_id"], text("integration_id"), text("administrations_json")
    )
    table(
        "entities",
        ["id"],
        text("id"),
        text("organisation_id"),
        text("name"),
        text("currency"),
        instant("created_at"),
        whole("published_generation"),
        instant("published_at", null=True),
        text("time_zone", null=True),
    )
    op.create_index(op.f("ix_entities_organisation_id_id"), "entities", ["organisation_id", "id"])
    table(
        "links",
        ["entity_id", "position"],
        text("entity_id"),
        whole("position"),
        text("id"),
        text("integration_id"),
        text("administration_key"),
        text("provider"),
        text("role"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=op.f("fk_links_entity_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_links_integration_id"), "links", ["integration_id"])


def runs() -> None:
    table(
        "runs",
        ["id"],
        text("id"),
        text("organisation_id"),
        text("entity_id"),
        text("link_id"),
        text("integration_id"),
        text("status"),
        text("cause"),
        instant("requested_at"),
        instant("due_at"),
        text("slot_date", null=True),
        whole("slot_ordinal", null=True),
        truth("late"),
        whole("attempt"),
        whole("strikes"),
        text("owner", null=True),
        instant("lease_until", null=True),
        instant("started_at", null=True),
        instant("finished_at", null=True),
        whole("generation", null=True),
        text("bookmark", null=True),
        truth("complete"),
        text("progress_json"),
        text("trouble_json", null=True),
        text("proof_json", null=True),
        sa.UniqueConstraint(
            "entity_id",
            "slot_date",
            "slot_ordinal",
            name=op.f("uq_runs_entity_id_slot_date_slot_ordinal"),
        ),
    )
    op.create_index(op.f("ix_runs_entity_id_id"), "runs", ["entity_id", "id"])
    op.create_index(op.f("ix_runs_organisation_id_id"), "runs", ["organisation_id", "id"])
    op.create_index(op.f("ix_runs_status_due_at"), "runs", ["status", "due_at"])
    partial_index(
        "uq_runs_unfinished",
        "runs",
        ["link_id"],
        "status IN ('Waiting', 'In Progress')",
        unique=True,
    )
    table(
        "slots",
        ["entity_id", "local_date", "ordinal"],
        text("entity_id"),
        text("local_date"),
        whole("ordinal"),
        instant("opened_at"),
        truth("late"),
        text("run_id", null=True),
        text("skipped", null=True),
    )
    table(
        "events",
        ["sequence"],
        whole("sequence"),
        text("organisation_id"),
        instant("at"),
        text("kind"),
        text("text"),
        text("actor"),
        text("integration_id", null=True),
        text("entity_id", null=True),
        text("run_id", null=True),
        text("data_json"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_events_organisation_id_sequence"), "events", ["organisation_id", "sequence"]
    )


def access() -> None:
    table("secrets", ["row"], text("row"), sealed("sealed"))
    table(
        "tokens",
        ["integration_id"],
        text("integration_id"),
        whole("version"),
        sealed("sealed"),
        instant("obtained_at"),
        instant("expires_at"),
        instant("refresh_expires_at", null=True),
        truth("uncertain"),
    )
    table(
        "oauth_attempts",
        ["state_sha256"],
        text("state_sha256"),
        text("organisation_id"),
        text("operator"),
        text("provider"),
        text("integration_id"),
        text("redirect_uri"),
        instant("created_at"),
        instant("expires_at"),
        instant("used_at", null=True),
        text("outcome", null=True),
        truth("failed"),
    )
    op.create_index(
        op.f("ix_oauth_attempts_integration_id_created_at"),
        "oauth_attempts",
        ["integration_id", "created_at"],
    )
    table("leases", ["name"], text("name"), text("owner"), instant("until"))
    table("settings", ["name"], text("name"), text("value"))


def ledgers() -> None:
    table(
        "ledgers",
        ["id"],
        whole("id"),
        text("entity_id"),
        whole("settled_generation", null=True),
        sa.UniqueConstraint("entity_id", name=op.f("uq_ledgers_entity_id")),
    )
    table(
        "generations",
        ["ledger", "number"],
        whole("ledger"),
        whole("number"),
        text("run_id"),
        text("link_id"),
        instant("published_at"),
        text("bookmark", null=True),
        text("counts_json"),
        whole("added"),
        whole("changed"),
        whole("removed"),
        text("proof_json"),
        sa.ForeignKeyConstraint(["ledger"], ["ledgers.id"], name=op.f("fk_generations_ledger")),
    )
    table(
        "tallies",
        ["ledger", "kind", "generation"],
        whole("ledger"),
        text("kind"),
        whole("generation"),
        whole("added"),
        whole("changed"),
        whole("removed"),
        whole("live"),
    )
    table(
        "coverages",
        ["id"],
        whole("id"),
        whole("ledger"),
        text("scope"),
        truth("fresh"),
        sa.UniqueConstraint("ledger", "scope", name=op.f("uq_coverages_ledger_scope")),
    )
    table(
        "marks",
        ["coverage", "key"],
        whole("coverage"),
        text("key"),
        sa.ForeignKeyConstraint(
            ["coverage"], ["coverages.id"], name=op.f("fk_marks_coverage"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )


def masters() -> None:
    versions(
        "ledger_accounts",
        text("code"),
        text("name"),
        text("account_class"),
        text("statement"),
        truth("active"),
    )
    versions("journals", text("code"), text("name"), text("journal_kind"), truth("active"))
    versions(
        "contacts",
        text("code", null=True),
        text("name"),
        truth("is_customer"),
        truth("is_supplier"),
        text("vat_number", null=True),
        text("email", null=True),
        text("city", null=True),
        text("country", null=True),
        truth("active"),
    )
    versions(
        "tax_codes",
        text("code"),
        text("name"),
        text("use"),
        big("rate_e4", null=True),
        truth("active"),
    )


def entries() -> None:
    versions(
        "journal_entries",
        text("number", null=True),
        text("journal_key", null=True),
        day("date"),
        whole("year"),
        whole("period"),
        text("description", null=True),
    )
    op.create_index(op.f("ix_journal_entries_date"), "journal_entries", ["ledger", "date"])
    op.create_index(
        op.f("ix_journal_entries_journal"), "journal_entries", ["ledger", "journal_key"]
    )
    versions(
        "journal_lines",
        text("entry_key"),
        big("position"),
        text("account_key"),
        day("date"),
        whole("year"),
        whole("period"),
        big("amount_e4"),
        text("currency", null=True),
        big("foreign_e4", null=True),
        text("contact_key", null=True),
        text("tax_key", null=True),
        text("description", null=True),
    )
    op.create_index(
        op.f("ix_journal_lines_account"), "journal_lines", ["ledger", "account_key", "date"]
    )
    partial_index(
        "ix_journal_lines_contact",
        "journal_lines",
        ["ledger", "contact_key", "date"],
        "contact_key IS NOT NULL",
    )
    op.create_index(op.f("ix_journal_lines_date"), "journal_lines", ["ledger", "date"])
    op.create_index(op.f("ix_journal_lines_entry"), "journal_lines", ["ledger", "entry_key"])
    op.create_index(
        op.f("ix_journal_lines_period"), "journal_lines", ["ledger", "year", "period", "date"]
    )


def invoices_and_sums() -> None:
    versions(
        "invoices",
        text("direction"),
        text("number", null=True),
        text("contact_key", null=True),
        day("date"),
        day("due_date", null=True),
        text("currency", null=True),
        big("total_e4"),
        big("tax_e4", null=True),
        big("open_e4", null=True),
        text("reference", null=True),
        text("entry_key", null=True),
    )
    partial_index("ix_invoices_entry", "invoices", ["ledger", "entry_key"], "entry_key IS NOT NULL")
    versions(
        "balances",
        text("account_key"),
        whole("year"),
        whole("period"),
        big("debit_e4"),
        big("credit_e4"),
        whole("lines"),
    )
    versions("imbalances", big("amount_e4"))
