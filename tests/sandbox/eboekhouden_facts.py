"""What e-Boekhouden's own descriptions say, as a table: REST from its OpenAPI document (v1, by way
of documentation generated from it in January 2026), SOAP from its WSDL (September 2024).
"""

from typing import Final

NUMBER, INTEGER, STRING, BOOLEAN, LIST = "number", "integer", "string", "boolean", "list"

Properties = dict[str, str]

LEDGER: Final[Properties] = {
    "id": INTEGER, "code": STRING, "description": STRING, "category": STRING, "group": STRING,
}  # fmt: skip
LEDGER_BALANCE: Final[Properties] = {"code": STRING, "type": STRING, "balance": NUMBER}
MUTATION_HEAD: Final[Properties] = {
    "id": INTEGER, "type": INTEGER, "date": STRING, "invoiceNumber": STRING, "ledgerId": INTEGER,
    "amount": NUMBER, "entryNumber": STRING,
}  # fmt: skip
MUTATION: Final[Properties] = {
    "id": INTEGER, "type": INTEGER, "date": STRING, "description": STRING,
    "termOfPayment": INTEGER, "ledgerId": INTEGER, "relationId": INTEGER, "inExVat": STRING,
    "invoiceNumber": STRING, "entryNumber": STRING, "rows": LIST, "vat": LIST,
}  # fmt: skip
MUTATION_ROW: Final[Properties] = {
    "ledgerId": INTEGER, "vatCode": STRING, "vatAmount": NUMBER, "costCenterId": INTEGER,
    "amount": NUMBER, "description": STRING, "invoiceNumber": STRING, "relationId": INTEGER,
}  # fmt: skip
VAT_AMOUNT: Final[Properties] = {"vatCode": STRING, "amount": NUMBER}
RELATION_HEAD: Final[Properties] = {"id": INTEGER, "type": STRING, "code": STRING}
RELATION: Final[Properties] = {
    "id": INTEGER, "type": STRING, "code": STRING, "date": STRING, "name": STRING,
    "salutation": STRING, "contact": STRING, "gender": STRING, "address": STRING,
    "postalCode": STRING, "city": STRING, "country": STRING, "phoneNumber": STRING,
    "emailAddress": STRING, "website": STRING, "note": STRING, "vatNumber": STRING,
    "inactive": BOOLEAN, "termOfPayment": INTEGER, "companyRegistrationNumber": STRING,
    "iban": STRING, "bic": STRING, "ledgerId": INTEGER,
}  # fmt: skip
OUTSTANDING: Final[Properties] = {
    "date": STRING, "mutationId": INTEGER, "invoiceNumber": STRING, "relationId": INTEGER,
    "relationCode": STRING, "company": STRING, "totalAmount": NUMBER, "paidAmount": NUMBER,
    "outstandingAmount": NUMBER,
}  # fmt: skip
ADMINISTRATION: Final[Properties] = {"guid": STRING, "company": STRING}
SESSION: Final[Properties] = {"token": STRING, "expiresIn": INTEGER}
ERROR: Final[Properties] = {
    "errors": LIST, "type": STRING, "propertyName": STRING, "code": STRING, "title": STRING,
    "message": STRING, "status": INTEGER, "traceId": STRING, "securityType": INTEGER,
}  # fmt: skip
ERROR_REQUIRED: Final = frozenset({"type", "title", "status"})
CATEGORIES: Final = frozenset(
    {"BAL", "VW", "AF6", "AF19", "AFOVERIG", "VOOR", "BTWRC", "FIN", "DEB", "CRED", "AF"}
)
VAT_CODES: Final = frozenset(
    {
        "HOOG_VERK_21", "LAAG_VERK_9", "VERL_VERK", "VERL_VERK_L9", "AFW", "BU_EU_VERK",
        "BI_EU_VERK", "BI_EU_VERK_D", "AFST_VERK", "LAAG_INK_9", "HOOG_INK_21", "VERL_INK",
        "AFW_VERK", "BU_EU_INK", "BI_EU_INK", "GEEN",
    }
)  # fmt: skip
MUTATION_TYPES: Final = frozenset(range(1, 8))
"""0, the opening balance, is missing in the list although an error names it."""

# -- SOAP: name, type, least occurrences -----------------------------------------------------------

Members = tuple[tuple[str, str, int], ...]

SOAP_NAMESPACE: Final = "http://www.e-boekhouden.nl/soap"
_IN_SESSION: Final[Members] = (("SessionID", "s:string", 0), ("SecurityCode2", "s:string", 0))
_OPEN: Final[Members] = (
    ("Username", "s:string", 0), ("SecurityCode1", "s:string", 0),
    ("SecurityCode2", "s:string", 0), ("Source", "s:string", 0),
)  # fmt: skip
_ERROR: Final[Members] = (("ErrorMsg", "t:cError", 0),)


def _list_of(name: str) -> Members:
    return ((name, f"t:{name}", -1),)


