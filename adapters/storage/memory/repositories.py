"""The repositories of core.ports.storage over one State."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import attrs

from adapters.storage.memory.state import State
from core.domain.entity import Entity
from core.domain.import_run import ImportRun, RunStatus
from core.domain.integration import Administration, Integration
from core.domain.onboarding import Organisation
from core.domain.proof import Verdict
from core.domain.schedule import SkipReason, Slot, SlotRecord
from core.ports.connections import OAuthAttempt, TokenRow
from core.ports.storage import LIST_MAX, Contents, EntityFilter, EntityTally, Event, SlotTally


class MemoryOrganisations:
    def __init__(self, state: State) -> None:
        self._rows = state.organisations

    def get(self, organisation_id: str) -> Organisation | None:
        return self._rows.get(organisation_id)

    def all(self) -> Sequence[Organisation]:
        return sorted(self._rows.values(), key=lambda row: (row.created_at, row.id))[:LIST_MAX]

    def save(self, organisation: Organisation) -> None:
        self._rows[organisation.id] = organisation


class MemoryIntegrations:
    def __init__(self, state: State) -> None:
        self._rows = state.integrations
        self._administrations = state.administrations

    def get(self, integration_id: str) -> Integration | None:
        return self._rows.get(integration_id)

    def of(self, organisation_id: str) -> Sequence[Integration]:
        mine = (row for row in self._rows.values() if row.organisation_id == organisation_id)
        return sorted(mine, key=lambda row: (row.created_at, row.id))[:LIST_MAX]

    def save(self, integration: Integration) -> None:
        self._rows[integration.id] = integration

    def administrations(self, integration_id: str) -> Sequence[Administration]:
        return self._administrations.get(integration_id, ())

    def save_administrations(
        self, integration_id: str, administrations: Sequence[Administration]
    ) -> None:
        self._administrations[integration_id] = tuple(administrations)


class MemoryEntities:
    def __init__(self, state: State) -> None:
        self._rows = state.entities
        self._runs = MemoryRuns(state)

    def get(self, entity_id: str) -> Entity | None:
        return self._rows.get(entity_id)

    def of(
        self,
        organisation_id: str,
        *,
        after: str | None = None,
        limit: int = LIST_MAX,
        where: EntityFilter | None = None,
    ) -> Sequence[Entity]:
        mine = self._fitting(organisation_id, where)
        beyond = (row for row in mine if after is None or row.id > after)
        return list(beyond)[: min(limit, LIST_MAX)]

    def _fitting(self, organisation_id: str, where: EntityFilter | None) -> list[Entity]:
        mine = _by_id(row for row in self._rows.values() if row.organisation_id == organisation_id)
        if where is None:
            return mine
        ids = [row.id for row in mine]
        newest, verdicts = self._runs.newest(ids), self._runs.verdicts(ids)
        return [row for row in mine if _fits(where, row, newest.get(row.id), verdicts.get(row.id))]

    def contents(
        self, organisation_id: str, *, every: int, where: EntityFilter | None = None
    ) -> Contents:
        ids = [row.id for row in self._fitting(organisation_id, where)]
        return Contents(
            total=len(ids),
            starts=tuple(ids[at - 1] if at else None for at in range(0, len(ids), every)),
        )

    def tally(self, organisation_id: str) -> Sequence[EntityTally]:
        mine = [row.id for row in self._fitting(organisation_id, None)]
        newest, verdicts = self._runs.newest(mine), self._runs.verdicts(mine)
        groups = Counter(
            (
                run.status if (run := newest.get(entity_id)) is not None else None,
                verdicts.get(entity_id),
            )
            for entity_id in mine
        )
        return [
            EntityTally(status=status, verdict=verdict, count=count)
            for (status, verdict), count in groups.items()
        ]

    def published_since(self, organisation_id: str, instants: Sequence[datetime]) -> Sequence[int]:
        at = [row.published_at for row in self._fitting(organisation_id, None)]
        return [
            sum(1 for published in at if published is not None and published >= instant)
            for instant in instants
        ]

    def time_zones(self, organisation_id: str) -> dict[str | None, int]:
        return dict(Counter(row.time_zone for row in self._fitting(organisation_id, None)))

    def linked(self, integration_id: str) -> Sequence[Entity]:
        return _by_id(
            row
            for row in self._rows.values()
            if any(link.integration_id == integration_id for link in row.links)
        )

    def save(self, entity: Entity) -> None:
        self._rows[entity.id] = entity


def _by_id(rows: Iterable[Entity]) -> list[Entity]:
    return sorted(rows, key=lambda row: row.id)


def _fits(
    where: EntityFilter, entity: Entity, newest: ImportRun | None, verdict: Verdict | None
) -> bool:
    status = None if newest is None else newest.status
    return (
        (where.text is None or where.text.lower() in entity.name.lower())
        and where.status in {None, status}
        and where.verdict in {None, verdict}
        and not (where.never and newest is not None)
        and (
            where.integration_id is None
            or any(link.integration_id == where.integration_id for link in entity.links)
        )
    )


class MemoryRuns:
    def __init__(self, state: State) -> None:
        self._rows = state.runs

    def get(self, run_id: str) -> ImportRun | None:
        return self._rows.get(run_id)

    def add(self, run: ImportRun) -> bool:
        for held in self._rows.values():
            busy = held.link_id == run.link_id and not held.finished and not run.finished
            if busy or held.id == run.id or (run.slot is not None and held.slot == run.slot):
                return False
        self._rows[run.id] = run
        return True

    def replace(self, before: ImportRun, now: ImportRun) -> bool:
        held = self._rows.get(before.id)
        if (
            held is None
            or held.finished
            or (held.status, held.attempt) != (before.status, before.attempt)
        ):
            return False
        self._rows[before.id] = now
        return True

    def held(self, run_id: str, attempt: int) -> ImportRun | None:
        run = self._rows.get(run_id)
        if run is None or run.status is not RunStatus.IN_PROGRESS or run.attempt != attempt:
            return None
        return run

    def unfinished(self, link_id: str) -> ImportRun | None:
        return next(
            (run for run in self._rows.values() if run.link_id == link_id and not run.finished),
            None,
        )

    def due(self, now: datetime, limit: int) -> Sequence[ImportRun]:
        waiting = (
            run
            for run in self._rows.values()
            if run.status is RunStatus.WAITING and run.due_at <= now
        )
        return sorted(waiting, key=lambda run: (run.due_at, run.id))[: min(limit, LIST_MAX)]

    def in_progress(self, limit: int) -> Sequence[ImportRun]:
        running = [
            (run.lease_until or run.requested_at, run.id, run)
            for run in self._rows.values()
            if run.status is RunStatus.IN_PROGRESS
        ]
        running.sort(key=lambda item: item[:2])
        return [run for *_, run in running[: min(limit, LIST_MAX)]]

    def of(
        self,
        organisation_id: str,
        *,
        entity_id: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> Sequence[ImportRun]:
        mine = (
            run
            for run in self._rows.values()
            if run.organisation_id == organisation_id
            and (entity_id is None or run.entity_id == entity_id)
            and (before is None or run.id < before)
        )
        return sorted(mine, key=lambda run: run.id, reverse=True)[: min(limit, LIST_MAX)]

    def verdicts(self, entity_ids: Sequence[str]) -> dict[str, Verdict]:
        """Of each entity's newest run that succeeded: what its published books are worth."""
        wanted = set(entity_ids)
        found: dict[str, ImportRun] = {}
        for row in self._rows.values():
            if row.entity_id in wanted and row.status is RunStatus.SUCCEEDED:
                found[row.entity_id] = max(
                    (row, found.get(row.entity_id, row)), key=lambda one: one.id
                )
        return {key: row.proof.verdict for key, row in found.items() if row.proof is not None}

    def newest(self, entity_ids: Sequence[str]) -> dict[str, ImportRun]:
        wanted = set(entity_ids)
        newest: dict[str, ImportRun] = {}
        for run in self._rows.values():
            held = newest.get(run.entity_id)
            if run.entity_id in wanted and (held is None or held.id < run.id):
                newest[run.entity_id] = run
        return newest

    def tally(
        self, organisation_id: str, *, since: datetime, until: datetime
    ) -> dict[RunStatus, int]:
        mine = (run for run in self._rows.values() if run.organisation_id == organisation_id)
        return dict(Counter(run.status for run in mine if since <= run.requested_at < until))


