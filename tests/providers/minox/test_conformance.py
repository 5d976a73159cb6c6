"""Minox' adapter against its stand-in, through the real protocol."""

from collections.abc import Iterable
from typing import Any, ClassVar

import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.minox import Minox
from adapters.providers.minox.wire import pull_calls
from sandbox.browser import decide
from sandbox.server import Sandbox
from tests.providers.minox.sandboxed import (
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

OPEN_YEARS = 2


class TestMinox(OAuthConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = FIRST
    empty_administration_key: ClassVar[str] = EMPTY
    page_paths: ClassVar[str] = "/api/1/tenant/*/administration/*"

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return authorised(sandbox, kit)

    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        flow = Minox(kit).oauth
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
        """An import is some fifty batches: every tenth, and all of them below."""
        return range(1, batches, 10)

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """The sheet's 5 + 2 per year, administrations being listed once per connection."""
        years = len(view_of(sandbox).fiscal_years()) if full else OPEN_YEARS
        return pull_calls(years=years, balances=years, list_asked=not full)


@pytest.mark.fire
class TestMinoxAtEveryStop(TestMinox):
    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches)
