"""Commands for connections: connect, reconnect, disconnect, check, select, link, timezone."""

import sys
from typing import Annotated

import typer

from core.domain.catalogue import entry_of
from core.domain.entity import LinkRole
from core.domain.failures import CorrectRequest
from core.ports.provider import ConnectForm
from core.services.connecting import Connection
from interfaces.cli import documents
from interfaces.cli.authorising import adopted_since, authorised
from interfaces.cli.ending import ExitCode
from interfaces.cli.fields import asking, given
from interfaces.cli.options import (
    AsJson,
    EntityWords,
    Fields,
    IntegrationId,
    NoBrowser,
    Paste,
    ProviderKey,
)
from interfaces.cli.output import Column, say, when, write_json, write_listing, write_table
from interfaces.cli.session import Session, session_of

_ADMINISTRATION_COLUMNS = (
    Column("Administration", whole=True),
    Column("Name"),
    Column("Currency"),
    Column("Can be imported"),
)


def connect(
    context: typer.Context,
    key: ProviderKey,
    *,
    field: Fields = None,
    paste: Paste = False,
    no_browser: NoBrowser = False,
    json_: AsJson = False,
) -> None:
    """Connect a provider: by link and consent (OAuth), or by key or credentials."""
    session = session_of(context)
    form = _form(session, key)
    begun_at = session.services.ports.clock.now()
    connection = asking(
        lambda values: session.services.connecting.connect(
            session.organisation_id,
            key,
            values,
            operator=session.operator,
            redirect_base=session.launcher.callback_base,
        ),
        given(field, form),
        form,
    )
    if connection.authorize_url is not None:
        connection, sentence = authorised(session, connection, paste=paste, browser=not no_browser)
        say(sentence)
    if connection.review is None and not adopted_since(connection, begun_at):
        _ask_to_confirm(connection, json_=json_)
    _show(connection, json_=json_)


def reconnect(
    context: typer.Context,
    integration: IntegrationId,
    *,
    field: Fields = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Accept a new consent that differs from the old one.")
    ] = False,
    paste: Paste = False,
    no_browser: NoBrowser = False,
    json_: AsJson = False,
) -> None:
    """Authorise a connection again: its entities, history and bookmarks stay."""
    session = session_of(context)
    connecting = session.services.connecting
    if confirm:
        accepted = connecting.confirm_reconnect(
            session.organisation_id, integration, operator=session.operator
        )
        _show(accepted, json_=json_)
        return
    held = connecting.get(session.organisation_id, integration)
    form = _form(session, held.integration.provider)
    begun_at = session.services.ports.clock.now()
    connection = asking(
        lambda values: connecting.reconnect(
            session.organisation_id,
            integration,
            values,
            operator=session.operator,
            redirect_base=session.launcher.callback_base,
        ),
        given(field, form),
        form,
        kept=True,
    )
    if connection.authorize_url is not None:
        connection, sentence = authorised(session, connection, paste=paste, browser=not no_browser)
        say(sentence)
    if connection.review is None and not adopted_since(connection, begun_at):
        _ask_to_confirm(connection, json_=json_)
    _show(connection, json_=json_)


def _form(session: Session, key: str) -> ConnectForm | None:
    """The connect form; None where the service will say why there is nothing to connect."""
    built = {
        choice.entry.key
        for choice in session.services.onboarding.choices(session.organisation_id)
        if choice.available
    }
    return session.services.onboarding.form(key) if key in built else None


def _confirm_command(connection: Connection) -> str:
    return f"monitr reconnect {connection.integration.id} --confirm"


def _ask_to_confirm(connection: Connection, *, json_: bool) -> None:
    """A consent that waits: nothing has changed, and the exit code says so."""
    command = _confirm_command(connection)
    if json_:
        write_json(documents.connection(connection, command))
    say(f"Nothing has changed yet. To accept it: {command}")
    raise typer.Exit(ExitCode.NEEDS_RECONNECT)


def _show(connection: Connection, *, json_: bool) -> None:
    integration = connection.integration
    if connection.review is not None:
        say(connection.review.sentence)
        _ask_to_confirm(connection, json_=json_)
    next_command = f"monitr select {integration.id} --all"
    for warning in connection.warnings:
        say(f"Note: {warning}")
    if json_:
        write_json(documents.connection(connection, next_command))
        return
    account = integration.account.name if integration.account is not None else "nobody yet"
    say(f"{entry_of(integration.provider).name} is connected as {account} ({integration.id}).")
    if connection.administrations:
        _write_administrations(connection)
    say(f"Choose what to import: {next_command}, or name administrations instead of --all.")


def _write_administrations(connection: Connection) -> None:
    write_table(
        _ADMINISTRATION_COLUMNS,
        (
            (one.key, one.name, one.currency, "yes" if one.importable else one.obstacle or "no")
            for one in connection.administrations
        ),
    )


