"""Browse codes: the ledger (``030_3``), the annual totals (``040_1``), and what customers and
suppliers owe (``100``, ``200``), all rows in one answer.

Fields, types and answer shape as recorded; which fields may be filtered as in the definitions.
Totals come in separate rows for debit and credit (assumed: how they are grouped is not known). The
definition of 200 is that of 100 for suppliers (assumed; the latter was recorded).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from html import escape
from xml.etree.ElementTree import Element

from attrs import evolve, frozen

from sandbox.records import Entry
from sandbox.twinfield.markup import Refused, text_of
from sandbox.twinfield.office import Item, Office, Posting


def _money(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


@frozen
class Column:
    """``type`` as the answer names it; ``asks`` the operator a filter on it takes."""

    type: str
    value: Callable[[Posting], str]
    asks: str = ""


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%Y%m%d}"


def _stamp(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, tz=UTC):%Y%m%d%H%M%S}"


def _item(posting: Posting) -> Item:
    assert posting.item is not None
    return posting.item


def _statement(posting: Posting) -> str:
    return "BAS" if posting.account.balance_sheet else "PNL"


LEDGER: dict[str, Column] = {
    "fin.trs.head.office": Column("String", lambda _: ""),
    "fin.trs.head.year": Column("Number", lambda row: str(row.year)),
    "fin.trs.head.period": Column("Number", lambda row: str(row.period)),
    "fin.trs.head.yearperiod": Column(
        "String", lambda row: f"{row.year}/{row.period:02d}", "between"
    ),
    "fin.trs.head.code": Column("String", lambda row: row.daybook),
    "fin.trs.head.number": Column("Decimal", lambda row: row.number),
    "fin.trs.head.status": Column("String", lambda _: "final", "equal"),
    "fin.trs.head.date": Column("Date", lambda row: f"{row.day:%Y%m%d}"),
    "fin.trs.head.curcode": Column("String", lambda row: row.currency),
    "fin.trs.head.modified": Column("Datetime", lambda _: "", "between"),
    "fin.trs.line.dim1": Column("String", lambda row: row.account.code),
    "fin.trs.line.dim1name": Column("String", lambda row: row.account.name),
    "fin.trs.line.dim1type": Column("String", _statement),
    "fin.trs.line.dim2": Column("String", lambda row: row.relation[1] if row.relation else ""),
    "fin.trs.line.dim2type": Column("String", lambda row: row.relation[0] if row.relation else ""),
    "fin.trs.line.valuesigned": Column("Value", lambda row: _money(row.foreign_cents)),
    "fin.trs.line.basevaluesigned": Column("Value", lambda row: _money(row.cents)),
    "fin.trs.line.debitcredit": Column(
        "String", lambda row: "credit" if row.cents < 0 else "debit"
    ),
    "fin.trs.line.vatcode": Column("String", lambda row: row.vat),
    "fin.trs.line.description": Column("String", lambda row: row.description),
    "fin.trs.line.invnumber": Column("String", lambda row: row.invoice_number),
    "fin.trs.mng.type": Column("String", lambda row: row.management),
}
TOTALS = {
    name: LEDGER[name]
    for name in (
        *("fin.trs.head.office", "fin.trs.head.year", "fin.trs.head.period"),
        *("fin.trs.head.yearperiod", "fin.trs.head.status"),
        *("fin.trs.line.dim1", "fin.trs.line.dim1name", "fin.trs.line.dim1type"),
        *("fin.trs.line.basevaluesigned", "fin.trs.line.debitcredit"),
    )
}
ITEMS = {
    name: LEDGER[name]
    for name in (
        *("fin.trs.head.yearperiod", "fin.trs.head.code", "fin.trs.head.number"),
        *("fin.trs.head.status", "fin.trs.head.date", "fin.trs.line.dim2"),
        *("fin.trs.head.curcode", "fin.trs.line.valuesigned", "fin.trs.line.basevaluesigned"),
        "fin.trs.line.invnumber",
    )
} | {
    "fin.trs.line.openbasevaluesigned": Column("Value", lambda row: _money(_item(row).open_cents)),
    "fin.trs.line.openvaluesigned": Column(
        "Value", lambda row: _money(_item(row).open_foreign_cents)
    ),
    "fin.trs.line.datedue": Column("Date", lambda row: _day(_item(row).due)),
    "fin.trs.line.matchstatus": Column("String", lambda row: _item(row).status, "equal"),
    "fin.trs.line.matchdate": Column("Date", lambda row: _day(_item(row).matched_on)),
    "fin.trs.line.modified": Column(
        "Datetime", lambda row: _stamp(_item(row).modified_ms), "between"
    ),
}
"""What the recorded definition of 100 has and is imitated. It has no ``mng.type``."""
CODES = {"030_3": LEDGER, "040_1": TOTALS, "100": ITEMS, "200": ITEMS}
ITEM_CODES = {"100": "DEB", "200": "CRD"}


class TooMuch(Exception):
    """The answer would take longer than something on the way has patience."""


@frozen
class Asked:
    """A browse query as read from its columns."""

    visible: list[str]
    years: tuple[str, str]
    modified_ms: tuple[int, int] | None
    """Of documents, or of lines where a code knows those."""
    match_status: str


def answer(office: Office, columns: Element, rows_max: int | None, surprise: int) -> str:
    """The inner document. ``surprise``: so many rows are announced and not sent."""
    code = columns.get("code", "")
    known = CODES.get(code)
    if known is None:
        raise Refused("De browsecode bestaat niet.")
    asked = _asked(columns, known)
    if code in ITEM_CODES:
        rows = list(_items(office, asked, ITEM_CODES[code]))
    else:
        rows = list(_rows(office, asked, totals=known is TOTALS))
    if rows_max is not None and len(rows) > rows_max:
        raise TooMuch
    chosen = [(name, known[name]) for name in asked.visible]
    heading = "".join(
        f'<td label="{name.rpartition(".")[2]}" hideforuser="false" type="{column.type}">'
        f"{name}</td>"
        for name, column in chosen
    )
    written = [_written(office, row, chosen) for row in rows]
    total = len(rows) + surprise
    return (
        f'<browse result="1" first="1" last="{total}" total="{total}" xmlns="">'
        f"<th>{heading}</th>{''.join(written)}</browse>"
    )


def _written(office: Office, row: Posting, chosen: list[tuple[str, Column]]) -> str:
    cells = "".join(
        f'<td field="{name}" hideforuser="false" type="{column.type}">'
        f"{escape(column.value(row), quote=False)}</td>"
        for name, column in chosen
    )
    return (
        f"<tr>{cells}<key><office>{office.code}</office><code>{row.daybook}</code>"
        f"<number>{row.number}</number><line>{row.line}</line></key></tr>"
    )


def _asked(columns: Element, known: dict[str, Column]) -> Asked:
    visible: list[str] = []
    years = ("0000/00", "9999/99")
    modified: tuple[int, int] | None = None
    match_status = ""
    for column in columns.findall("column"):
        name = text_of(column, "field")
        if name not in known:
            raise Refused(f"Het veld {name} bestaat niet.")
        if text_of(column, "visible") == "true":
            visible.append(name)
        if text_of(column, "ask") != "true":
            continue
        operator = text_of(column, "operator")
        begin, end = text_of(column, "from"), text_of(column, "to")
        if operator != known[name].asks:
            raise Refused(f"Op het veld {name} kan zo niet worden geselecteerd.")
        if name == "fin.trs.head.yearperiod":
            years = (begin, end)
        elif name == "fin.trs.line.matchstatus":
            match_status = begin
        elif name in {"fin.trs.head.modified", "fin.trs.line.modified"}:
            if not begin or not end:
                raise Refused("Beide grenzen zijn verplicht.")
            modified = (_ms(begin), _ms(end))
        elif begin not in {"normal", "final"}:
            raise Refused(f"De status {begin} wordt hier niet nagebootst.")
    return Asked(visible, years, modified, match_status)


def _ms(text: str) -> int:
    try:
        moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise Refused("Ongeldige datum.") from None
    return int(moment.timestamp() * 1000)


def _rows(office: Office, asked: Asked, *, totals: bool) -> Iterator[Posting]:
    begin, end = asked.years
    found = (
        posting
        for entry in office.entries()
        if begin <= f"{entry.year}/{office.period(entry):02d}" <= end
        and _is_changed(office, entry, asked)
        for posting in office.postings(entry)
    )
    closing = (row for row in office.closings() if begin <= f"{row.year}/{row.period:02d}" <= end)
    if asked.modified_ms is not None:
        return found
    everything = (row for source in (found, closing) for row in source)
    return _totalled(everything) if totals else everything


def _items(office: Office, asked: Asked, dimension_type: str) -> Iterator[Posting]:
    begin, end = asked.years
    first_ms, last_ms = asked.modified_ms or (0, 1 << 60)
    for row in office.items(dimension_type):
        item = _item(row)
        if (
            begin <= f"{row.year}/{row.period:02d}" <= end
            and first_ms <= item.modified_ms // 1000 * 1000 <= last_ms
            and asked.match_status in {"", item.status}
        ):
            yield row


def _is_changed(office: Office, entry: Entry, asked: Asked) -> bool:
    if asked.modified_ms is None:
        return True
    begin, end = asked.modified_ms
    return begin <= office.modified_ms(entry) // 1000 * 1000 <= end


def _totalled(rows: Iterator[Posting]) -> Iterator[Posting]:
    sums: dict[tuple[int, int, str, bool], int] = {}
    models: dict[tuple[int, int, str, bool], Posting] = {}
    for row in rows:
        cell = (row.year, row.period, row.account.code, row.cents < 0)
        sums[cell] = sums.get(cell, 0) + row.cents
        models.setdefault(cell, row)
    for cell in sorted(sums):
        yield evolve(models[cell], cents=sums[cell], daybook="", number="", line=0)
