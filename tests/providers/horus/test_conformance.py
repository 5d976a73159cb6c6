"""Horus' adapter against its stand-in, through the contract both assume."""

from collections.abc import Iterable
from math import ceil
from typing import ClassVar

import pytest

from adapters.providers.horus import Horus
from adapters.providers.horus.contract import CONTRACT
from adapters.providers.kit.calls import Kit
from sandbox.browser import decide
from sandbox.identity import Identities, Kind
from sandbox.server import Sandbox
from tests.providers.horus.sandboxed import KEY, REDIRECT, authorised, fields_of, views_of
from tests.providers.oauth_conformance import OAuthConformance
from tests.providers.sandboxed import Connected

SEED = 11
BESIDES = 6
"""Book years, accounts, journals, VAT codes, companies and invoices: a call each."""


def _folder(number: int) -> str:
    return Identities(SEED).guid(number, Kind.COMPANY, number)


class TestHorus(OAuthConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = _folder(1)
    empty_administration_key: ClassVar[str] = _folder(4)
    page_paths: ClassVar[str] = "/db/*/api/folders/*"

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return authorised(sandbox, kit)

    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        flow = Horus(kit).oauth
        assert flow is not None
        url = flow.authorize_url(
            fields_of(sandbox), redirect_uri=REDIRECT, state="state", verifier=""
        )
        return decide(url, action="deny")

    def small_pages(self, sandbox: Sandbox) -> None:
        sandbox.settings(KEY, page_rows=20)

    def stops(self, batches: int) -> Iterable[int]:
        """An import is some fifty batches: every tenth, and all of them below."""
        return range(1, batches, 10)

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """The sheet's 6 + 2 per book year and extra pages; 4 + open years in a night."""
        view = views_of(sandbox)[1]
        years = view.book_years()
        if not full:
            return 4 + sum(not view.is_closed(known.year) for known in years)
        pages = sum(
            ceil(sum(e.year == y.year for e in view.books.live_entries()) / _ROWS) for y in years
        )
        invoices = sum(e.invoice_number is not None for e in view.books.live_entries())
        return BESIDES - 1 + ceil(invoices / _ROWS) + pages + len(years)


_ROWS = CONTRACT.pages.rows_asked


@pytest.mark.fire
class TestHorusAtEveryStop(TestHorus):
    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches)
