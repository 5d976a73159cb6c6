"""What a process does that opens a database and kills itself on the way."""

import os
import signal
from pathlib import Path

from sqlalchemy import Engine, event

from adapters.storage.sql import SqlStorage


def open_or_die(path: Path, nth: int) -> None:
    """Open it; die at the n-th statement of bringing it up to date, if there are so many."""
    statements = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def count(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    SqlStorage(path).close()
