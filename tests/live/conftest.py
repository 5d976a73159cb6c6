"""Live tests run one at a time, whatever else runs: they share one server and change its books."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.odoo_server import PREFIX, LiveServer


@pytest.fixture
def live() -> Iterator[LiveServer]:
    server = LiveServer()
    if not server.url:
        pytest.skip(f"needs a genuine Odoo server: set {PREFIX}_URL and what goes with it")
    lock = Path(tempfile.gettempdir()) / "monitr-live-odoo.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield server
