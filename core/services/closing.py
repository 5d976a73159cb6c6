"""Closed periods: up to which day an entity's bookings should no longer change.

The provider may say it (Odoo's lock date), the operator may set it; who sets it by hand knows best.
Without either no period counts as closed: a year that is over is often still being worked on.
"""

import datetime as dt
from enum import StrEnum

from attrs import frozen

from core.domain.entity import Entity
from core.domain.failures import CorrectRequest
from core.ports.storage import UnitOfWork
from core.services.ports import Ports, entity_of


class ClosedBy(StrEnum):
    OPERATOR = "operator"
    PROVIDER = "provider"
    NOBODY = "nobody"


@frozen(kw_only=True)
class Closed:
    """``through``: the last closed day; None: no period is known to be closed."""

    through: dt.date | None = None
    by: ClosedBy = ClosedBy.NOBODY


@frozen
class ClosingService:
    ports: Ports

    def closed(self, organisation_id: str, entity_id: str) -> Closed:
        with self.ports.storage.reading() as uow:
            return closed_of(uow, entity_of(uow, organisation_id, entity_id))

    def set_closed(
        self, organisation_id: str, entity_id: str, through: dt.date | None, *, operator: str
    ) -> Closed:
        """Say by hand through which day the books are closed; None: as the provider says."""
        today = self.ports.clock.now().date()
        if through is not None and through > today:
            raise CorrectRequest(
                f"{through.isoformat()} is not over yet: books are closed up to a day that is.",
                code="closed-in-future",
            )
        with self.ports.storage.writing() as uow:
            entity = entity_of(uow, organisation_id, entity_id)
            before = closed_of(uow, entity)
            uow.settings.put(_name(entity_id), through.isoformat() if through else "")
            now = closed_of(uow, entity)
            if now != before:
                told = f"closed through {now.through}" if now.through else "not closed"
                self.ports.event(
                    uow,
                    organisation_id,
                    "entity.closed-through",
                    f"The books of {entity.name} are {told}, by {now.by.value}.",
                    actor=operator,
                    entity_id=entity_id,
                )
            uow.commit()
        return now


def closed_of(uow: UnitOfWork, entity: Entity) -> Closed:
    by_hand = uow.settings.get(_name(entity.id))
    if by_hand:
        return Closed(through=dt.date.fromisoformat(by_hand), by=ClosedBy.OPERATOR)
    link = entity.primary
    if link is not None:
        for one in uow.integrations.administrations(link.integration_id):
            if one.key == link.administration_key and one.closed_through is not None:
                return Closed(through=one.closed_through, by=ClosedBy.PROVIDER)
    return Closed()


def changed_in_closed(ports: Ports, entity: Entity, generation: int) -> int:
    """How many lines of closed periods differ between that generation, which may still be being
    built, and the one before. Reads what changed only.
    """
    with ports.storage.reading() as uow:
        closed = closed_of(uow, entity)
        if closed.through is None or generation == 1:
            return 0
        cells = uow.books.changed_cells(
            entity.id, older=generation - 1, newer=generation, closed_through=closed.through
        )
    return sum(one.closed for one in cells)


def tell_closed(ports: Ports, uow: UnitOfWork, entity: Entity, generation: int, lines: int) -> None:
    """Say in the activity that a closed period changed; nothing for no lines."""
    if not lines:
        return
    through = closed_of(uow, entity).through
    ports.event(
        uow,
        entity.organisation_id,
        "books.closed-changed",
        f"{entity.name}: {lines} lines dated up to {through} changed, where its books are closed. "
        "Look at the changes of this import.",
        entity_id=entity.id,
        generation=str(generation),
        lines=str(lines),
        closed_through=str(through),
    )


def _name(entity_id: str) -> str:
    return f"closed-through/{entity_id}"
