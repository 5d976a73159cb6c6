"""What the core needs of a provider: how to connect, and a source of books.

Everything here raises :class:`core.domain.failures.Failure` subclasses only: Reconnect, Wait,
FixSettings, ProviderDown, NotUnderstood. Secrets never appear in them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, TypeAlias, runtime_checkable

from attrs import field, frozen

from core.domain.books import Batch
from core.domain.catalogue import CatalogueEntry
from core.domain.integration import Account, Administration
from core.domain.proof import ControlTotals
from core.ports.sessions import OwnSessions, Sessions

TOKEN_CALL_SECONDS_MAX: Final = 60
"""A token request is over after this long, whatever happens: refresh locks are built on it."""


@frozen(kw_only=True)
class FormField:
    """One field of a connect form. Secret fields are masked and sealed; others are stored plain.

    ``choices`` empty means free text. ``required`` fields without ``default`` must be given.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = True
    default: str | None = None
    choices: tuple[str, ...] = ()


@frozen(kw_only=True)
class ConnectForm:
    """What the operator fills in: for OAuth providers the app registration (client id, secret...).

    ``preparation`` says in a few sentences what to do at the provider beforehand.
    """

    fields: tuple[FormField, ...]
    preparation: str = ""


@frozen(kw_only=True)
class TokenPolicy:
    """Facts of a provider's token life. Seconds; None means the provider sets no such limit."""

    access_seconds: int
    refresh_margin_seconds: int
    """Refresh this long before expiry. 0: only after expiry."""
    earliest_refresh_seconds: int = 0
    """Refreshes sooner than this after the last token request are refused by the provider."""
    refresh_rotates: bool = True
    """Each refresh kills the refresh token used: an unknown outcome is settled, not repeated."""
    refresh_idle_seconds: int | None = None
    """A refresh token unused this long is dead."""
    refresh_grace_seconds: int = 0
    """A spent refresh token is still taken for this long, because the answer may have got lost."""


@frozen(kw_only=True)
class TokenGrant:
    """A validated answer of a token endpoint. ``refresh_token`` None: keep the present one."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False, default=None)
    obtained_at: datetime
    expires_at: datetime
    refresh_expires_at: datetime | None = None
    facts: Mapping[str, str] = field(factory=dict)
    """What the consent told besides tokens, and is no secret (QuickBooks: ``realmId``). Kept with
    the tokens, also over refreshes that do not repeat it."""


class TooEarlyToRefresh(Exception):
    """The provider refuses because the access token is still good. Nothing was consumed."""


class OutcomeUnknown(Exception):
    """The token request left but no answer came: the refresh token may be used up."""


class OAuthFlow(Protocol):
    """The authorisation-code flow of one provider. ``fields`` are the connect form's values."""

    @property
    def policy(self) -> TokenPolicy: ...

    @property
    def uses_pkce(self) -> bool: ...

    def issuer(self, fields: Mapping[str, str]) -> str | None:
        """What ``iss`` in an answer must be (RFC 9207); None where it is not known."""
        ...

    def authorize_url(
        self, fields: Mapping[str, str], *, redirect_uri: str, state: str, verifier: str
    ) -> str: ...

    def exchange(
        self,
        fields: Mapping[str, str],
        *,
        redirect_uri: str,
        code: str,
        verifier: str,
        answer: Mapping[str, str] = ...,
    ) -> TokenGrant:
        """Trade the code. Reconnect when it is refused; called at most once per code.

        ``answer`` is the whole query the provider sent to the callback, for what a provider tells
        there and nowhere else; it is untrusted.
        """
        ...

    def refresh(self, fields: Mapping[str, str], refresh_token: str) -> TokenGrant:
        """One refresh request, never repeated by the adapter.

        Reconnect when the grant is certainly dead; TooEarlyToRefresh; OutcomeUnknown;
        ProviderDown when it certainly did not reach the token service. Any other Failure means
        that nothing was consumed. Over within TOKEN_CALL_SECONDS_MAX.
        """
        ...

    def end_grant(self, fields: Mapping[str, str], refresh_token: str) -> bool:
        """Revoke at the provider; whether it said so. False, and no failure, where it cannot."""
        ...


