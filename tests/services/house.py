"""A whole Monitr in memory: services over in-memory adapters, a fake provider, a clock to move."""

from typing import Final

from attrs import define, field

from adapters.storage.memory.storage import MemoryStorage
from core.domain.entity import Entity
from core.domain.import_run import ImportRun
from core.domain.onboarding import Organisation
from core.ports.storage import Storage
from core.ports.vault import WrongVaultKey
from core.services.import_engine import ImportEngine
from core.services.importing import PRESENCE_SECONDS
from core.services.ports import Ports
from core.services.services import Services
from tests.fake_provider import CLIENT_SECRET, GOOD_CODE, GOOD_KEY, FakeProvider, providers_of
from tests.fakes import CountingIds, FakeClock, RecordingDoorbell

OPERATOR: Final = "tests"
BASE: Final = "http://127.0.0.1:8710"


@define
class PlainVault:
    """Implements Vault without secrecy: what is sealed is only marked with its row."""

    newest: bytes = b"k1"

    def seal(self, row: str, plain: bytes) -> bytes:
        return self.newest + b"|" + row.encode() + b"|" + plain

    def open(self, row: str, sealed: bytes) -> bytes:
        _, held, plain = sealed.split(b"|", 2)
        if held.decode() != row:
            raise WrongVaultKey("Sealed for another row: restore it.")
        return plain

    def current(self, sealed: bytes) -> bool:
        return sealed.startswith(self.newest)


@define
class House:
    """``odoo`` is connected by key, ``exact`` by OAuth; both are the same fake."""

    clock: FakeClock = field(factory=FakeClock)
    storage: Storage = field(factory=MemoryStorage)
    doorbell: RecordingDoorbell = field(factory=RecordingDoorbell)
    ids: CountingIds = field(factory=CountingIds)
    vault: PlainVault = field(factory=PlainVault)
    odoo: FakeProvider = field(init=False)
    exact: FakeProvider = field(init=False)
    organisation: Organisation = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.odoo = FakeProvider.keyed(clock=self.clock)
        self.exact = FakeProvider.with_oauth(clock=self.clock)
        self.organisation = self.services.onboarding.start("Bakkerij Blom")

    @property
    def ports(self) -> Ports:
        return Ports(
            storage=self.storage,
            vault=self.vault,
            doorbell=self.doorbell,
            clock=self.clock,
            ids=self.ids,
            providers=providers_of(self.odoo, self.exact),
        )

    @property
    def services(self) -> Services:
        return Services(self.ports)

    @property
    def org(self) -> str:
        return self.organisation.id

    def connect_odoo(self, key: str = GOOD_KEY) -> str:
        """Integration id of a connection by key."""
        connection = self.services.connecting.connect(
            self.org, "odoo", {"api_key": key}, operator=OPERATOR, redirect_base=BASE
        )
        return connection.integration.id

    def begin_exact(self) -> tuple[str, str]:
        """(integration id, state) of an authorisation begun."""
        connection = self.services.connecting.connect(
            self.org,
            "exact-online",
            {"client_id": "app", "client_secret": CLIENT_SECRET},
            operator=OPERATOR,
            redirect_base=BASE,
        )
        return connection.integration.id, self.exact.flow.states[-1]

    def connect_exact(self) -> str:
        """Integration id of a connection by OAuth."""
        integration_id, state = self.begin_exact()
        self.exact.flow.good_codes.add(GOOD_CODE)
        completion = self.services.authorising.complete(
            "exact-online", {"state": state, "code": GOOD_CODE}
        )
        assert completion.connected
        return completion.integration_id or integration_id

    def follow(self, integration_id: str, *keys: str) -> tuple[Entity, ...]:
        """Select administrations (none given: all)."""
        selection = self.services.linking.select(
            self.org, integration_id, keys or None, operator=OPERATOR
        )
        return selection.created

    def engine(self, worker: str = "worker-1") -> ImportEngine:
        """An engine whose worker shows presence now."""
        self.services.importing.beat(worker, standing=False)
        return ImportEngine(self.ports, worker, pages_in_flight=1)

    def import_rung(self, worker: str = "worker-1") -> list[ImportRun | None]:
        """Answer every ring so far, once each."""
        rung, self.doorbell.rung = list(dict.fromkeys(self.doorbell.rung)), []
        return [self.engine(worker).run(run_id) for run_id in rung]

    def import_now(self, *entity_ids: str) -> list[ImportRun | None]:
        self.services.importing.request(self.org, entity_ids or None, operator=OPERATOR)
        return self.import_rung()

    def let_workers_vanish(self) -> None:
        """Longer than a worker may be silent."""
        self.clock.pause(PRESENCE_SECONDS + 1)

    def trial_balance_e4(self, entity_id: str) -> dict[str, int]:
        balance = self.services.reading.trial_balance(self.org, entity_id)
        return {row.account_key: row.closing_e4 for row in balance.rows}
