"""Reading books: trial balance, lines, changes, generations."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, TypeAlias

import typer

from core.domain.books import LedgerAccount
from core.domain.entity import Entity
from core.domain.money import text_of
from core.ports.books import Generation, LineFilter, LineRow
from core.services.reading import ROWS_MAX, Changes
from interfaces.cli import documents
from interfaces.cli.options import AsJson, AsOf, EntityWords, OutputFormat
from interfaces.cli.output import (
    Column,
    Format,
    say,
    when,
    write_listing,
    write_rows,
)
from interfaces.cli.outputs import OutputFile, asked
from interfaces.cli.session import Session, session_of
from interfaces.cli.wording import changes_sentence, proof_sentence
from interfaces.comparing import nothing_before

TABLE_ROWS: Final = 200
"""A table shows at most so many lines unless asked for more; JSON and CSV have no limit."""

Limit: TypeAlias = Annotated[int, typer.Option(min=1, help="Rows of a table at most.")]
Day: TypeAlias = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]

_BALANCE: Final = (
    Column("code", whole=True),
    Column("name"),
    Column("opening", right=True, whole=True),
    Column("debit", right=True, whole=True),
    Column("credit", right=True, whole=True),
    Column("closing", right=True, whole=True),
    Column("lines", right=True),
)
_BALANCE_CSV: Final = (Column("account_key"), *_BALANCE[:2], Column("class"), *_BALANCE[2:])
_LINE: Final = (
    Column("date", whole=True),
    Column("number", whole=True),
    Column("account_code", whole=True),
    Column("account"),
    Column("amount", right=True, whole=True),
    Column("description"),
)
_LINE_CSV: Final = tuple(
    Column(name)
    for name in (
        "date", "year", "period", "journal_key", "entry_key", "number", "position", "key",
        "account_key", "account_code", "account", "amount", "currency", "foreign_amount",
        "contact_key", "tax_key",
        "description",
    )
)  # fmt: skip
_CHANGE: Final = (
    Column("year"),
    Column("period"),
    Column("account_code", whole=True),
    Column("account"),
    Column("added", right=True),
    Column("changed", right=True),
    Column("removed", right=True),
    Column("closed", right=True),
    Column("before", right=True, whole=True),
    Column("after", right=True, whole=True),
    Column("difference", right=True, whole=True),
)
_CHANGE_CSV: Final = (*_CHANGE[:2], Column("account_key"), *_CHANGE[2:])


def head_of(entity: Entity, generation: Generation) -> dict[str, object]:
    return {
        "entity": {"id": entity.id, "name": entity.name, "currency": entity.currency},
        "generation": documents.generation(generation),
    }


def tell(entity: Entity, generation: Generation) -> None:
    say(
        f"{entity.name}, generation {generation.number} of {when(generation.published_at)}, "
        f"in {entity.currency}: {proof_sentence(generation.proof, entity.currency)}."
    )


def found_entity(session: Session, words: str) -> Entity:
    return session.services.reading.find_entity(session.organisation_id, words)


def month(text: str | None, option: str) -> tuple[int, int] | None:
    """(fiscal year, period) of 2026-3."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{4})-(\d{1,3})", text)
    if match is None:
        raise typer.BadParameter("write it as YEAR-PERIOD, such as 2026-3", param_hint=option)
    return int(match[1]), int(match[2])


