"""The commands about files: import one, list those there were, take one out again."""

import datetime as dt
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

from core.domain.column_mapping import document_of, mapping_of
from core.domain.failures import CorrectRequest
from core.domain.file_import import ColumnMapping, Rejected, Upload
from core.domain.import_run import ImportRun
from core.domain.money import text_of
from core.services.upload_checks import Days
from core.services.uploading import Decided
from interfaces.cli import documents
from interfaces.cli.ending import ExitCode, code_of_run
from interfaces.cli.following import see_through
from interfaces.cli.options import AsJson, EntityWords
from interfaces.cli.output import (
    Column,
    say,
    when,
    write_json,
    write_listing,
    write_table,
    written_to,
)
from interfaces.cli.session import Session, session_of
from interfaces.cli.wording import outcome_sentence
from interfaces.rejected_rows import as_csv

CHUNK_BYTES: Final = 1_048_576
MAPPING_BYTES_MAX: Final = 1_048_576
REJECTED_SHOWN: Final = 10
SAMPLE_SHOWN: Final = 8
LISTED_MAX: Final = 200

Yes = Annotated[
    bool,
    typer.Option("--yes", help="Import it although the preview does not balance."),
]


def import_file(
    context: typer.Context,
    entity: EntityWords,
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, exists=True)],
    *,
    mapping: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, exists=True, help="How to read it: a JSON file as --preview prints it."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEANING=COLUMN",
            help="What a column means, by the word above it or its number from 0; repeat.",
        ),
    ] = None,
    date_order: Annotated[
        str | None, typer.Option(help="dmy, mdy or ymd, where the file does not tell.")
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="The decimal sign: , or .")] = None,
    covers: Annotated[
        str | None,
        typer.Option(metavar="YEAR|FROM..TO", help="The days it replaces, if more than its own."),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what is read, no more.")] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Write the rejected rows there, as CSV.")
    ] = None,
    yes: Yes = False,
    json_: AsJson = False,
) -> None:
    """Import a file into an entity. What does not balance is imported with --yes only."""
    session = session_of(context)
    uploading, organisation_id = session.services.uploading, session.organisation_id
    entity_id = session.services.reading.find_entity(organisation_id, entity).id
    days = None if covers is None else days_of(covers)
    changes = _changes(mapping, column, date_order, decimal)
    received = uploading.receive(
        organisation_id, entity_id, file.name, chunks(file), operator=session.operator, covers=days
    )
    upload = received.upload
    if changes:
        wanted = mapping_of(changes, upload.look.mapping, upload.look.columns)
        upload = _read_so(session, upload, wanted, file, days)
    if rejected is not None:
        with written_to(rejected) as out:
            out.writelines(as_csv(uploading.rejected(organisation_id, upload.id)))
    if not json_:
        show(upload, list(islice(uploading.rejected(organisation_id, upload.id), REJECTED_SHOWN)))
    if preview:
        if not received.held:
            uploading.discard(organisation_id, upload.id, operator=session.operator)
        if json_:
            write_json(document(upload))
    else:
        _end(session, _confirmed(session, upload, anyway=yes), json_=json_)


def _confirmed(session: Session, upload: Upload, *, anyway: bool) -> Decided:
    if upload.active:
        say("The same file is in the books already: nothing is to be done.")
        return Decided(upload=upload, run=None)
    return session.services.uploading.confirm(
        session.organisation_id, upload.id, operator=session.operator, anyway=anyway
    )


def _read_so(
    session: Session, upload: Upload, wanted: ColumnMapping, file: Path, days: Days | None
) -> Upload:
    if not upload.active:
        return session.services.uploading.remap(
            session.organisation_id, upload.id, mapping=wanted, covers=days
        )
    again = session.services.uploading.receive(
        session.organisation_id,
        upload.entity_id,
        file.name,
        chunks(file),
        operator=session.operator,
        mapping=wanted,
        covers=days,
    )
    return again.upload


def uploads(
    context: typer.Context,
    entity: EntityWords,
    *,
    json_: AsJson = False,
) -> None:
    """The files uploaded for an entity, newest first."""
    session = session_of(context)
    organisation_id = session.organisation_id
    entity_id = session.services.reading.find_entity(organisation_id, entity).id
    found = session.services.uploading.uploads(organisation_id, entity_id, limit=LISTED_MAX)
    write_listing(
        [document(upload) for upload in found],
        [
            Column("Id", whole=True),
            Column("File"),
            Column("Uploaded", whole=True),
            Column("Status"),
            Column("Covers", whole=True),
            Column("Lines", right=True),
            Column("Rejected", right=True),
        ],
        (
            (
                one.id,
                one.name,
                when(one.created_at),
                one.status.value,
                _covered(one),
                one.summary.lines,
                one.summary.rejected,
            )
            for one in found
        ),
        json_=json_,
        none="No file was uploaded for this entity yet: monitr import-file ENTITY FILE.",
    )


def undo_upload(
    context: typer.Context,
    upload: Annotated[str, typer.Argument(metavar="UPLOAD", help="Its id (monitr uploads).")],
    *,
    json_: AsJson = False,
) -> None:
    """Take an uploaded file out again: the books become what they were without it."""
    session = session_of(context)
    uploading, organisation_id = session.services.uploading, session.organisation_id
    found = uploading.get(organisation_id, upload)
    if found.status.value == "staged":
        dropped = uploading.discard(organisation_id, upload, operator=session.operator)
        _end(session, Decided(upload=dropped, run=None), json_=json_)
        return
    decided = uploading.undo(organisation_id, upload, operator=session.operator)
    _end(session, decided, json_=json_)


