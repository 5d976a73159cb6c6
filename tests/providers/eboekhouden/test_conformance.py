"""e-Boekhouden's adapter against its stand-in, through both of its interfaces."""

from collections.abc import Iterable
from contextlib import closing
from math import ceil
from typing import Any, ClassVar

import pytest

from adapters.providers.kit.calls import Kit
from core.domain.books import RecordKind
from core.ports.provider import Source
from sandbox.identity import Identities, Kind
from sandbox.server import Sandbox
from tests.providers.conformance import ProviderConformance
from tests.providers.eboekhouden.sandboxed import (
    EMPTY,
    FIRST,
    KEY,
    WINDOW,
    by_rest,
    by_soap,
    shown_truth,
    view_of,
)
from tests.providers.sandboxed import Connected, run

YEARS, MONTHS = 2, 24
GUIDS = Identities(11)
FIRST_GUID = "{" + GUIDS.guid(FIRST, Kind.COMPANY, 0).upper() + "}"
EMPTY_GUID = "{" + GUIDS.guid(EMPTY, Kind.COMPANY, 0).upper() + "}"


class Shown(ProviderConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = FIRST_GUID
    empty_administration_key: ClassVar[str] = EMPTY_GUID

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        return shown_truth(sandbox, super().truth(sandbox, key))


class TestSoap(Shown):
    """An accountant, who reaches every administration."""

    page_paths: ClassVar[str] = "/soap.asmx"

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return by_soap(sandbox, kit)

    def small_pages(self, sandbox: Sandbox) -> None:
        """They are small: see WINDOW."""

    def asked(self, sandbox: Sandbox) -> list[str]:
        return [line for line in super().asked(sandbox) if "OpenSession" not in line]

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """Accounts, relations, windows, one look at all balances, those of two years by month."""
        highest = max(view_of(sandbox).mutations())
        check = 1 if full else 0
        return 2 + ceil((highest + 1) / WINDOW) + check + MONTHS


class TestRest(Shown):
    """One token, one administration, a call per mutation."""

    page_paths: ClassVar[str] = "/v1/*"
    lines: ClassVar[int] = 500

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return by_rest(sandbox, kit)

    def small_pages(self, sandbox: Sandbox) -> None:
        sandbox.settings(KEY, limit_max=100)

    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches, 6)

    def asked(self, sandbox: Sandbox) -> list[str]:
        return [line for line in super().asked(sandbox) if "/v1/session" not in line]

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """Lists, a call per mutation and relation, and balances by month; of a night, as many
        details as the newest two months have, and balances by year and month to find them.
        """
        view = view_of(sandbox)
        mutations, relations = view.mutations(), len(view.books.contacts)
        lists = 1 + ceil(relations / 2_000) + ceil(len(mutations) / 2_000)
        if full:
            return lists + relations + len(mutations) + 1 + MONTHS
        months = [f"{shown.entry.date:%Y%m}" for shown in mutations.values()]
        in_newest = sum(month in sorted(set(months))[-2:] for month in months)
        return lists + in_newest + YEARS + MONTHS

    def test_discovery_lists_every_administration_with_its_obstacles(
        self, sandbox: Sandbox, source: Source
    ) -> None:
        """A token was made in one administration."""
        (found,) = source.administrations()
        assert found.key == FIRST_GUID
        assert found.name == self.truth(sandbox, FIRST_GUID)["name"]
        assert (found.currency, found.country) == ("EUR", "NL")
        assert found.importable

    @pytest.mark.parametrize("company", [2, 3, 7])
    def test_every_token_brings_its_own_books(
        self, sandbox: Sandbox, kit: Kit, company: int
    ) -> None:
        with closing(by_rest(sandbox, kit, company).open()) as source:
            (administration,) = source.administrations()
            ledger, _ = self.imported(source, administration)
            self.assert_true(sandbox, ledger, administration.key)
            self.assert_proven(source, administration, ledger)

    def test_an_empty_administration_is_no_error(self, sandbox: Sandbox, source: Source) -> None:
        source.close()
        kit = source._kit  # type: ignore[attr-defined]
        with closing(by_rest(sandbox, kit, EMPTY).open()) as opened:
            (administration,) = opened.administrations()
            assert administration.key == EMPTY_GUID
            ledger, bookmark = self.imported(opened, administration)
            assert ledger.lines == []
            assert ledger.records[RecordKind.ACCOUNT]
            self.assert_true(sandbox, ledger, administration.key)
            self.assert_proven(opened, administration, ledger)
            run(opened, administration, bookmark, ledger)
            self.assert_true(sandbox, ledger, administration.key)


@pytest.mark.fire
class TestRestAtEveryStop(TestRest):
    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches)
