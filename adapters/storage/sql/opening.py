"""Opening a database: created by migrations, brought up to date by migrations, never guessed.

The whole step happens in one writing transaction, so two processes that start at once on an empty
directory both work: the second waits, then finds everything done. A database whose revision this
version does not know was written by a newer one and is left untouched.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, MetaData, Table, inspect, select

from adapters.storage.sql.dialect import WRITING, use_log
from core.domain.failures import FixSettings

HEAD: Final = "0008"
"""The newest migration. Knowing it here keeps Alembic out of every start but the first."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def bring_up_to_date(engine: Engine) -> None:
    """Create or migrate the database; errors as SqlStorage says."""
    with engine.connect() as connection:
        with connection.begin():
            found = revision_of(connection)
        if found == HEAD:
            return
    use_log(engine)
    with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        if revision_of(connection) != HEAD:
            migrate(connection)


def revision_of(connection: Connection) -> str | None:
    """The database's revision; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    table = Table("alembic_version", MetaData(), autoload_with=connection)
    return connection.execute(select(table.c.version_num)).scalar_one_or_none()


def migrate(connection: Connection) -> None:
    """Run the missing migrations inside the connection's transaction."""
    # Imported here: Alembic takes longer to import than a start may.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    found = revision_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise FixSettings(
            "This data directory was written by a newer version of Monitr: install that version, "
            "or choose another data directory. Nothing was changed.",
            detail=f"revision {found}; this version knows up to {HEAD}",
            code="storage-newer",
        )
    command.upgrade(config, "head")
