"""SQLite's own count of what others committed, on a connection that never writes itself.

``PRAGMA data_version`` changes for a connection when any other one commits to the file, of this
process or another (sqlite.org/pragma.html#pragma_data_version).
"""

import sqlite3
import threading

from sqlalchemy import Engine


class Stamps:
    def __init__(self, engine: Engine) -> None:
        url = engine.url
        sqlite = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
        self._path = url.database if sqlite else None
        self._lock = threading.Lock()
        self._held: sqlite3.Connection | None = None

    def stamp(self) -> int | None:
        if self._path is None:
            return None
        with self._lock:
            try:
                if self._held is None:
                    # Autocommit: a transaction left open would see one state for ever.
                    self._held = sqlite3.connect(
                        self._path, isolation_level=None, check_same_thread=False
                    )
                found: int = self._held.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.Error:
                return None
        return found

    def close(self) -> None:
        with self._lock:
            if self._held is not None:
                self._held.close()
                self._held = None
