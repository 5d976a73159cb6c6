"""Commands that run something: demo, sandbox, up, serve, worker; and keys and doctor."""

from pathlib import Path
from typing import Annotated, Final

import typer

from core.domain.import_run import RunStatus
from core.domain.proof import Verdict
from interfaces.cli.ending import ExitCode, worst
from interfaces.cli.options import AsJson
from interfaces.cli.output import (
    Column,
    Document,
    say,
    write_json,
    write_listing,
    write_table,
)
from interfaces.cli.session import session_of
from interfaces.launcher import DemoEntity, DemoPlan, DemoResult, SandboxPlan

DEMO_PROVIDER: Final = "exact-online"
DEMO_LINES: Final = 2_000
SANDBOX_PORT: Final = 9400
SANDBOX_SEED: Final = 1
SANDBOX_LINES: Final = 2_000
LINES_MAX: Final = 10_000_000
PORT_MAX: Final = 65_535


def demo(
    context: typer.Context,
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="Ask and open nothing; this version never does.")
    ] = False,
    provider: Annotated[str, typer.Option(metavar="KEY", help="Which one.")] = DEMO_PROVIDER,
    lines: Annotated[
        int, typer.Option(min=1, max=LINES_MAX, help="Journal lines of each administration.")
    ] = DEMO_LINES,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", file_okay=False, help="Leave the data directory behind here."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Made-up books through the real thing: connect, select, import, prove."""
    del headless  # accepted so that scripts written now keep working when the demo opens a screen
    session = session_of(context)
    result = session.launcher.demo(DemoPlan(provider=provider, lines=lines, keep=keep), say)
    if json_:
        write_json(_demo_document(result))
    else:
        _show_demo(result)
    code = worst(_demo_code(entity) for entity in result.entities)
    if code is not ExitCode.DONE:
        raise typer.Exit(code)


def _demo_code(entity: DemoEntity) -> ExitCode:
    if entity.status != RunStatus.SUCCEEDED.value:
        return ExitCode.IMPORT_FAILED
    unproven = entity.proof in {Verdict.DIFFERS.value, Verdict.MOVED.value}
    return ExitCode.PROOF_DIFFERS if unproven else ExitCode.DONE


def _demo_document(result: DemoResult) -> Document:
    return {
        "provider": result.provider,
        "entities": [
            {
                "name": entity.name,
                "status": entity.status,
                "accounts": entity.accounts,
                "entries": entity.entries,
                "lines": entity.lines,
                "debit": entity.debit,
                "credit": entity.credit,
                "proof": entity.proof,
            }
            for entity in result.entities
        ],
        "calls": result.calls,
        "seconds": round(result.seconds, 3),
    }


def _show_demo(result: DemoResult) -> None:
    write_table(
        [
            Column("Entity"),
            Column("Status"),
            Column("Accounts", right=True),
            Column("Entries", right=True),
            Column("Lines", right=True),
            Column("Debit", right=True, whole=True),
            Column("Credit", right=True, whole=True),
            Column("Proof"),
        ],
        (
            (
                entity.name,
                entity.status,
                entity.accounts,
                entity.entries,
                entity.lines,
                entity.debit,
                entity.credit,
                entity.proof,
            )
            for entity in result.entities
        ),
    )
    for entity in result.entities:
        if entity.trial_balance:
            say(f"Trial balance of {entity.name}:")
            write_table(
                [
                    Column("Code", whole=True),
                    Column("Account"),
                    Column("Debit", right=True, whole=True),
                    Column("Credit", right=True, whole=True),
                    Column("Balance", right=True, whole=True),
                ],
                (
                    (row.code, row.name, row.debit, row.credit, row.balance)
                    for row in entity.trial_balance
                ),
            )
    say(f"{result.calls} calls to {result.provider} in {result.seconds:.1f} s.")
    for step in result.next_steps:
        say(step)


def sandbox(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=1, max=PORT_MAX)] = SANDBOX_PORT,
    seed: Annotated[int, typer.Option(help="The same seed, the same books.")] = SANDBOX_SEED,
    lines: Annotated[
        int, typer.Option(min=1, max=LINES_MAX, help="Journal lines of each administration.")
    ] = SANDBOX_LINES,
) -> None:
    """Stand-in providers with made-up books on this machine, until Ctrl-C."""
    say(
        f"Stand-in providers listen on this machine from port {port} on, Exact Online first; "
        "give such an address as the provider's site. Ctrl-C ends them."
    )
    session_of(context).launcher.sandbox(SandboxPlan(port=port, seed=seed, lines=lines))


def up(context: typer.Context) -> None:
    """Everything: callbacks, nightly slots and imports, until Ctrl-C."""
    launcher = session_of(context).launcher
    say(
        f"Monitr works in {launcher.data_dir} and answers at {launcher.callback_base}. "
        "Ctrl-C ends it."
    )
    launcher.up()


def serve(context: typer.Context) -> None:
    """Only the HTTP shell, until Ctrl-C."""
    launcher = session_of(context).launcher
    say(f"Monitr answers at {launcher.callback_base}. Ctrl-C ends it.")
    launcher.serve()


def worker(context: typer.Context) -> None:
    """Only a worker with the scheduler, until Ctrl-C."""
    launcher = session_of(context).launcher
    say(f"Monitr works in {launcher.data_dir}. Ctrl-C ends it.")
    launcher.work()


def rotate(context: typer.Context, *, json_: AsJson = False) -> None:
    """Seal every stored secret with a new key. Workers may go on meanwhile."""
    count = session_of(context).launcher.rotate_keys()
    if json_:
        write_json({"resealed": count})
    else:
        say(f"{count} secrets are sealed with the newest key now.")


def doctor(context: typer.Context, *, json_: AsJson = False) -> None:
    """What is wrong here, and what to do about it. Exit code 5 when something is."""
    found = session_of(context).launcher.diagnose()
    write_listing(
        [
            {"name": one.name, "well": one.well, "found": one.found, "advice": one.advice}
            for one in found
        ],
        [Column("Looked at"), Column("Well"), Column("Found"), Column("What to do")],
        ((one.name, "yes" if one.well else "NO", one.found, one.advice) for one in found),
        json_=json_,
        none="There is nothing to look at.",
    )
    if not all(one.well for one in found):
        raise typer.Exit(ExitCode.IMPORT_FAILED)