TYPES: Final[dict[str, Members]] = {
    "cError": (("LastErrorCode", "s:string", 0), ("LastErrorDescription", "s:string", 0)),
    "cResultOpenSession": (*_ERROR, ("SessionID", "s:string", 0)),
    "cResultGetAdministraties": (*_ERROR, ("Administraties", "t:ArrayOfCAdministratie", 0)),
    "ArrayOfCAdministratie": _list_of("cAdministratie"),
    "cAdministratie": tuple(
        (name, "s:string", 0) for name in ("Bedrijf", "Plaats", "Guid", "StartBoekjaar")
    ),
    "cGrootboekrekeningFilter": (
        ("ID", "s:long", 1), ("Code", "s:string", 0), ("Categorie", "s:string", 0),
    ),
    "cResultGetGrootboekrekeningen": (*_ERROR, ("Rekeningen", "t:ArrayOfCGrootboekrekening", 0)),
    "ArrayOfCGrootboekrekening": _list_of("cGrootboekrekening"),
    "cGrootboekrekening": (
        ("ID", "s:long", 1), ("Code", "s:string", 0), ("Omschrijving", "s:string", 0),
        ("Categorie", "s:string", 0), ("Groep", "s:string", 0),
    ),
    "cMutatieFilter": (
        ("MutatieNr", "s:long", 1), ("MutatieNrVan", "s:long", 0), ("MutatieNrTm", "s:long", 0),
        ("Factuurnummer", "s:string", 0), ("DatumVan", "s:dateTime", 1),
        ("DatumTm", "s:dateTime", 1),
    ),
    "cResultGetMutaties": (*_ERROR, ("Mutaties", "t:ArrayOfCMutatieList", 0)),
    "ArrayOfCMutatieList": _list_of("cMutatieList"),
    "cMutatieList": (
        ("MutatieNr", "s:long", 1), ("Soort", "t:enMutatieSoorten", 1), ("Datum", "s:dateTime", 1),
        ("Rekening", "s:string", 0), ("RelatieCode", "s:string", 0),
        ("Factuurnummer", "s:string", 0), ("Boekstuk", "s:string", 0),
        ("Omschrijving", "s:string", 0), ("Betalingstermijn", "s:string", 0),
        ("InExBTW", "s:string", 0), ("MutatieRegels", "t:ArrayOfCMutatieListRegel", 0),
    ),
    "ArrayOfCMutatieListRegel": _list_of("cMutatieListRegel"),
    "cMutatieListRegel": (
        ("BedragInvoer", "s:decimal", 1), ("BedragExclBTW", "s:decimal", 1),
        ("BedragBTW", "s:decimal", 1), ("BedragInclBTW", "s:decimal", 1),
        ("BTWCode", "s:string", 0), ("BTWPercentage", "s:decimal", 1),
        ("Factuurnummer", "s:string", 0), ("TegenrekeningCode", "s:string", 0),
        ("KostenplaatsID", "s:long", 1),
    ),
    "cSaldiFilter": (
        ("KostenPlaatsId", "s:long", 1), ("DatumVan", "s:dateTime", 1),
        ("DatumTot", "s:dateTime", 1), ("Categorie", "s:string", 0),
    ),
    "cResultGetSaldi": (*_ERROR, ("Saldi", "t:ArrayOfCSaldo", 0)),
    "ArrayOfCSaldo": _list_of("cSaldo"),
    "cSaldo": (
        ("ID", "s:long", 1), ("Code", "s:string", 0), ("Categorie", "s:string", 0),
        ("Saldo", "s:double", 1),
    ),
    "cResultGetOpenPosten": (*_ERROR, ("Openposten", "t:ArrayOfCOpenPost", 0)),
    "ArrayOfCOpenPost": _list_of("cOpenPost"),
    "cOpenPost": (
        ("MutDatum", "s:dateTime", 1), ("MutFactuur", "s:string", 0), ("RelCode", "s:string", 0),
        ("RelBedrijf", "s:string", 0), ("Bedrag", "s:double", 1), ("Voldaan", "s:double", 1),
        ("Openstaand", "s:double", 1),
    ),
}  # fmt: skip
ENUMS: Final = {
    "enMutatieSoorten": (
        "FactuurOntvangen", "FactuurVerstuurd", "FactuurbetalingOntvangen",
        "FactuurbetalingVerstuurd", "GeldOntvangen", "GeldUitgegeven", "Memoriaal", "OpeningsSaldo",
    ),
    "enOpenpostenSoort": ("Debiteuren", "Crediteuren"),
}  # fmt: skip


def _filtered(kind: str) -> Members:
    return (*_IN_SESSION, ("cFilter", f"t:{kind}", 0))


OPERATIONS: Final[dict[str, tuple[Members, str | None]]] = {
    "OpenSession": (_OPEN, "cResultOpenSession"),
    "OpenSessionSub": ((*_OPEN, ("AdministratieGUID", "s:string", 0)), "cResultOpenSession"),
    "CloseSession": ((("SessionID", "s:string", 0),), None),
    "GetAdministraties": (_IN_SESSION, "cResultGetAdministraties"),
    "GetGrootboekrekeningen": (
        _filtered("cGrootboekrekeningFilter"),
        "cResultGetGrootboekrekeningen",
    ),
    "GetMutaties": (_filtered("cMutatieFilter"), "cResultGetMutaties"),
    "GetSaldi": (_filtered("cSaldiFilter"), "cResultGetSaldi"),
    "GetOpenPosten": (
        (*_IN_SESSION, ("OpSoort", "t:enOpenpostenSoort", 1)),
        "cResultGetOpenPosten",
    ),
}
"""Arguments in order, and the type of the result."""
