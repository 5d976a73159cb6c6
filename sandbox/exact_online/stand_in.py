"""Exact Online as one stand-in: who may ask what, how often, and who answers."""

import re
from collections.abc import Mapping
from random import Random
from typing import ClassVar

from sandbox.exact_online.api import Api, Call
from sandbox.exact_online.consent import authorise, user_named
from sandbox.exact_online.errors import Refused
from sandbox.exact_online.limits import Limits
from sandbox.exact_online.settings import ExactSettings, read_settings
from sandbox.exact_online.tokens import Tokens
from sandbox.exact_online.versions import DivisionVersions
from sandbox.exact_online.view import STATUS_INACTIVE, View
from sandbox.faults import Fault, FaultKind, plain_answer
from sandbox.stand_in import Administration, StandIn, UnknownSetting
from sandbox.wire import WireRequest, WireResponse, json_response
from sandbox.world import World

_API = re.compile(r"/api/v1/(?P<division>current|\d+)/(?P<path>.+)")
LONGEST_ADDRESS = 6_000
_UNAUTHENTICATED = "Authentication Required"
_GATEWAY = {
    "fault": {
        "faultstring": "Unable to identify proxy for host: default and url: /api/oauth2/token",
        "detail": {"errorcode": "messaging.adaptors.http.flow.ApplicationNotFound"},
    }
}


class ExactOnline(StandIn):
    """The stand-in for one site (the host carries site and API)."""

    key: ClassVar[str] = "exact-online"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.limits = Limits()
        self.tokens = Tokens(self.clock, Random(f"{world.seed}:exact-online"), self.limits)
        self.views = {
            str(view.code): view
            for view in (
                View(books, world.identities, DivisionVersions(books))
                for books in world.books.values()
            )
        }
        self.api = Api(self.views, self.clock.now_ms)
        self.error_block_status = 429

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        if request.path == "/api/oauth2/auth":
            return authorise(request, list(self.views.values()), self.tokens)
        if request.path == "/api/oauth2/token":
            return self.tokens.answer(request)
        if len(request.path) + len(request.query_string) > LONGEST_ADDRESS:
            return WireResponse(414)  # the limit is known, the status is assumed
        asked = _API.fullmatch(request.path)
        if asked is None:
            return WireResponse(404)
        return self._api(request, asked["division"], asked["path"])

    def _api(self, request: WireRequest, division: str, path: str) -> WireResponse:
        """Budget and error block stand before everything else, also before the token (assumed)."""
        now = self.clock.now_ms()
        endpoint = (division, path.partition("(")[0])
        if self.limits.blocked(endpoint, now):
            return WireResponse(self.error_block_status)
        refused = self.limits.refuse(division, now)
        if refused is not None:
            return refused
        grant = self.tokens.grant_of(request.bearer)
        user = None if grant is None else user_named(grant.user)
        if grant is None or user is None:
            body = {"error": {"code": "", "message": {"lang": "", "value": _UNAUTHENTICATED}}}
            response = json_response(body, 401)
        else:
            try:
                response = self.api.answer(Call(request, grant, user, division, path))
            except Refused as refusal:
                response = refusal.response
        self.limits.note(endpoint, response.status, now)
        return _as_asked(request, response).with_headers(*self.limits.headers(division, now))

    def administrations(self) -> list[Administration]:
        """Archived divisions can still be read; blocked and inactive ones cannot."""
        return [
            Administration(
                code,
                view.company.name,
                view.books,
                importable=not view.blocking_status and view.status != STATUS_INACTIVE,
            )
            for code, view in self.views.items()
        ]

    # -- misbehaviour ------------------------------------------------------------------------------

    def fault_answer(self, fault: Fault) -> WireResponse:
        """429 has no body and only the headers of the limit that was hit."""
        now = self.clock.now_ms()
        if fault.kind is FaultKind.TOO_MANY:
            return WireResponse(429, self.limits.minute_headers("", now, left=0))
        if fault.kind is FaultKind.DAILY_BUDGET:
            return WireResponse(429, self.limits.day_headers("", now, left=0))
        if fault.kind is FaultKind.GATEWAY:
            return json_response(_GATEWAY, 404)  # the status is assumed, the words are known
        return plain_answer(fault)

    # -- told from outside -------------------------------------------------------------------------

    def revoke_tokens(self) -> None:
        self.tokens.revoke()

    def expire_tokens(self) -> None:
        self.tokens.expire_access()

    def token_action(self, action: str) -> None:
        """``revoke``, ``expire``, or ``idle``: thirty days without a refresh."""
        if action == "idle":
            self.tokens.idle_out()
        else:
            super().token_action(action)

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        """See ``sandbox.exact_online.settings``."""
        wanted = read_settings(settings)
        self._apply_limits(wanted)
        api = self.api
        if wanted.rights is not None:
            api.rights = wanted.rights == "full"
        if wanted.denied_areas is not None:
            api.denied_areas = frozenset(wanted.denied_areas)
        if wanted.refused is not None:
            api.refused.update(wanted.refused)
        if wanted.edit_between_pages is not None:
            api.edits_between_pages = wanted.edit_between_pages
        if wanted.mandatory_filters is not None:
            api.mandatory_filters = wanted.mandatory_filters
        api.page_single = wanted.page_single or api.page_single
        api.page_large = wanted.page_large or api.page_large
        self.error_block_status = wanted.error_block_status or self.error_block_status
        if wanted.reuse_revokes is not None:
            self.tokens.reuse_revokes = wanted.reuse_revokes
        if wanted.granted is not None:
            granted = frozenset(str(code) for code in wanted.granted)
            for grant in self.tokens.grants.values():
                grant.divisions = granted
        if wanted.move_division is not None:
            code = str(wanted.move_division)
            if code not in self.views:
                raise UnknownSetting(f"There is no division {code}")
            self.views[code].versions.move_division()

    def _apply_limits(self, wanted: ExactSettings) -> None:
        limits = self.limits
        if wanted.limits is not None:
            limits.enforced = wanted.limits
        limits.per_minute = wanted.per_minute or limits.per_minute
        limits.per_day = wanted.per_day or limits.per_day
        limits.token_calls_per_day = wanted.token_calls_per_day or limits.token_calls_per_day


def _as_asked(request: WireRequest, response: WireResponse) -> WireResponse:
    """Without ``Accept: application/json`` everything is Atom XML (here only its outline)."""
    if "application/json" in request.headers.get("accept", "") or not response.body:
        return response
    feed = b'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"/>'
    kept = tuple(pair for pair in response.headers if pair[0] != "Content-Type")
    kind = ("Content-Type", "application/atom+xml;type=feed;charset=utf-8")
    return WireResponse(response.status, (*kept, kind), feed)
