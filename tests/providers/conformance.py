"""What every provider's adapter must do, against its stand-in. Inherit, fill in the hooks.

The stand-in's books are the truth: an import is right when folding its batches gives the truth's
balances per account and period, to the cent. Time is the sandbox's own, standing still unless a
test or a pause of the adapter moves it.
"""

import abc
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from adapters.providers.kit.calls import Kit, TimeOuts
from core.domain.books import Batch, RecordKind
from core.domain.catalogue import AuthKind, entry_of
from core.domain.failures import Failure, NotUnderstood, ProviderDown, Wait
from core.domain.integration import Administration
from core.domain.money import parse_e4
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, SandboxTime, run, run_into_failure

NOW = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
NIGHT_SECONDS = 24 * 3600
CALLS_MARGIN = 1.1  # calls may exceed the fewest possible by a tenth


class ProviderConformance(abc.ABC):
    """Subclasses set ``key`` and the hooks, and inherit the tests."""

    key: ClassVar[str]
    lines: ClassVar[int] = 1_500
    administration_key: ClassVar[str]
    """The sandbox's first company."""
    empty_administration_key: ClassVar[str]
    page_paths: ClassVar[str] = "*"
    """Fault pattern that matches the pages of an import and nothing else."""

    # -- hooks -------------------------------------------------------------------------------------

    @abc.abstractmethod
    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        """Connect the way an operator does."""

    @abc.abstractmethod
    def small_pages(self, sandbox: Sandbox) -> None:
        """Make the stand-in serve small pages, so that small books have many."""

    @abc.abstractmethod
    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """Fewest calls of a pull with its control totals; ``changes``: rows a night brought."""

    def stops(self, batches: int) -> Iterable[int]:
        """After how many batches a pull is stopped; of very many, a sample here and all by fire."""
        return range(1, batches)

    # -- fixtures ----------------------------------------------------------------------------------

    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox(seed=11, lines=self.lines, providers=[self.key], frozen_at=NOW) as running:
            yield running

    @pytest.fixture
    def kit(self, sandbox: Sandbox) -> Kit:
        clock = SandboxTime(sandbox)
        return Kit(
            clock=clock,
            budgets=FakeBudgets(clock),
            time_outs=TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20),
        )

    @pytest.fixture
    def connected(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return self.connect(sandbox, kit)

    @pytest.fixture
    def source(self, connected: Connected) -> Iterator[Source]:
        with closing(connected.open()) as opened:
            yield opened

    @pytest.fixture
    def administration(self, source: Source) -> Administration:
        return self.find(source, self.administration_key)

    # -- what the tests say again and again --------------------------------------------------------

    def find(self, source: Source, key: str) -> Administration:
        return next(found for found in source.administrations() if found.key == key)

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        return next(truth for truth in sandbox.truth(self.key) if truth["code"] == key)

    def assert_true(self, sandbox: Sandbox, ledger: Ledger, key: str | None = None) -> None:
        """The ledger holds exactly the books of the stand-in."""
        truth = self.truth(sandbox, key or self.administration_key)
        balances = {
            (row["account"], row["year"], row["period"]): parse_e4(row["amount"])
            for row in truth["balances"]
            if Decimal(row["amount"])
        }
        assert ledger.cells_by_code == balances
        counts = {kind: len(held) for kind, held in ledger.records.items()}
        assert counts[RecordKind.LINE] == truth["lines"]
        assert counts[RecordKind.ENTRY] == truth["entries"]
        assert counts[RecordKind.ACCOUNT] == truth["accounts"]
        assert counts[RecordKind.JOURNAL] == truth["journals"]
        assert counts[RecordKind.CONTACT] == truth["contacts"]
        assert ledger.unbalanced == []

    def assert_proven(self, source: Source, administration: Administration, ledger: Ledger) -> None:
        proof = hold_against(ledger.cells, source.control_totals(administration))
        assert proof.verdict is Verdict.PROVEN, proof.residuals[:5]

    def imported(self, source: Source, administration: Administration) -> tuple[Ledger, str]:
        ledger = Ledger()
        return ledger, run(source, administration, None, ledger)

    def night(self, sandbox: Sandbox, edits: Sequence[dict[str, object]] | None = None) -> None:
        sandbox.advance(NIGHT_SECONDS)
        for edit in edits or [{"kind": "night"}]:
            sandbox.edit(self.key, {"administration": self.administration_key, **edit})

    def asked(self, sandbox: Sandbox) -> list[str]:
        """Successful page requests so far, as method, path, query and body."""
        return [
            f"{entry.method} {entry.path}?{entry.query} {entry.body}"
            for entry in sandbox.log(self.key)
            if entry.status == 200
        ]

    # -- the tests ---------------------------------------------------------------------------------

    def test_it_is_the_catalogues_entry(self, connected: Connected) -> None:
        provider = connected.provider
        assert provider.entry == entry_of(self.key)
        assert (provider.oauth is not None) == (provider.entry.auth is AuthKind.OAUTH)
        names = [found.name for found in provider.form.fields]
        assert len(names) == len(set(names))
        assert provider.form.preparation
        assert provider.limits or provider.entry.auth is not AuthKind.OAUTH

    def test_health_says_who_it_is(self, source: Source) -> None:
        account = source.health().account
        assert account.key
        assert account.name

    def test_discovery_lists_every_administration_with_its_obstacles(
        self, sandbox: Sandbox, source: Source
    ) -> None:
        found = {each.key: each for each in source.administrations()}
        truths: dict[str, Any] = {str(told["code"]): told for told in sandbox.truth(self.key)}
        assert found.keys() == truths.keys()
        for key, truth in truths.items():
            assert found[key].name == truth["name"]
            assert found[key].currency == truth["currency"]
            assert found[key].importable == truth["importable"]
            assert (found[key].obstacle is None) == truth["importable"]

    def test_a_full_import_equals_the_truth_to_the_cent(
        self, sandbox: Sandbox, source: Source
    ) -> None:
        for administration in source.administrations():
            if administration.importable:
                ledger, _ = self.imported(source, administration)
                self.assert_true(sandbox, ledger, administration.key)
                self.assert_proven(source, administration, ledger)

    def test_only_the_last_batch_says_so(
        self, source: Source, administration: Administration
    ) -> None:
        batches = list(source.pull(administration, None))
        assert [batch.last for batch in batches] == [False] * (len(batches) - 1) + [True]
        assert all(batch.stage for batch in batches)

    def test_an_unchanged_night_changes_nothing(
        self, sandbox: Sandbox, source: Source, administration: Administration
    ) -> None:
        ledger, bookmark = self.imported(source, administration)
        sandbox.advance(NIGHT_SECONDS)
        before = ledger.writes
        run(source, administration, bookmark, ledger)
        assert ledger.writes == before
        self.assert_true(sandbox, ledger)

    def test_new_edited_and_deleted_entries_arrive(
        self, sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
    ) -> None:
        ledger, bookmark = self.imported(source, administration)
        for _ in range(3):
            self.night(sandbox)
            with closing(connected.open()) as tonight:
                bookmark = run(tonight, administration, bookmark, ledger)
                self.assert_true(sandbox, ledger)
                self.assert_proven(tonight, administration, ledger)

    def test_stopping_after_any_batch_loses_and_repeats_nothing(
        self, sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
    ) -> None:
        self.small_pages(sandbox)
        whole = Ledger()
        batches: list[Batch] = list(source.pull(administration, None))
        for batch in batches:
            whole.apply(batch)
        whole.settle()
        self.assert_true(sandbox, whole)
        for stop in self.stops(len(batches)):
            sandbox.advance(120)
            sandbox.clear_log(self.key)
            ledger = Ledger()
            with closing(connected.open()) as first:
                bookmark = run(first, administration, None, ledger, stop_after=stop)
            with closing(connected.open()) as second:
                run(second, administration, bookmark, ledger)
            asked = self.asked(sandbox)
            assert len(asked) == len(set(asked)), f"a page was read twice, stop {stop}"
            assert ledger.records == whole.records, f"stop {stop}"

    def test_stopping_in_a_changed_night_loses_nothing(
        self, sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
    ) -> None:
        kept, bookmark = self.imported(source, administration)
        self.night(sandbox)
        tonight = len(list(source.pull(administration, bookmark)))
        for stop in self.stops(tonight):
            ledger = Ledger(records={kind: dict(held) for kind, held in kept.records.items()})
            with closing(connected.open()) as first:
                reached = run(first, administration, bookmark, ledger, stop_after=stop)
            with closing(connected.open()) as second:
                run(second, administration, reached, ledger)
            self.assert_true(sandbox, ledger)

    @pytest.mark.parametrize("kind", ["too-many", "unavailable", "close", "lost", "truncated"])
    def test_a_passing_trouble_is_overcome(
        self, sandbox: Sandbox, source: Source, administration: Administration, kind: str
    ) -> None:
        sandbox.add_fault(self.key, {"kind": kind, "path": self.page_paths, "nth": 3, "times": 2})
        ledger, _ = self.imported(source, administration)
        self.assert_true(sandbox, ledger)

    def test_a_lasting_trouble_is_the_providers(
        self, sandbox: Sandbox, source: Source, administration: Administration
    ) -> None:
        fault = {"kind": "unavailable", "path": self.page_paths, "times": 50}
        sandbox.add_fault(self.key, fault)
        before = source.calls
        with pytest.raises(ProviderDown):
            self.imported(source, administration)
        assert source.calls - before < 12

    def test_a_daily_limit_says_until_when_and_resumes(
        self, sandbox: Sandbox, source: Source, administration: Administration
    ) -> None:
        ledger = Ledger()
        fault = {"kind": "daily-budget", "path": self.page_paths, "nth": 4, "times": 9}
        sandbox.add_fault(self.key, fault)
        failure, bookmark = run_into_failure(source, administration, ledger)
        assert isinstance(failure, Wait)
        assert failure.retry_at is not None
        wait_seconds = (failure.retry_at - sandbox.clock.now()).total_seconds()
        assert wait_seconds > 0
        assert bookmark is not None
        sandbox.clear_faults(self.key)
        sandbox.advance(wait_seconds + 1)
        run(source, administration, bookmark, ledger)
        self.assert_true(sandbox, ledger)

    def test_a_malformed_page_is_not_taken_over(
        self, sandbox: Sandbox, source: Source, administration: Administration
    ) -> None:
        ledger = Ledger()
        sandbox.add_fault(self.key, {"kind": "malformed", "path": self.page_paths, "nth": 3})
        failure, bookmark = run_into_failure(source, administration, ledger)
        assert isinstance(failure, NotUnderstood | ProviderDown)
        run(source, administration, bookmark, ledger)
        self.assert_true(sandbox, ledger)

    def test_fields_nobody_announced_are_ignored(
        self, sandbox: Sandbox, source: Source, administration: Administration
    ) -> None:
        fault = {"kind": "extra-fields", "path": self.page_paths, "times": 1_000}
        sandbox.add_fault(self.key, fault)
        ledger, _ = self.imported(source, administration)
        self.assert_true(sandbox, ledger)

    def test_an_empty_administration_is_no_error(self, sandbox: Sandbox, source: Source) -> None:
        administration = self.find(source, self.empty_administration_key)
        ledger, bookmark = self.imported(source, administration)
        assert ledger.lines == []
        assert ledger.records[RecordKind.ACCOUNT]
        self.assert_true(sandbox, ledger, administration.key)
        self.assert_proven(source, administration, ledger)
        run(source, administration, bookmark, ledger)
        self.assert_true(sandbox, ledger, administration.key)

    def test_calls_are_the_fewest_possible(
        self, sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
    ) -> None:
        before = source.calls
        ledger, bookmark = self.imported(source, administration)
        self.assert_proven(source, administration, ledger)
        full = source.calls - before
        fewest_full = self.fewest_calls(sandbox, full=True, changes=0)
        sys.stdout.write(f"\n{self.key}: full import {full} calls, fewest {fewest_full}\n")
        assert full <= CALLS_MARGIN * fewest_full
        self.night(sandbox)
        with closing(connected.open()) as tonight:
            run(tonight, administration, bookmark, ledger)
            self.assert_proven(tonight, administration, ledger)
            changes = tonight.calls
        fewest_changes = self.fewest_calls(sandbox, full=False, changes=100)
        sys.stdout.write(f"{self.key}: changed night {changes} calls, fewest {fewest_changes}\n")
        assert changes <= CALLS_MARGIN * fewest_changes
        assert changes < full

    def test_secrets_are_neither_logged_nor_told(
        self, sandbox: Sandbox, source: Source, connected: Connected
    ) -> None:
        told: list[str] = [repr(connected.credentials), repr(connected.provider)]
        administration = self.find(source, self.administration_key)
        with capture_logs() as logged:
            for kind in ("malformed", "unavailable", "daily-budget", "close"):
                fault = {"kind": kind, "path": self.page_paths, "times": 9}
                sandbox.add_fault(self.key, fault)
                with pytest.raises(Failure) as caught:
                    self.imported(source, administration)
                sandbox.clear_faults(self.key)
                told += [repr(caught.value), caught.value.sentence, caught.value.detail]
        assert logged
        shown = "\n".join([*told, repr(logged)])
        for secret in connected.secrets:
            assert len(secret) > 5
            assert secret not in shown
