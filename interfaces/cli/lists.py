"""Commands that list: providers, integrations, entities, runs, tonight, budgets, activity."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Final

import typer

from core.domain.catalogue import entry_of
from core.domain.integration import Integration, IntegrationStatus
from core.ports.storage import LIST_MAX, Event
from core.services.reading import ROWS_MAX, EntityStatus
from interfaces.cli import documents
from interfaces.cli.options import AsJson
from interfaces.cli.output import Column, console, plain, when, write_items, write_listing
from interfaces.cli.session import Session, session_of
from interfaces.cli.wording import outcome_sentence
from interfaces.limits import limit_words

FOLLOW_POLL_SECONDS: Final = 1.0
EVENTS_SHOWN: Final = 50
RUNS_SHOWN: Final = 50


def providers(context: typer.Context, *, json_: AsJson = False) -> None:
    """Every provider, how far its wire contract is confirmed, and whether it can be connected."""
    session = session_of(context)
    choices = session.services.onboarding.choices(session.organisation_id)
    write_listing(
        [documents.choice(choice) for choice in choices],
        [
            Column("Provider"),
            Column("Key", whole=True),
            Column("Category"),
            Column("Connect by"),
            Column("Contract"),
            Column("Now"),
        ],
        (
            (
                choice.entry.name,
                choice.entry.key,
                choice.entry.category.value,
                choice.connects_by.value,
                choice.entry.contract.value,
                choice.refusal or ("can be connected" if choice.available else "not built yet"),
            )
            for choice in choices
        ),
        json_=json_,
        none="There is no provider.",
    )


def integrations(context: typer.Context, *, json_: AsJson = False) -> None:
    """The connections, and whether they work."""
    session = session_of(context)
    connecting = session.services.connecting
    found = connecting.integrations(session.organisation_id)
    unconfirmed = connecting.awaiting_confirmation(session.organisation_id)
    write_listing(
        [
            {**documents.integration(one), "awaits_confirmation": one.id in unconfirmed}
            for one in found
        ],
        [
            Column("Id", whole=True),
            Column("Provider"),
            Column("Status"),
            Column("Account"),
            Column("Last answered"),
            Column("What to do"),
        ],
        (
            (
                one.id,
                entry_of(one.provider).name,
                one.status.value,
                one.account.name if one.account else None,
                when(one.checked_at),
                _advice(one, unconfirmed=one.id in unconfirmed),
            )
            for one in found
        ),
        json_=json_,
        none="Nothing is connected yet: monitr connect KEY (keys: monitr providers).",
    )


def _advice(integration: Integration, *, unconfirmed: bool) -> str | None:
    if unconfirmed:
        return f"a new consent waits: monitr reconnect {integration.id} --confirm, or reconnect"
    if integration.trouble is not None:
        return integration.trouble.sentence
    if integration.status is not IntegrationStatus.PENDING:
        return None
    if integration.account is None:
        return f"begun, not authorised: monitr reconnect {integration.id}, or disconnect it"
    return f"choose what to import: monitr select {integration.id} --all"


def every_entity(session: Session) -> Iterator[EntityStatus]:
    """All entities with their status, page by page."""
    after = None
    while True:
        page = session.services.reading.entities(session.organisation_id, after=after)
        yield from page
        if len(page) < LIST_MAX:
            return
        after = page[-1].entity.id


def entities(context: typer.Context, *, json_: AsJson = False) -> None:
    """The companies that are followed: newest import, published books, proof."""
    found = list(every_entity(session_of(context)))
    write_listing(
        [documents.entity(one) for one in found],
        [
            Column("Id", whole=True),
            Column("Entity"),
            Column("Status"),
            Column("Books of"),
            Column("Connection"),
            Column("Proof, or what is wrong"),
        ],
        (
            (
                one.entity.id,
                one.entity.name,
                one.run.status.value if one.run else None,
                when(one.published.published_at if one.published else None),
                one.integration.status.value if one.integration else None,
                outcome_sentence(one.run, one.entity.currency) if one.run else None,
            )
            for one in found
        ),
        json_=json_,
        none="No entity is followed yet: monitr select INTEGRATION --all.",
    )


def runs(
    context: typer.Context,
    *,
    entity: Annotated[str | None, typer.Option(help="Only of this entity (id or name).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=ROWS_MAX, help="At most so many.")] = RUNS_SHOWN,
    json_: AsJson = False,
) -> None:
    """Import runs, newest first."""
    session = session_of(context)
    reading, organisation_id = session.services.reading, session.organisation_id
    entity_id = reading.find_entity(organisation_id, entity).id if entity else None
    found = reading.runs(organisation_id, entity_id=entity_id, limit=limit)
    names = {one.entity.id: one.entity for one in every_entity(session)} if found else {}
    write_listing(
        [{"entity": names[one.entity_id].name, **(documents.run(one) or {})} for one in found],
        [
            Column("Id", whole=True),
            Column("Entity"),
            Column("Status"),
            Column("Cause"),
            Column("Requested"),
            Column("Lines", right=True),
            Column("Outcome"),
        ],
        (
            (
                one.id,
                names[one.entity_id].name,
                one.status.value,
                one.cause.value + (", late" if one.late else ""),
                when(one.requested_at),
                one.progress.lines,
                outcome_sentence(one, names[one.entity_id].currency),
            )
            for one in found
        ),
        json_=json_,
        none="Nothing was imported yet: monitr import --all --wait.",
    )


def tonight(context: typer.Context, *, json_: AsJson = False) -> None:
    """When each entity is imported next."""
    session = session_of(context)
    slots = session.services.nights.tonight(session.organisation_id)
    write_listing(
        [documents.slot(slot) for slot in slots],
        [Column("Entity"), Column("Night"), Column("Slot", right=True), Column("At")],
        (
            (slot.entity.name, slot.local_date.isoformat(), slot.ordinal, when(slot.due_at))
            for slot in slots
        ),
        json_=json_,
        none="No entity is followed yet, so nothing is due tonight.",
    )


def budgets(context: typer.Context, *, json_: AsJson = False) -> None:
    """What is left of the calls each provider allows, where Monitr called it lately."""
    session = session_of(context)
    found = session.services.budgets.left(session.organisation_id)
    write_listing(
        [documents.budget(one) for one in found],
        [
            Column("Provider"),
            Column("Limit"),
            Column("Calls left", right=True),
            Column("Next call"),
        ],
        (
            (
                entry_of(one.provider).name,
                limit_words(one.limit),
                one.calls_left,
                when(one.free_at) if one.free_at else "now",
            )
            for one in found
        ),
        json_=json_,
        none="No provider with a limit of calls was called lately.",
    )


def activity(
    context: typer.Context,
    *,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Go on as things happen (with --json: one object a line)."),
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=ROWS_MAX, help="Start with so many.")
    ] = EVENTS_SHOWN,
    json_: AsJson = False,
) -> None:
    """What happened here, oldest first: also the audit trail."""
    session = session_of(context)
    newest = session.services.reading.activity(session.organisation_id, limit=limit)
    events = list(reversed(newest))
    if json_ and not follow:
        write_items(documents.event(event) for event in events)
        return
    _write_events(events, json_=json_)
    seen = events[-1].sequence if events else 0
    while follow:  # ends: with Ctrl-C or when nobody reads on
        session.services.ports.clock.pause(FOLLOW_POLL_SECONDS)
        fresh = session.services.reading.activity(session.organisation_id, after=seen)
        _write_events(fresh, json_=json_)
        seen = fresh[-1].sequence if fresh else seen


def _write_events(events: Sequence[Event], *, json_: bool) -> None:
    out = console()
    for event in events:
        if json_:
            sys.stdout.write(json.dumps(documents.event(event)) + "\n")
        else:
            out.print(plain(f"{when(event.at)}  {event.text}"), soft_wrap=True)
    sys.stdout.flush()
