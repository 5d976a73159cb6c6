"""How long earlier books are kept, and up to when books are closed."""

from typing import Annotated

import typer

from core.domain.retention import NIGHTS_MAX, NIGHTS_MIN
from interfaces.cli.books import Day, found_entity
from interfaces.cli.options import AsJson, EntityWords
from interfaces.cli.output import say, write_json
from interfaces.cli.session import session_of


def retention(
    context: typer.Context,
    *,
    nights: Annotated[
        int | None,
        typer.Option(
            min=NIGHTS_MIN, max=NIGHTS_MAX, help="Keep so many nights, then each month's last."
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Keep every generation for ever.")] = False,
    json_: AsJson = False,
) -> None:
    """How long earlier states of the books are kept; shown when nothing is asked for."""
    session = session_of(context)
    if nights is not None and all_:
        raise typer.BadParameter("choose one of --nights and --all")
    retaining = session.services.retaining
    if nights is not None or all_:
        held = retaining.set_retention(session.organisation_id, nights, operator=session.operator)
    else:
        held = retaining.retention(session.organisation_id)
    if json_:
        write_json({"nights": held.nights})
    else:
        say(f"{held.words[0].upper()}{held.words[1:]}.")


def compact(
    context: typer.Context,
    entity: Annotated[
        str | None, typer.Argument(metavar="ENTITY", help="All of them when left out.")
    ] = None,
    *,
    json_: AsJson = False,
) -> None:
    """Let go of what the retention does not keep. Workers do the same when nothing is imported."""
    session = session_of(context)
    entity_id = found_entity(session, entity).id if entity is not None else None
    done = session.services.retaining.compact(session.organisation_id, entity_id)
    if json_:
        write_json({"retired": done.retired, "compacted": done.compacted, "removed": done.removed})
    else:
        say(
            f"{done.retired} generations are no longer listed and go in a day; {done.compacted} "
            f"are gone now, with {done.removed} earlier versions of rows."
        )


def closed(
    context: typer.Context,
    entity: EntityWords,
    *,
    through: Day = None,
    by_provider: Annotated[
        bool, typer.Option("--by-provider", help="Forget the day set by hand.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Up to which day the books are closed; shown when nothing is asked for."""
    session = session_of(context)
    found = found_entity(session, entity)
    if through is not None and by_provider:
        raise typer.BadParameter("choose one of --through and --by-provider")
    closing = session.services.closing
    if through is not None or by_provider:
        day = through.date() if through is not None else None
        held = closing.set_closed(session.organisation_id, found.id, day, operator=session.operator)
    else:
        held = closing.closed(session.organisation_id, found.id)
    if json_:
        day_text = held.through.isoformat() if held.through else None
        write_json({"closed_through": day_text, "closed_by": held.by.value})
    elif held.through is None:
        say(f"No period of {found.name} is known to be closed.")
    else:
        say(f"{found.name} is closed through {held.through}, by {held.by.value}.")
