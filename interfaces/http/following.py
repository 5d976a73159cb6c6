"""Entities with their links and settings, imports, nights, and the overview."""

import hashlib
from typing import Annotated, Final, cast

from attrs import frozen
from litestar import Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, HeaderParameter, JSONBody, Parameter

from core.domain.entity import Entity, LinkRole
from core.domain.failures import CorrectRequest
from core.domain.import_run import RunStatus
from core.domain.proof import Verdict
from core.ports.storage import EntityFilter
from core.services.linking import EntitySettings, SettingsChanged
from interfaces.http import book_shapes, book_shaping, log_shapes, shapes, shaping
from interfaces.http.asking import ADMIN, OPERATE, READ, READ_KEPT, Asking, Id
from interfaces.http.cursors import PAGE_DEFAULT, Cursor, Limit
from interfaces.http.fragments import Fragments
from interfaces.http.paging import after_of, cursor_to, split

TEXT_CHARACTERS_MAX: Final = 200
ID_CHARACTERS_MAX: Final = 200
NIGHTS_SHOWN: Final = 30

Text = Annotated[
    str | None,
    Parameter(max_length=TEXT_CHARACTERS_MAX, description="A part of the name, any case."),
]
IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match", max_length=200, description="The ETag the settings were read with."
    ),
]
EntityId = Annotated[str | None, Parameter(max_length=ID_CHARACTERS_MAX)]


@frozen(kw_only=True)
class Select:
    """``administration_keys`` null: all that can be imported."""

    administration_keys: list[str] | None


@frozen(kw_only=True)
class LinkTo:
    integration_id: str
    administration_key: str
    role: LinkRole = LinkRole.PRIMARY


@frozen(kw_only=True)
class SetSettings:
    """``time_zone`` null: the organisation's."""

    time_zone: str | None


@frozen(kw_only=True)
class Import:
    """``entity_ids`` null: every entity."""

    entity_ids: list[str] | None


_FRAGMENTS: Final = Fragments()


@get("/overview", opt=READ, sync_to_thread=True)
def overview(asker: Asking) -> book_shapes.Overview:
    """How the entities stand, what needs a person, and the imports of the last 30 nights."""
    at_a_glance = asker.services.overview
    return book_shaping.overview(
        at_a_glance.summary(asker.organisation_id),
        at_a_glance.attention(asker.organisation_id),
        at_a_glance.imports_by_night(asker.organisation_id, nights=NIGHTS_SHOWN),
    )


@get("/entities", opt=READ_KEPT, sync_to_thread=True)
def entities(
    asker: Asking,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    text: Text = None,
    status: FromQuery[RunStatus | None] = None,
    verdict: FromQuery[Verdict | None] = None,
) -> shapes.EntityPage:
    """The companies that are followed, each with its newest import and published books."""
    asked = {"text": text, "status": status, "verdict": verdict}
    found = asker.services.reading.entities(
        asker.organisation_id,
        after=after_of(asker, "entities", cursor, **asked),
        limit=limit + 1,
        where=EntityFilter(text=text, status=status, verdict=verdict),
    )
    items, more = split(found, limit)
    return shapes.EntityPage(
        items=cast("list[shapes.Entity]", [_FRAGMENTS.of(one) for one in items]),  # JSON already
        next_cursor=cursor_to(asker, "entities", items[-1].entity.id if more else None, **asked),
    )


@get("/entities/{entity_id:str}", opt=READ, sync_to_thread=True)
def entity(asker: Asking, entity_id: Id) -> shapes.Entity:
    return shaping.entity_(asker.services.reading.entity(asker.organisation_id, entity_id))


@post(
    "/integrations/{integration_id:str}/selection",
    opt=OPERATE,
    status_code=200,
    sync_to_thread=True,
)
def select(asker: Asking, integration_id: Id, data: JSONBody[Select]) -> shapes.Selection:
    """Follow administrations as entities; their first imports wait at once."""
    return shaping.selection(
        asker.services.linking.select(
            asker.organisation_id,
            integration_id,
            data.administration_keys,
            operator=asker.operator,
        )
    )


@post("/entities/{entity_id:str}/links", opt=OPERATE, status_code=200, sync_to_thread=True)
def link(asker: Asking, entity_id: Id, data: JSONBody[LinkTo]) -> shapes.Entity:
    """Link an entity to an administration; a new primary link replaces the former one."""
    asker.services.linking.link(
        asker.organisation_id,
        entity_id,
        data.integration_id,
        data.administration_key,
        role=data.role,
        operator=asker.operator,
    )
    return shaping.entity_(asker.services.reading.entity(asker.organisation_id, entity_id))


