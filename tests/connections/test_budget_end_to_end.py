"""A run that meets an exhausted budget: short waits are slept through, long ones end the attempt.

The whole way: the stand-in's headers, what is learned from them, the run, its bookmark, the words.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import frozen

from adapters.providers.exact_online import ExactOnline
from adapters.providers.kit.calls import Kit
from adapters.storage.budgets import MemoryBudgets
from adapters.storage.memory.storage import MemoryStorage
from core.domain.failures import Action
from core.domain.import_run import ImportRun, RunStatus
from core.ports.budget import NOBODY, Charge, NotNow
from core.services.import_engine import ImportEngine
from core.services.ports import Ports
from core.services.services import Services
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox
from tests.fakes import CountingIds, RecordingDoorbell
from tests.providers.sandboxed import SandboxTime
from tests.services.house import BASE, OPERATOR, PlainVault

KEY = "exact-online"


@frozen
class Stage:
    sandbox: Sandbox
    ports: Ports
    run_id: str
    organisation_id: str

    def attempt(self) -> ImportRun:
        services = Services(self.ports)
        services.importing.beat("worker", standing=False)
        run = ImportEngine(self.ports, "worker").run(self.run_id)
        assert run is not None
        return run


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Sandbox(seed=11, lines=1_500, providers=[KEY]) as sandbox:
        clock = SandboxTime(sandbox)
        budgets = MemoryBudgets(clock)
        ports = Ports(
            storage=MemoryStorage(),
            vault=PlainVault(),
            doorbell=RecordingDoorbell(),
            clock=clock,
            ids=CountingIds(),
            providers={KEY: ExactOnline(Kit(clock=clock, budgets=budgets))},
            budgets=budgets,
        )
        services = Services(ports)
        organisation = services.onboarding.start("Budget")
        connection = services.connecting.connect(
            organisation.id,
            KEY,
            {
                "site": sandbox.url(KEY),
                "client_id": SANDBOX_CLIENT_ID,
                "client_secret": SANDBOX_CLIENT_SECRET,
            },
            operator=OPERATOR,
            redirect_base=BASE,
        )
        assert connection.authorize_url is not None
        landed = decide(connection.authorize_url)
        services.authorising.complete(KEY, dict(parse_qsl(urlsplit(landed).query)))
        administration = str(sandbox.truth(KEY)[0]["code"])
        selection = services.linking.select(
            organisation.id, connection.integration.id, [administration], operator=OPERATOR
        )
        sandbox.clear_log(KEY)
        sandbox.settings(KEY, page_large=100)
        yield Stage(sandbox, ports, selection.runs[0].id, organisation.id)


def pages_twice(sandbox: Sandbox) -> dict[str, int]:
    asked = Counter(
        f"{one.path}?{one.query}"
        for one in sandbox.log(KEY)
        if one.status == 200 and "/oauth2/" not in one.path
    )
    return {page: times for page, times in asked.items() if times > 1}


def test_a_days_limit_ends_the_attempt_with_its_bookmark_and_says_when(stage: Stage) -> None:
    stage.sandbox.settings(KEY, per_day=15)
    run = stage.attempt()
    assert run.status is RunStatus.WAITING
    assert run.bookmark is not None
    assert run.trouble is not None
    assert run.trouble.action is Action.WAIT
    assert "continues" in run.trouble.sentence
    now = stage.ports.clock.now()
    assert now < run.due_at <= now + timedelta(days=1, minutes=1)
    refused = [one for one in stage.sandbox.log(KEY) if one.status == 429]
    assert len(refused) <= 1, "learned from the headers: not asked in vain"

    minute, day = Services(stage.ports).budgets.left(stage.organisation_id)
    assert (minute.limit.seconds, day.limit.seconds) == (60, 86_400)
    assert minute.calls_left > 0
    assert (day.calls_left, day.free_at) == (0, run.due_at), "a front end can say so"

    seen = run.bookmark
    stage.sandbox.advance((run.due_at - now).total_seconds() + 1)
    stage.sandbox.settings(KEY, per_day=5_000)
    run = stage.attempt()
    assert run.status is RunStatus.SUCCEEDED, run.trouble
    assert run.bookmark != seen
    assert pages_twice(stage.sandbox) == {}


def test_a_minutes_limit_is_slept_through(stage: Stage) -> None:
    stage.sandbox.settings(KEY, per_minute=10)
    before = stage.ports.clock.now()
    run = stage.attempt()
    assert run.status is RunStatus.SUCCEEDED, run.trouble
    assert stage.ports.clock.now() - before >= timedelta(seconds=60)
    assert pages_twice(stage.sandbox) == {}


def test_calls_of_an_import_are_made_for_its_entity(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise entities could not be told apart, and no share of theirs be kept."""
    parties: list[str] = []
    genuine = MemoryBudgets.take

    def noting(
        self: MemoryBudgets,
        charges: Sequence[Charge],
        *,
        call: str,
        seconds: float,
        party: str = NOBODY,
    ) -> NotNow | None:
        parties.append(party)
        return genuine(self, charges, call=call, seconds=seconds, party=party)

    monkeypatch.setattr(MemoryBudgets, "take", noting)
    run = stage.attempt()
    assert run.status is RunStatus.SUCCEEDED, run.trouble
    assert len(parties) > 5
    assert set(parties) == {run.entity_id}
