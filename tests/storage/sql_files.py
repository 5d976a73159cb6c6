"""Fresh SQLite storages, without running the migrations for every test."""

import functools
import shutil
import tempfile
from pathlib import Path

from adapters.storage.sql import SqlStorage


@functools.cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="monitr-tests-")) / "template.sqlite3"
    SqlStorage(path).close()
    return path


def fresh_sql(directory: Path) -> SqlStorage:
    """An empty storage in that directory."""
    path = directory / "monitr.sqlite3"
    shutil.copyfile(_template(), path)
    return SqlStorage(path)
