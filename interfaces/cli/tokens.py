"""API tokens for programs that use the HTTP interface."""

from typing import Annotated

import typer

from core.domain.access import ApiToken, Scope
from interfaces.cli.options import AsJson
from interfaces.cli.output import Column, Document, say, when, write_json, write_listing
from interfaces.cli.session import session_of


def document(token: ApiToken) -> Document:
    return {
        "id": token.id,
        "name": token.name,
        "scope": token.scope.value,
        "created_at": token.created_at.isoformat(),
        "created_by": token.created_by,
        "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
    }


def create(
    context: typer.Context,
    *,
    scope: Annotated[Scope, typer.Option(help="What it may do; each includes the one before.")],
    name: Annotated[str, typer.Option(help="The program that will use it.")] = "a program",
    json_: AsJson = False,
) -> None:
    """Make a token. It is shown once, now: keep it where the program finds it."""
    session = session_of(context)
    made = session.services.access.create(
        session.organisation_id, name, scope, operator=session.operator
    )
    if json_:
        write_json({**document(made.token), "token": made.text})
        return
    say(f"This token may {scope.value}. It is shown only now; only a hash of it is kept:")
    typer.echo(made.text)


def list_(context: typer.Context, *, json_: AsJson = False) -> None:
    """The tokens there are, and when each was last used."""
    session = session_of(context)
    found = session.services.access.tokens(session.organisation_id)
    write_listing(
        [document(token) for token in found],
        [
            Column("Id", whole=True),
            Column("For"),
            Column("Scope"),
            Column("Made"),
            Column("Last used"),
            Column("Revoked"),
        ],
        (
            (
                token.id,
                token.name,
                token.scope.value,
                when(token.created_at),
                when(token.last_used_at),
                when(token.revoked_at),
            )
            for token in found
        ),
        json_=json_,
        none="There is no token yet: monitr token create --scope read.",
    )


def revoke(
    context: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, as `list` shows it.")],
    *,
    json_: AsJson = False,
) -> None:
    """End a token at once and for good."""
    session = session_of(context)
    ended = session.services.access.revoke(
        session.organisation_id, token, operator=session.operator
    )
    if json_:
        write_json(document(ended))
    else:
        say(f"The token {ended.name} ({ended.id}) no longer works.")
