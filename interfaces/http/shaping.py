"""From domain values to what the HTTP interface says: field by field, no decision."""

import datetime as dt
from collections.abc import Collection, Sequence

from core.domain import (
    access,
    catalogue,
    entity,
    failures,
    import_run,
    integration,
    onboarding,
    schedule,
)
from core.domain import proof as proofs
from core.domain.money import text_of
from core.ports import books, connections, provider, storage
from core.services.adopting import ReconnectReview
from core.services.budgets import BudgetLeft
from core.services.connecting import Connection
from core.services.importing import Requested
from core.services.linking import Selection
from core.services.nights import ComingSlot, Night
from core.services.onboarding import Choice
from core.services.reading import EntityStatus
from interfaces.http import log_shapes, shapes


def utc(instant: dt.datetime | None) -> dt.datetime | None:
    return instant.astimezone(dt.UTC) if instant is not None else None


def choice(found: Choice) -> shapes.Provider:
    entry: catalogue.CatalogueEntry = found.entry
    return shapes.Provider(
        key=entry.key,
        name=entry.name,
        category=entry.category.value,
        auth=entry.auth.value,
        connects_by=found.connects_by.value,
        note=entry.note,
        onboarding=entry.onboarding,
        contract=entry.contract.value,
        available=found.available,
        refusal=found.refusal,
    )


def form(found: provider.ConnectForm) -> shapes.ConnectForm:
    return shapes.ConnectForm(
        preparation=found.preparation,
        fields=[
            shapes.FormField(
                name=one.name,
                label=one.label,
                help=one.help,
                secret=one.secret,
                required=one.required,
                default=one.default,
                choices=list(one.choices),
            )
            for one in found.fields
        ],
    )


def organisation(found: onboarding.Organisation) -> shapes.Organisation:
    return shapes.Organisation(
        id=found.id,
        name=found.name,
        time_zone=found.time_zone,
        created_at=found.created_at,
        step=found.step.value,
        onboarded=found.onboarded,
        onboarding_integration_id=found.onboarding_integration_id,
    )


def trouble(found: failures.Trouble | None) -> shapes.Trouble | None:
    if found is None:
        return None
    return shapes.Trouble(
        code=found.code,
        action=found.action.value,
        sentence=found.sentence,
        retry_at=utc(found.retry_at),
        setting=found.setting,
    )


def integration_(
    found: integration.Integration, unconfirmed: Collection[str]
) -> shapes.Integration:
    """``unconfirmed``: ids of integrations with a new consent that nobody confirmed yet."""
    account = found.account
    return shapes.Integration(
        id=found.id,
        provider=found.provider,
        status=found.status.value,
        account=None
        if account is None
        else shapes.Account(key=account.key, name=account.name, email=account.email),
        fields=dict(found.fields),
        created_at=found.created_at,
        authorised_at=utc(found.authorised_at),
        expires_at=utc(found.expires_at),
        checked_at=utc(found.checked_at),
        awaits_confirmation=found.id in unconfirmed,
        trouble=trouble(found.trouble),
    )


def administration(found: integration.Administration) -> shapes.Administration:
    return shapes.Administration(
        key=found.key,
        name=found.name,
        currency=found.currency,
        country=found.country,
        importable=found.importable,
        obstacle=found.obstacle,
    )


def review(found: ReconnectReview | None) -> shapes.Review | None:
    if found is None:
        return None
    before = found.account_before
    return shapes.Review(
        account_before=before.name if before is not None else None,
        account_now=found.account_now.name,
        lost=list(found.lost),
        sentence=found.sentence,
    )


def connection(found: Connection, unconfirmed: Collection[str]) -> shapes.Connection:
    return shapes.Connection(
        integration=integration_(found.integration, unconfirmed),
        authorize_url=found.authorize_url,
        authorize_until=utc(found.authorize_until),
        redirect_uri=found.redirect_uri,
        administrations=len(found.administrations),
        warnings=list(found.warnings),
        review=review(found.review),
    )


def authorisation(found: connections.OAuthAttempt) -> shapes.Authorisation:
    return shapes.Authorisation(
        expires_at=found.expires_at,
        ended=found.outcome is not None,
        failed=found.failed,
        outcome=found.outcome,
    )


def proof(found: proofs.Proof) -> shapes.Proof:
    return shapes.Proof(
        verdict=found.verdict.value,
        cells=found.cells,
        accounts=found.accounts,
        difference=text_of(found.difference_e4),
        residuals=[
            shapes.Residual(
                account_key=one.cell.account_key,
                year=one.cell.year,
                period=one.period,
                ours=text_of(one.ours_e4),
                theirs=text_of(one.theirs_e4),
            )
            for one in found.residuals
        ],
        residual_count=found.residual_count,
        findings=[
            shapes.Finding(kind=one.kind.value, key=one.key, amount=text_of(one.amount_e4))
            for one in found.findings
        ],
        finding_count=found.finding_count,
    )


