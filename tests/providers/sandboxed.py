"""A provider connected to its stand-in: sandbox clock, tokens in memory, pulls into a ledger."""

from datetime import datetime, timedelta

import pytest
from attrs import define, evolve, field, frozen

from core.domain.failures import Failure
from core.domain.integration import Administration
from core.ports.provider import Credentials, OAuthFlow, Provider, Source, TokenGrant
from sandbox.server import Sandbox
from tests.providers.folding import Ledger


@frozen
class SandboxTime:
    """Implements Clock with the sandbox's time; a pause moves it on."""

    sandbox: Sandbox

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def pause(self, seconds: float) -> None:
        self.sandbox.advance(seconds)


@define
class TestTokens:
    """Implements AccessTokens in memory: refreshed after expiry, as the real service does."""

    __test__ = False

    flow: OAuthFlow
    fields: dict[str, str]
    clock: SandboxTime
    grant: TokenGrant
    refreshes: int = 0
    issued: list[TokenGrant] = field(factory=list)

    def current(self) -> str:
        margin = timedelta(seconds=self.flow.policy.refresh_margin_seconds)
        if self.clock.now() >= self.grant.expires_at - margin:
            self._refresh()
        return self.grant.access_token

    def renewed(self, rejected: str) -> str:
        if self.grant.access_token == rejected:
            self._refresh()
        return self.grant.access_token

    def _refresh(self) -> None:
        assert self.grant.refresh_token is not None
        self.refreshes += 1
        self.issued.append(self.grant)
        before = self.grant.refresh_token
        renewed = self.flow.refresh(self.fields, before)
        self.grant = evolve(renewed, refresh_token=renewed.refresh_token or before)


@frozen(kw_only=True)
class Connected:
    """A provider with a consent or key that works. ``secrets`` must never be seen anywhere."""

    provider: Provider
    credentials: Credentials
    secrets: tuple[str, ...]

    def open(self) -> Source:
        return self.provider.open(self.credentials)


def run(
    source: Source,
    administration: Administration,
    bookmark: str | None,
    ledger: Ledger,
    *,
    stop_after: int | None = None,
) -> str:
    """Pull into the ledger, perhaps stopping after so many batches; the bookmark reached."""
    for count, batch in enumerate(source.pull(administration, bookmark), start=1):
        ledger.apply(batch)
        bookmark = batch.bookmark
        if batch.last:
            ledger.settle()
        if count == stop_after:
            break
    assert bookmark is not None
    return bookmark


def run_into_failure(
    source: Source, administration: Administration, ledger: Ledger
) -> tuple[Failure, str | None]:
    """Pull until a Failure ends it; the failure, and the bookmark reached before it."""
    bookmark: str | None = None
    try:
        for batch in source.pull(administration, None):
            ledger.apply(batch)
            bookmark = batch.bookmark
    except Failure as failure:
        return failure, bookmark
    pytest.fail("the pull was expected to fail")
