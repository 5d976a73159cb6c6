"""The finder and the ``.svc`` query services: daybooks, VAT codes, years, deletions."""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from sandbox.twinfield.markup import CONTRACT, INSTANCE, TWINFIELD, Fault, element
from sandbox.twinfield.office import CLOSING_DAYBOOK, DAYBOOKS, Office

ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
_FINDER_ROWS_MAX = 10_000


def found(office: Office, asked: Element) -> str:
    """``SearchResponse``. ``Items`` is absent when nothing is found."""

    def told(name: str) -> str:
        return (asked.findtext(f"{{{TWINFIELD}}}{name}") or "").strip()

    rows = _finder_rows(office, told("type"))
    if rows is None:
        return _search("<data/>", _error("InvalidFinderType"))
    first, most = int(told("firstRow") or 1), int(told("maxRows") or 100)
    if first < 1 or not 0 < most <= _FINDER_ROWS_MAX:
        return _search("<data/>", _error("ParameterOutOfRange"))
    page = rows[first - 1 : first - 1 + most]
    items = "".join(
        f"<ArrayOfString>{element('string', code)}{element('string', name)}</ArrayOfString>"
        for code, name in page
    )
    listed = f"<Items>{items}</Items>" if page else ""
    return _search(
        f"<data><TotalRows>{len(rows)}</TotalRows><Columns><string>Code</string>"
        f"<string>Naam</string></Columns>{listed}</data>"
    )


def _search(data: str, result: str = "") -> str:
    return (
        f'<SearchResponse xmlns="{TWINFIELD}"><SearchResult>{result}</SearchResult>{data}'
        "</SearchResponse>"
    )


def _error(code: str) -> str:
    return (
        "<MessageOfErrorCodes><Type>Error</Type><Text>Niet toegestaan.</Text>"
        f"{element('Code', code)}<Parameters/></MessageOfErrorCodes>"
    )


def _finder_rows(office: Office, kind: str) -> list[tuple[str, str]] | None:
    if kind == "TRS":
        rows = [(DAYBOOKS[one.kind], one.name) for one in office.books.journals]
        return [*rows, (CLOSING_DAYBOOK, "Jaarafsluiting")] if office.year_end else rows
    if kind == "VAT":
        return [(one.code, one.name) for one in office.books.tax_codes]
    return None


def queried(office: Office, service: str, asked: Element) -> str:
    kind = asked.get(f"{{{INSTANCE}}}type", "").rpartition(":")[2]
    namespace = CONTRACT + service
    if (service, kind) == ("PeriodService", "GetYears"):
        years = "".join(f"<a:int>{year}</a:int>" for year in office.years)
        inner = f'<d:Years xmlns:a="{ARRAYS}">{years}</d:Years>'
    elif (service, kind) == ("DeletedTransactionsService", "GetDeletedTransactions"):
        if (asked.findtext(f"{{{namespace}}}CompanyCode") or "") != office.code:
            raise Fault(500, "InvalidCompanyCode", "De administratie bestaat niet.")
        inner = f"<d:DeletedTransactions>{_deleted(office)}</d:DeletedTransactions>"
    else:
        raise Fault(500, 187, "Unknown query")
    return (
        f'<Result xmlns="{TWINFIELD}" xmlns:d="{namespace}" xsi:type="d:{kind}Result">'
        f"{inner}</Result>"
    )


def _deleted(office: Office) -> str:
    return "".join(
        "<d:DeletedTransaction>"
        f"{element('d:Daybook', DAYBOOKS[entry.journal.kind])}"
        f"{element('d:DeletionDate', _stamp(at_ms))}"
        f"{element('d:ReasonForDeletion', 'Foutief')}"
        f"{element('d:TransactionDate', f'{entry.date}T00:00:00')}"
        f"{element('d:TransactionNumber', office.number(entry))}{element('d:User', 'BEA')}"
        "</d:DeletedTransaction>"
        for entry, at_ms in office.deleted()
    )


def _stamp(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, tz=UTC):%Y-%m-%dT%H:%M:%S}"
