"""What every source of books must do, be it called or read from files. Inherit, fill in the hooks.

The stand-in's books are the truth: an import is right when folding its batches gives the truth's
balances per account and period, to the cent.
"""

import abc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pytest

from adapters.providers.kit.calls import Kit
from core.domain.books import Batch, RecordKind
from core.domain.catalogue import AuthKind, entry_of
from core.domain.integration import Administration
from core.domain.money import parse_e4
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, run

NIGHT_SECONDS = 24 * 3600


class Truthful(Protocol):
    """Stands in for what books come from, and knows what they are."""

    def truth(self, provider: str, /) -> list[dict[str, object]]: ...

    def edit(self, provider: str, edit: Mapping[str, object], /) -> list[str]: ...

    def advance(self, seconds: float, /) -> None: ...

    def clear_log(self, provider: str, /) -> None: ...


S = TypeVar("S", bound=Truthful)


class SourceConformance(abc.ABC, Generic[S]):
    """Subclasses set ``key`` and the hooks, and inherit the tests."""

    key: ClassVar[str]
    administration_key: ClassVar[str]
    """The stand-in's first company."""

    # -- hooks -------------------------------------------------------------------------------------

    @abc.abstractmethod
    def connect(self, sandbox: S, kit: Kit) -> Connected:
        """Connect the way an operator does."""

    @abc.abstractmethod
    def small_pages(self, sandbox: S) -> None:
        """Make the stand-in serve small pages, so that small books have many."""

    @abc.abstractmethod
    def asked(self, sandbox: S) -> list[str]:
        """What was read so far, page by page."""

    def stops(self, batches: int) -> Iterable[int]:
        """After how many batches a pull is stopped; of very many, a sample here and all by fire."""
        return range(1, batches)

    # -- fixtures ----------------------------------------------------------------------------------

    @pytest.fixture
    def connected(self, sandbox: S, kit: Kit) -> Connected:
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

    def truth(self, sandbox: S, key: str) -> dict[str, Any]:
        return next(truth for truth in sandbox.truth(self.key) if truth["code"] == key)

    def assert_true(self, sandbox: S, ledger: Ledger, key: str | None = None) -> None:
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

    def night(self, sandbox: S, edits: Sequence[dict[str, object]] | None = None) -> None:
        sandbox.advance(NIGHT_SECONDS)
        for edit in edits or [{"kind": "night"}]:
            sandbox.edit(self.key, {"administration": self.administration_key, **edit})

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
        self, sandbox: S, source: Source
    ) -> None:
        found = {each.key: each for each in source.administrations()}
        truths: dict[str, Any] = {str(told["code"]): told for told in sandbox.truth(self.key)}
        assert found.keys() == truths.keys()
        for key, truth in truths.items():
            assert found[key].name == truth["name"]
            assert found[key].currency == truth["currency"]
            assert found[key].importable == truth["importable"]
            assert (found[key].obstacle is None) == truth["importable"]

    def test_a_full_import_equals_the_truth_to_the_cent(self, sandbox: S, source: Source) -> None:
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
        self, sandbox: S, source: Source, administration: Administration
    ) -> None:
        ledger, bookmark = self.imported(source, administration)
        sandbox.advance(NIGHT_SECONDS)
        before = ledger.writes
        run(source, administration, bookmark, ledger)
        assert ledger.writes == before
        self.assert_true(sandbox, ledger)

    def test_new_edited_and_deleted_entries_arrive(
        self, sandbox: S, connected: Connected, source: Source, administration: Administration
    ) -> None:
        ledger, bookmark = self.imported(source, administration)
        for _ in range(3):
            self.night(sandbox)
            with closing(connected.open()) as tonight:
                bookmark = run(tonight, administration, bookmark, ledger)
                self.assert_true(sandbox, ledger)
                self.assert_proven(tonight, administration, ledger)

    def test_stopping_after_any_batch_loses_and_repeats_nothing(
        self, sandbox: S, connected: Connected, source: Source, administration: Administration
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
        self, sandbox: S, connected: Connected, source: Source, administration: Administration
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
