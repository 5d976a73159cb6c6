"""QuickBooks' adapter against its stand-in, through the real protocol."""

from collections.abc import Iterable
from contextlib import closing
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.quickbooks import QuickBooks
from adapters.providers.quickbooks.wire import Volume, pull_calls
from core.domain.books import RecordKind
from core.ports.provider import Source
from sandbox.browser import decide
from sandbox.records import EntryKind
from sandbox.server import Sandbox
from tests.providers.oauth_conformance import OAuthConformance
from tests.providers.quickbooks.sandboxed import (
    BROKEN_YEAR,
    EMPTY,
    FIRST,
    KEY,
    REDIRECT,
    SINGLE,
    authorised,
    fields_of,
    shown_truth,
    view_of,
)
from tests.providers.sandboxed import Connected, run

FISCAL_YEARS = 2
INVOICES = (
    EntryKind.SALES_INVOICE,
    EntryKind.SALES_CREDIT,
    EntryKind.PURCHASE_INVOICE,
    EntryKind.PURCHASE_CREDIT,
)


class TestQuickBooks(OAuthConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = FIRST
    empty_administration_key: ClassVar[str] = EMPTY
    page_paths: ClassVar[str] = "/v3/company/*"

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return authorised(sandbox, kit)

    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        flow = QuickBooks(kit).oauth
        assert flow is not None
        url = flow.authorize_url(
            fields_of(sandbox), redirect_uri=REDIRECT, state="state", verifier=""
        )
        return decide(url, action="deny")

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        return shown_truth(sandbox, super().truth(sandbox, key))

    def small_pages(self, sandbox: Sandbox) -> None:
        """Lists have no smaller pages at the real service either; reports can be cut sooner."""
        sandbox.settings(KEY, report_cells=2_400)

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """The sheet's count: lists by the thousand, a journal report per fiscal year, a trial
        balance per fiscal year and one; of a night the months of what changed instead.
        """
        view = view_of(sandbox)
        if not full:
            months = sorted(
                {
                    (entry.date.year, entry.date.month)
                    for entry in view.books.live_entries()
                    if view.updated_ms(entry) >= sandbox.clock.now_ms() - 24 * 3600 * 1000
                }
                | {(2026, 10), (2026, 11)}
            )
            runs = 1 + sum(
                (after[0] - before[0]) * 12 + after[1] - before[1] > 1
                for before, after in pairwise(months)
            )
            years = {year for year, _ in months}
            volume = Volume(
                lists=(len(view.books.accounts),),
                windows=runs,
                years=len(years | {year - 1 for year in years}),
                cdc=1,
            )
            return pull_calls(volume)
        counts = [
            sum(entry.kind is kind for entry in view.books.live_entries()) for kind in INVOICES
        ]
        customers = sum(each.customer for each in view.books.contacts)
        vendors = sum(each.supplier for each in view.books.contacts)
        taxes = len(view.books.tax_codes)
        volume = Volume(
            company=2,
            lists=(
                len(view.books.accounts),
                taxes,
                2 * taxes,
                customers,
                vendors,
                len(view.employees()),
                *counts,
            ),
            windows=FISCAL_YEARS,
            years=FISCAL_YEARS + 1,
        )
        return pull_calls(volume)

    # -- one company per consent -------------------------------------------------------------------

    def test_discovery_lists_every_administration_with_its_obstacles(
        self, sandbox: Sandbox, source: Source
    ) -> None:
        """A consent is for the one company that was picked."""
        (found,) = source.administrations()
        truth = self.truth(sandbox, FIRST)
        assert (found.key, found.name, found.currency) == (
            FIRST,
            truth["name"],
            truth["currency"],
        )
        assert found.importable
        assert found.obstacle is None

    def test_an_empty_administration_is_no_error(self, sandbox: Sandbox, source: Source) -> None:
        kit = source._kit  # type: ignore[attr-defined] # of the adapter under test
        with closing(authorised(sandbox, kit, EMPTY).open()) as opened:
            administration = self.find(opened, EMPTY)
            ledger, bookmark = self.imported(opened, administration)
            assert ledger.lines == []
            assert ledger.records[RecordKind.ACCOUNT]
            self.assert_true(sandbox, ledger, EMPTY)
            self.assert_proven(opened, administration, ledger)
            run(opened, administration, bookmark, ledger)
            self.assert_true(sandbox, ledger, EMPTY)

    @pytest.mark.parametrize("key", [SINGLE, BROKEN_YEAR])
    def test_other_companies_equal_the_truth(self, sandbox: Sandbox, kit: Kit, key: str) -> None:
        """Without foreign currencies, and with another fiscal year."""
        with closing(authorised(sandbox, kit, key).open()) as opened:
            administration = self.find(opened, key)
            ledger, _ = self.imported(opened, administration)
            self.assert_true(sandbox, ledger, key)
            self.assert_proven(opened, administration, ledger)

    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches, 3)


@pytest.mark.fire
class TestQuickBooksAtEveryStop(TestQuickBooks):
    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches)
