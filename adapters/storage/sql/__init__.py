"""Storage in SQL: one SQLite file today, the statements kept open for other databases."""

from adapters.storage.sql.storage import SqlStorage

__all__ = ["SqlStorage"]
