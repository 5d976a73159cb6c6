"""A process that opens a database and kills itself at the n-th statement of bringing it up to date.

``python -m tests.fire.one_migration DATABASE NTH``; it prints "opened" when there were fewer.
"""

import os
import signal
import sys

from sqlalchemy import Engine, event

from adapters.storage.sql import SqlStorage


def main(path: str, nth: int) -> None:
    """Open it, or die."""
    statements = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def count(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    SqlStorage(path).close()
    print("opened")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