def _end(session: Session, decided: Decided, *, json_: bool) -> None:
    """See the import through and tell how it ended."""
    run = decided.run
    if run is not None:
        status = session.services.reading.entity(session.organisation_id, run.entity_id)
        see_through(session, [run], {run.entity_id: status.entity.name})
        run = session.services.reading.run(session.organisation_id, run.id)
    if json_:
        write_json({**document(decided.upload), "run": documents.run(run)})
    elif run is not None:
        say(outcome_sentence(run, _currency(session, run)))
    else:
        say(f"{decided.upload.name}: {decided.upload.status.value}.")
    code = ExitCode.DONE if run is None else code_of_run(run)
    if code is not ExitCode.DONE:
        raise typer.Exit(code)


def _currency(session: Session, run: ImportRun) -> str:
    entity = session.services.reading.entity(session.organisation_id, run.entity_id).entity
    return entity.currency


def chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise CorrectRequest(
            f"{path} cannot be read ({error.strerror}).", code="file-unreadable"
        ) from error


def days_of(text: str) -> Days:
    """``2024``, or ``2024-01-01..2024-03-31``."""
    try:
        if text.isdigit():
            return dt.date(int(text), 1, 1), dt.date(int(text), 12, 31)
        first, _, last_day = text.partition("..")
        return dt.date.fromisoformat(first), dt.date.fromisoformat(last_day)
    except ValueError:
        raise typer.BadParameter(
            "write a year, or 2024-01-01..2024-12-31", param_hint="--covers"
        ) from None


_ORDERS: Final = {"dmy": "day month year", "mdy": "month day year", "ymd": "year month day"}


def _changes(
    path: Path | None, columns: list[str] | None, date_order: str | None, decimal: str | None
) -> dict[str, object]:
    """What the operator says about how to read it, as a mapping document."""
    changes: dict[str, object] = {}
    if path is not None:
        try:
            with path.open("rb") as file:
                found = json.loads(file.read(MAPPING_BYTES_MAX))
        except (OSError, ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise typer.BadParameter("the file is no JSON object", param_hint="--mapping")
        changes |= found.get("mapping", found)
    for option in columns or ():
        meaning, equals, word = option.partition("=")
        if not equals:
            raise typer.BadParameter("write it as MEANING=COLUMN", param_hint="--column")
        named = changes.setdefault("columns", {})
        assert isinstance(named, dict)
        named[meaning] = int(word) if word.isdecimal() and word.isascii() else word
    if date_order is not None:
        changes["date_order"] = _ORDERS.get(date_order.casefold(), date_order)
    if decimal is not None:
        changes["decimal"] = decimal
    return changes


def document(upload: Upload) -> dict[str, object]:
    """The JSON shape of an upload."""
    summary, look = upload.summary, upload.look
    return {
        "id": upload.id,
        "entity_id": upload.entity_id,
        "name": upload.name,
        "status": upload.status.value,
        "size_bytes": upload.size_bytes,
        "sha256": upload.sha256,
        "created_at": upload.created_at.isoformat(),
        "format": look.format.value,
        "label": look.label,
        "columns": list(look.columns),
        "mapping": None if look.mapping is None else document_of(look.mapping),
        "covers": [str(summary.first), str(summary.last_day)] if summary.first else None,
        "lines": summary.lines,
        "entries": summary.entries,
        "accounts": summary.accounts,
        "debit": text_of(summary.debit_e4),
        "credit": text_of(summary.credit_e4),
        "unbalanced_entries": summary.unbalanced,
        "rejected": summary.rejected,
        "balances": summary.balances,
        "obstacles": list(summary.obstacles),
        "remarks": [
            {"weight": one.weight.value, "code": one.code, "sentence": one.sentence}
            for one in summary.remarks
        ],
    }


def show(upload: Upload, rejected: list[Rejected]) -> None:
    """The preview, for people: stderr, so that stdout stays data."""
    summary, look = upload.summary, upload.look
    say(f"{upload.name}: {look.label}")
    if look.columns and sys.stderr.isatty():
        write_table(
            [Column(name) for name in look.columns],
            (
                [*cells, *[""] * (len(look.columns) - len(cells))][: len(look.columns)]
                for _, cells in look.sample[:SAMPLE_SHOWN]
            ),
        )
    if look.mapping is not None:
        for target, at in look.mapping.columns.items():
            word = look.columns[at] if at < len(look.columns) else f"column {at + 1}"
            say(f"  {target.value}: {word}")
    for remark in summary.remarks:
        say(f"  {remark.weight.value}: {remark.sentence}")
    say(
        f"  {summary.lines:,} lines in {summary.entries:,} entries on {summary.accounts:,} "
        f"accounts, {_covered(upload)}; debit {text_of(summary.debit_e4)}, "
        f"credit {text_of(summary.credit_e4)}"
    )
    for row in rejected:
        say(f"  line {row.line} is rejected, {row.reason}: {row.text}")
    if summary.rejected > len(rejected):
        say(f"  and {summary.rejected - len(rejected):,} more rows: see --rejected FILE.")


def _covered(upload: Upload) -> str:
    first, last_day = upload.summary.first, upload.summary.last_day
    return "no days" if first is None else f"{first} to {last_day}"
