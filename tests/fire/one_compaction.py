"""A process that compacts a data directory until it is killed: DATABASE ORGANISATION."""

import datetime as dt
import sys
from pathlib import Path

from adapters.storage.sql import SqlStorage
from tests.services.house import House

AFTER_GRACE = dt.timedelta(days=3)


def _at_a_step() -> bool:
    """Asked between any two short steps: the killer counts them."""
    print("step", flush=True)
    return False


def main(database: str, organisation_id: str) -> None:
    house = House(storage=SqlStorage(Path(database)))
    house.clock.advance(dt.timedelta(days=400) + AFTER_GRACE)
    print("ready", flush=True)
    while True:  # ends: it is killed
        house.services.retaining.compact(organisation_id, stopping=_at_a_step)
        house.clock.pause(1)  # the same day: what is kept stays kept


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