def trial_balance(
    context: typer.Context,
    entity: EntityWords,
    *,
    as_of: AsOf = None,
    since: Annotated[
        str | None, typer.Option(metavar="YEAR-PERIOD", help="Earlier periods make the opening.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="YEAR-PERIOD", help="Inclusive.")] = None,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """Debit, credit and balance of every account."""
    session = session_of(context)
    found = found_entity(session, entity)
    balance = session.services.reading.trial_balance(
        session.organisation_id,
        found.id,
        as_of=as_of,
        since=month(since, "--since"),
        until=month(until, "--until"),
    )
    totals = {"debit": text_of(balance.debit_e4), "credit": text_of(balance.credit_e4)}
    shown = asked(format_, output, json_=json_)
    write_rows(
        shown,
        head_of(found, balance.view.generation),
        (documents.balance_row(row) for row in balance.rows),
        columns=_BALANCE if shown is Format.TABLE else _BALANCE_CSV,
        table_rows_max=max(1, len(balance.rows)),
        output=output,
        foot={"totals": totals},
    )
    if shown is Format.TABLE:
        say(f"Total debit {totals['debit']}, credit {totals['credit']}.")
        tell(found, balance.view.generation)


def lines(
    context: typer.Context,
    entity: EntityWords,
    *,
    as_of: AsOf = None,
    account: Annotated[str | None, typer.Option(help="Account code or key.")] = None,
    entry: Annotated[str | None, typer.Option(help="Journal entry key.")] = None,
    journal: Annotated[str | None, typer.Option(help="Journal key.")] = None,
    contact: Annotated[str | None, typer.Option(help="Contact key.")] = None,
    date_from: Day = None,
    date_to: Day = None,
    year: Annotated[int | None, typer.Option(help="Fiscal year.")] = None,
    period: Annotated[int | None, typer.Option(help="Fiscal period.")] = None,
    text: Annotated[str | None, typer.Option(help="Words in the description.")] = None,
    limit: Limit = TABLE_ROWS,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """Journal lines by date, all that fit the filters."""
    session = session_of(context)
    found = found_entity(session, entity)
    generation, accounts = _opened(session, found, as_of)
    where = LineFilter(
        account_key=_account_key(account, accounts),
        entry_key=entry,
        journal_key=journal,
        contact_key=contact,
        date_from=date_from.date() if date_from else None,
        date_to=date_to.date() if date_to else None,
        year=year,
        period=period,
        text=text,
    )
    shown = asked(format_, output, json_=json_)
    write_rows(
        shown,
        head_of(found, generation),
        (documents.line(row, accounts) for row in _every_line(session, found, where, generation)),
        columns=_LINE if shown is Format.TABLE else _LINE_CSV,
        table_rows_max=limit,
        output=output,
    )
    if shown is Format.TABLE:
        tell(found, generation)


def _opened(
    session: Session, entity: Entity, as_of: str | None
) -> tuple[Generation, documents.Accounts]:
    """The books as of then, and their accounts that have lines, by key."""
    balance = session.services.reading.trial_balance(
        session.organisation_id, entity.id, as_of=as_of
    )
    accounts = {row.account_key: row.account for row in balance.rows if row.account is not None}
    return balance.view.generation, accounts


def _account_key(account: str | None, accounts: documents.Accounts) -> str | None:
    """The key of an account named by its code; anything else is taken for a key."""
    keys = [key for key, held in accounts.items() if held.code == account]
    return keys[0] if len(keys) == 1 else account


def _every_line(
    session: Session, entity: Entity, where: LineFilter, generation: Generation
) -> Iterator[LineRow]:
    """All pages of one generation: an import that publishes meanwhile does not mix in."""
    cursor = None
    while True:  # ends: a page without a next cursor is the last
        _, page = session.services.reading.lines(
            session.organisation_id,
            entity.id,
            where=where,
            as_of=str(generation.number),
            cursor=cursor,
            limit=ROWS_MAX,
        )
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def changes(
    context: typer.Context,
    entity: EntityWords,
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            "--since",
            metavar="GENERATION|DATE",
            help="The earlier night; the one before when left out.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--to",
            "--as-of",
            metavar="GENERATION|DATE",
            help="The later night; the newest when left out.",
        ),
    ] = None,
    limit: Limit = TABLE_ROWS,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """What changed between two nights, per account and period; closed periods are marked."""
    session = session_of(context)
    found = found_entity(session, entity)
    shown = asked(format_, output, json_=json_)
    changed = session.services.reading.changes(
        session.organisation_id, found.id, older=since, newer=until
    )
    older = changed.older
    if older is None and shown is Format.TABLE:
        say(nothing_before(changed.newer.number))
        return
    accounts: dict[str, LedgerAccount] = {}
    for one in (older, changed.newer):
        if one is not None:
            accounts.update(_opened(session, found, str(one.number))[1])
    write_rows(
        shown,
        _changes_head(found, changed),
        (documents.cell_change(cell, accounts) for cell in changed.cells),
        columns=_CHANGE if shown is Format.TABLE else _CHANGE_CSV,
        table_rows_max=limit,
        output=output,
    )
    if shown is Format.TABLE and older is not None:
        _tell_changes(found, changed, older)


def _changes_head(entity: Entity, changed: Changes) -> dict[str, object]:
    closed = changed.closed
    return {
        "entity": {"id": entity.id, "name": entity.name, "currency": entity.currency},
        "older": documents.generation(changed.older),
        "newer": documents.generation(changed.newer),
        "closed_through": closed.through.isoformat() if closed.through else None,
        "closed_by": closed.by.value,
        "closed_lines": changed.closed_lines,
    }


def _tell_changes(entity: Entity, changed: Changes, older: Generation) -> None:
    newer, closed = changed.newer, changed.closed
    say(
        f"{entity.name}, from generation {older.number} ({when(older.published_at)}) to "
        f"{newer.number} ({when(newer.published_at)}): {changes_sentence(newer)} "
        "in the last import."
    )
    if closed.through is not None:
        say(
            f"Closed through {closed.through} (by {closed.by.value}): "
            f"{changed.closed_lines} of the changed lines are dated up to then."
        )


def generations(context: typer.Context, entity: EntityWords, *, json_: AsJson = False) -> None:
    """Every state of the books that can still be read, newest first."""
    session = session_of(context)
    found = found_entity(session, entity)
    held: list[Generation] = []
    while True:  # ends: each page begins below the one before
        before = held[-1].number if held else None
        page = session.services.reading.generations(
            session.organisation_id, found.id, before=before
        )
        held += page
        if not page:
            break
    write_listing(
        [documents.generation(one) or {} for one in held],
        [
            Column("Generation", right=True),
            Column("Published"),
            Column("Changes"),
            Column("Proof"),
        ],
        (
            (
                one.number,
                when(one.published_at),
                changes_sentence(one),
                proof_sentence(one.proof, found.currency),
            )
            for one in held
        ),
        json_=json_,
        none=f"{found.name} has no books yet: monitr import {found.id} --wait.",
    )
