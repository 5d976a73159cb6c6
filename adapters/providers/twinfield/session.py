"""Calls to one Twinfield organisation: where it lives, who asks, and what the calls cost.

The data's host (the cluster) is learnt from the check of each access token, asked again after each
refresh and when a call says that the organisation lives elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

import msgspec
from attrs import frozen

from adapters.providers.kit.calls import Answer, Kit, Request
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.origins import is_loopback, origin_of
from adapters.providers.kit.retry_table import ACCESS_REFUSED
from adapters.providers.kit.soap import Operation, SoapTransport
from adapters.providers.kit.xml import Element, text_at
from adapters.providers.twinfield.declaration import (
    CONNECT_PATH,
    FAILURES,
    MINUTE_SECONDS,
    PROVIDER,
    WRONG_CLUSTER,
    client_charge,
    login_origin,
    organisation_charges,
)
from adapters.providers.twinfield.questions import (
    FINDER_ACTION,
    FINDER_PATH,
    NAMESPACE,
    PROCESS_ACTION,
    PROCESS_PATH,
    asmx_header,
    process,
    query,
    search,
    svc_header,
)
from adapters.providers.twinfield.refusals import check_finder, check_result
from core.domain.failures import Failure, NotUnderstood
from core.ports.provider import AccessTokens

READ_SECONDS: Final = 300.0
"""Without any byte: one answer holds a year, and Twinfield makes it up before it sends."""
FINDER_PAGES_MAX: Final = 100

_VENDOR_DOMAIN: Final = ".twinfield.com"


class TokenCheck(msgspec.Struct):
    """``accesstokenvalidation``. Keys hold dots literally."""

    organisation_id: str = msgspec.field(name="twf.organisationId")
    cluster_url: str = msgspec.field(name="twf.clusterUrl")
    organisation_code: str = msgspec.field(name="twf.organisationCode", default="")
    user_code: str = msgspec.field(name="twf.organisationUserCode", default="")


_CHECK: Final = JsonPage(PROVIDER, "the token check", TokenCheck)


@frozen(kw_only=True)
class Place:
    """A token with what its check said."""

    token: str
    cluster: str
    check: TokenCheck


class Asking(Protocol):
    def __call__(self, place: Place) -> Operation: ...


class Session:
    """Asks with one consent. Not thread-safe."""

    def __init__(self, kit: Kit, fields: Mapping[str, str], tokens: AccessTokens) -> None:
        self._kit = kit
        self._fields = fields
        self._tokens = tokens
        self._login = login_origin(fields)
        self._transport = SoapTransport(kit, FAILURES, observe=self._observe)
        self._place: Place | None = None

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()

    # -- what can be asked -------------------------------------------------------------------------

    def checked(self) -> TokenCheck:
        """Asks who consented, now."""
        token = self._tokens.current()
        self._place = None
        try:
            return self._at(token).check
        except Failure as failure:
            return self._at(self._after(failure, token)).check

    @property
    def identity(self) -> tuple[str, str]:
        """Organisation id and user code as the last check said; asks when there was none."""
        check = self._place.check if self._place else self.checked()
        return check.organisation_id.lower(), check.user_code

    def process(self, inner: str, *, office: str | None, about: str) -> Element:
        """The inner document of an answer that is small; FixSettings when it says no."""

        def asking(place: Place) -> Operation:
            return self._processing(place, inner, office, about)

        answer = self._ask(asking)
        found = answer.find(f"{{{NAMESPACE}}}ProcessXmlDocumentResult/*")
        if found is None:
            raise not_understood(about, "no inner document")
        check_result(found, about)
        return found

    def stream(
        self,
        inner: str,
        wanted: Sequence[str],
        *,
        office: str,
        about: str,
        lost_is_final: bool = False,
    ) -> Iterator[Element]:
        """The ``wanted`` elements of an inner document of any size, as they arrive."""

        def asking(place: Place) -> Operation:
            return self._processing(place, inner, office, about, lost_is_final=lost_is_final)

        return self._read(asking, wanted)

    def found(self, kind: str, *, office: str, about: str, **options: str) -> Iterator[list[str]]:
        """Every row of a finder search."""
        taken = 0
        for _ in range(FINDER_PAGES_MAX):
            body = search(kind, taken + 1, **options)

            def asking(place: Place, body: str = body) -> Operation:
                return self._operation(
                    place, FINDER_PATH, FINDER_ACTION, asmx_header(place.token, office), body, about
                )

            answer = self._ask(asking)
            check_finder(answer, about)
            rows = [
                [(text.text or "").strip() for text in row]
                for row in answer.iterfind("{*}data/{*}Items/{*}ArrayOfString")
            ]
            yield from rows
            taken += len(rows)
            total = text_at(answer, "{*}data/{*}TotalRows") or "0"
            if not rows or (total.isdecimal() and taken >= int(total)):
                return
        raise not_understood(about, f"more than {FINDER_PAGES_MAX} pages")

    def queried(
        self,
        service: str,
        kind: str,
        wanted: Sequence[str],
        *,
        office: str,
        about: str,
        **named: str,
    ) -> Iterator[Element]:
        """The ``wanted`` elements of the answer to a query of a ``.svc`` service."""

        def asking(place: Place) -> Operation:
            return self._operation(
                place,
                f"/webservices/{service}.svc",
                f"{NAMESPACE}{service}/Query",
                svc_header(place.token, office),
                query(service, kind, **named),
                about,
            )

        return self._read(asking, wanted)

    # -- within ------------------------------------------------------------------------------------

    def _processing(
        self,
        place: Place,
        inner: str,
        office: str | None,
        about: str,
        *,
        lost_is_final: bool = False,
    ) -> Operation:
        header = asmx_header(place.token, office)
        return self._operation(
            place,
            PROCESS_PATH,
            PROCESS_ACTION,
            header,
            process(inner),
            about,
            lost_is_final=lost_is_final,
        )

    def _operation(
        self,
        place: Place,
        path: str,
        action: str,
        header: str,
        body: str,
        about: str,
        *,
        lost_is_final: bool = False,
    ) -> Operation:
        return Operation(
            url=place.cluster + path,
            action=action,
            header=header,
            body=body,
            about=about,
            charges=organisation_charges(self._fields, place.check.organisation_id),
            lost_is_final=lost_is_final,
            read_seconds=READ_SECONDS,
        )

    def _ask(self, asking: Asking) -> Element:
        token = self._tokens.current()
        try:
            return self._transport.ask(asking(self._at(token)))
        except Failure as failure:
            token = self._after(failure, token)
        return self._transport.ask(asking(self._at(token)))

    def _read(self, asking: Asking, wanted: Sequence[str]) -> Iterator[Element]:
        token = self._tokens.current()
        for is_second in (False, True):
            given = False
            try:
                for element in self._transport.read(asking(self._at(token)), wanted):
                    given = True
                    yield element
            except Failure as failure:
                if given or is_second:
                    raise
                token = self._after(failure, token)
            else:
                return

    def _after(self, failure: Failure, token: str) -> str:
        """The token to ask again with; the failure itself when asking again is of no use."""
        if failure.code == WRONG_CLUSTER:
            self._place = None
            return token
        if failure.code == ACCESS_REFUSED:
            return self._tokens.renewed(token)
        raise failure

    def _at(self, token: str) -> Place:
        if self._place is None or self._place.token != token:
            check = self._check(token)
            self._place = Place(token=token, cluster=self._cluster(check), check=check)
        return self._place

    def _check(self, token: str) -> TokenCheck:
        url = f"{self._login}{CONNECT_PATH}/accesstokenvalidation?token={quote(token, safe='')}"
        answer = self._transport.send(
            Request(
                method="GET",
                url=url,
                headers={"accept": "application/json"},
                charges=(client_charge(self._fields),),
                about="the token check",
            )
        )
        return _CHECK.decode(answer.body)

    def _cluster(self, check: TokenCheck) -> str:
        """The cluster's origin: a host of the vendor's, or this machine for a stand-in on it."""
        cluster = origin_of(check.cluster_url, setting="site")
        host = urlsplit(cluster).hostname or ""
        standing_in = is_loopback(urlsplit(self._login).hostname or "") and is_loopback(host)
        if host.endswith(_VENDOR_DOMAIN) or standing_in:
            return cluster
        raise not_understood("the token check", "the cluster is no host of Twinfield's")

    def _observe(self, request: Request, answer: Answer) -> None:
        """An exhausted budget is told to all workers; above that our own count will do."""
        if answer.headers.get("x-ratelimit-remaining") != "0":
            return
        for charge in request.charges:
            resets_at = _in_a_minute(self._kit)
            for limit in charge.limits:
                if answer.headers.get("x-ratelimit-limit") == str(limit.calls):
                    self._kit.budgets.learn(charge.scope, limit, remaining=0, resets_at=resets_at)


def _in_a_minute(kit: Kit) -> datetime:
    return kit.clock.now() + timedelta(seconds=MINUTE_SECONDS)


def not_understood(about: str, detail: str) -> NotUnderstood:
    return NotUnderstood(
        f"{PROVIDER} sent {about} in a form this version does not know: report it.",
        detail=f"{about}: {detail}",
    )
