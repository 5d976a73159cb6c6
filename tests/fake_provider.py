"""A provider in memory: two administrations, by key or by OAuth, with failures on order.

It implements ``core.ports.provider.Provider`` the simple way: each administration is a list of
changes, a bookmark is how many of them were read, and a batch is the next ``page_changes`` of them.
Tests post, edit and delete entries on it, order failures, and compare with its own truth.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from attrs import define, evolve, field

from core.domain.books import (
    KIND_OF,
    Batch,
    Delta,
    Record,
    RecordKind,
)
from core.domain.catalogue import CatalogueEntry, entry_of
from core.domain.failures import Failure, FixSettings, Reconnect
from core.domain.integration import Account, Administration
from core.domain.proof import Cell, ControlTotals
from core.ports.environment import Clock
from core.ports.provider import (
    START_OVER,
    ConnectForm,
    Credentials,
    FormField,
    Health,
    Limit,
    OAuthFlow,
    Provider,
    TokenGrant,
    TokenPolicy,
)
from tests.fake_books import Change, FakeBooks, two_companies
from tests.fakes import FakeClock

GOOD_KEY: Final = "canary-good-api-key-7f3a"
"""The only api key accepted. A canary: it may show up in no output."""

CLIENT_SECRET: Final = "canary-client-secret-91be"
GOOD_CODE: Final = "canary-good-code-55d0"
"""The authorisation code that is accepted, once per attempt."""

ACCESS_SECONDS: Final = 600

POLICY: Final = TokenPolicy(access_seconds=ACCESS_SECONDS, refresh_margin_seconds=60)
ADA: Final = Account(key="acct-1", name="Ada Lovelace", email="ada@example.test")


@define
class FakeFlow:
    """Implements OAuthFlow. Codes and refresh tokens work once; every grant has fresh tokens."""

    owner: "FakeProvider"
    policy: TokenPolicy = POLICY
    uses_pkce: bool = True
    good_codes: set[str] = field(factory=lambda: {GOOD_CODE})
    states: list[str] = field(factory=list)
    """States given out, oldest first."""
    access: set[str] = field(factory=set)
    refresh_token: str | None = None
    idle_seconds: int | None = None
    """A refresh token unused this long is dead."""
    idle_until: dt.datetime | None = None
    _grants: int = 0

    def authorize_url(
        self, fields: Mapping[str, str], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        self.states.append(state)
        return (
            f"https://login.fake.test/authorize?client_id={fields['client_id']}"
            f"&redirect_uri={redirect_uri}&state={state}&code_challenge={len(verifier)}"
        )

    def exchange(
        self,
        fields: Mapping[str, str],
        *,
        redirect_uri: str,
        code: str,
        verifier: str,
        answer: Mapping[str, str] = MappingProxyType({}),
    ) -> TokenGrant:
        """A callback's ``realm`` is kept as a fact, and told by no refresh."""
        self.owner.called("exchange")
        if code not in self.good_codes:
            raise Reconnect("Fake refuses the code it gave: connect again.", code="code-refused")
        self.good_codes.discard(code)
        facts = {"realm": answer["realm"]} if "realm" in answer else {}
        return evolve(self._grant(), facts=facts)

    def refresh(self, fields: Mapping[str, str], refresh_token: str) -> TokenGrant:
        self.owner.called("refresh")
        is_idle = self.idle_until is not None and self.owner.clock.now() > self.idle_until
        if refresh_token != self.refresh_token or is_idle:
            raise Reconnect("Fake no longer accepts this consent: connect again.")
        return self._grant()

    def issuer(self, fields: Mapping[str, str]) -> str | None:
        return "https://login.fake.test"

    def end_grant(self, fields: Mapping[str, str], refresh_token: str) -> bool:
        self.owner.calls["end_grant"] += 1
        if refresh_token != self.refresh_token:
            return False
        self.revoke()
        return True

    def revoke(self) -> None:
        """The operator withdrew the consent at the provider."""
        self.access.clear()
        self.refresh_token = None

    def _grant(self) -> TokenGrant:
        self._grants += 1
        now = self.owner.clock.now()
        self.refresh_token = f"canary-refresh-{self._grants:04d}"
        access = f"canary-access-{self._grants:04d}"
        self.access.add(access)
        if self.idle_seconds is not None:
            self.idle_until = now + dt.timedelta(seconds=self.idle_seconds)
        return TokenGrant(
            access_token=access,
            refresh_token=self.refresh_token,
            obtained_at=now,
            expires_at=now + dt.timedelta(seconds=ACCESS_SECONDS),
            refresh_expires_at=self.idle_until,
        )