def run(found: import_run.ImportRun) -> shapes.Run:
    progress = found.progress
    return shapes.Run(
        id=found.id,
        entity_id=found.entity_id,
        integration_id=found.integration_id,
        status=found.status.value,
        cause=found.cause.value,
        late=found.late,
        attempt=found.attempt,
        requested_at=found.requested_at,
        due_at=found.due_at,
        started_at=utc(found.started_at),
        finished_at=utc(found.finished_at),
        progress=shapes.Progress(
            stage=progress.stage,
            batches=progress.batches,
            records=progress.records,
            lines=progress.lines,
            expected_lines=progress.expected_lines,
            changed=progress.changed,
            calls=progress.calls,
        ),
        trouble=trouble(found.trouble),
        proof=proof(found.proof) if found.proof is not None else None,
    )


def generation(found: books.Generation) -> shapes.Generation:
    return shapes.Generation(
        number=found.number,
        run_id=found.run_id,
        published_at=found.published_at,
        counts={kind.value: count for kind, count in found.counts.items()},
        added=found.added,
        changed=found.changed,
        removed=found.removed,
        proof=proof(found.proof),
    )


def entity_(found: EntityStatus) -> shapes.Entity:
    held: entity.Entity = found.entity
    return shapes.Entity(
        id=held.id,
        name=held.name,
        currency=held.currency,
        time_zone=held.time_zone,
        links=[
            shapes.Link(
                id=link.id,
                integration_id=link.integration_id,
                administration_key=link.administration_key,
                provider=link.provider,
                role=link.role.value,
            )
            for link in held.links
        ],
        integration_status=found.integration.status.value if found.integration else None,
        next_slot_at=found.next_slot_at,
        run=run(found.run) if found.run is not None else None,
        published=generation(found.published) if found.published is not None else None,
    )


def settings(found: entity.Entity) -> shapes.EntitySettings:
    return shapes.EntitySettings(
        time_zone=found.time_zone,
        slots=[at.isoformat("minutes") for at in schedule.SLOT_TIMES],
    )


def selection(found: Selection) -> shapes.Selection:
    return shapes.Selection(
        created=[shapes.Named(id=one.id, name=one.name) for one in found.created],
        already=[shapes.Named(id=one.id, name=one.name) for one in found.already],
        refused=[
            shapes.Refused(administration_key=one.key, name=one.name, reason=reason)
            for one, reason in found.refused
        ],
        run_ids=[one.id for one in found.runs],
    )


def requested(found: Requested) -> shapes.Requested:
    return shapes.Requested(
        entity_id=found.entity.id,
        run=run(found.run) if found.run is not None else None,
        refusal=trouble(found.refusal.trouble()) if found.refusal is not None else None,
    )


def coming(found: ComingSlot) -> log_shapes.ComingSlot:
    return log_shapes.ComingSlot(
        local_date=found.local_date,
        ordinal=found.ordinal,
        due_at=found.due_at,
        entities=found.entities,
    )


def night(found: Night) -> log_shapes.Night:
    return log_shapes.Night(
        local_date=found.local_date,
        slots=[
            log_shapes.SlotTally(
                ordinal=one.ordinal,
                late=one.late,
                status=one.status.value if one.status is not None else None,
                skipped=one.skipped.value if one.skipped is not None else None,
                count=one.count,
            )
            for one in found.slots
        ],
    )


def slots(found: Sequence[schedule.SlotRecord]) -> log_shapes.SlotList:
    return log_shapes.SlotList(
        items=[
            log_shapes.Slot(
                local_date=one.slot.local_date,
                ordinal=one.slot.ordinal,
                opened_at=one.opened_at,
                late=one.late,
                run_id=one.run_id,
                skipped=one.skipped.value if one.skipped is not None else None,
            )
            for one in found
        ]
    )


def budget(found: BudgetLeft) -> log_shapes.Budget:
    return log_shapes.Budget(
        provider=found.provider,
        limit=found.limit.scope,
        calls=found.limit.calls,
        seconds=found.limit.seconds,
        calls_left=found.calls_left,
        free_at=utc(found.free_at),
    )


def event(found: storage.Event) -> log_shapes.Event:
    return log_shapes.Event(
        sequence=found.sequence,
        at=found.at,
        kind=found.kind,
        text=found.text,
        actor=found.actor,
        integration_id=found.integration_id,
        entity_id=found.entity_id,
        run_id=found.run_id,
        data=dict(found.data),
    )


def token(found: access.ApiToken) -> log_shapes.Token:
    return log_shapes.Token(
        id=found.id,
        name=found.name,
        scope=found.scope.value,
        created_at=found.created_at,
        created_by=found.created_by,
        last_used_at=utc(found.last_used_at),
        revoked_at=utc(found.revoked_at),
    )
