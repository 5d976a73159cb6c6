"""What every provider's adapter must do, against its stand-in. Inherit, fill in the hooks.

Beside what every source of books must do (``source_conformance``): calls, their limits and their
troubles. Time is the sandbox's own, standing still unless a test or the adapter's pause moves it.
"""

import abc
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from adapters.providers.kit.calls import Kit, TimeOuts
from core.domain.books import RecordKind
from core.domain.failures import Failure, NotUnderstood, ProviderDown, Wait
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, SandboxTime, run, run_into_failure
from tests.providers.source_conformance import NIGHT_SECONDS, SourceConformance

__all__ = ["NIGHT_SECONDS", "NOW", "ProviderConformance"]

NOW = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
CALLS_MARGIN = 1.1  # calls may exceed the fewest possible by a tenth


class ProviderConformance(SourceConformance[Sandbox]):
    """Subclasses set ``key`` and the hooks, and inherit the tests."""

    lines: ClassVar[int] = 600
    empty_administration_key: ClassVar[str]
    page_paths: ClassVar[str] = "*"
    """Fault pattern that matches the pages of an import and nothing else."""

    # -- hooks -------------------------------------------------------------------------------------

    @abc.abstractmethod
    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """Fewest calls of a pull with its control totals; ``changes``: rows a night brought."""

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

    # -- what the tests say again and again --------------------------------------------------------

    def asked(self, sandbox: Sandbox) -> list[str]:
        """Successful page requests so far, as method, path, query and body."""
        return [
            f"{entry.method} {entry.path}?{entry.query} {entry.body}"
            for entry in sandbox.log(self.key)
            if entry.status == 200
        ]

    # -- the tests ---------------------------------------------------------------------------------

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
