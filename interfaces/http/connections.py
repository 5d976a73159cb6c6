"""Providers, the organisation, integrations, and API tokens."""

from collections.abc import Collection
from typing import Annotated, Final

from attrs import field, frozen
from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, Parameter

from core.domain.access import Scope
from core.services.access import TOKEN_NAME_CHARACTERS_MAX
from core.services.connecting import Connection
from interfaces.http import log_shapes, shapes, shaping
from interfaces.http.asking import ADMIN, OPERATE, READ, Asker, Asking, Id, RedirectBase
from interfaces.http.cursors import PAGE_DEFAULT, Cursor, Limit
from interfaces.http.paging import page_of

REDIRECT_BASE: Final = "redirect_base"


@frozen(kw_only=True)
class Connect:
    """``fields`` are the connect form's, by name; what is left out is as last time."""

    provider: str
    fields: dict[str, str] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class Reconnect:
    """``fields``: only those that change."""

    fields: dict[str, str] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class MakeToken:
    """``name``: which program will use it."""

    name: Annotated[str, Parameter(min_length=1, max_length=TOKEN_NAME_CHARACTERS_MAX)]
    scope: Scope


def _unconfirmed(asker: Asker) -> Collection[str]:
    return asker.services.connecting.awaiting_confirmation(asker.organisation_id)


def _told(asker: Asker, found: Connection) -> shapes.Connection:
    return shaping.connection(found, _unconfirmed(asker))


@get("/providers", opt=READ, sync_to_thread=True)
def providers(asker: Asking) -> shapes.ProviderList:
    """Every provider, with the reason it may not be connected now."""
    found = asker.services.onboarding.choices(asker.organisation_id)
    return shapes.ProviderList(items=[shaping.choice(one) for one in found])


@get("/providers/{provider:str}/form", opt=READ, sync_to_thread=True)
def connect_form(asker: Asking, provider: Id) -> shapes.ConnectForm:
    """What is needed to connect a provider."""
    return shaping.form(asker.services.onboarding.form(provider))


@get("/organisation", opt=READ, sync_to_thread=True)
def organisation(asker: Asking) -> shapes.Organisation:
    """The token's organisation, and where its onboarding stands."""
    return shaping.organisation(asker.services.onboarding.organisation(asker.organisation_id))