def _tag(read: EntitySettings) -> str:
    return f'"{hashlib.sha256(repr(read).encode()).hexdigest()[:16]}"'


def _settings(held: Entity) -> Response[shapes.EntitySettings]:
    return Response(shaping.settings(held), headers={"ETag": _tag(EntitySettings.of(held))})


@get("/entities/{entity_id:str}/settings", opt=READ, sync_to_thread=True)
def settings(asker: Asking, entity_id: Id) -> Response[shapes.EntitySettings]:
    """What is set for this entity, with the ETag needed to change it."""
    return _settings(asker.services.reading.entity(asker.organisation_id, entity_id).entity)


@put("/entities/{entity_id:str}/settings", opt=ADMIN, sync_to_thread=True)
def set_settings(
    asker: Asking,
    entity_id: Id,
    data: JSONBody[SetSettings],
    if_match: IfMatch = None,
) -> Response[shapes.EntitySettings]:
    """Change the settings as they were read. 428 without If-Match, 412 when it is stale."""
    read = EntitySettings.of(asker.services.reading.entity(asker.organisation_id, entity_id).entity)
    if if_match is None:
        raise CorrectRequest(
            "Send If-Match with the ETag the settings were read with.",
            code="precondition-required",
        )
    if if_match != _tag(read):
        raise SettingsChanged("These settings are not what you read: read them again.")
    return _settings(
        asker.services.linking.set_time_zone(
            asker.organisation_id, entity_id, data.time_zone, operator=asker.operator, read=read
        )
    )


@get("/entities/{entity_id:str}/slots", opt=READ, sync_to_thread=True)
def slots(asker: Asking, entity_id: Id) -> log_shapes.SlotList:
    """What became of the entity's newest 60 nightly slots, newest first."""
    return shaping.slots(asker.services.nights.history(asker.organisation_id, entity_id))


@get("/nights/coming", opt=READ, sync_to_thread=True)
def coming(asker: Asking) -> log_shapes.ComingSlotList:
    """The slots of the next night, and for how many entities each is."""
    found = asker.services.nights.coming(asker.organisation_id)
    return log_shapes.ComingSlotList(items=[shaping.coming(one) for one in found])


@get("/nights/last", opt=READ, sync_to_thread=True)
def last_night(asker: Asking) -> log_shapes.Night:
    """What became of the newest night's slots so far."""
    return shaping.night(asker.services.nights.last_night(asker.organisation_id))


@get("/budgets", opt=READ, sync_to_thread=True)
def budgets(asker: Asking) -> log_shapes.BudgetList:
    """What is left of the calls the connected providers allow: why an import may wait."""
    found = asker.services.budgets.left(asker.organisation_id)
    return log_shapes.BudgetList(items=[shaping.budget(one) for one in found])


@post("/imports", opt=OPERATE, status_code=202, sync_to_thread=True)
def request_imports(asker: Asking, data: JSONBody[Import]) -> shapes.RequestedList:
    """Ask for imports now. One answer per entity, refusals included."""
    found = asker.services.importing.request(
        asker.organisation_id, data.entity_ids, operator=asker.operator
    )
    return shapes.RequestedList(items=[shaping.requested(one) for one in found])


@get("/imports", opt=READ, sync_to_thread=True)
def imports(
    asker: Asking,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    entity_id: EntityId = None,
) -> shapes.RunPage:
    """Imports, newest first."""
    found = asker.services.reading.runs(
        asker.organisation_id,
        entity_id=entity_id,
        before=after_of(asker, "imports", cursor, entity_id=entity_id),
        limit=limit + 1,
    )
    items, more = split(found, limit)
    return shapes.RunPage(
        items=[shaping.run(one) for one in items],
        next_cursor=cursor_to(
            asker, "imports", items[-1].id if more else None, entity_id=entity_id
        ),
    )


@get("/imports/{run_id:str}", opt=READ, sync_to_thread=True)
def one_import(asker: Asking, run_id: Id) -> shapes.Run:
    return shaping.run(asker.services.reading.run(asker.organisation_id, run_id))


HANDLERS: Final[list[HTTPRouteHandler]] = [
    overview,
    entities,
    entity,
    select,
    link,
    settings,
    set_settings,
    slots,
    coming,
    last_night,
    budgets,
    request_imports,
    imports,
    one_import,
]