def disconnect(
    context: typer.Context,
    integration: IntegrationId,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_: AsJson = False,
) -> None:
    """End a connection for good. Imported books stay; its secrets are deleted."""
    session = session_of(context)
    connecting = session.services.connecting
    affected = connecting.affected(session.organisation_id, integration)
    if not yes:
        names = ", ".join(affected) or "no entity"
        say(f"This ends the imports of: {names}. Books imported so far stay.")
        _require_yes()
    connecting.disconnect(session.organisation_id, integration, operator=session.operator)
    if json_:
        write_json({"integration_id": integration, "affected": list(affected)})
    else:
        say(f"Disconnected. {len(affected)} entities are no longer imported.")


def _require_yes() -> None:
    if not sys.stdin.isatty():
        raise CorrectRequest(
            "Nobody is there to ask: say --yes to disconnect.", code="not-confirmed"
        )
    sys.stderr.write("Disconnect? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CorrectRequest("Nothing was disconnected.", code="not-confirmed")


def check(context: typer.Context, integration: IntegrationId, *, json_: AsJson = False) -> None:
    """Ask the provider now whether the connection works. Imports nothing."""
    session = session_of(context)
    connection = session.services.connecting.check(session.organisation_id, integration)
    _show(connection, json_=json_)


def select(
    context: typer.Context,
    integration: IntegrationId,
    administrations: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ADMINISTRATION]...", help="Keys; without any, they are listed."),
    ] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="All that can be imported.")] = False,
    json_: AsJson = False,
) -> None:
    """Follow administrations: each becomes an entity, with its first import waiting."""
    session = session_of(context)
    if all_ and administrations:
        raise typer.BadParameter("name administrations or say --all, not both")
    if not all_ and not administrations:
        connection = session.services.connecting.get(session.organisation_id, integration)
        write_listing(
            [documents.administration(one) for one in connection.administrations],
            _ADMINISTRATION_COLUMNS,
            (
                (one.key, one.name, one.currency, "yes" if one.importable else one.obstacle)
                for one in connection.administrations
            ),
            json_=json_,
            none=f"This connection shows no administration: monitr check {integration}.",
        )
        say(f"To follow them: monitr select {integration} --all, or name some of them.")
        return
    selection = session.services.linking.select(
        session.organisation_id,
        integration,
        None if all_ else administrations,
        operator=session.operator,
    )
    if json_:
        write_json(
            {
                "created": [{"id": one.id, "name": one.name} for one in selection.created],
                "already": [{"id": one.id, "name": one.name} for one in selection.already],
                "refused": [
                    {"key": one.key, "name": one.name, "reason": reason}
                    for one, reason in selection.refused
                ],
                "runs": [run.id for run in selection.runs],
            }
        )
        return
    rows = [(one.id, one.name, "followed, first import waiting") for one in selection.created]
    rows += [(one.id, one.name, "was followed before") for one in selection.already]
    rows += [("-", one.name, f"not followed: {reason}") for one, reason in selection.refused]
    write_table([Column("Entity", whole=True), Column("Name"), Column("What happened")], rows)
    if selection.created:
        say("Import them now: monitr import --all --wait")


def link(
    context: typer.Context,
    entity: EntityWords,
    integration: IntegrationId,
    administration: Annotated[
        str, typer.Argument(metavar="ADMINISTRATION", help="Its key, as `monitr select` lists it.")
    ],
    *,
    additional: Annotated[
        bool, typer.Option("--additional", help="Beside the primary link, not instead of it.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Link an entity to an administration: from now on its books come from there."""
    session = session_of(context)
    services = session.services
    found = services.reading.find_entity(session.organisation_id, entity)
    services.linking.link(
        session.organisation_id,
        found.id,
        integration,
        administration,
        role=LinkRole.ADDITIONAL if additional else LinkRole.PRIMARY,
        operator=session.operator,
    )
    linked = services.reading.entity(session.organisation_id, found.id)
    if json_:
        write_json(documents.entity(linked))
    else:
        say(f"{found.name} is linked. Its next import: monitr import {found.id} --wait")


def time_zone(
    context: typer.Context,
    entity: EntityWords,
    zone: Annotated[
        str | None,
        typer.Argument(metavar="[ZONE]", help="An IANA name such as Europe/Brussels."),
    ] = None,
    *,
    json_: AsJson = False,
) -> None:
    """Time an entity's nights by a clock of its own; without ZONE, by the organisation's."""
    session = session_of(context)
    services = session.services
    found = services.reading.find_entity(session.organisation_id, entity)
    services.linking.set_time_zone(
        session.organisation_id, found.id, zone, operator=session.operator
    )
    timed = services.reading.entity(session.organisation_id, found.id)
    if json_:
        write_json(documents.entity(timed))
        return
    whose = zone or "the organisation's clock"
    say(f"{found.name} follows {whose}: its next import is at {when(timed.next_slot_at)}.")
