"""Nights of random edits and crashes against the stand-ins, on SQLite: the books end up true.

Edits happen between pages as well as between nights; workers die after any batch. After each night
a clean one must be proven and equal to the stand-in's truth per account and period, and what older
generations said must never change.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest
from attrs import define, field

from adapters.providers.exact_online import ExactOnline
from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.odoo import Odoo
from adapters.storage.sql.storage import SqlStorage
from core.domain.import_run import ImportRun, RunStatus
from core.domain.money import parse_e4
from core.domain.proof import Verdict
from core.ports.books import TrialBalanceRow
from core.services.import_engine import ImportEngine
from core.services.ports import Ports
from core.services.services import Services
from sandbox.books import UnknownRecord
from sandbox.browser import decide
from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.odoo import SANDBOX_FIELDS
from sandbox.server import Sandbox
from tests.fakes import CountingIds, RecordingDoorbell
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import SandboxTime
from tests.services.house import BASE, OPERATOR, PlainVault

NOW = dt.datetime(2026, 11, 20, 1, 15, tzinfo=dt.UTC)
LINES = 200
NIGHTS = 4
ATTEMPTS_MAX = 60
CRASHING_ATTEMPTS = 6
"""Later attempts of a night are left alone, so that it ends."""
ROWS_PER_PAGE = 1_000

EDITS: tuple[dict[str, object], ...] = (
    {"kind": "add-entry"},
    {"kind": "edit-entry"},
    {"kind": "edit-entry", "delta": -300},
    {"kind": "edit-entry", "year": 2024},
    {"kind": "edit-entry", "date": "2026-03-14"},
    {"kind": "replace-lines"},
    {"kind": "delete-entry"},
    {"kind": "delete-entry", "year": 2025},
    {"kind": "rename-contact"},
    {"kind": "rename-account"},
    {"kind": "add-account"},
    {"kind": "add-contact"},
)


class Killed(BaseException):
    """The worker is gone."""


@define
class Play:
    """One entity followed at one stand-in, and what chance does to it."""

    key: str
    code: str
    sandbox: Sandbox
    ports: Ports
    chance: Random
    organisation_id: str = ""
    entity_id: str = ""
    workers: int = 0
    kills: int = 0
    told: dict[int, list[TrialBalanceRow]] = field(factory=dict)
    """What each generation's trial balance said when it was the newest."""

    @property
    def services(self) -> Services:
        return Services(self.ports)

    def edit(self) -> None:
        try:
            chosen = self.chance.choice(EDITS)
            self.sandbox.edit(self.key, {"administration": self.code, **chosen})
        except UnknownRecord:
            pass  # nothing like it in these books

    def between_batches(self, *, kill_after: int) -> Iterator[bool]:
        """Answers to "stop?": time passes, people type, and after so many batches it is over."""
        batches = 0
        while True:
            batches += 1
            self.sandbox.advance(self.chance.choice((1, 30, 120)))
            if self.chance.random() < 0.4:
                self.edit()
            if batches == kill_after:
                raise Killed
            yield False

    def newest_run(self) -> ImportRun:
        return self.services.reading.runs(self.organisation_id, entity_id=self.entity_id)[0]

    def attempt(self, *, wild: bool) -> None:
        self.workers += 1
        worker = f"worker-{self.workers}"
        self.services.importing.beat(worker, standing=False)
        run = self.newest_run()
        with self.ports.storage.writing() as uow:  # the point is the bookmark, not giving up
            uow.runs.replace(run, attrs.evolve(run, strikes=0))
            uow.commit()
        answers = self.between_batches(kill_after=self.chance.choice((0, 1, 2, 3, 5, 8)))
        stopping = (lambda: next(answers)) if wild else (lambda: False)
        try:
            ImportEngine(self.ports, worker, stopping).run(run.id)
        except Killed:
            self.kills += 1
            self.sandbox.advance(40)  # longer than a worker may be silent
            self.services.importing.sweep()

    def night(self, *, wild: bool) -> ImportRun:
        """Attempts until the newest run has ended; it is asked for unless one waits."""
        self.services.importing.request(self.organisation_id, [self.entity_id], operator=OPERATOR)
        for number in range(ATTEMPTS_MAX):
            if self.newest_run().finished:
                break
            self.attempt(wild=wild and number < CRASHING_ATTEMPTS)
        return self.newest_run()

    def assert_true(self, run: ImportRun) -> None:
        assert run.status is RunStatus.SUCCEEDED, run.trouble
        assert run.proof is not None
        assert run.proof.verdict is Verdict.PROVEN, run.proof.residuals[:5]
        assert run.proof.finding_count == 0
        truth = next(
            told for told in self.sandbox.truth(self.key) if str(told["code"]) == self.code
        )
        rows = truth["balances"]
        assert isinstance(rows, list)
        wanted = {
            (row["account"], row["year"], row["period"]): parse_e4(row["amount"])
            for row in rows
            if parse_e4(row["amount"])
        }
        assert run.generation is not None
        with self.ports.storage.reading() as uow:
            codes = {
                one.key: one.code for one in uow.books.accounts(self.entity_id, run.generation)
            }
            cells_e4 = uow.books.cells(self.entity_id, run.generation)
        held = {
            (codes[cell.account_key], cell.year, cell.period): amount_e4
            for cell, amount_e4 in cells_e4.items()
        }
        assert held == wanted

    def assert_generations_stand(self) -> None:
        """Each says what it always said, balances, and is the sum of its own lines."""
        reading, mine = self.services.reading, (self.organisation_id, self.entity_id)
        for generation in reading.generations(*mine):
            as_of = str(generation.number)
            rows = list(reading.trial_balance(*mine, as_of=as_of).rows)
            assert self.told.setdefault(generation.number, rows) == rows
            sums_e4: Counter[str] = Counter()
            cursor = None
            while True:
                _, page = reading.lines(*mine, as_of=as_of, cursor=cursor, limit=ROWS_PER_PAGE)
                for row in page.rows:
                    sums_e4[row.line.account_key] += row.line.amount_e4
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert sum(sums_e4.values()) == 0
            assert {row.account_key: row.closing_e4 for row in rows} == dict(sums_e4)


