"""What a provider's authorisation-code flow consists of, as data."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from adapters.providers.kit.calls import Charge
from core.ports.provider import TokenPolicy

_TOO_MANY: Final = 429
_REFUSALS: Final = frozenset(range(400, 500))


class Verdict(StrEnum):
    """What a refusal of the token endpoint means."""

    DEAD = "dead"
    """The grant or code is gone for good: a person must consent again."""
    TOO_EARLY = "too early"
    """The access token is still good; nothing was consumed."""
    SETTINGS = "settings"
    """The app registration is wrong (client id, secret, redirect URI)."""
    NOT_SERVED = "not served"
    """Something in front of the token service answered: nothing was consumed."""
    WAIT = "wait"
    """A limit; nothing was consumed."""


@frozen(kw_only=True)
class TokenRule:
    """One row of a token-error table; empty conditions hold always.

    ``error`` is compared whole with the JSON field of that name, ``words`` are substrings of the
    description, reason header or body, whatever the case.
    """

    verdict: Verdict
    statuses: frozenset[int] = frozenset()
    error: str | None = None
    words: tuple[str, ...] = ()
    empty_body: bool = False

    def holds(self, status: int, error: str, wording: str, *, empty: bool) -> bool:
        folded = wording.casefold()
        return (
            (not self.statuses or status in self.statuses)
            and (self.error is None or error == self.error)
            and (not self.words or any(word.casefold() in folded for word in self.words))
            and (empty or not self.empty_body)
        )


SHARED_TOKEN_RULES: Final[tuple[TokenRule, ...]] = (
    TokenRule(verdict=Verdict.WAIT, statuses=frozenset({_TOO_MANY})),
    TokenRule(verdict=Verdict.DEAD, statuses=_REFUSALS, error="invalid_grant"),
    TokenRule(verdict=Verdict.SETTINGS, statuses=_REFUSALS, error="invalid_client"),
    TokenRule(verdict=Verdict.SETTINGS, statuses=_REFUSALS, error="unauthorized_client"),
    TokenRule(verdict=Verdict.SETTINGS, statuses=_REFUSALS, error="redirect_uri_mismatch"),
)
"""RFC 6749 section 5.2; read after a provider's own rows. A server error is no certain sign."""


@frozen(kw_only=True)
class OAuthDeclaration:
    """What one provider's flow consists of. Addresses may depend on the connect form's fields."""

    provider: str
    authorize_url: Callable[[Mapping[str, str]], str]
    token_url: Callable[[Mapping[str, str]], str]
    charges: Callable[[Mapping[str, str]], tuple[Charge, ...]]
    """Budgets of the token endpoint."""
    policy: TokenPolicy
    uses_pkce: bool
    scope: str | Callable[[Mapping[str, str]], str | None] | None = None
    """What is asked for; a function where the operator's choices in the form decide."""
    scope_on_refresh: bool = False
    """Whether a refresh repeats ``scope``, where leaving it out would narrow or end the grant."""
    issuer: str | None = None
    """The ``iss`` of its answers (RFC 9207), where it is known to send one."""
    revoke_url: Callable[[Mapping[str, str]], str] | None = None
    """Where a refresh token is revoked (RFC 7009); None: the provider offers no such call."""
    revoke_json_name: str | None = None
    """The member of a JSON body that carries the token, where revoking is not a form post."""
    authorize_extra: Mapping[str, str] = field(factory=dict)
    client_secret_in_header: bool = False
    """HTTP Basic instead of form fields."""
    token_headers: Mapping[str, str] = field(factory=dict)
    """Sent along with every token request."""
    kept_from_callback: tuple[str, ...] = ()
    """Parameters of the callback without which the consent is of no use (QuickBooks: ``realmId``);
    kept with the grant as facts."""
    kept_from_token: tuple[str, ...] = ()
    """Members of the token answer kept with the grant as facts, where they are there."""
    refresh_life_names: tuple[str, ...] = ()
    """Members of the token answer that tell how many seconds the refresh token lives; of several
    the shortest counts."""
    token_type_required: bool = True
    """False where the provider is known to leave ``token_type`` out; another one is refused."""
    rules: tuple[TokenRule, ...] = ()
    reason_header: str = ""

    def scope_of(self, fields: Mapping[str, str]) -> str | None:
        """What to ask for with this form; None: nothing is said about it."""
        return self.scope(fields) if callable(self.scope) else self.scope
