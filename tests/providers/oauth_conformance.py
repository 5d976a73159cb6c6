"""What every provider with an authorisation-code flow must do, beyond what every provider must."""

import abc

import pytest

from adapters.providers.kit.calls import Kit
from core.domain.failures import FixSettings, NotUnderstood, Reconnect
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.server import Sandbox
from tests.providers.conformance import ProviderConformance
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, TestTokens


class OAuthConformance(ProviderConformance):
    """What providers with a consent page must do besides."""

    @abc.abstractmethod
    def denied(self, sandbox: Sandbox, kit: Kit) -> str:
        """Refuse consent; the address the browser is sent back to."""

    def tokens(self, connected: Connected) -> TestTokens:
        tokens = connected.credentials.tokens
        assert isinstance(tokens, TestTokens)
        return tokens

    def test_a_denied_consent_brings_no_code(self, sandbox: Sandbox, kit: Kit) -> None:
        address = self.denied(sandbox, kit)
        assert "error=" in address
        assert "code=" not in address

    def test_a_code_counts_once(self, connected: Connected) -> None:
        flow, tokens = connected.provider.oauth, self.tokens(connected)
        assert flow is not None
        with pytest.raises(Reconnect):
            flow.exchange(
                tokens.fields, redirect_uri="https://localhost/x", code="made-up", verifier="v" * 43
            )

    def test_an_expired_access_token_is_renewed_once(
        self, sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
    ) -> None:
        """The provider forgets the token although it should still be good."""
        sandbox.advance(self.tokens(connected).flow.policy.earliest_refresh_seconds)
        sandbox.tokens(self.key, "expire")
        ledger, _ = self.imported(source, administration)
        self.assert_true(sandbox, ledger)
        assert self.tokens(connected).refreshes == 1

    def test_a_long_import_crosses_several_tokens(
        self, sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
    ) -> None:
        self.small_pages(sandbox)
        ledger = Ledger()
        for batch in source.pull(administration, None):
            ledger.apply(batch)
            sandbox.advance(self.tokens(connected).flow.policy.access_seconds // 3)
        ledger.settle()
        self.assert_true(sandbox, ledger)
        assert self.tokens(connected).refreshes > 2

    def test_a_dead_grant_asks_to_reconnect(
        self, sandbox: Sandbox, source: Source, administration: Administration
    ) -> None:
        sandbox.tokens(self.key, "revoke")
        with pytest.raises(Reconnect):
            self.imported(source, administration)

    def test_an_unusable_registration_is_a_setting_or_a_reconnect(
        self, connected: Connected
    ) -> None:
        tokens = self.tokens(connected)
        wrong = {**tokens.fields, "client_secret": "not-the-secret"}
        assert tokens.grant.refresh_token is not None
        with pytest.raises((FixSettings, Reconnect, NotUnderstood)):
            tokens.flow.refresh(wrong, tokens.grant.refresh_token)
