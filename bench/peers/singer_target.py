"""A Singer target for SQLite: ``python singer_target.py --config FILE`` reads Singer messages.

The Singer SDK's SQL target with a connector for SQLite and nothing else of our own, as the SDK's
own sample does; the ``target-sqlite`` in the package registry no longer runs on Python 3.10 or
newer. The config holds ``path_to_db``.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from singer_sdk import typing as th
from singer_sdk.sql import SQLConnector, SQLSink, SQLTarget


class SQLiteConnector(SQLConnector):
    allow_temp_tables = False
    allow_column_alter = False
    allow_merge_upsert = True

    def get_sqlalchemy_url(self, config: Mapping[str, Any]) -> str:
        return f"sqlite:///{config['path_to_db']}"


class SQLiteSink(SQLSink[SQLiteConnector]):
    connector_class = SQLiteConnector
    max_size = 10_000
    """Rows per batch; the SDK's own default."""

    def preprocess_record(self, record: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """The SDK reads amounts as decimals, which SQLite's driver does not take."""
        return {
            name: float(value) if isinstance(value, Decimal) else value
            for name, value in record.items()
        }

    @property
    def schema_name(self) -> None:
        """SQLite has none."""


class TargetSQLite(SQLTarget):
    name = "target-sqlite"
    default_sink_class = SQLiteSink
    config_jsonschema = th.PropertiesList(
        th.Property("path_to_db", th.StringType, required=True)
    ).to_dict()


if __name__ == "__main__":
    TargetSQLite.cli()
