"""Calls to one Xero connection: which organisation, since when, and refusals that are whims."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from adapters.providers.kit.bearer import BearerReader
from adapters.providers.kit.calls import Answer, Kit, Request
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.transport import Transport
from adapters.providers.kit.waiting import retry_after
from adapters.providers.xero import rows
from adapters.providers.xero.declaration import (
    FAILURES,
    ORGANISATION_REFUSED,
    ORGANISATION_REMOVED,
    PROVIDER,
    SCOPE_MISSING,
)
from adapters.providers.xero.wire import (
    CONNECTIONS,
    DAY_LIMIT,
    MINUTE_LIMIT,
    NO_ORGANISATION,
    ORGANISATION,
    Resource,
    api_origin,
    charges,
    journals_path,
    list_path,
    trial_balance_path,
)
from core.domain.failures import FixSettings, ProviderDown
from core.ports.provider import AccessTokens

PageT = TypeVar("PageT", bound=rows.Page)

REFUSED_TRIES: Final = 3
"""An organisation that is connected may be refused all the same, people saw: asked so often."""
REFUSED_SECONDS: Final = 5.0

_MINUTE_SECONDS: Final = 60
_NOT_MODIFIED: Final = 304
_TOO_MANY: Final = 429


class _Transport(Transport):
    """Takes 304 for an answer: whether Xero ever sends it is not known."""

    def is_good(self, answer: Answer) -> bool:
        return answer.is_success or answer.status == _NOT_MODIFIED


class Reader:
    """Reads with one consent, any organisation it covers. Not thread-safe."""

    def __init__(self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens) -> None:
        self._kit = kit
        self._fields = fields
        self._origin = api_origin(fields)
        self._tokens = tokens
        self._transport = _Transport(
            kit, FAILURES, reason_header="x-rate-limit-problem", observe=self._observe
        )

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()

    def connections(self) -> list[rows.ConnectionRow]:
        """Every organisation of the consent; accountants' practices, which hold no books, not."""
        answer = self._bearer({}).get(
            self._origin + CONNECTIONS, charges=charges(self._fields), about="connections"
        )
        found = rows.CONNECTIONS.decode(answer.body)
        return [row for row in found if row.tenant_type.upper() == "ORGANISATION"]

    def organisation(self, tenant: str) -> rows.OrganisationRow:
        answer = self._get(tenant, ORGANISATION, about="the organisation")
        found = rows.ORGANISATIONS.decode(answer.body).rows
        if not found:
            raise rows.ORGANISATIONS.not_understood("no organisation in the answer")
        return found[0]

    def page(
        self,
        tenant: str,
        resource: Resource,
        decoder: JsonPage[PageT],
        *,
        page: int = 1,
        since: int = 0,
    ) -> PageT | None:
        """One page; of what changed ``since`` (epoch seconds) only, 0 for all. None: nothing."""
        path = list_path(resource, page)
        answer = self._get(tenant, path, about=resource.about, since=since)
        return None if answer.status == _NOT_MODIFIED else decoder.decode(answer.body)

    def journals(self, tenant: str, offset: int) -> rows.Journals:
        """FixSettings naming the setting where the app may not read them."""
        try:
            answer = self._get(tenant, journals_path(offset), about="journals")
        except FixSettings as refused:
            if refused.code != SCOPE_MISSING:
                raise
            raise FixSettings(
                f"{PROVIDER} does not let this app read journals: have the app moved to its "
                "Advanced tier, or reconnect without the setting that it may read them.",
                detail=refused.detail,
                code=SCOPE_MISSING,
                setting="journals",
            ) from None
        return rows.JOURNALS.decode(answer.body)

    def trial_balance(self, tenant: str, day: str) -> rows.Report:
        answer = self._get(tenant, trial_balance_path(day), about="the trial balance")
        found = rows.REPORTS.decode(answer.body).reports
        if not found:
            raise rows.REPORTS.not_understood("no report in the answer")
        return found[0]

    # -- requests ----------------------------------------------------------------------------------

    def _get(self, tenant: str, path: str, *, about: str, since: int = 0) -> Answer:
        """A refused organisation is looked for among the connections before it is given up."""
        headers = {"xero-tenant-id": tenant}
        if since:
            # Seconds, no zone: with milliseconds Xero answers something else, or nothing.
            headers["if-modified-since"] = f"{datetime.fromtimestamp(since, UTC):%Y-%m-%dT%H:%M:%S}"
        for number in range(1, REFUSED_TRIES + 1):
            try:
                return self._bearer(headers).get(
                    self._origin + path, charges=charges(self._fields, tenant), about=about
                )
            except FixSettings as refused:
                if refused.code != ORGANISATION_REFUSED:
                    raise
                if number == 1 and not self._is_connected(tenant):
                    raise _removed(refused.detail) from None
                if number < REFUSED_TRIES:
                    self._kit.clock.pause(REFUSED_SECONDS * number)
        raise ProviderDown(
            f"{PROVIDER} refuses an organisation that is connected: the import is tried again "
            "later.",
            detail=f"403 {REFUSED_TRIES} times, and it stands among the connections",
            code=ORGANISATION_REFUSED,
        )

    def _is_connected(self, tenant: str) -> bool:
        return any(rows.key(row.tenant_id) == tenant for row in self.connections())

    def _bearer(self, headers: Mapping[str, str]) -> BearerReader:
        return BearerReader(
            transport=self._transport,
            tokens=self._tokens,
            # Without it the answer is XML.
            headers={"accept": "application/json", **headers},
        )

    def _observe(self, request: Request, answer: Answer) -> None:
        """What Xero says is left, noted for all workers.

        When the day began is not told, so the day's calls are noted only once they are spent.
        """
        tenant = request.headers.get("xero-tenant-id", NO_ORGANISATION)
        if tenant == NO_ORGANISATION:
            return
        scope = charges(self._fields, tenant)[0].scope
        now = self._kit.clock.now()
        if answer.headers.get("x-minlimit-remaining") == "0":
            resets_at = now + timedelta(seconds=_MINUTE_SECONDS)
            self._kit.budgets.learn(scope, MINUTE_LIMIT, remaining=0, resets_at=resets_at)
        problem = answer.headers.get("x-rate-limit-problem", "").casefold()
        if answer.status == _TOO_MANY and problem == "day":
            resets_at_told = retry_after(answer.headers.get("retry-after"), now)
            if resets_at_told is not None:
                self._kit.budgets.learn(scope, DAY_LIMIT, remaining=0, resets_at=resets_at_told)


def _removed(detail: str) -> FixSettings:
    return FixSettings(
        f"This organisation is no longer connected at {PROVIDER}: reconnect and choose it on the "
        "consent page, or stop following it here.",
        detail=detail,
        code=ORGANISATION_REMOVED,
    )