@define
class FakeProvider:
    """Implements Provider. Make it with :meth:`keyed` or :meth:`with_oauth`.

    ``failures[operation]`` are raised one per call, first to last; operations: ``health``,
    ``administrations``, ``pull`` (before each batch), ``control_totals``, ``exchange``,
    ``refresh``. ``None`` in the list lets that call pass.
    """

    entry: CatalogueEntry
    form: ConnectForm
    clock: Clock
    oauth: OAuthFlow | None = None
    limits: tuple[Limit, ...] = ()
    books: list[FakeBooks] = field(factory=two_companies)
    account: Account = ADA
    warnings: tuple[str, ...] = ()
    expires_at: dt.datetime | None = None
    page_changes: int = 10
    counts_lines: bool = True
    failures: dict[str, list[Failure | None]] = field(factory=dict)
    calls: Counter[str] = field(factory=Counter)
    read: list[tuple[str, int]] = field(factory=list)
    """(administration key, first change) of every page read: no pair twice means no page twice."""
    on_page: Callable[[str, int], None] | None = None
    """Called before each page is cut, with the administration key and the page's first change."""
    withheld: set[str] = field(factory=set)
    """Keys of records that only a pull that starts over brings."""
    asked_whole: list[bool] = field(factory=list)
    """Of every reading of control totals, whether it was to be of every year."""

    @classmethod
    def keyed(cls, key: str = "odoo", clock: Clock | None = None) -> "FakeProvider":
        """Connected by an API key; the secret field is ``api_key``."""
        form = ConnectForm(
            fields=(
                FormField(name="url", label="Address", default="https://books.fake.test"),
                FormField(name="login", label="Login", required=False),
                FormField(name="api_key", label="API key", secret=True),
            ),
            preparation="Make an API key in the fake software.",
        )
        return cls(entry=entry_of(key), form=form, clock=clock or FakeClock())

    @classmethod
    def with_oauth(cls, key: str = "exact-online", clock: Clock | None = None) -> "FakeProvider":
        """Connected by OAuth with ``client_id`` and the secret ``client_secret``."""
        form = ConnectForm(
            fields=(
                FormField(name="client_id", label="Client id"),
                FormField(name="client_secret", label="Client secret", secret=True),
                FormField(name="region", label="Region", default="nl", choices=("nl", "be")),
            ),
            preparation="Register an app in the fake app centre.",
        )
        provider = cls(entry=entry_of(key), form=form, clock=clock or FakeClock())
        provider.oauth = FakeFlow(provider)
        return provider

    @property
    def flow(self) -> FakeFlow:
        """Its OAuth flow, to look into."""
        assert isinstance(self.oauth, FakeFlow), "made with with_oauth"
        return self.oauth

    def open(self, credentials: Credentials) -> "FakeSource":
        if credentials.fields.get("url", "https:").startswith("http:"):
            raise FixSettings(
                "The address must begin with https://: correct it.",
                code="insecure-address",
                setting="url",
            )
        return FakeSource(self, credentials)

    def called(self, operation: str) -> None:
        """Count a call, and fail it when a failure was ordered."""
        self.calls[operation] += 1
        ordered = self.failures.get(operation)
        failure = ordered.pop(0) if ordered else None
        if failure is not None:
            raise failure

    def change_account(self, key: str, name: str) -> None:
        """Whoever consents next is another."""
        self.account = evolve(self.account, key=key, name=name)


