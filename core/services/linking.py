"""Selecting administrations as entities, and linking entities to integrations."""

from collections.abc import Sequence

import attrs
from attrs import define, field, frozen

from core.domain.entity import Entity, Link, LinkRole
from core.domain.failures import CorrectRequest, TryAgain, Unknown
from core.domain.import_run import ImportRun, RunCause, RunStatus
from core.domain.integration import Administration, Integration, IntegrationStatus
from core.domain.onboarding import OnboardingStep, zone_of
from core.ports.storage import UnitOfWork
from core.services.importing import fail_waiting, unusable, waiting_run
from core.services.ports import Ports, entity_of, integration_of, organisation_of
from core.services.relinking import dormant, relink
from core.services.sources import provider_name


class SettingsChanged(TryAgain):
    """Somebody else changed the settings since they were read."""

    default_code = "settings-changed"


@frozen(kw_only=True)
class EntitySettings:
    """What may be set per entity, as it was read."""

    time_zone: str | None

    @classmethod
    def of(cls, entity: Entity) -> "EntitySettings":
        return cls(time_zone=entity.time_zone)


@frozen(kw_only=True)
class Selection:
    """``created`` are new entities, ``already`` were followed before, ``refused`` say why.

    ``relinked`` are those of ``already`` whose former connection was ended: they go on with this
    one.
    """

    created: tuple[Entity, ...]
    already: tuple[Entity, ...]
    refused: tuple[tuple[Administration, str], ...]
    runs: tuple[ImportRun, ...]
    relinked: tuple[Entity, ...] = ()


@frozen
class LinkingService:
    ports: Ports

    def select(
        self,
        organisation_id: str,
        integration_id: str,
        administration_keys: Sequence[str] | None,
        *,
        operator: str,
    ) -> Selection:
        """Follow administrations (None: all that can be imported); confirms the connection.

        Each becomes an entity whose primary link is this integration, with its first import
        waiting. One that is followed already is left as it is, and one that was followed through an
        ended connection of the same account goes on with this one.
        """
        with self.ports.storage.writing() as uow:
            organisation = organisation_of(uow, organisation_id)
            integration = integration_of(uow, organisation_id, integration_id)
            _require_answered(integration)
            chosen = _chosen(uow.integrations.administrations(integration_id), administration_keys)
            if integration.status is IntegrationStatus.PENDING:
                integration = integration.moved(IntegrationStatus.ACTIVE)
                uow.integrations.save(integration)
            choosing = _Choosing(self.ports, uow, integration, operator)
            for administration in chosen:
                choosing.choose(administration)
            created = choosing.created
            if created:
                step = organisation.at(OnboardingStep.FIRST_IMPORTS, integration_id)
                uow.organisations.save(step)
                self.ports.event(
                    uow,
                    organisation_id,
                    "entities.selected",
                    f"{len(created)} administrations of {provider_name(integration)} are followed.",
                    actor=operator,
                    integration_id=integration_id,
                )
            uow.commit()
        selection = choosing.selection()
        for run in selection.runs:
            self.ports.doorbell.ring(run.id)
        return selection

    def link(
        self,
        organisation_id: str,
        entity_id: str,
        integration_id: str,
        administration_key: str,
        *,
        role: LinkRole = LinkRole.PRIMARY,
        operator: str,
    ) -> Entity:
        """Link an entity to an administration. A new primary replaces the former one.

        Its next import then brings the new administration's books whole; earlier generations stay
        readable. Refused while an import of the entity is under way.
        """
        with self.ports.storage.writing() as uow:
            entity = entity_of(uow, organisation_id, entity_id)
            integration = integration_of(uow, organisation_id, integration_id)
            _require_answered(integration)
            found = _linkable(uow, integration_id, administration_key)
            link = Link(
                id=self.ports.ids.new("lnk"),
                integration_id=integration_id,
                administration_key=administration_key,
                provider=integration.provider,
                role=role,
            )
            _require_free(uow, entity, link)
            if role is LinkRole.PRIMARY:
                _require_idle(self.ports, uow, entity)
                linked = attrs.evolve(entity.with_primary(link), currency=found.currency)
            else:
                linked = entity.with_additional(link)
            uow.entities.save(linked)
            if integration.status is IntegrationStatus.PENDING:
                uow.integrations.save(integration.moved(IntegrationStatus.ACTIVE))
            self.ports.event(
                uow,
                organisation_id,
                "entity.linked",
                f"{entity.name} is linked to {found.name} at {provider_name(integration)}.",
                actor=operator,
                integration_id=integration_id,
                entity_id=entity_id,
            )
            uow.commit()
        return linked

    def set_time_zone(
        self,
        organisation_id: str,
        entity_id: str,
        time_zone: str | None,
        *,
        operator: str,
        read: EntitySettings | None = None,
    ) -> Entity:
        """Time an entity's nights by a zone of its own (an IANA name); None: the organisation's.

        Slots that were opened stay as they are. ``read``: change them only if they still are what
        the caller read; SettingsChanged otherwise.
        """
        name = (time_zone or "").strip() or None
        if name is not None:
            zone_of(name)
        with self.ports.storage.writing() as uow:
            before = entity_of(uow, organisation_id, entity_id)
            if read is not None and EntitySettings.of(before) != read:
                raise SettingsChanged(
                    "Somebody else changed these settings meanwhile: read them again."
                )
            entity = attrs.evolve(before, time_zone=name)
            if entity != before:
                uow.entities.save(entity)
                self.ports.event(
                    uow,
                    organisation_id,
                    "entity.time-zone",
                    f"{entity.name} is imported by the clock of {name or 'its organisation'}.",
                    actor=operator,
                    entity_id=entity_id,
                )
                uow.commit()
        return entity


