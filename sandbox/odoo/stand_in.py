"""Odoo as one stand-in: routes, keys, databases and versions.

Settings: ``version`` (14 to 19; JSON-2 exists on 19 only), ``databases`` (what else the server
has), ``list_databases`` (False: listing is switched off), ``moves_per_answer_max`` (a page of more
moves takes longer than the proxy waits: 504), ``role`` (of the reader: ``reader``, ``sales``,
``none`` ..., as when rights are taken away), ``key_end`` (when the reader's key ends, ISO UTC).
"""

import re
import xmlrpc.client
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from sandbox.faults import Fault, FaultKind
from sandbox.odoo.calling import call_by_name, call_by_position
from sandbox.odoo.people import ALL_COMPANIES, DATABASE, READER, Role, User, people_of, utc
from sandbox.odoo.refusals import (
    NO_DATABASE_PAGE,
    NOT_FOUND_PAGE,
    TRACEBACK,
    UNSUPPORTED_PAGE,
    Refusal,
    access_denied,
    invalid_key,
    no_key,
)
from sandbox.odoo.store import Store
from sandbox.records import Trait
from sandbox.request_log import HIDDEN
from sandbox.stand_in import Administration, StandIn, UnknownSetting
from sandbox.wire import WireRequest, WireResponse, html_response, json_response
from sandbox.world import World

_JSON2 = re.compile(r"/json/2/(?P<model>[\w.]+)/(?P<method>\w+)")
_SECRET = re.compile(r"\b[0-9a-f]{40}\b")