class MemorySlots:
    def __init__(self, state: State) -> None:
        self._rows = state.slots
        self._state = state

    def open(self, record: SlotRecord) -> bool:
        if record.slot in self._rows:
            return False
        self._rows[record.slot] = record
        return True

    def get(self, slot: Slot) -> SlotRecord | None:
        return self._rows.get(slot)

    def of(self, entity_id: str, *, limit: int = 60) -> Sequence[SlotRecord]:
        mine = (row for row in self._rows.values() if row.slot.entity_id == entity_id)
        return sorted(mine, key=lambda row: row.slot, reverse=True)[: min(limit, LIST_MAX)]

    def night(self, organisation_id: str, local_date: date) -> Sequence[SlotTally]:
        groups: Counter[tuple[int, bool, RunStatus | None, SkipReason | None]] = Counter()
        for row in self._rows.values():
            entity = self._state.entities.get(row.slot.entity_id)
            if entity is None or entity.organisation_id != organisation_id:
                continue
            if row.slot.local_date == local_date:
                run = self._state.runs.get(row.run_id or "")
                status = run.status if run is not None else None
                groups[row.slot.ordinal, row.late, status, row.skipped] += 1
        return [
            SlotTally(ordinal=ordinal, late=late, status=status, skipped=skipped, count=count)
            for (ordinal, late, status, skipped), count in groups.items()
        ]


