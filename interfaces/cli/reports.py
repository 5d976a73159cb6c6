"""Reports: profit and loss, balance sheet, ageing; accounts, contacts and invoices as imported."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, TypeAlias, TypeVar

import attrs
import typer

from core.domain.ageing import Method
from core.domain.books import Contact, Invoice, TradeSide
from core.domain.entity import Entity
from core.domain.money import text_of
from core.domain.statements import BalanceSheet, By, ProfitAndLoss, Section
from core.services.reading import ROWS_MAX
from core.services.reports import ProfitAndLossReport
from core.services.viewing import BooksView
from interfaces import report_rows
from interfaces.cli.books import TABLE_ROWS, Day, Limit, found_entity, head_of, month, tell
from interfaces.cli.options import AsJson, AsOf, EntityWords, OutputFormat
from interfaces.cli.output import Column, Document, Format, say, write_rows, write_table
from interfaces.cli.outputs import OutputFile, asked
from interfaces.cli.session import Session, session_of

TABLE_COLUMNS: Final = 12
"""A table shows so many periods or years, the newest ones."""

_T = TypeVar("_T", Contact, Invoice)

ByOption: TypeAlias = Annotated[By, typer.Option(help="What one column covers.")]
Since: TypeAlias = Annotated[
    str | None, typer.Option(metavar="YEAR-PERIOD", help="The first period shown.")
]
Until: TypeAlias = Annotated[str | None, typer.Option(metavar="YEAR-PERIOD", help="Inclusive.")]

_TOTALS: Final = {
    Section.INCOME: "Total income",
    Section.EXPENSE: "Total expense",
    Section.ASSET: "Total assets",
    Section.LIABILITY: "Total liabilities",
    Section.EQUITY: "Total equity",
    Section.OTHER: "Total other",
}


def profit_and_loss(
    context: typer.Context,
    entity: EntityWords,
    *,
    as_of: AsOf = None,
    by: ByOption = By.PERIOD,
    since: Since = None,
    until: Until = None,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """Income, expense and result per period or year."""
    session = session_of(context)
    found = found_entity(session, entity)
    report = session.services.reports.profit_and_loss(
        session.organisation_id,
        found.id,
        as_of=as_of,
        by=by,
        since=month(since, "--since"),
        until=month(until, "--until"),
    )
    statement = report.statement
    shown = asked(format_, output, json_=json_)
    if shown is Format.TABLE:
        _table(statement, [("Result", statement.results_e4)])
        _tell_closings(report)
        tell(found, report.view.generation)
        return
    head = head_of(found, report.view.generation) | {
        "by": by.value,
        "closings": report_rows.period_words(statement.closings),
        "unplaced": statement.unplaced,
        "columns": [attrs.asdict(one) for one in report_rows.profit_columns(statement)],
    }
    _write(shown, output, head, report_rows.statement_amounts(statement), _names_of_amounts())


def balance_sheet(
    context: typer.Context,
    entity: EntityWords,
    *,
    as_of: AsOf = None,
    by: ByOption = By.PERIOD,
    since: Since = None,
    until: Until = None,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """Assets, liabilities and equity at the end of each period or year."""
    session = session_of(context)
    found = found_entity(session, entity)
    report = session.services.reports.balance_sheet(
        session.organisation_id,
        found.id,
        as_of=as_of,
        by=by,
        since=month(since, "--since"),
        until=month(until, "--until"),
    )
    statement = report.statement
    shown = asked(format_, output, json_=json_)
    if shown is Format.TABLE:
        extra = [
            ("Result of the year", statement.results_e4),
            ("Earlier results, not posted", statement.earlier_results_e4),
        ]
        if any(statement.differences_e4):
            extra.append(("Difference", statement.differences_e4))
        _table(statement, extra)
        tell(found, report.view.generation)
        return
    head = head_of(found, report.view.generation) | {
        "by": by.value,
        "unplaced": statement.unplaced,
        "columns": [attrs.asdict(one) for one in report_rows.balance_columns(statement)],
    }
    _write(shown, output, head, report_rows.statement_amounts(statement), _names_of_amounts())


def ageing(
    context: typer.Context,
    entity: EntityWords,
    side: Annotated[TradeSide, typer.Argument(help="Of customers or of suppliers.")],
    *,
    as_of: AsOf = None,
    on: Day = None,
    limit: Limit = TABLE_ROWS,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """Open items per customer or supplier, by days past due."""
    session = session_of(context)
    found = found_entity(session, entity)
    report = session.services.reports.ageing(
        session.organisation_id, found.id, side, as_of=as_of, on=on.date() if on else None
    )
    shown = asked(format_, output, json_=json_)
    head = head_of(found, report.view.generation) | {
        "side": side.value,
        "method": report.method.value,
        "on": report.on.isoformat(),
    }
    names = _fields(report_rows.AgeingLine)
    columns = [
        Column(name, right=name in report_rows.OURS, whole=name in report_rows.AMOUNTS)
        for name in (names if shown is not Format.TABLE else names[1:])
    ]
    write_rows(
        shown,
        head,
        (attrs.asdict(report_rows.ageing_line(row)) for row in report.rows),
        columns=columns,
        table_rows_max=limit,
        foot={"totals": [text_of(one) for one in report.totals_e4]},
        output=output,
    )
    if shown is Format.TABLE:
        if report.method is Method.NOT_POSSIBLE:
            say("Neither open amounts nor accounts of open items were imported: nothing to age.")
        else:
            say(
                f"By {report.method.value}, counted to {report.on}; "
                f"together {text_of(sum(report.totals_e4))}."
            )
        tell(found, report.view.generation)


def accounts(
    context: typer.Context,
    entity: EntityWords,
    *,
    as_of: AsOf = None,
    limit: Limit = TABLE_ROWS,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """Every ledger account, by code."""
    session = session_of(context)
    found = found_entity(session, entity)
    held = session.services.reading.accounts(session.organisation_id, found.id, as_of=as_of)
    _write(
        asked(format_, output, json_=json_),
        output,
        {"entity": {"id": found.id, "name": found.name, "currency": found.currency}},
        (report_rows.account_row(one) for one in held),
        _fields(report_rows.AccountRow),
        limit,
    )


def contacts(
    context: typer.Context,
    entity: EntityWords,
    *,
    as_of: AsOf = None,
    limit: Limit = TABLE_ROWS,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """Every customer and supplier."""
    session = session_of(context)
    found = found_entity(session, entity)
    head, rows = _all(session, found, as_of, _contacts)
    _write(
        asked(format_, output, json_=json_),
        output,
        head,
        (report_rows.contact_row(one) for one in rows),
        _fields(report_rows.ContactRow),
        limit,
    )


def invoices(
    context: typer.Context,
    entity: EntityWords,
    *,
    as_of: AsOf = None,
    limit: Limit = TABLE_ROWS,
    format_: OutputFormat = Format.TABLE,
    output: OutputFile = None,
    json_: AsJson = False,
) -> None:
    """Every sales and purchase invoice."""
    session = session_of(context)
    found = found_entity(session, entity)
    head, rows = _all(session, found, as_of, _invoices)
    _write(
        asked(format_, output, json_=json_),
        output,
        head,
        (_plain(report_rows.invoice_row(one)) for one in rows),
        _fields(report_rows.InvoiceRow),
        limit,
    )


def _table(
    statement: ProfitAndLoss | BalanceSheet, extra: list[tuple[str, tuple[int, ...]]]
) -> None:
    """Accounts down, the newest columns across, totals per section."""
    first = max(0, len(statement.columns) - TABLE_COLUMNS)
    columns = [
        Column("code", whole=True),
        Column("name"),
        *(Column(one.words, right=True, whole=True) for one in statement.columns[first:]),
    ]
    rows: list[list[object]] = []
    sections = list(dict.fromkeys(row.section for row in statement.rows))
    for section in sections:
        for row in statement.rows:
            if row.section is section:
                amounts = map(text_of, row.amounts_e4[first:])
                rows.append([row.account.code, row.account.name, *amounts])
        totals = map(text_of, statement.section_e4(section)[first:])
        rows.append(["", _TOTALS[section], *totals])
    rows += [["", name, *map(text_of, amounts_e4[first:])] for name, amounts_e4 in extra]
    write_table(columns, rows)
    if first:
        say(f"The newest {TABLE_COLUMNS} of {len(statement.columns)} columns: narrow with --since.")
    if statement.unplaced:
        say(f"{statement.unplaced} account keys have no account and are in none of the figures.")


def _tell_closings(report: ProfitAndLossReport) -> None:
    closings = report_rows.period_words(report.statement.closings)
    if closings:
        say(f"Left out, as they post the result into equity: {', '.join(closings)}.")


def _names_of_amounts() -> list[str]:
    return _fields(report_rows.StatementAmount)


def _fields(shape: type) -> list[str]:
    return [one.name for one in attrs.fields(shape)]


def _plain(row: report_rows.InvoiceRow) -> Document:
    return attrs.asdict(row) | {
        "date": row.date.isoformat(),
        "due_date": row.due_date.isoformat() if row.due_date else None,
    }


def _write(
    shown: Format,
    output: Path | None,
    head: Document,
    rows: Iterator[object],
    names: Sequence[str],
    limit: int = TABLE_ROWS,
) -> None:
    documents = (row if isinstance(row, dict) else attrs.asdict(row) for row in rows)  # type: ignore[arg-type]  # attrs rows
    columns = [Column(name, right=name in report_rows.AMOUNTS) for name in names]
    write_rows(shown, head, documents, columns=columns, table_rows_max=limit, output=output)


Ask: TypeAlias = Callable[[Session, Entity, str | None, str | None], tuple[BooksView, Sequence[_T]]]


def _contacts(
    session: Session, entity: Entity, as_of: str | None, after: str | None
) -> tuple[BooksView, Sequence[Contact]]:
    return session.services.reading.contacts(
        session.organisation_id, entity.id, as_of=as_of, after=after, limit=ROWS_MAX
    )


def _invoices(
    session: Session, entity: Entity, as_of: str | None, after: str | None
) -> tuple[BooksView, Sequence[Invoice]]:
    return session.services.reading.invoices(
        session.organisation_id, entity.id, as_of=as_of, after=after, limit=ROWS_MAX
    )


def _all(
    session: Session, entity: Entity, as_of: str | None, ask: "Ask[_T]"
) -> tuple[Document, Iterator[_T]]:
    """Every row of one generation, page by page."""
    view, first = ask(session, entity, as_of, None)

    def rows() -> Iterator[_T]:
        page = first
        while page:  # ends: each page begins after the one before
            yield from page
            if len(page) < ROWS_MAX:
                return
            _, page = ask(session, entity, str(view.generation.number), page[-1].key)

    return head_of(entity, view.generation), rows()
