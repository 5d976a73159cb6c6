"""The control API of each stand-in, JSON below ``/__sandbox__/``; never logged, never faulty.

======  ==========  ============================================================================
method  path        meaning
======  ==========  ============================================================================
GET     log         requests so far, oldest first (``sandbox.request_log.Asked``)
DELETE  log         forget them
POST    faults      one fault or a list of them (``sandbox.faults.Fault``)
DELETE  faults      forget those still waiting
GET     clock       ``{"now_ms"}``
POST    clock       ``{"advance_seconds": 600}``
GET     truth       a list, one object per administration (``sandbox.truth``)
POST    edit        one edit or a list of them (``sandbox.edits``); answers what was done
POST    tokens      ``{"action": "revoke" | "expire" | ...}``
POST    settings    the settings of this provider; answers ``{}``
======  ==========  ============================================================================
"""

from collections.abc import Callable

import msgspec

from sandbox.books import UnknownRecord
from sandbox.edits import UnknownEdit, edit
from sandbox.faults import Faults
from sandbox.request_log import RequestLog
from sandbox.stand_in import StandIn, UnknownSetting
from sandbox.truth import truths_of
from sandbox.wire import WireRequest, WireResponse, json_response

PREFIX = "/__sandbox__/"

Document = dict[str, object]
BAD_INPUT = (ValueError, KeyError, msgspec.MsgspecError)


class Control:
    """Everything that can be done to one stand-in from outside its wire protocol."""

    def __init__(self, stand_in: StandIn, log: RequestLog) -> None:
        self.stand_in = stand_in
        self.faults = Faults()
        self._log = log
        self._routes: dict[tuple[str, str], Callable[[object], object]] = {
            ("GET", "log"): lambda _: self._log.documents(stand_in.key),
            ("DELETE", "log"): lambda _: self._log.clear(stand_in.key),
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _: self.faults.clear(),
            ("GET", "clock"): lambda _: {"now_ms": stand_in.clock.now_ms()},
            ("POST", "clock"): self._advance,
            ("GET", "truth"): lambda _: truths_of(stand_in),
            ("POST", "edit"): lambda body: [
                done for document in _listed(body) for done in self.edit(document)
            ],
            ("POST", "tokens"): lambda body: stand_in.token_action(str(_object(body)["action"])),
            ("POST", "settings"): lambda body: stand_in.apply_settings(_object(body)),
        }

    def edit(self, document: Document) -> list[str]:
        code = document.get("administration")
        known = self.stand_in.administration(None if code is None else str(code))
        return edit(known.books, document)

    def answer(self, request: WireRequest) -> WireResponse:
        route = self._routes.get((request.method, request.path.removeprefix(PREFIX)))
        if route is None:
            return json_response({"error": f"no {request.method} {request.path}"}, 404)
        try:
            result = route(request.json())
        except (UnknownEdit, UnknownRecord, UnknownSetting, *BAD_INPUT) as error:
            return json_response({"error": str(error)}, 400)
        return json_response({} if result is None else result)

    def _add_faults(self, body: object) -> object:
        for document in _listed(body):
            self.faults.add(document)
        return {"waiting": self.faults.waiting}

    def _advance(self, body: object) -> object:
        seconds = _object(body)["advance_seconds"]
        if not isinstance(seconds, int | float):
            raise UnknownSetting("advance_seconds is a number")
        self.stand_in.clock.advance(seconds)
        return {"now_ms": self.stand_in.clock.now_ms()}


def _object(body: object) -> Document:
    if not isinstance(body, dict):
        raise UnknownSetting("a JSON object is expected")
    return body


def _listed(body: object) -> list[Document]:
    return [_object(item) for item in body] if isinstance(body, list) else [_object(body)]
