"""Xero's adapter against its stand-in, through the real protocol, in both ways of reading."""

from collections.abc import Iterable
from typing import Any, ClassVar

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.xero import Xero
from adapters.providers.xero.wire import Volume, pull_calls
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.browser import decide
from sandbox.server import Sandbox
from sandbox.xero.view import Role
from tests.providers.folding import Ledger
from tests.providers.oauth_conformance import OAuthConformance
from tests.providers.sandboxed import Connected
from tests.providers.xero.sandboxed import (
    EMPTY,
    FIRST,
    KEY,
    REDIRECT,
    VERIFIER,
    assert_gap,
    authorised,
    documents_truth,
    fields_of,
    posted_truth,
    stand_in_of,
    view_of,
)

YEAR_ENDS_FULL = 3
"""Of 2025 and 2026, and of the year before, which had nothing."""
YEAR_ENDS_NIGHT = 2
MONTH_ENDS_FULL = 25
"""What documents do not tell is shown per account and month: month ends of both years, and the day
before."""
MONTH_ENDS_NIGHT = 13


class TestXeroJournals(OAuthConformance):
    """For an app that may read journals: everything, proven."""

    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = FIRST
    empty_administration_key: ClassVar[str] = EMPTY
    page_paths: ClassVar[str] = "/api.xro/2.0/*"
    journals: ClassVar[bool] = True
    lines: ClassVar[int] = 900

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return authorised(sandbox, kit, journals=self.journals)

    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        flow = Xero(kit).oauth
        assert flow is not None
        url = flow.authorize_url(
            fields_of(sandbox, journals=self.journals),
            redirect_uri=REDIRECT,
            state="state",
            verifier=VERIFIER,
        )
        return decide(url, action="deny")

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        return posted_truth(sandbox, super().truth(sandbox, key))

    def small_pages(self, sandbox: Sandbox) -> None:
        sandbox.settings(KEY, page_rows=40)

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        view, feed = view_of(sandbox), stand_in_of(sandbox).feeds[FIRST]
        entries = [view.role(entry) for entry in view.books.live_entries()]
        lists = [
            len(view.books.contacts),
            entries.count(Role.INVOICE) + 1,  # and the draft
            entries.count(Role.CREDIT_NOTE),
        ]
        if not full:
            return pull_calls(
                Volume(lists=[changes] * len(lists), journals=40, balances=YEAR_ENDS_NIGHT)
            )
        volume = Volume(lists=lists, journals=len(feed.standing()), balances=YEAR_ENDS_FULL)
        return pull_calls(volume)


class TestXeroDocuments(TestXeroJournals):
    """For any other app: what documents tell, and a proof that shows the rest, to the cent."""

    journals: ClassVar[bool] = False
    running: Sandbox

    @pytest.fixture(autouse=True)
    def remember(self, sandbox: Sandbox) -> None:
        self.running = sandbox

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        plain = super(TestXeroJournals, self).truth(sandbox, key)
        return documents_truth(sandbox, plain)

    def assert_proven(self, source: Source, administration: Administration, ledger: Ledger) -> None:
        """The proof differs by what no document tells, account by account, and by nothing else."""
        assert_gap(self.running, source, administration, ledger)

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        view = view_of(sandbox)
        entries = [view.role(entry) for entry in view.books.live_entries()]
        lists = [
            len(view.books.contacts),
            entries.count(Role.INVOICE) + 1,
            entries.count(Role.CREDIT_NOTE),
            entries.count(Role.BANK_TRANSACTION),
            entries.count(Role.PAYMENT),
            entries.count(Role.MANUAL_JOURNAL),
        ]
        if not full:
            return pull_calls(Volume(lists=[changes] * len(lists), balances=MONTH_ENDS_NIGHT))
        return pull_calls(Volume(lists=lists, balances=MONTH_ENDS_FULL))


@pytest.mark.fire
class TestXeroAtEveryStop(TestXeroDocuments):
    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches)
