"""Entities as JSON, made once for as long as what they say is the same.

A list is read from the storage each time it is asked for. The values a storage gives are frozen,
and it gives the same ones while nothing about them changed; then what was made of them still holds.
"""

from datetime import datetime
from typing import Final

import msgspec
from attrs import define, field, frozen

from core.domain.entity import Entity
from core.domain.import_run import ImportRun
from core.domain.integration import IntegrationStatus
from core.ports.books import Generation
from core.services.reading import EntityStatus
from interfaces.http import shaping

FRAGMENTS_MAX: Final = 2_000
"""Entities; each takes one to two kilobytes."""


@frozen
class _Fragment:
    entity: Entity
    run: ImportRun | None
    published: Generation | None
    integration_status: IntegrationStatus | None
    next_slot_at: datetime
    json: msgspec.Raw = field(repr=False)

    def says(self, status: EntityStatus, integration_status: IntegrationStatus | None) -> bool:
        """By identity: comparing whole values would take longer than making the JSON."""
        return (
            self.entity is status.entity
            and self.run is status.run
            and self.published is status.published
            and self.integration_status is integration_status
            and self.next_slot_at == status.next_slot_at
        )


@define
class Fragments:
    """Shared by threads: each operation on the dictionary is one step of the interpreter, and two
    threads that make the same fragment make the same bytes.
    """

    _held: dict[str, _Fragment] = field(factory=dict, init=False, repr=False)

    def of(self, status: EntityStatus) -> msgspec.Raw:
        integration_status = status.integration.status if status.integration else None
        held = self._held.get(status.entity.id)
        if held is not None and held.says(status, integration_status):
            return held.json
        made = msgspec.Raw(msgspec.json.encode(shaping.entity_(status)))
        if len(self._held) >= FRAGMENTS_MAX:
            self._held.clear()
        self._held[status.entity.id] = _Fragment(
            status.entity,
            status.run,
            status.published,
            integration_status,
            status.next_slot_at,
            made,
        )
        return made
