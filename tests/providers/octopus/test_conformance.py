"""Octopus' adapter against its stand-in: by user and password, and by the OAuth that is assumed."""

from collections.abc import Iterable
from typing import Any, ClassVar

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.octopus import Octopus
from adapters.providers.octopus.contract import SignIn
from core.domain.catalogue import entry_of
from core.domain.failures import Reconnect
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.browser import decide
from sandbox.server import Sandbox
from tests.providers.conformance import ProviderConformance
from tests.providers.oauth_conformance import OAuthConformance
from tests.providers.octopus.sandboxed import (
    API,
    EMPTY,
    FIRST,
    KEY,
    REDIRECT,
    OpenBudgets,
    consented,
    oauth_fields,
    shown_truth,
    signed_in,
    view_of,
)
from tests.providers.sandboxed import Connected, SandboxTime

FIXED_CALLS = 6
"""Bookyears, accounts, journals, relations, VAT codes and balances."""
CALLS_PER_BOOKYEAR = 5
"""Four types of bookings, and the invoices. The sheet's plan has one more, for journals."""
CALLS_PER_NIGHT = 7
"""Opening the dossier, accounts, journals, relations, bookings, invoices and balances."""


class OctopusConformance(ProviderConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = FIRST
    empty_administration_key: ClassVar[str] = EMPTY
    page_paths: ClassVar[str] = f"{API}/dossiers/*"

    @pytest.fixture
    def kit(self, sandbox: Sandbox) -> Kit:
        """Without budgets: more imports in a day than Octopus allows. See test_quotas."""
        clock = SandboxTime(sandbox)
        sandbox.settings(KEY, limits=False)
        waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
        return Kit(clock=clock, budgets=OpenBudgets(clock), time_outs=waits)

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        return shown_truth(sandbox, super().truth(sandbox, key))

    def small_pages(self, sandbox: Sandbox) -> None:
        """There are no pages: an answer is whole, and a bookyear has three batches."""

    def stops(self, batches: int) -> Iterable[int]:
        """Every third, one part of each bookyear among them; all of them by fire."""
        return range(1, batches, 3)

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        if not full:
            return CALLS_PER_NIGHT
        return FIXED_CALLS + CALLS_PER_BOOKYEAR * len(view_of(sandbox).years)


class TestOctopus(OctopusConformance):
    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return signed_in(sandbox, kit)

    def test_it_is_the_catalogues_entry(self, connected: Connected) -> None:
        """The product lists OAuth; what is published is user and password."""
        assert connected.provider.entry == entry_of(KEY)
        assert connected.provider.oauth is None
        assert connected.provider.form.preparation

    def test_removed_credentials_ask_to_reconnect_once(
        self, sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
    ) -> None:
        sandbox.tokens(KEY, "revoke")
        sandbox.clear_log(KEY)
        with pytest.raises(Reconnect):
            self.imported(source, administration)
        logins = [one for one in sandbox.log(KEY) if one.path == f"{API}/authentication"]
        assert len(logins) == 1


class TestOctopusByOAuth(OctopusConformance, OAuthConformance):
    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        return consented(sandbox, kit)

    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        flow = Octopus(kit, sign_in=SignIn.OAUTH).oauth
        assert flow is not None
        url = flow.authorize_url(
            oauth_fields(sandbox), redirect_uri=REDIRECT, state="state", verifier="v" * 43
        )
        return decide(url, action="deny")


@pytest.mark.fire
class TestOctopusAtEveryStop(TestOctopus):
    def stops(self, batches: int) -> Iterable[int]:
        return range(1, batches)
