"""What is asked, as markup: SOAP headers, inner documents, browse columns, finder and queries."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from adapters.providers.kit.soap import escaped, tag

NAMESPACE: Final = "http://www.twinfield.com/"
_SHARED: Final = "http://schemas.datacontract.org/2004/07/Twinfield.WebServices.Shared"
_CONTRACT: Final = "http://schemas.datacontract.org/2004/07/Twinfield.WebServices."

PROCESS_PATH: Final = "/webservices/processxml.asmx"
PROCESS_ACTION: Final = f"{NAMESPACE}ProcessXmlDocument"
"""The inner document as nodes: nothing is escaped into a string and parsed a second time."""
FINDER_PATH: Final = "/webservices/finder.asmx"
FINDER_ACTION: Final = f"{NAMESPACE}Search"
FINDER_ROWS: Final = 1_000
"""Of one page. The vendor advises 25 for people who type; clients ask for up to 10,000."""

PERIOD_SERVICE: Final = "PeriodService"
DELETED_SERVICE: Final = "DeletedTransactionsService"

LEDGER: Final = "030_3"
TOTALS: Final = "040_1"
CUSTOMER_ITEMS, SUPPLIER_ITEMS = "100", "200"
"""Transactions of customers and of suppliers, with what is open of each. The vendor advises their
newer versions (130_3, 230_2); of this one the definition was recorded, hence its fields are known.
That 200 has the same fields is assumed."""

FIRST_PERIOD, LAST_PERIOD = 0, 56
"""0 opening, 1 to n, 55 corrections of a closed year, 56 the automatic closing."""


@frozen(kw_only=True)
class Slice:
    """Part of the ledger: from period ``first`` to ``last`` of the years named."""

    year: int
    first: int = FIRST_PERIOD
    last: int = LAST_PERIOD
    last_year: int | None = None
    """None: of ``year`` alone."""

    @property
    def begin(self) -> str:
        return f"{self.year}/{self.first:02d}"

    @property
    def end(self) -> str:
        return f"{self.last_year or self.year}/{self.last:02d}"


def leaf(name: str, text: str) -> str:
    return tag(name, escaped(text))


def asmx_header(token: str, office: str | None) -> str:
    """``CompanyId`` is sent nil: one client saw its absence refused, though others leave it out."""
    company = "" if office is None else leaf("CompanyCode", office)
    return (
        f'<Header xmlns="{NAMESPACE}">{leaf("AccessToken", token)}{company}'
        '<CompanyId xsi:nil="true"/></Header>'
    )


def svc_header(token: str, office: str) -> str:
    return (
        f'<Authentication xmlns="{NAMESPACE}" xmlns:h="{_SHARED}">'
        f"{leaf('h:AccessToken', token)}{leaf('h:CompanyCode', office)}</Authentication>"
    )


def process(inner: str) -> str:
    return (
        f'<ProcessXmlDocument xmlns="{NAMESPACE}"><xmlRequest>{inner}</xmlRequest>'
        "</ProcessXmlDocument>"
    )


def list_offices() -> str:
    return tag('list xmlns=""', leaf("type", "offices"))


def read(kind: str, office: str, **named: str) -> str:
    """``read`` of one type, ``named`` being the further elements of that type in order."""
    rest = (leaf(name, value) for name, value in named.items())
    return tag('read xmlns=""', leaf("type", kind), leaf("office", office), *rest)


def search(kind: str, first_row: int, **options: str) -> str:
    """One page of the finder, by code or name, everything."""
    pairs = (
        tag("ArrayOfString", leaf("string", name), leaf("string", value))
        for name, value in options.items()
    )
    return (
        f'<Search xmlns="{NAMESPACE}">{leaf("type", kind)}<pattern>*</pattern><field>0</field>'
        f"<firstRow>{first_row}</firstRow><maxRows>{FINDER_ROWS}</maxRows>"
        f"{tag('options', *pairs)}</Search>"
    )


def query(service: str, kind: str, **named: str) -> str:
    """A query of a ``.svc`` service, members in the order given."""
    members = (leaf(f"d:{name}", value) for name, value in named.items())
    return (
        f'<Query xmlns="{NAMESPACE}" xmlns:d="{_CONTRACT}{service}" xsi:type="d:{kind}">'
        f"{''.join(members)}</Query>"
    )


def _shown(name: str) -> str:
    return (
        f"<column><field>{name}</field><label/><visible>true</visible><ask>false</ask>"
        "<operator>none</operator><from/><to/><finderparam/></column>"
    )


def _asked(name: str, operator: str, begin: str, end: str = "", *, visible: bool = False) -> str:
    return (
        f"<column><field>{name}</field><label/><visible>{str(visible).lower()}</visible>"
        f"<ask>true</ask><operator>{operator}</operator>{leaf('from', begin)}{leaf('to', end)}"
        "<finderparam/></column>"
    )


LEDGER_FIELDS: Final = (
    "fin.trs.head.year",
    "fin.trs.head.period",
    "fin.trs.head.date",
    "fin.trs.head.curcode",
    "fin.trs.line.dim1",
    "fin.trs.line.dim1type",
    "fin.trs.line.dim2",
    "fin.trs.line.dim2type",
    "fin.trs.line.valuesigned",
    "fin.trs.line.basevaluesigned",
    "fin.trs.line.vatcode",
    "fin.trs.line.description",
    "fin.trs.line.invnumber",
    "fin.trs.mng.type",
)
"""Only signed amounts: the unsigned columns fault. ``@name`` of a cell is display text, unused."""

TOTALS_FIELDS: Final = (
    "fin.trs.head.year",
    "fin.trs.head.period",
    "fin.trs.line.dim1",
    "fin.trs.line.dim1type",
    "fin.trs.line.basevaluesigned",
)


ITEM_FIELDS: Final = (
    "fin.trs.head.date",
    "fin.trs.head.curcode",
    "fin.trs.line.dim2",
    "fin.trs.line.basevaluesigned",
    "fin.trs.line.openbasevaluesigned",
    "fin.trs.line.invnumber",
    "fin.trs.line.datedue",
    "fin.trs.line.matchstatus",
)

MODIFIED: Final = {
    LEDGER: "fin.trs.head.modified",
    CUSTOMER_ITEMS: "fin.trs.line.modified",
    SUPPLIER_ITEMS: "fin.trs.line.modified",
}
"""What tells a change: matching a payment moves the time of the line and not of the document."""


def browse(
    code: str,
    fields: Sequence[str],
    part: Slice,
    modified: tuple[str, str] | None = None,
) -> str:
    """A browse query over part of the ledger; provisional and final entries, no drafts.

    ``modified`` (``YYYYMMDDHHMMSS`` UTC, both ends: an open one misbehaves) narrows to documents
    or lines changed then.
    """
    # As in the definitions: what customers and suppliers owe is asked with every column shown.
    visible = code in {CUSTOMER_ITEMS, SUPPLIER_ITEMS}
    filters = [
        _asked("fin.trs.head.yearperiod", "between", part.begin, part.end, visible=visible),
        _asked("fin.trs.head.status", "equal", "normal", visible=True),
    ]
    if modified is not None:
        filters.append(_asked(MODIFIED[code], "between", *modified, visible=visible))
    return tag('columns xmlns=""', *filters, *map(_shown, fields), code=code)
