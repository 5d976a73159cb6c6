"""The organisation at a glance: how its entities stand, and what needs a person."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

import attrs
from attrs import frozen

from core.domain.failures import Action, Trouble
from core.domain.import_run import ImportRun, RunStatus
from core.domain.integration import Integration, IntegrationStatus, unusable_sentence
from core.domain.proof import Verdict
from core.ports.storage import EntityFilter, UnitOfWork
from core.services.ports import Ports, organisation_of
from core.services.secrets import staged_row
from core.services.sources import provider_name

AGES: Final = (timedelta(hours=12), timedelta(hours=36), timedelta(days=7))
"""Books are counted as younger than each of these; 36 hours is one missed night."""

EXPIRY_AHEAD: Final = timedelta(days=14)
"""A consent or key that ends within this is announced."""

LOOKED_AT_MAX: Final = 100
"""Entities in trouble that are looked at one by one; of more, the count is a lower bound."""


@frozen(kw_only=True)
class Overview:
    """``by_status``: entities by the status of their newest run, None for those without any.

    ``younger``: per age of AGES how many entities have books at most that old. ``verdicts``: of
    the newest run, where it has a proof.
    """

    entities: int
    by_status: dict[RunStatus | None, int]
    verdicts: dict[Verdict, int]
    published: int
    younger: tuple[tuple[timedelta, int], ...]


@frozen(kw_only=True)
class Attention:
    """One thing a person should know or do; ``action`` says which.

    ``entities`` are affected (``at_least``: perhaps more); ``entity_id`` is one of them. ``where``
    lists them. ``until``: waiting helps until then, or the connection works until then.
    """

    action: Action
    sentence: str
    entities: int
    at_least: bool = False
    integration_id: str | None = None
    entity_id: str | None = None
    where: EntityFilter | None = None
    until: datetime | None = None


@frozen(kw_only=True)
class NightTotals:
    """Imports requested on one local date, by status as they stand now."""

    local_date: date
    by_status: dict[RunStatus, int]


@frozen
class OverviewService:
    ports: Ports

    def summary(self, organisation_id: str) -> Overview:
        now = self.ports.clock.now()
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            tallies = uow.entities.tally(organisation_id)
            beginning = datetime.min.replace(tzinfo=now.tzinfo)
            published, *younger = uow.entities.published_since(
                organisation_id, [beginning, *(now - age for age in AGES)]
            )
        by_status: dict[RunStatus | None, int] = {}
        verdicts: dict[Verdict, int] = {}
        for tally in tallies:
            by_status[tally.status] = by_status.get(tally.status, 0) + tally.count
            if tally.verdict is not None:
                verdicts[tally.verdict] = verdicts.get(tally.verdict, 0) + tally.count
        return Overview(
            entities=sum(by_status.values()),
            by_status=by_status,
            verdicts=verdicts,
            published=published,
            younger=tuple(zip(AGES, younger, strict=True)),
        )

    def imports_by_night(self, organisation_id: str, *, nights: int) -> tuple[NightTotals, ...]:
        """The newest so many local dates, oldest first, today last; dates without any are there."""
        with self.ports.storage.reading() as uow:
            zone = organisation_of(uow, organisation_id).zone
            today = self.ports.clock.now().astimezone(zone).date()
            dates = [today - timedelta(days=ago) for ago in reversed(range(nights))]
            return tuple(
                NightTotals(
                    local_date=day,
                    by_status=uow.runs.tally(
                        organisation_id,
                        since=datetime.combine(day, time(), tzinfo=zone),
                        until=datetime.combine(day + timedelta(days=1), time(), tzinfo=zone),
                    ),
                )
                for day in dates
            )

    def attention(self, organisation_id: str) -> tuple[Attention, ...]:
        """What needs a person, and what only needs time; the gravest first."""
        now = self.ports.clock.now()
        with self.ports.storage.reading() as uow:
            organisation_of(uow, organisation_id)
            integrations = {one.id: one for one in uow.integrations.of(organisation_id)}
            broken = {
                one.id
                for one in integrations.values()
                if one.status is IntegrationStatus.NEEDS_RECONNECT
            }
            found = [_to_confirm(uow, one) for one in _staged(uow, integrations.values())]
            found += [_to_reconnect(uow, integrations[one]) for one in sorted(broken)]
            found += _grouped(uow, organisation_id, RunStatus.FAILED, told=broken)
            found += _differing(uow, organisation_id)
            found += [
                _expiring(uow, one, one.expires_at)
                for one in integrations.values()
                if one.usable and one.expires_at and one.expires_at <= now + EXPIRY_AHEAD
            ]
            found += _grouped(uow, organisation_id, RunStatus.WAITING, told=frozenset())
        return tuple(found)


def _staged(uow: UnitOfWork, integrations: Iterable[Integration]) -> Iterator[Integration]:
    for one in integrations:
        living = one.status is not IntegrationStatus.DISCONNECTED
        if living and uow.secrets.get(staged_row(one.id)) is not None:
            yield one


def _to_confirm(uow: UnitOfWork, integration: Integration) -> Attention:
    return Attention(
        action=Action.RECONNECT,
        sentence=(
            f"A new consent for {provider_name(integration)} waits for you to confirm it, because "
            "it may change what is imported: confirm it, or reconnect once more."
        ),
        entities=_linked(uow, integration),
        integration_id=integration.id,
        where=EntityFilter(integration_id=integration.id),
    )


def _to_reconnect(uow: UnitOfWork, integration: Integration) -> Attention:
    sentence = unusable_sentence(integration, provider_name(integration))
    return Attention(
        action=Action.RECONNECT,
        sentence=integration.trouble.sentence if integration.trouble else sentence,
        entities=_linked(uow, integration),
        integration_id=integration.id,
        where=EntityFilter(integration_id=integration.id),
    )


def _expiring(uow: UnitOfWork, integration: Integration, end: datetime) -> Attention:
    return Attention(
        action=Action.RECONNECT,
        sentence=f"The connection to {provider_name(integration)} ends soon: reconnect before.",
        entities=_linked(uow, integration),
        integration_id=integration.id,
        where=EntityFilter(integration_id=integration.id),
        until=end,
    )


def _linked(uow: UnitOfWork, integration: Integration) -> int:
    where = EntityFilter(integration_id=integration.id)
    contents = uow.entities.contents(integration.organisation_id, every=LOOKED_AT_MAX, where=where)
    return contents.total


def _grouped(
    uow: UnitOfWork, organisation_id: str, status: RunStatus, *, told: set[str] | frozenset[str]
) -> Iterator[Attention]:
    """Entities whose newest run has that status and a trouble, one item per kind of trouble.

    ``told`` are integrations whose reconnecting is announced already.
    """
    where = EntityFilter(status=status)
    entities = uow.entities.of(organisation_id, limit=LOOKED_AT_MAX, where=where)
    groups: dict[tuple[Action, str, str], Attention] = {}
    for run in uow.runs.newest([entity.id for entity in entities]).values():
        trouble = run.trouble
        if trouble is None or (trouble.action is Action.RECONNECT and run.integration_id in told):
            continue
        kind = (trouble.action, trouble.code, run.integration_id)
        held = groups.get(kind)
        groups[kind] = (
            _in_trouble(run, trouble, where, at_least=len(entities) == LOOKED_AT_MAX)
            if held is None
            else attrs.evolve(held, entities=held.entities + 1, until=_later(held.until, run))
        )
    yield from sorted(groups.values(), key=lambda one: -one.entities)


def _in_trouble(
    run: ImportRun, trouble: Trouble, where: EntityFilter, *, at_least: bool
) -> Attention:
    return Attention(
        action=trouble.action,
        sentence=trouble.sentence,
        entities=1,
        at_least=at_least,
        integration_id=run.integration_id,
        entity_id=run.entity_id,
        where=attrs.evolve(where, integration_id=run.integration_id),
        until=_later(None, run),
    )


def _later(held: datetime | None, run: ImportRun) -> datetime | None:
    """When the last of the waiting runs continues; a failed one continues by itself never."""
    if run.finished:
        return None
    return run.due_at if held is None else max(held, run.due_at)


def _differing(uow: UnitOfWork, organisation_id: str) -> Iterator[Attention]:
    where = EntityFilter(verdict=Verdict.DIFFERS)
    contents = uow.entities.contents(organisation_id, every=LOOKED_AT_MAX, where=where)
    if not contents.total:
        return
    first = uow.entities.of(organisation_id, limit=1, where=where)[0]
    yield Attention(
        action=Action.DATA_NOT_UNDERSTOOD,
        sentence=(
            "The imported books differ from the provider's own totals: look at which accounts, "
            "and import again."
        ),
        entities=contents.total,
        entity_id=first.id,
        where=where,
    )
