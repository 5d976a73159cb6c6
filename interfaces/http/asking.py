"""Who asks: every request behind this gate carries a living token of one organisation.

The gate stands before the handlers, so no handler can forget it: what a handler is given is an
Asker, and an Asker knows only its own organisation.
"""

import base64
import binascii
import time
from collections.abc import Callable
from typing import Final, TypeAlias, cast

from attrs import frozen
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Headers
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send
from litestar.types import Scope as Connection

from core.domain.access import ApiToken, Scope
from core.services.access import NotAuthenticated, require
from core.services.services import Services
from interfaces.http.counting import Counts
from interfaces.http.keeping import KEPT_OPTION, Gathering, Kept, stamp_of
from interfaces.http.problems import BASIC_OPTION, AnyRequest
from interfaces.http.rates import Buckets
from interfaces.http.strictness import Documented

Opener = Callable[[], Services]

SCOPE_OPTION: Final = "scope"
"""The handler option that says which scope it takes; one that says nothing takes an admin."""

READ: Final = {SCOPE_OPTION: Scope.READ}
READ_KEPT: Final = {SCOPE_OPTION: Scope.READ, KEPT_OPTION: True}
OPERATE: Final = {SCOPE_OPTION: Scope.OPERATE}
ADMIN: Final = {SCOPE_OPTION: Scope.ADMIN}


@frozen(kw_only=True)
class Asker:
    """What a handler works with: the services, and whose they are used as."""

    services: Services
    token: ApiToken

    @property
    def organisation_id(self) -> str:
        return self.token.organisation_id

    @property
    def operator(self) -> str:
        """Who is named in the audit trail."""
        return f"api:{self.token.name}"


Asking: TypeAlias = NamedDependency[Asker]
RedirectBase: TypeAlias = NamedDependency[str]
Id: TypeAlias = FromPath[str]


def asker_from(opened: Opener) -> Callable[[AnyRequest], Asker]:
    def asker(request: AnyRequest) -> Asker:
        token = request.scope["auth"]
        assert isinstance(token, ApiToken), "set by the gate"
        return Asker(services=opened(), token=token)

    return asker


def bearer_of(headers: Headers, *, basic: bool) -> str:
    """The token in the Authorization header; empty when there is none."""
    kind, _, rest = headers.get("authorization", "").partition(" ")
    rest = rest.strip()
    if kind.lower() == "bearer":
        return rest
    if basic and kind.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return ""


@frozen
class Gate:
    """ASGI middleware: authenticates, limits rates, checks the scope, counts what was answered."""

    app: ASGIApp
    opened: Opener
    asking: Buckets
    refused: Buckets
    counts: Counts
    kept: Kept
    documented: Documented

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        scope = cast("HTTPScope", connection)  # only HTTP routes are behind the gate
        handler = scope["route_handler"]
        client = scope.get("client")
        address = client[0] if client else "unknown"
        self.refused.require(address)
        text = bearer_of(
            Headers.from_scope(scope), basic=bool(handler.opt.get(BASIC_OPTION, False))
        )
        services = self.opened()
        stamp = stamp_of(services)
        token = self.kept.token(text, stamp, services.ports.clock.now())
        if token is None:
            try:
                token = await sync_to_thread(services.access.authenticate, text)
            except NotAuthenticated:
                self.refused.spend(address)
                raise
            self.kept.keep_token(text, stamp, token)
        self.asking.spend(token.id)
        require(token, handler.opt.get(SCOPE_OPTION, Scope.ADMIN))
        self.documented.require(scope)
        scope["auth"] = token
        scope["user"] = token.organisation_id
        began = time.monotonic()
        route = str(scope["path_template"])

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.counts.count(
                    token.organisation_id,
                    f"{scope['method']} {route}",
                    message["status"],
                    time.monotonic() - began,
                )
            await send(message)

        if stamp is None or not handler.opt.get(KEPT_OPTION):
            await self.app(scope, receive, counted)
            return
        asked = (token.organisation_id, scope["path"], scope["query_string"])
        messages = self.kept.answer(asked, stamp)
        if messages is None:
            gathering = Gathering(counted)
            await self.app(scope, receive, gathering)
            self.kept.keep_answer(asked, stamp, gathering.messages)
            return
        for message in messages:
            await counted(message)