@contextmanager
def playing(key: str, seed: int, folder: Path, version: int | None) -> Iterator[Play]:
    with Sandbox(seed=seed, lines=LINES, providers=[key], frozen_at=NOW) as sandbox:
        clock = SandboxTime(sandbox)
        time_outs = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
        kit = Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=time_outs)
        ports = Ports(
            storage=SqlStorage(folder / "monitr.sqlite3"),
            vault=PlainVault(),
            doorbell=RecordingDoorbell(),
            clock=clock,
            ids=CountingIds(),
            providers={"exact-online": ExactOnline(kit), "odoo": Odoo(kit)},
        )
        code = "1" if key == "odoo" else "700001"
        play = Play(key, code, sandbox, ports, Random(seed))  # noqa: S311 - no secret is made
        if key == "odoo":
            sandbox.settings(key, version=version, moves_per_answer_max=16)
            fields = {"url": sandbox.url(key), **SANDBOX_FIELDS}
        else:
            sandbox.settings(key, page_large=60, page_single=40)
            fields = {
                "site": sandbox.url(key),
                "client_id": SANDBOX_CLIENT_ID,
                "client_secret": SANDBOX_CLIENT_SECRET,
            }
        play.organisation_id = play.services.onboarding.start("Random").id
        connection = play.services.connecting.connect(
            play.organisation_id, key, fields, operator=OPERATOR, redirect_base=BASE
        )
        if connection.authorize_url is not None:
            landed = decide(connection.authorize_url)
            answer = dict(parse_qsl(urlsplit(landed).query))
            play.services.authorising.complete(key, answer)
        selection = play.services.linking.select(
            play.organisation_id, connection.integration.id, [code], operator=OPERATOR
        )
        play.entity_id = selection.created[0].id
        yield play
        ports.storage.close()


@pytest.mark.fire
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize(
    ("key", "version"), [("exact-online", None), ("odoo", 19), ("odoo", 16), ("odoo", 14)]
)
def test_whatever_happens_a_clean_night_is_true(
    key: str, version: int | None, seed: int, tmp_path: Path
) -> None:
    with playing(key, seed, tmp_path, version) as play:
        for _ in range(NIGHTS):
            assert play.night(wild=True).status is RunStatus.SUCCEEDED
            play.sandbox.advance(3_600)
            play.assert_true(play.night(wild=False))
            play.assert_generations_stand()
            play.sandbox.advance(20 * 3_600)
            for _ in range(play.chance.randint(0, 6)):
                play.edit()
        assert play.kills
