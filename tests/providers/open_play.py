"""One entity followed through the services, its invoices held against the stand-in's books."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from urllib.parse import parse_qsl, urlsplit

from attrs import define

from adapters.providers.kit.calls import Kit, TimeOuts
from core.domain.books import Invoice
from core.domain.import_run import ImportRun
from core.ports.provider import Provider
from core.ports.storage import Storage
from core.services.ports import Ports
from sandbox.books import UnknownRecord
from sandbox.browser import decide
from sandbox.server import Sandbox
from tests.fakes import CountingIds, RecordingDoorbell
from tests.fire.test_random_nights import EDITS, Play
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import SandboxTime
from tests.services.house import BASE, OPERATOR, PlainVault

PAGE = 1_000
PAYMENTS: tuple[dict[str, object], ...] = (
    {"kind": "pay-entry"},
    {"kind": "pay-entry", "delta": 100},
    {"kind": "pay-entry", "year": 2025, "delta": 50},
)

InvoicesOf = Callable[[Sandbox, str], dict[str, Invoice]]


@define
class OpenPlay(Play):
    """What chance does includes payments; what is open must be what the books say."""

    invoices_of: InvoicesOf = lambda _sandbox, _code: {}

    def edit(self) -> None:
        try:
            chosen = self.chance.choice((*EDITS, *PAYMENTS))
            self.sandbox.edit(self.key, {"administration": self.code, **chosen})
        except UnknownRecord:
            pass  # nothing like it in these books

    def assert_true(self, run: ImportRun) -> None:
        super().assert_true(run)
        assert self.invoices(run) == self.invoices_of(self.sandbox, self.code)

    def invoices(self, run: ImportRun) -> dict[str, Invoice]:
        """As a reader sees them in the run's generation."""
        found: dict[str, Invoice] = {}
        after = None
        while True:
            _, page = self.services.reading.invoices(
                self.organisation_id,
                self.entity_id,
                as_of=str(run.generation),
                after=after,
                limit=PAGE,
            )
            if not page:
                return found
            found |= {one.key: one for one in page}
            after = page[-1].key


def kit_of(sandbox: Sandbox) -> Kit:
    clock = SandboxTime(sandbox)
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits)


@contextmanager
def following(
    play: type[OpenPlay],
    invoices_of: InvoicesOf,
    sandbox: Sandbox,
    provider: Provider,
    fields: Mapping[str, str],
    code: str,
    storage: Storage,
    *,
    seed: int = 1,
) -> Iterator[OpenPlay]:
    """Connected and selected, nothing imported yet."""
    key = provider.entry.key
    ports = Ports(
        storage=storage,
        vault=PlainVault(),
        doorbell=RecordingDoorbell(),
        clock=SandboxTime(sandbox),
        ids=CountingIds(),
        providers={key: provider},
    )
    played = play(key, code, sandbox, ports, Random(seed), invoices_of=invoices_of)  # noqa: S311
    played.organisation_id = played.services.onboarding.start("Open").id
    connection = played.services.connecting.connect(
        played.organisation_id, key, dict(fields), operator=OPERATOR, redirect_base=BASE
    )
    if connection.authorize_url is not None:
        landed = decide(connection.authorize_url)
        played.services.authorising.complete(key, dict(parse_qsl(urlsplit(landed).query)))
    selection = played.services.linking.select(
        played.organisation_id, connection.integration.id, [code], operator=OPERATOR
    )
    played.entity_id = selection.created[0].id
    yield played
    storage.close()