class MemoryActivity:
    def __init__(self, state: State) -> None:
        self._rows = state.events

    def append(self, event: Event) -> None:
        self._rows.append(attrs.evolve(event, sequence=len(self._rows) + 1))

    def after(self, organisation_id: str, sequence: int, *, limit: int = 200) -> Sequence[Event]:
        newer = (row for row in self._rows[max(sequence, 0) :] if row.sequence > sequence)
        return [row for row in newer if row.organisation_id == organisation_id][
            : min(limit, LIST_MAX)
        ]

    def newest(self, organisation_id: str, *, limit: int = 50) -> Sequence[Event]:
        mine = [row for row in self._rows if row.organisation_id == organisation_id]
        return mine[::-1][: min(limit, LIST_MAX)]


class MemorySecrets:
    def __init__(self, state: State) -> None:
        self._rows = state.secrets

    def get(self, row: str) -> bytes | None:
        return self._rows.get(row)

    def put(self, row: str, sealed: bytes) -> None:
        self._rows[row] = sealed

    def delete(self, row: str) -> None:
        self._rows.pop(row, None)

    def rows(self) -> Sequence[str]:
        return sorted(self._rows)


class MemoryTokens:
    def __init__(self, state: State) -> None:
        self._rows = state.tokens

    def get(self, integration_id: str) -> TokenRow | None:
        return self._rows.get(integration_id)

    def swap(self, row: TokenRow, *, expected_version: int | None) -> bool:
        held = self._rows.get(row.integration_id)
        if (None if held is None else held.version) != expected_version:
            return False
        self._rows[row.integration_id] = row
        return True

    def delete(self, integration_id: str) -> None:
        self._rows.pop(integration_id, None)

    def all(self) -> Sequence[TokenRow]:
        return sorted(self._rows.values(), key=lambda row: row.integration_id)


class MemoryOAuthAttempts:
    def __init__(self, state: State) -> None:
        self._rows = state.attempts

    def add(self, attempt: OAuthAttempt) -> None:
        self._rows[attempt.state_sha256] = attempt

    def get(self, state_sha256: str) -> OAuthAttempt | None:
        return self._rows.get(state_sha256)

    def save(self, attempt: OAuthAttempt) -> None:
        self._rows[attempt.state_sha256] = attempt

    def latest(self, integration_id: str) -> OAuthAttempt | None:
        mine = (row for row in self._rows.values() if row.integration_id == integration_id)
        return max(mine, key=lambda row: (row.created_at, row.state_sha256), default=None)


class MemoryLeases:
    def __init__(self, state: State) -> None:
        self._rows = state.leases

    def acquire(self, name: str, owner: str, *, now: datetime, until: datetime) -> bool:
        if self.holder(name, now=now) not in {None, owner}:
            return False
        self._rows[name] = (owner, until)
        return True

    def release(self, name: str, owner: str) -> None:
        held = self._rows.get(name)
        if held is not None and held[0] == owner:
            del self._rows[name]

    def holder(self, name: str, *, now: datetime) -> str | None:
        held = self._rows.get(name)
        return held[0] if held is not None and held[1] > now else None


class MemorySettings:
    def __init__(self, state: State) -> None:
        self._rows = state.settings

    def get(self, name: str) -> str | None:
        return self._rows.get(name)

    def put(self, name: str, value: str) -> None:
        self._rows[name] = value
