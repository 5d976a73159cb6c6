"""Words migrations are written in. They mean the same for ever: old migrations use them.

A migration has columns of its own, not the models': it must still do the same when the models
have moved on.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op


def text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def day(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(10), nullable=null)


def instant(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=null)


def whole(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=null)


def big(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def truth(name: str, *, null: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=null)


def sealed(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def partial_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def versions(table: str, *columns: sa.Column[Any]) -> None:
    """A table of row versions: what all of them have, then the columns of the kind."""
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        whole("ledger"),
        text("key"),
        whole("from_generation"),
        whole("to_generation", null=True),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "ledger", "key", "from_generation", name=op.f(f"uq_{table}_ledger_key_from_generation")
        ),
    )
    partial_index(f"ix_{table}_from", table, ["ledger", "from_generation"], "from_generation > 1")
    partial_index(f"ix_{table}_to", table, ["ledger", "to_generation"], "to_generation IS NOT NULL")


def table(
    name: str, key: list[str], *parts: sa.Column[Any] | sa.Constraint, **options: bool
) -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")), **options)
