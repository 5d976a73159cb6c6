"""Options and arguments that several commands share, so that they read the same everywhere."""

from typing import Annotated, TypeAlias

import typer

from core.domain.catalogue import CATALOGUE
from interfaces.cli.output import Format


def provider_keys(incomplete: str) -> list[tuple[str, str]]:
    """What the shell offers for a provider: keys that begin so, with their names."""
    return [(one.key, one.name) for one in CATALOGUE if one.key.startswith(incomplete)]


AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
ProviderKey: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="KEY", help="As `monitr providers` lists it.", autocompletion=provider_keys
    ),
]
IntegrationId: TypeAlias = Annotated[
    str, typer.Argument(metavar="INTEGRATION", help="Its id, as `monitr integrations` lists it.")
]
EntityWords: TypeAlias = Annotated[
    str, typer.Argument(metavar="ENTITY", help="Its id, or a part of its name that fits only one.")
]
Fields: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME=VALUE",
        help="A value of the connect form; repeat for each. NAME=@FILE reads a file and NAME=- "
        "reads stdin, so that a secret stays out of the process list; NAME=@@x is the text @x. "
        "MONITR_FIELD_<NAME> in the environment works too.",
    ),
]
Paste: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--paste",
        help="Read the address the browser ended on from stdin: it cannot reach this machine.",
    ),
]
NoBrowser: TypeAlias = Annotated[
    bool, typer.Option("--no-browser", help="Only print the link; open nothing.")
]
AsOf: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="GENERATION|DATE", help="The books as they were then; the newest when left out."
    ),
]
OutputFormat: TypeAlias = Annotated[
    Format, typer.Option("--format", help="How to write it.", case_sensitive=False)
]