class Odoo(StandIn):
    """One server with one database (and the names of others)."""

    key: ClassVar[str] = "odoo"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.store = Store(world)
        self.people = people_of(self.clock.now())
        self.version = 19
        self.databases = [DATABASE]
        self.list_databases = True
        self.moves_per_answer_max: int | None = None

    def administrations(self) -> list[Administration]:
        return [
            Administration(
                str(number),
                self.store.books(number).company.name,
                self.store.books(number),
                # Companies can be archived since 16 (assumed); before, all of them can be read.
                self.version < 16 or self.store.books(number).company.trait is not Trait.ARCHIVED,
            )
            for number in sorted(ALL_COMPANIES)
        ]

    # -- the wire ----------------------------------------------------------------------------------

    def handle(self, request: WireRequest) -> WireResponse:
        if request.path in {"/web/version", "/json/version"} and self.version >= 19:
            return json_response(
                {"version_info": self._version_info(), "version": f"{self.version}.0"}
            )
        if request.path.startswith("/json/2/") and self.version >= 19:
            return self._json2(request)
        if request.path.startswith("/xmlrpc/2/"):
            return self._xmlrpc(request)
        if request.path == "/jsonrpc":
            return self._jsonrpc(request)
        return html_response(NOT_FOUND_PAGE, 404)

    def _version_info(self) -> list[object]:
        return [self.version, 0, 0, "final", 0, ""]

    def _json2(self, request: WireRequest) -> WireResponse:
        database = request.headers.get("x-odoo-database")
        if database not in self.databases and (database or len(self.databases) > 1):
            return html_response(NO_DATABASE_PAGE, 404)
        if request.content_type != "application/json" and request.method == "POST":
            page = html_response(UNSUPPORTED_PAGE, 415)
            return page.with_headers(("Accept", "application/json"))
        try:
            return json_response(self._json2_value(request))
        except Refusal as refusal:
            answer = json_response(refusal.document, refusal.status)
            if refusal.status == 401:
                return answer.with_headers(("WWW-Authenticate", "Bearer"))
            return answer
        except _TooLong:
            return _gateway_page(504)

    def _json2_value(self, request: WireRequest) -> Any:  # noqa: ANN401 - any document
        route = _JSON2.fullmatch(request.path)
        if route is None or request.method != "POST":
            raise Refusal(
                404,
                "werkzeug.exceptions.NotFound",
                "Did you mean POST /json/2/<model>/<method>?",
            )
        user = self._bearer_of(request)
        try:
            body = request.json() or {}
        except ValueError as error:
            raise Refusal(
                400,
                "werkzeug.exceptions.BadRequest",
                f"could not parse the body as json: {error}",
            ) from None
        path = (route["model"], route["method"])
        self._check_size(path, body)
        return call_by_name(self.store, user, self.version, path, body)

    def _bearer_of(self, request: WireRequest) -> User:
        if request.bearer is None:
            raise no_key()
        user = self.people.by_secret(request.bearer, self.clock.now())
        if user is None:
            raise invalid_key()
        return user

    def _check_size(self, path: tuple[str, str], named: Mapping[str, Any]) -> None:
        """As a worker that is killed, seen through a proxy. Ids and times alone are no work."""
        limit = self.moves_per_answer_max
        heavy = path == ("account.move", "web_search_read") or (
            path == ("account.move", "search_read")
            and "amount_total_signed" in (named.get("fields") or ())
        )
        if limit is not None and heavy and (named.get("limit") or limit + 1) > limit:
            raise _TooLong

    # -- the older protocols -----------------------------------------------------------------------

    def _xmlrpc(self, request: WireRequest) -> WireResponse:
        try:
            parameters, method = xmlrpc.client.loads(request.body)
            service = request.path.removeprefix("/xmlrpc/2/")
            value = self._service(service, str(method), list(parameters))
            text = xmlrpc.client.dumps((value,), methodresponse=True)
        except _TooLong:
            return _gateway_page(504)
        except Refusal as refusal:
            text = xmlrpc.client.dumps(xmlrpc.client.Fault(refusal.fault, refusal.fault_string))
        except Exception as error:  # noqa: BLE001 - any mistake of the caller is fault 1
            fault = xmlrpc.client.Fault(1, f"{TRACEBACK}{type(error).__name__}: {error}\n")
            text = xmlrpc.client.dumps(fault)
        header = ("Content-Type", "text/xml; charset=utf-8")
        return WireResponse(200, (header,), text.encode())

    def _jsonrpc(self, request: WireRequest) -> WireResponse:
        try:
            asked = request.json()
            parameters = asked["params"]
        except (ValueError, KeyError, TypeError):
            return html_response("<p>Invalid JSON data</p>", 400)
        envelope: dict[str, object] = {"jsonrpc": "2.0", "id": asked.get("id")}
        try:
            envelope["result"] = self._service(
                parameters["service"], parameters["method"], parameters["args"]
            )
        except Refusal as refusal:
            if self.version < 16 and len(self.databases) > 1:
                return html_response("<title>500 Internal Server Error</title>", 500)
            envelope["error"] = {
                "code": 0 if self.version >= 19 else 200,
                "message": "Odoo Server Error",
                "data": refusal.document,
            }
        return json_response(envelope)

    def _service(self, service: str, method: str, args: list[Any]) -> Any:  # noqa: ANN401
        if service == "common" and method == "version":
            return {
                "server_version": f"{self.version}.0",
                "server_version_info": self._version_info(),
                "server_serie": f"{self.version}.0",
                "protocol_version": 1,
            }
        if service == "db":
            return self._db(method, args)
        if service == "common" and method in {"authenticate", "login"}:
            self._check_database(args[0])
            user = self._user_of(args[1], args[2])
            return False if user is None else user.id
        if service == "object" and method == "execute_kw":
            self._check_database(args[0])
            user = self.people.users.get(args[1])
            if user is None or self._user_of(user.login, args[2]) is None:
                raise access_denied()
            named = args[6] if len(args) > 6 else {}
            self._check_size((args[3], args[4]), named)
            path, arguments = (args[3], args[4]), (args[5], named)
            return call_by_position(self.store, user, self.version, path, arguments)
        raise Refusal(500, "builtins.AttributeError", f"no method {service}.{method}")

    def _user_of(self, login: str, secret: str) -> User | None:
        user = self.people.by_login(login)
        owner = self.people.by_secret(secret, self.clock.now())
        return user if user is owner else None

    def _db(self, method: str, args: list[Any]) -> Any:  # noqa: ANN401
        if method == "db_exist":
            return args[0] in self.databases
        if method != "list" or not self.list_databases:
            raise access_denied()
        return list(self.databases)

    def _check_database(self, name: str) -> None:
        if name not in self.databases:
            raise Refusal(
                500,
                "psycopg2.OperationalError",
                'connection to server at "127.0.0.1", port 5432 failed: FATAL:  database '
                f'"{name}" does not exist',
            )

    # -- hooks -------------------------------------------------------------------------------------

    def revoke_tokens(self) -> None:
        """As if the reader deleted the key in the preferences."""
        self._reader.keys.clear()

    def expire_tokens(self) -> None:
        self._reader.keys[0].end = self.clock.now()

    @property
    def _reader(self) -> User:
        user = self.people.by_login(READER)
        assert user is not None
        return user

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        for name, value in settings.items():
            if name == "version":
                self.version = msgspec.convert(value, int)
            elif name == "databases":
                self.databases = [DATABASE, *msgspec.convert(value, list[str])]
            elif name == "list_databases":
                self.list_databases = msgspec.convert(value, bool)
            elif name == "moves_per_answer_max":
                self.moves_per_answer_max = msgspec.convert(value, int | None)
            elif name == "role":
                self._reader.role = Role(str(value))
            elif name == "key_end":
                self._reader.keys[0].end = utc(str(value))
            else:
                raise UnknownSetting(f"odoo has no setting {name}")

    def fault_answer(self, fault: Fault) -> WireResponse:
        """What the proxy in front says: web pages. Odoo itself has no limits."""
        if fault.kind is FaultKind.GATEWAY:
            return _gateway_page(502)
        if fault.kind is FaultKind.UNAVAILABLE:
            return _gateway_page(503)
        if fault.kind in {FaultKind.TOO_MANY, FaultKind.DAILY_BUDGET}:
            return _gateway_page(429)
        return super().fault_answer(fault)

    def loggable_body(self, request: WireRequest) -> str:
        """XML-RPC and JSON-RPC carry the key inside."""
        return _SECRET.sub(HIDDEN, request.body.decode("utf-8", "replace"))[:4_000]


class _TooLong(Exception):
    """A request worked longer than the proxy waits."""


_WORDS = {
    429: "Too Many Requests",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def _gateway_page(status: int) -> WireResponse:
    title = f"{status} {_WORDS[status]}"
    return html_response(
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n"
        "<hr><center>nginx</center>\n</body>\n</html>\n",
        status,
    )