@get("/integrations", opt=READ, sync_to_thread=True)
def integrations(
    asker: Asking, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> shapes.IntegrationPage:
    """The connections, and whether they work."""
    found = asker.services.connecting.integrations(asker.organisation_id)
    items, next_cursor = page_of(asker, "integrations", found, lambda one: one.id, cursor, limit)
    unconfirmed = _unconfirmed(asker)
    return shapes.IntegrationPage(
        items=[shaping.integration_(one, unconfirmed) for one in items],
        next_cursor=next_cursor,
    )


@post("/integrations", opt=ADMIN, sync_to_thread=True)
def connect(
    asker: Asking, data: JSONBody[Connect], redirect_base: RedirectBase
) -> shapes.Connection:
    """Connect a provider. With OAuth a person then opens ``authorize_url``."""
    return _told(
        asker,
        asker.services.connecting.connect(
            asker.organisation_id,
            data.provider,
            data.fields,
            operator=asker.operator,
            redirect_base=redirect_base,
        ),
    )


@get("/integrations/{integration_id:str}", opt=READ, sync_to_thread=True)
def integration(asker: Asking, integration_id: Id) -> shapes.Connection:
    """One connection as stored: nothing is asked of the provider."""
    return _told(asker, asker.services.connecting.get(asker.organisation_id, integration_id))


@get("/integrations/{integration_id:str}/administrations", opt=READ, sync_to_thread=True)
def administrations(
    asker: Asking,
    integration_id: Id,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> shapes.AdministrationPage:
    """The companies this connection covers, as last found, in the provider's order."""
    found = asker.services.connecting.get(asker.organisation_id, integration_id).administrations
    items, next_cursor = page_of(
        asker, f"administrations:{integration_id}", found, lambda one: one.key, cursor, limit
    )
    return shapes.AdministrationPage(
        items=[shaping.administration(one) for one in items], next_cursor=next_cursor
    )


@get("/integrations/{integration_id:str}/authorisation", opt=READ, sync_to_thread=True)
def authorisation(asker: Asking, integration_id: Id) -> shapes.Authorisation:
    """How the newest authorisation goes: ask again until ``ended``."""
    return shaping.authorisation(
        asker.services.connecting.attempt(asker.organisation_id, integration_id)
    )


@get("/integrations/{integration_id:str}/affected", opt=READ, sync_to_thread=True)
def affected(asker: Asking, integration_id: Id) -> shapes.Affected:
    """What disconnecting would leave without imports."""
    found = asker.services.connecting.affected(asker.organisation_id, integration_id)
    return shapes.Affected(entities=list(found))


@post(
    "/integrations/{integration_id:str}/reconnect", opt=ADMIN, status_code=200, sync_to_thread=True
)
def reconnect(
    asker: Asking,
    integration_id: Id,
    data: JSONBody[Reconnect],
    redirect_base: RedirectBase,
) -> shapes.Connection:
    """Authorise again: id, links, history and bookmarks stay. A ``review`` waits for confirm."""
    return _told(
        asker,
        asker.services.connecting.reconnect(
            asker.organisation_id,
            integration_id,
            data.fields,
            operator=asker.operator,
            redirect_base=redirect_base,
        ),
    )


@post("/integrations/{integration_id:str}/confirm", opt=ADMIN, status_code=200, sync_to_thread=True)
def confirm(asker: Asking, integration_id: Id) -> shapes.Connection:
    """Accept a reconnect whose account or administrations differ."""
    return _told(
        asker,
        asker.services.connecting.confirm_reconnect(
            asker.organisation_id, integration_id, operator=asker.operator
        ),
    )


@post("/integrations/{integration_id:str}/check", opt=OPERATE, status_code=200, sync_to_thread=True)
def check(asker: Asking, integration_id: Id) -> shapes.Connection:
    """Ask the provider now: account, administrations, expiry. No import."""
    return _told(asker, asker.services.connecting.check(asker.organisation_id, integration_id))


@delete("/integrations/{integration_id:str}", opt=ADMIN, status_code=200, sync_to_thread=True)
def disconnect(asker: Asking, integration_id: Id) -> shapes.Affected:
    """End a connection for good. Imported books and history stay."""
    found = asker.services.connecting.disconnect(
        asker.organisation_id, integration_id, operator=asker.operator
    )
    return shapes.Affected(entities=list(found))


@get("/tokens", opt=ADMIN, sync_to_thread=True)
def tokens(
    asker: Asking, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> log_shapes.TokenPage:
    """The API tokens there are, revoked ones included, without their secrets."""
    found = asker.services.access.tokens(asker.organisation_id)
    items, next_cursor = page_of(asker, "tokens", found, lambda one: one.id, cursor, limit)
    return log_shapes.TokenPage(
        items=[shaping.token(one) for one in items], next_cursor=next_cursor
    )


@post("/tokens", opt=ADMIN, sync_to_thread=True)
def make_token(asker: Asking, data: JSONBody[MakeToken]) -> log_shapes.MadeToken:
    """Make a token. Its text is in this answer and nowhere else, ever."""
    made = asker.services.access.create(
        asker.organisation_id, data.name, data.scope, operator=asker.operator
    )
    return log_shapes.MadeToken(
        id=made.token.id, name=made.token.name, scope=made.token.scope.value, token=made.text
    )


@delete("/tokens/{token_id:str}", opt=ADMIN, status_code=200, sync_to_thread=True)
def revoke_token(
    asker: Asking,
    token_id: Id,
) -> log_shapes.Token:
    """End a token at once and for good."""
    return shaping.token(
        asker.services.access.revoke(asker.organisation_id, token_id, operator=asker.operator)
    )


HANDLERS: Final[list[HTTPRouteHandler]] = [
    providers,
    connect_form,
    organisation,
    integrations,
    connect,
    integration,
    administrations,
    authorisation,
    affected,
    reconnect,
    confirm,
    check,
    disconnect,
    tokens,
    make_token,
    revoke_token,
]
