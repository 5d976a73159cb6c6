"""What a process does that compacts a data directory until it is killed."""

import datetime as dt
from multiprocessing.connection import Connection
from pathlib import Path

from adapters.storage.sql import SqlStorage
from tests.services.house import House

AFTER_GRACE = dt.timedelta(days=3)


def compact_for_ever(told: Connection, database: Path, organisation_id: str) -> None:
    """Tells "ready", then "step" between any two short steps: the killer counts them."""

    def at_a_step() -> bool:
        told.send("step")
        return False

    house = House(storage=SqlStorage(database))
    house.clock.advance(dt.timedelta(days=400) + AFTER_GRACE)
    told.send("ready")
    while True:  # ends: it is killed
        house.services.retaining.compact(organisation_id, stopping=at_a_step)
        house.clock.pause(1)  # the same day: what is kept stays kept
