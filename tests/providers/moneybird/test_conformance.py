"""Moneybird's adapter against its stand-in, through the real protocol."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.moneybird import Moneybird
from adapters.providers.moneybird.wire import Volume, pull_calls
from sandbox.browser import decide
from sandbox.records import EntryKind
from sandbox.server import Sandbox
from tests.providers.moneybird.sandboxed import (
    EMPTY,
    FIRST,
    KEY,
    REDIRECT,
    authorised,
    fields_of,
    shown_truth,
    view_of,
)
from tests.providers.oauth_conformance import OAuthConformance
from tests.providers.sandboxed import Connected

SYNCED = 5
SALES = {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT}
YEARS = 4
"""Looked at with one call each: the one before the first, two with books, the one to come."""
ACCOUNTS_WITH_THE_OTHER_SIGN = 2
"""Exchange differences and the appropriation of the result: known by their first month only."""


class TestMoneybird(OAuthConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = FIRST
    empty_administration_key: ClassVar[str] = EMPTY
    page_paths: ClassVar[str] = "/api/v2/4*"

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return authorised(sandbox, kit)

    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        flow = Moneybird(kit).oauth
        assert flow is not None
        url = flow.authorize_url(
            fields_of(sandbox), redirect_uri=REDIRECT, state="state", verifier=""
        )
        return decide(url, action="deny")

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        return shown_truth(sandbox, super().truth(sandbox, key))

    def small_pages(self, sandbox: Sandbox) -> None:
        sandbox.settings(KEY, page_rows=40)

    def stops(self, batches: int) -> Iterable[int]:
        """A ledger is some seventy batches: every twentieth, and all of them below."""
        return range(1, batches, 20)

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """The sheet's safest plan counts a call per account and month; ours is a call per hundred
        bookings of a month that changed, and one per account whose sign had to be learned.
        """
        view = view_of(sandbox)
        lines = Counter(
            f"{line.entry.date:%Y%m}" for line in view.books.live_lines() if line.account
        )
        if not full:
            newest = max(lines)
            volume = Volume(
                tax_codes=1,
                records=(min(changes, 100),) * SYNCED,
                years=YEARS,
                months=12,
                lines=[lines[newest], lines[newest]],
            )
            return pull_calls(volume)
        entries = [entry for entry in view.books.live_entries() if entry.invoice_number]
        sold = [entry for entry in entries if entry.kind in SALES]
        bought = [entry for entry in entries if entry.kind not in SALES]
        external = sum(view.is_external(entry) for entry in sold)
        receipts = sum(view.is_receipt(entry) for entry in bought)
        volume = Volume(
            tax_codes=len(view.books.tax_codes),
            records=(
                len(view.books.contacts),
                len(sold) - external + 1,  # and the draft
                external,
                len(bought) - receipts,
                receipts,
            ),
            years=YEARS,
            months=24,
            lines=list(lines.values()),
            redone=ACCOUNTS_WITH_THE_OTHER_SIGN,
        )
        return pull_calls(volume)


@pytest.mark.fire
class TestMoneybirdAtEveryStop(TestMoneybird):
    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches)
