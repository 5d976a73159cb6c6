"""Sign-ins that are counted, and a House on either storage, for the tests of session tokens."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from attrs import define, field

from adapters.storage.memory.storage import MemoryStorage
from core.domain.failures import Failure
from core.ports.environment import Clock
from core.ports.sessions import Session
from core.services.sessions import IntegrationSessions
from tests.fake_provider import GOOD_KEY
from tests.services.house import BASE, OPERATOR, House
from tests.storage.sql_files import fresh_sql

LIFE_SECONDS: Final = 600

STORAGES: Final = ("memory", "sqlite")


@define
class Doors:
    """Logs in: counts, hands out canary tokens, and fails when told to."""

    clock: Clock
    logins: Counter[str] = field(factory=Counter)
    failure: Failure | None = None
    life_seconds: int | None = LIFE_SECONDS

    def login(self, name: str = "user") -> Session:
        self.logins[name] += 1
        if self.failure is not None:
            raise self.failure
        now = self.clock.now()
        life = None if self.life_seconds is None else timedelta(seconds=self.life_seconds)
        return Session(
            token=f"canary-session-{name}-{self.logins[name]}",
            obtained_at=now,
            expires_at=None if life is None else now + life,
        )


@contextmanager
def stored_house(kind: str) -> Iterator[House]:
    """A House on the storage of that kind, closed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        storage = MemoryStorage() if kind == "memory" else fresh_sql(Path(folder))
        yield House(storage=storage)
        storage.close()


def sessions_of(house: House, integration_id: str) -> IntegrationSessions:
    """As another process would have them."""
    integration = house.services.connecting.get(house.org, integration_id).integration
    return IntegrationSessions(ports=house.ports, integration=integration, provider_name="Yuki")


def reconnect(house: House, integration_id: str) -> None:
    house.services.connecting.reconnect(
        house.org, integration_id, {"api_key": GOOD_KEY}, operator=OPERATOR, redirect_base=BASE
    )
