"""Which books a reader means: the entity and the generation behind ``as_of``."""

import datetime as dt
from typing import Final

from attrs import frozen

from core.domain.entity import Entity
from core.domain.failures import CorrectRequest, Unknown
from core.domain.onboarding import zone_of
from core.ports.books import Generation
from core.ports.storage import UnitOfWork
from core.services.ports import entity_of, organisation_of

GENERATION_DIGITS_MAX: Final = 9
KEPT_TOLD_MAX: Final = 5
"""So many kept generations are named to who asked for one that is gone."""


@frozen(kw_only=True)
class BooksView:
    """Which books an answer was read from."""

    entity: Entity
    generation: Generation


def view_of(
    uow: UnitOfWork, organisation_id: str, entity_id: str, as_of: str | None = None
) -> BooksView:
    """``as_of``: a generation number or a date (the last state published on or before it); None is
    the newest. CorrectRequest ``no-books``, ``bad-as-of``; Unknown ``unknown-generation``, and
    ``compacted-generation`` for one that retention let go.
    """
    entity = entity_of(uow, organisation_id, entity_id)
    if entity.published_generation == 0:
        raise CorrectRequest(f"{entity.name} has no books yet: import it first.", code="no-books")
    number = _generation_number(uow, entity, as_of)
    generation = uow.books.generation(entity_id, number) if number else None
    if generation is None:
        if number is not None and 0 < number <= entity.published_generation:
            raise _compacted(uow, entity, number)
        raise Unknown(
            f"{entity.name} has no books as of {as_of}: its generations run from 1 to "
            f"{entity.published_generation}.",
            code="unknown-generation",
        )
    return BooksView(entity=entity, generation=generation)


def day_at(uow: UnitOfWork, entity: Entity, instant: dt.datetime) -> dt.date:
    """The date it was then where the entity is."""
    organisation = organisation_of(uow, entity.organisation_id)
    return instant.astimezone(zone_of(entity.time_zone or organisation.time_zone)).date()


def _compacted(uow: UnitOfWork, entity: Entity, number: int) -> Unknown:
    """Names the kept generations around the one that is gone."""
    below = uow.books.generations(entity.id, before=number, limit=1)
    above = uow.books.generations(entity.id, limit=KEPT_TOLD_MAX)
    near = sorted({one.number: one for one in (*below, *above)}.items(), reverse=True)
    kept = ", ".join(
        f"{at} ({day_at(uow, entity, one.published_at).isoformat()})" for at, one in near
    )
    return Unknown(
        f"Generation {number} of {entity.name} is no longer kept (see the retention setting). "
        f"Kept are among others {kept}: read one of those, or list all of them.",
        code="compacted-generation",
    )


def _generation_number(uow: UnitOfWork, entity: Entity, as_of: str | None) -> int | None:
    if as_of is None:
        return entity.published_generation
    if as_of.isdecimal() and len(as_of) <= GENERATION_DIGITS_MAX:
        return int(as_of)
    try:
        following = dt.date.fromisoformat(as_of) + dt.timedelta(days=1)
        organisation = organisation_of(uow, entity.organisation_id)
        zone = zone_of(entity.time_zone or organisation.time_zone)
        end = dt.datetime.combine(following, dt.time(), tzinfo=zone).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise CorrectRequest(
            f"{as_of!r} is neither a generation number nor a date such as 2026-03-31.",
            code="bad-as-of",
        ) from error
    return uow.books.generation_at(entity.id, end)