@define
class FakeSource:
    """Implements Source."""

    provider: FakeProvider
    credentials: Credentials = field(repr=False)
    calls: int = 0
    closed: bool = False

    def health(self) -> Health:
        self._call("health")
        return Health(
            account=self.provider.account,
            expires_at=self.provider.expires_at,
            warnings=self.provider.warnings,
        )

    def administrations(self) -> Sequence[Administration]:
        self._call("administrations")
        return [books.administration for books in self.provider.books]

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        books = self._books(administration)
        again = bookmark is not None and bookmark.startswith(START_OVER)
        position = int((bookmark or "").removeprefix(START_OVER) or 0)
        while True:
            self._call("pull")
            if self.provider.on_page is not None:
                self.provider.on_page(administration.key, position)
            self.provider.read.append((administration.key, position))
            page = books.changes[position : position + self.provider.page_changes]
            position += len(page)
            last = position >= len(books.changes)
            batch = _batch(page, position, last=last, expected_lines=self._expected(books))
            if not again and self.provider.withheld:
                sent = [r for r in batch.records if r.key not in self.provider.withheld]
                batch = evolve(batch, records=tuple(sent))
            mark = START_OVER if again and not last else ""
            yield evolve(batch, bookmark=f"{mark}{batch.bookmark}")
            if last:
                return

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals | None:
        self._call("control_totals")
        self.provider.asked_whole.append(whole)
        books = self._books(administration)
        if not books.offers_totals:
            return None
        totals = books.balances_e4()
        if books.skew_e4:
            cell = Cell(account_key="acc-bank", year=2026, period=1)
            totals[cell] = totals.get(cell, 0) + books.skew_e4
        return ControlTotals(balances_e4=totals)

    def close(self) -> None:
        self.closed = True

    def _expected(self, books: FakeBooks) -> int | None:
        return len(books.lines()) if self.provider.counts_lines else None

    def _books(self, administration: Administration) -> FakeBooks:
        return next(
            books for books in self.provider.books if books.administration.key == administration.key
        )

    def _call(self, operation: str) -> None:
        assert not self.closed, "a closed source is not used"
        self.calls += 1
        self.provider.called(operation)
        if self.provider.oauth is not None:
            flow = self.provider.flow
            tokens = self.credentials.tokens
            assert tokens is not None, "OAuth sources get tokens"
            token = tokens.current()
            if token not in flow.access and tokens.renewed(token) not in flow.access:
                raise Reconnect("Fake no longer accepts this consent: connect again.")
        elif self.credentials.fields.get("api_key") != GOOD_KEY:
            raise Reconnect(
                "Fake does not know this API key: give another one.",
                code="bad-key",
                setting="api_key",
            )


def _batch(
    page: Sequence[Change], position: int, *, last: bool, expected_lines: int | None
) -> Batch:
    records: dict[tuple[RecordKind, str], Record] = {}
    deleted: set[tuple[RecordKind, str]] = set()
    for change in page:
        if isinstance(change, tuple):
            records.pop(change, None)
            deleted.add(change)
        else:
            kind_and_key = (KIND_OF[type(change)], change.key)
            deleted.discard(kind_and_key)
            records[kind_and_key] = change
    has_lines = any(kind is RecordKind.LINE for kind, _ in records)
    return Batch(
        bookmark=str(position),
        records=tuple(records.values()),
        coverage=(Delta(deleted=frozenset(deleted)),),
        stage="journal lines" if has_lines else "ledger accounts",
        expected_lines=expected_lines,
        last=last,
    )


def providers_of(*provider: FakeProvider) -> dict[str, Provider]:
    """By catalogue key, as the ports want them."""
    return {one.entry.key: one for one in provider}