@define
class _Choosing:
    """One selection under way, inside its unit of work."""

    ports: Ports
    uow: UnitOfWork
    integration: Integration
    operator: str
    created: list[Entity] = field(factory=list, init=False)
    _already: list[Entity] = field(factory=list, init=False)
    _relinked: list[Entity] = field(factory=list, init=False)
    _refused: list[tuple[Administration, str]] = field(factory=list, init=False)
    _runs: list[ImportRun] = field(factory=list, init=False)
    _followed: dict[str, Entity] = field(init=False)
    _dormant: dict[str, Entity] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._followed = {
            link.administration_key: entity
            for entity in self.uow.entities.linked(self.integration.id)
            for link in entity.links
            if link.integration_id == self.integration.id
        }
        self._dormant = dormant(self.uow, self.integration)

    def choose(self, administration: Administration) -> None:
        key = administration.key
        if key in self._followed:
            self._already.append(self._followed[key])
        elif not administration.importable:
            self._refused.append((administration, administration.obstacle or "not importable"))
        elif key in self._dormant:
            entity, run = relink(
                self.ports,
                self.uow,
                self._dormant[key],
                self.integration,
                administration,
                actor=self.operator,
            )
            self._already.append(entity)
            self._relinked.append(entity)
            self._runs.extend([] if run is None else [run])
        else:
            entity, run = self._follow(administration)
            self.created.append(entity)
            self._runs.append(run)

    def selection(self) -> Selection:
        return Selection(
            created=tuple(self.created),
            already=tuple(self._already),
            refused=tuple(self._refused),
            runs=tuple(self._runs),
            relinked=tuple(self._relinked),
        )

    def _follow(self, administration: Administration) -> tuple[Entity, ImportRun]:
        integration = self.integration
        link = Link(
            id=self.ports.ids.new("lnk"),
            integration_id=integration.id,
            administration_key=administration.key,
            provider=integration.provider,
            role=LinkRole.PRIMARY,
        )
        entity = Entity(
            id=self.ports.ids.new("ent"),
            organisation_id=integration.organisation_id,
            name=administration.name,
            currency=administration.currency,
            created_at=self.ports.clock.now(),
            links=(link,),
        )
        self.uow.entities.save(entity)
        run = waiting_run(self.ports, entity, link, RunCause.FIRST)
        added = self.uow.runs.add(run)
        assert added, "a new link has no other run"
        return entity, run


def _require_answered(integration: Integration) -> None:
    if integration.status in {IntegrationStatus.PENDING, IntegrationStatus.ACTIVE} and (
        integration.account is not None
    ):
        return
    raise CorrectRequest(
        f"{provider_name(integration)} is {integration.status.value}"
        f"{'' if integration.account else ' and not authorised yet'}: connect it first.",
        code="integration-state",
    )


def _chosen(
    administrations: Sequence[Administration], keys: Sequence[str] | None
) -> list[Administration]:
    """The administrations of those keys; Unknown names the first that is not covered."""
    if keys is None:
        return list(administrations)
    by_key = {administration.key: administration for administration in administrations}
    for key in keys:
        if key not in by_key:
            raise Unknown(
                f"This integration covers no administration {key!r}: "
                "list its administrations, or reconnect and grant it.",
                code="unknown-administration",
            )
    return [by_key[key] for key in dict.fromkeys(keys)]


def _linkable(uow: UnitOfWork, integration_id: str, key: str) -> Administration:
    (found,) = _chosen(uow.integrations.administrations(integration_id), (key,))
    if not found.importable:
        raise CorrectRequest(
            f"{found.name} cannot be linked now: {found.obstacle}.", code="not-importable"
        )
    return found


def _require_idle(ports: Ports, uow: UnitOfWork, entity: Entity) -> None:
    """A run under way would publish books of the former link. One that can never run is ended."""
    primary = entity.primary
    run = uow.runs.unfinished(primary.id) if primary is not None else None
    if primary is None or run is None:
        return
    obstacle = unusable(uow, primary)
    if run.status is RunStatus.WAITING and obstacle is not None:
        fail_waiting(ports, uow, run, obstacle)
    else:
        waits = run.status is RunStatus.WAITING
        raise CorrectRequest(
            f"An import of {entity.name} is {'waiting' if waits else 'running'}: link it when "
            "that has ended.",
            code="import-under-way",
        )


def _require_free(uow: UnitOfWork, entity: Entity, link: Link) -> None:
    """An administration is the books of one entity only."""
    for other in uow.entities.linked(link.integration_id):
        for held in other.links:
            if (
                other.id != entity.id
                and held.administration_key == link.administration_key
                and held.integration_id == link.integration_id
                and LinkRole.PRIMARY in {held.role, link.role}
            ):
                raise CorrectRequest(
                    f"That administration is followed as {other.name} already.",
                    code="already-followed",
                )
