"""A whole Monitr in memory behind the real front ends: services, storage, fake providers."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import define, field

from adapters.storage.memory import MemoryStorage
from adapters.storage.vault import vault_from
from core.domain.failures import Failure
from core.domain.import_run import ImportRun
from core.services.import_engine import ImportEngine
from core.services.linking import Selection
from core.services.ports import Ports
from core.services.services import Services
from interfaces.cli import main_with
from interfaces.launcher import Companion, DemoPlan, DemoResult, Diagnosis, Launcher, SandboxPlan
from tests.fake_provider import (
    CLIENT_SECRET,
    GOOD_CODE,
    GOOD_KEY,
    FakeProvider,
    providers_of,
)
from tests.fakes import CountingIds, FakeClock, RecordingDoorbell

CANARY = "canary"
"""In every secret of the fake provider, and therefore allowed in no output."""

BASE = "http://127.0.0.1:8710"


def nothing() -> None:
    """What happens at a pause unless a test says otherwise."""


@define
class EventfulClock(FakeClock):
    """Something may happen elsewhere while a command waits."""

    meanwhile: Callable[[], None] = nothing

    def pause(self, seconds: float) -> None:
        super().pause(seconds)
        self.meanwhile()


@define
class FakeLauncher:
    """Implements Launcher over services in memory. ``log`` lists what was started."""

    services: Services
    data_dir: Path = Path("nowhere")
    callback_base: str = BASE
    log: list[str] = field(factory=list)
    diagnoses: Sequence[Diagnosis] = ()
    demo_result: DemoResult | None = None
    plans: list[DemoPlan | SandboxPlan] = field(factory=list)
    closed: int = 0

    @contextmanager
    def callbacks(self) -> Iterator[str]:
        self.log.append("callbacks open")
        try:
            yield self.callback_base
        finally:
            self.log.append("callbacks closed")

    def serve(self) -> None:
        self.log.append("serve")

    def work(self) -> None:
        self.log.append("worker")

    def up(self) -> None:
        self.log.append("up")

    def companion(self) -> AbstractContextManager[Companion]:
        raise AssertionError("no command needs a companion")

    def import_here(
        self,
        run_ids: Sequence[str],
        each: Callable[[ImportRun], None],
        *,
        stopping: Callable[[], bool],
    ) -> None:
        engine = ImportEngine(self.services.ports, "here", stopping, pages_in_flight=1)
        for run_id in run_ids:
            ended = engine.run(run_id)
            if ended is not None:
                each(ended)

    def rotate_keys(self) -> int:
        return 3

    def diagnose(self) -> Sequence[Diagnosis]:
        return self.diagnoses

    def sandbox(self, plan: SandboxPlan) -> None:
        self.plans.append(plan)

    def demo(self, plan: DemoPlan, tell: Callable[[str], None]) -> DemoResult:
        self.plans.append(plan)
        tell("The demo begins.")
        assert self.demo_result is not None, "set by the test"
        return self.demo_result

    def close(self) -> None:
        self.closed += 1


@define
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class Keyboard(io.StringIO):
    """A terminal somebody types at."""

    def isatty(self) -> bool:
        return True


@define
class Stage:
    """Monitr with one provider by key (odoo) and one by OAuth (exact-online)."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    clock: EventfulClock = field(factory=EventfulClock)
    services: Services = field(init=False)
    keyed: FakeProvider = field(init=False)
    oauth: FakeProvider = field(init=False)
    launcher: FakeLauncher = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.keyed = FakeProvider.keyed(clock=self.clock)
        self.oauth = FakeProvider.with_oauth(clock=self.clock)
        self.services = Services(
            Ports(
                storage=MemoryStorage(),
                vault=vault_from(Path("unused"), {"MONITR_SECRET_KEY": "5a" * 32}),
                doorbell=RecordingDoorbell(),
                clock=self.clock,
                ids=CountingIds(),
                providers=providers_of(self.keyed, self.oauth),
            )
        )
        self.launcher = FakeLauncher(self.services)

    @property
    def organisation_id(self) -> str:
        return self.services.onboarding.only_or_new().id

    def run(self, *argv: str, stdin: str | None = None, typed: str | None = None) -> Ended:
        """One command line. No output of any command may hold a secret."""
        if typed is not None:
            self.monkeypatch.setattr("sys.stdin", Keyboard(typed))
        else:
            self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin or ""))
        self.capsys.readouterr()
        code = main_with(lambda _: self.launcher, list(argv))
        out, err = self.capsys.readouterr()
        assert CANARY not in out + err, "a secret was written"
        return Ended(code, out, err)

    def connect_keyed(self) -> str:
        """The integration id of a connected keyed provider."""
        return self.services.connecting.connect(
            self.organisation_id,
            "odoo",
            {"api_key": GOOD_KEY},
            operator="test",
            redirect_base=BASE,
        ).integration.id

    def begin_oauth(self) -> tuple[str, str]:
        """(integration id, state) of an authorisation under way."""
        begun = self.services.connecting.connect(
            self.organisation_id,
            "exact-online",
            {"client_id": "app", "client_secret": CLIENT_SECRET},
            operator="test",
            redirect_base=BASE,
        )
        assert begun.authorize_url is not None
        state = parse_qs(urlsplit(begun.authorize_url).query)["state"][0]
        return begun.integration.id, state

    def connect_oauth(self) -> str:
        integration_id, state = self.begin_oauth()
        self.answer(state=state, code=GOOD_CODE)
        return integration_id

    def answer(self, provider: str = "exact-online", **query: str) -> None:
        self.services.authorising.complete(provider, query)

    def follow_all(self, integration_id: str | None = None) -> Selection:
        """Both administrations followed, first imports waiting."""
        return self.services.linking.select(
            self.organisation_id, integration_id or self.connect_keyed(), None, operator="test"
        )

    def import_all(self) -> list[ImportRun]:
        """Follow (if nothing is followed yet) and import everything that is due."""
        reading = self.services.reading
        if not reading.entities(self.organisation_id):
            self.follow_all()
        else:
            self.services.importing.request(self.organisation_id, None, operator="test")
        ended: list[ImportRun] = []
        waiting = [run.id for run in reading.runs(self.organisation_id) if not run.finished]
        self.launcher.import_here(waiting, ended.append, stopping=lambda: False)
        return ended

    def entity_ids(self) -> list[str]:
        return [one.entity.id for one in self.services.reading.entities(self.organisation_id)]

    def fail(self, operation: str, *failures: Failure | None) -> None:
        self.keyed.failures[operation] = list(failures)


if TYPE_CHECKING:  # the fake is the protocol's, by type
    _fits: Callable[[Services], Launcher] = FakeLauncher