class AccessTokens(Protocol):
    """Where a source gets its access token from, at each call."""

    def current(self) -> str:
        """A token believed good: refreshed first when due. Reconnect when the grant is dead."""
        ...

    def renewed(self, rejected: str) -> str:
        """Another token than the one the provider just refused with 401; Reconnect if none."""
        ...


@frozen(kw_only=True)
class Credentials:
    """Everything needed to open a source. ``tokens`` is set for OAuth providers only."""

    fields: Mapping[str, str] = field(repr=False)
    """The connect form's values, secrets opened."""
    tokens: AccessTokens | None = field(repr=False, default=None)
    sessions: Sessions = field(repr=False, factory=OwnSessions)
    """For providers where a key is traded for a session: see core.ports.sessions."""
    facts: Mapping[str, str] = field(factory=dict)
    """What the consent told besides tokens: see TokenGrant."""
    scope: str = ""
    """Names the connection in budgets and logs: the integration id."""


@frozen(kw_only=True)
class Health:
    """What a check without an import found. ``warnings`` are sentences for the operator."""

    account: Account
    expires_at: datetime | None = None
    warnings: tuple[str, ...] = ()


class Source(Protocol):
    """An open connection to one account at a provider. Not thread-safe; close it after use."""

    @property
    def calls(self) -> int:
        """Requests that left so far, token requests not included."""
        ...

    def health(self) -> Health:
        """Who consented, whether rights suffice, when the key ends. FixSettings names the right."""
        ...

    def administrations(self) -> Sequence[Administration]:
        """Every administration the consent covers, in the provider's order, obstacles included."""
        ...

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        """Batches that bring books from ``bookmark`` up to date; None means from nothing.

        A batch is yielded as soon as its page is read. A consumer may stop after any batch and
        later pull from that batch's bookmark, with another source: no page is read twice. The
        final batch, and only it, has ``last`` set; its bookmark is where the next night starts.
        A bookmark of another epoch or version of the adapter is not an error: the pull then starts
        over with coverage that removes what is no longer there. ``START_OVER`` is such a bookmark
        for every adapter: the engine pulls from it when the books differ from the control totals
        and nobody knows why.
        """
        ...

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals | None:
        """The provider's own balances now; None when it offers none.

        A source may spare calls by reading only years that may differ after what it pulled;
        ``whole``: not this time, because a difference elsewhere is known or suspected.
        """
        ...

    def close(self) -> None: ...


START_OVER: Final = "start over"
"""No adapter's bookmark: a pull from it reads everything again and removes what is not there."""


@runtime_checkable
class ReadsAgain(Protocol):
    """A source may offer this where reading some years again costs less than reading everything."""

    def again(self, administration: Administration, bookmark: str, years: frozenset[int]) -> str:
        """A bookmark from which a pull reads, from nothing, all that bears on those fiscal years.

        It goes on from ``bookmark`` (of a pull that ended) for all else, and its coverage removes
        what those years no longer hold. Makes no call.
        """
        ...


@frozen(kw_only=True)
class Limit:
    """At most ``calls`` per ``seconds`` per scope (``app+administration``), the provider says.

    ``seconds`` 0: at most so many calls under way at once.
    """

    scope: str
    calls: int
    seconds: int

    @property
    def at_once(self) -> bool:
        """Whether it counts calls under way instead of calls in a window."""
        return self.seconds == 0


class Provider(Protocol):
    """One provider: what the catalogue says, how to connect, and how to open a source."""

    @property
    def entry(self) -> CatalogueEntry: ...

    @property
    def form(self) -> ConnectForm: ...

    @property
    def oauth(self) -> OAuthFlow | None:
        """None for providers connected by key or credentials."""
        ...

    @property
    def limits(self) -> tuple[Limit, ...]: ...

    def open(self, credentials: Credentials) -> Source:
        """No call is made yet. FixSettings when a field is unusable (plain http, no host)."""
        ...


Providers: TypeAlias = Mapping[str, Provider]
"""Every provider this build can connect, by catalogue key."""
