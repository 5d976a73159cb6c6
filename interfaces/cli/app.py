"""The command line put together: names are fixed here, each command is a few lines elsewhere."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from interfaces.cli import (
    books,
    connecting,
    files,
    importing,
    keeping,
    lists,
    reports,
    running,
    tokens,
)
from interfaces.cli.ending import ExitCode, guarded, silence_stdout, tell_no_room
from interfaces.cli.session import MakeLauncher, Session

PROGRAM = "monitr"

_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("demo", running.demo),
    ("sandbox", running.sandbox),
    ("up", running.up),
    ("serve", running.serve),
    ("worker", running.worker),
    ("providers", lists.providers),
    ("integrations", lists.integrations),
    ("entities", lists.entities),
    ("runs", lists.runs),
    ("connect", connecting.connect),
    ("reconnect", connecting.reconnect),
    ("disconnect", connecting.disconnect),
    ("check", connecting.check),
    ("select", connecting.select),
    ("link", connecting.link),
    ("timezone", connecting.time_zone),
    ("import", importing.import_),
    ("import-file", files.import_file),
    ("uploads", files.uploads),
    ("undo-upload", files.undo_upload),
    ("tonight", lists.tonight),
    ("budgets", lists.budgets),
    ("activity", lists.activity),
    ("doctor", running.doctor),
)
_BOOKS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("trial-balance", books.trial_balance),
    ("lines", books.lines),
    ("changes", books.changes),
    ("generations", books.generations),
    ("profit-and-loss", reports.profit_and_loss),
    ("balance-sheet", reports.balance_sheet),
    ("ageing", reports.ageing),
    ("accounts", reports.accounts),
    ("contacts", reports.contacts),
    ("invoices", reports.invoices),
    ("closed", keeping.closed),
    ("retention", keeping.retention),
    ("compact", keeping.compact),
)
_TOKENS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("create", tokens.create),
    ("list", tokens.list_),
    ("revoke", tokens.revoke),
)


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if asked:
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - 40 ms

        try:
            number = version(PROGRAM)
        except PackageNotFoundError:
            number = "0+unknown"
        typer.echo(f"{PROGRAM} {number}")
        raise typer.Exit


def _app(help_: str) -> typer.Typer:
    # Pretty tracebacks would show the values of local variables: never where secrets pass.
    return typer.Typer(
        help=help_,
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _group(app: typer.Typer, name: str, help_: str) -> typer.Typer:
    group = typer.Typer(help=help_, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(group, name=name)
    return group


def build_app(make_launcher: MakeLauncher) -> typer.Typer:
    """The application. ``make_launcher`` is given ``--data-dir`` and called by commands only."""
    app = _app("Your books, out of your accounting software, in one place, proven to the cent.")

    @app.callback(invoke_without_command=True)
    def root(
        context: typer.Context,
        *,
        data_dir: Annotated[
            Path | None,
            typer.Option(
                "--data-dir",
                envvar="MONITR_DATA_DIR",
                file_okay=False,
                help="Where Monitr keeps everything.",
            ),
        ] = None,
        _version: Annotated[
            bool,
            typer.Option("--version", callback=_show_version, is_eager=True, help="Show it."),
        ] = False,
    ) -> None:
        session = Session(make_launcher, data_dir)
        context.obj = session
        context.call_on_close(session.close)
        if context.invoked_subcommand is None:
            guarded(_overview)(session)

    for name, command in _COMMANDS:
        app.command(name)(guarded(command))
    books_app = _group(app, "books", "Read the books, as they are or as they were.")
    for name, command in _BOOKS:
        books_app.command(name)(guarded(command))
    tokens_app = _group(app, "token", "Tokens with which programs use the HTTP interface.")
    for name, command in _TOKENS:
        tokens_app.command(name)(guarded(command))
    keys_app = _group(app, "keys", "The key that seals stored secrets.")
    keys_app.command("rotate")(guarded(running.rotate))

    # With one command alone typer would leave its name out.
    @keys_app.callback()
    def keys() -> None: ...

    return app


def _overview(session: Session) -> None:
    if sys.stdin.isatty() and sys.stdout.isatty():
        from interfaces.tui.run import run_tui  # noqa: PLC0415 - only a terminal shows it

        raise typer.Exit(run_tui(lambda: session.launcher))
    from interfaces.cli.overview import overview  # noqa: PLC0415 - only bare `monitr` shows it

    overview(session)


def main_with(make_launcher: MakeLauncher, argv: Sequence[str] | None = None) -> int:
    """Run one command line (``sys.argv`` when None) and return its exit code."""
    app: Callable[..., Any] = build_app(make_launcher)
    try:
        app(args=list(argv) if argv is not None else None, prog_name=PROGRAM)
        code = ExitCode.DONE.value
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else ExitCode.DONE.value
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED.value
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
        code = ExitCode.BROKEN_PIPE.value
    except OSError as error:
        code = tell_no_room(error).value
    return int(code)
