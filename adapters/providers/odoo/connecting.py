"""From what the operator typed to a session: version, database, protocol, user."""

from typing import Final

import msgspec
from attrs import evolve, field, frozen

from adapters.providers.kit.calls import Charge, Request
from adapters.providers.odoo.errors import DATABASE_UNKNOWN, NOT_ODOO
from adapters.providers.odoo.questions import Questions
from adapters.providers.odoo.rows import ContextRow, VersionRow
from adapters.providers.odoo.rpc import Json2, OdooTransport, XmlRpc
from adapters.providers.odoo.session import Session
from adapters.providers.odoo.versions import Version, parse_version
from core.domain.failures import Failure, FixSettings, NotUnderstood, Reconnect
from core.ports.provider import Limit

DATABASES_NAMED_MAX: Final = 10
"""So many databases are named in a sentence at most."""

ONLINE_DOMAIN: Final = ".odoo.com"
ONLINE_LIMIT: Final = Limit(scope="host", calls=1, seconds=1)
"""Odoo Online and Odoo.sh publish no number; the maintainers' advice in a thread of 2023 is about
one call per second and none in parallel. Other hosts have no limit of their own."""


@frozen(kw_only=True)
class Access:
    """The connect form's values, trimmed; ``origin`` is the address without its path."""

    origin: str
    database: str
    login: str
    api_key: str = field(repr=False)
    key_name: str = ""

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def charges(self) -> tuple[Charge, ...]:
        if not self.host.partition(":")[0].endswith(ONLINE_DOMAIN):
            return ()
        return (Charge(scope=f"odoo:{self.host}", limits=(ONLINE_LIMIT,)),)


def open_session(transport: OdooTransport, access: Access) -> Session:
    """Finds out who answers and as whom. Three calls on 19 and later, four on older servers."""
    version = _version(transport, access)
    if not access.database:
        access = evolve(access, database=_only_database(transport, access))
    try:
        return _signed_in(transport, access, version)
    except FixSettings as failure:
        if failure.code != DATABASE_UNKNOWN:
            raise
        raise _unknown_database(transport, access, failure) from None


def _signed_in(transport: OdooTransport, access: Access, version: Version) -> Session:
    if version.has_json2:
        try:
            return _by_json2(transport, access, version)
        except FixSettings as failure:
            # A proxy may let only the older paths through.
            if failure.code != NOT_ODOO or not access.login:
                raise
    return _by_xmlrpc(transport, access, version)


def _by_json2(transport: OdooTransport, access: Access, version: Version) -> Session:
    rpc = Json2(
        transport=transport,
        origin=access.origin,
        database=access.database,
        api_key=access.api_key,
        charges=access.charges,
    )
    questions = Questions(version)
    found = rpc.ask(questions.own_context(), ContextRow)
    return Session(
        rpc=rpc,
        origin=access.origin,
        database=access.database,
        uid=found.uid,
        questions=questions,
    )


def _by_xmlrpc(transport: OdooTransport, access: Access, version: Version) -> Session:
    if not access.login:
        raise FixSettings(
            f"This is Odoo {version}, which asks for a login besides the key: enter the login.",
            code="login-missing",
            setting="login",
        )
    rpc = _plain_xmlrpc(transport, access)
    # Only this call tells an expired key at once: others go on working from the server's cache.
    uid = rpc.service("common", "authenticate", (access.database, access.login, access.api_key, {}))
    if not isinstance(uid, int) or isinstance(uid, bool):
        raise Reconnect(
            "Odoo refuses this login and API key (wrong, expired or removed): make a key in Odoo "
            "under Preferences, Account Security, and reconnect.",
            detail="authenticate answered false",
            code="key-refused",
        )
    return Session(
        rpc=evolve(rpc, uid=uid),
        origin=access.origin,
        database=access.database,
        uid=uid,
        questions=Questions(version),
    )


def _plain_xmlrpc(transport: OdooTransport, access: Access) -> XmlRpc:
    return XmlRpc(
        transport=transport,
        origin=access.origin,
        database=access.database,
        login=access.login,
        api_key=access.api_key,
        charges=access.charges,
    )


def _version(transport: OdooTransport, access: Access) -> Version:
    """``/web/version`` (19 and later), else the old service; FixSettings when neither is there."""
    version = None
    try:
        answer = transport.send(
            Request(method="GET", url=f"{access.origin}/web/version", charges=access.charges)
        )
        version = parse_version(msgspec.json.decode(answer.body, type=VersionRow).version)
    except msgspec.DecodeError:
        pass  # some other page: the old service decides
    except Failure as failure:
        if failure.code not in {NOT_ODOO, "not-allowed", "not-found"}:
            raise
    return version or _old_version(transport, access)


def _old_version(transport: OdooTransport, access: Access) -> Version:
    try:
        value = _plain_xmlrpc(transport, access).service("common", "version", ())
        row = msgspec.convert(value, VersionRow)
    except (NotUnderstood, msgspec.ValidationError):
        row = VersionRow()
    except FixSettings as failure:
        if failure.code != "not-allowed":
            raise
        row = VersionRow()
    version = parse_version(row.server_version)
    if version is None:
        raise FixSettings(
            f"No Odoo answers at {access.host}: enter the address at which you log in to Odoo.",
            code=NOT_ODOO,
            setting="url",
        )
    return version


def _databases(transport: OdooTransport, access: Access) -> list[str]:
    """What the server lists; nothing when listing is switched off."""
    try:
        value = _plain_xmlrpc(transport, access).service("db", "list", ())
        return msgspec.convert(value, list[str])
    except (NotUnderstood, Reconnect, FixSettings, msgspec.ValidationError):
        return []


def _only_database(transport: OdooTransport, access: Access) -> str:
    names = _databases(transport, access)
    if len(names) == 1:
        return names[0]
    listed = f" It has: {_named(names)}." if names else ""
    raise FixSettings(
        f"The server at {access.host} does not tell which database to use.{listed} Enter the name "
        "of the database.",
        code="database-missing",
        setting="database",
    )


def _unknown_database(
    transport: OdooTransport, access: Access, failure: FixSettings
) -> FixSettings:
    names = _databases(transport, access)
    listed = f" The server lists: {_named(names)}." if names else ""
    return FixSettings(
        f"There is no database {access.database!r} at {access.host}.{listed} Correct the name of "
        "the database.",
        detail=failure.detail,
        code=failure.code,
        setting="database",
    )


def _named(names: list[str]) -> str:
    more = len(names) - DATABASES_NAMED_MAX
    shown = ", ".join(names[:DATABASES_NAMED_MAX])
    return f"{shown} and {more} more" if more > 0 else shown
