"""Moneybird's adapter against its stand-in, through the real protocol."""

from collections import Counter
from typing import Any, ClassVar

from adapters.providers.kit.calls import Kit
from adapters.providers.moneybird import Moneybird
from adapters.providers.moneybird.wire import Volume, pull_calls
from sandbox.browser import decide
from sandbox.server import Sandbox
from tests.providers.conformance import OAuthConformance
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
from tests.providers.sandboxed import Connected

SYNCED = 5
NIGHT_DAYS = 1


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
                records=(min(changes, 50),) * SYNCED,
                years=4,
                months=12,
                lines=[lines[newest], lines[newest]],
            )
            return pull_calls(volume)
        entries = [entry for entry in view.books.live_entries() if entry.invoice_number]
        external = sum(1 for entry in entries if view.is_external(entry) and entry.lines)
        volume = Volume(
            tax_codes=len(view.books.tax_codes),
            records=(
                len(view.books.contacts),
                *(len(entries) // 4,) * (SYNCED - 1),
            ),
            years=4,
            months=24,
            lines=list(lines.values()),
            redone=1,
        )
        assert external >= 0
        return pull_calls(volume)
