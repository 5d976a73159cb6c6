"""The import command."""

from collections.abc import Sequence
from typing import Annotated

import typer

from core.domain.failures import Failure
from core.domain.import_run import ImportRun, RunStatus
from core.services.importing import Requested
from core.services.reading import EntityStatus
from interfaces.cli import documents
from interfaces.cli.ending import (
    EXIT_CODE,
    ExitCode,
    code_of_run,
    worst,
)
from interfaces.cli.following import see_through
from interfaces.cli.options import AsJson
from interfaces.cli.output import Column, Document, failure_document, say, write_items, write_table
from interfaces.cli.session import Session, session_of
from interfaces.cli.wording import changes_sentence, outcome_sentence


def import_(
    context: typer.Context,
    entities: Annotated[
        list[str] | None, typer.Argument(metavar="[ENTITY]...", help="Ids, or parts of names.")
    ] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Every entity.")] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="See it through: here, unless a worker is running already."),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Import now. Exit codes: 3 reconnect, 4 not available now, 5 failed, 6 proof differs."""
    session = session_of(context)
    if bool(entities) == all_:
        raise typer.BadParameter("name entities, or say --all")
    organisation_id, services = session.organisation_id, session.services
    ids = None
    if entities:
        ids = [services.reading.find_entity(organisation_id, words).id for words in entities]
    requested = services.importing.request(organisation_id, ids, operator=session.operator)
    if not requested:
        say("No entity is followed yet: monitr select INTEGRATION --all.")
    runs = {answer.entity.id: _run_of(session, answer, wait=wait) for answer in requested}
    under_way = [run for run in runs.values() if run is not None]
    if wait:
        names = {answer.entity.id: answer.entity.name for answer in requested}
        see_through(session, under_way, names)
    elif under_way:
        _tell_queued(session, len(under_way))
    outcomes = [_outcome(session, answer, runs[answer.entity.id]) for answer in requested]
    _show(outcomes, json_=json_)
    code = worst(outcome.code for outcome in outcomes)
    if code is not ExitCode.DONE:
        raise typer.Exit(code)


def _run_of(session: Session, answer: Requested, *, wait: bool) -> ImportRun | None:
    """The run to speak of: with ``wait`` also one that is under way already."""
    if answer.run is not None or not wait:
        return answer.run
    run = session.services.reading.entity(session.organisation_id, answer.entity.id).run
    return run if run is not None and not run.finished else None


def _tell_queued(session: Session, count: int) -> None:
    if session.services.importing.worker_standing():
        say(f"{count} imports are queued. See how they go: monitr activity --follow")
    else:
        say(
            f"{count} imports are queued, but no worker is running: start one with monitr up, "
            "or import here with --wait."
        )


class _Outcome:
    """One entity's line in the end."""

    def __init__(
        self, status: EntityStatus, run: ImportRun | None, refusal: Failure | None
    ) -> None:
        self.status = status
        self.run = run
        self.refusal = refusal
        published = status.published
        own = published is not None and run is not None and published.run_id == run.id
        self.published = published if own else None
        """What this run published; None when it did not."""

    @property
    def code(self) -> ExitCode:
        if self.run is not None:
            return code_of_run(self.run)
        assert self.refusal is not None, "a request gives a run or a refusal"
        return EXIT_CODE[self.refusal.action]

    @property
    def sentence(self) -> str:
        if self.run is not None:
            return outcome_sentence(self.run, self.status.entity.currency)
        assert self.refusal is not None, "a request gives a run or a refusal"
        return self.refusal.sentence

    @property
    def lines(self) -> int | None:
        return self.run.progress.lines if self.run is not None else None

    @property
    def document(self) -> Document:
        return {
            "entity_id": self.status.entity.id,
            "entity": self.status.entity.name,
            "status": self.run.status.value if self.run is not None else None,
            "sentence": self.sentence,
            "run": documents.run(self.run),
            "published": documents.generation(self.published),
            "error": failure_document(self.refusal)
            if self.run is None and self.refusal is not None
            else None,
        }


def _outcome(session: Session, answer: Requested, run: ImportRun | None) -> _Outcome:
    reading, organisation_id = session.services.reading, session.organisation_id
    ended = reading.run(organisation_id, run.id) if run is not None else None
    return _Outcome(reading.entity(organisation_id, answer.entity.id), ended, answer.refusal)


def _show(outcomes: Sequence[_Outcome], *, json_: bool) -> None:
    if json_:
        write_items(outcome.document for outcome in outcomes)
    elif outcomes:
        write_table(
            [
                Column("Entity"),
                Column("Status"),
                Column("Lines read", right=True),
                Column("Changes"),
                Column("Outcome"),
            ],
            (
                (
                    outcome.status.entity.name,
                    outcome.run.status.value if outcome.run is not None else "refused",
                    outcome.lines,
                    changes_sentence(outcome.published),
                    outcome.sentence,
                )
                for outcome in outcomes
            ),
        )
    if any(_stays(outcome) for outcome in outcomes):
        say("Books published before stay readable.")


def _stays(outcome: _Outcome) -> bool:
    failed = outcome.run is not None and outcome.run.status is RunStatus.FAILED
    return failed and outcome.status.published is not None
