"""The stand-in driven by zeep, a SOAP client by others, from the services' published description.

The descriptions below are built here from facts of the public WSDLs: operations, parameters and
members with their spelling, order and types, and which results are typed as "any". No byte of them
comes from the adapter.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.transports import Transport

from sandbox.server import Sandbox
from sandbox.yuki import SANDBOX_ACCESS_KEY

KEY = "yuki"
NAMESPACE = "http://www.theyukicompany.com/"
ANY = "any"

Members = tuple[tuple[str, str], ...]
"""Name and type. Texts may be left out, numbers and dates may not; ``?`` marks a nillable one."""

TRANSACTION: Members = (
    *(("id", "string"), ("hID", "string"), ("transactionDate", "dateTime")),
    *(("description", "string"), ("transactionAmount", "decimal")),
    *(("transactionAmountForeignCurrency", "decimal"), ("currencyRate", "decimal")),
    *(("currency", "string"), ("taxCodeDescription", "string"), ("fullName", "string")),
    *(("CoCNumber", "string"), ("VATNumber", "string"), ("contactHID", "int")),
    *(("contactCode", "string"), ("contactCountry", "string"), ("contactZipcode", "string")),
    *(("project", "string"), ("projectCode", "string"), ("glAccountCode", "string")),
    *(("documentID", "string"), ("documentReference", "string"), ("documentType", "string")),
    *(("documentFolder", "string"), ("documentFolderTab", "string"), ("contactID", "string")),
    *(("periodId", "string"), ("company", "string"), ("mutationUser", "string")),
)
TYPES: Mapping[str, Members] = {
    "TransactionInfo": TRANSACTION,
    "GlAccount": (
        *(("code", "string"), ("type", "int"), ("subtype", "int"), ("isEnabled", "boolean")),
        *(("descripton", "string"), ("descriptionNL", "string"), ("descriptionFR", "string")),
        *(("descriptionEN", "string"), ("isVATApplicable", "boolean")),
        *(("deductableVATPercentage", "decimal"), ("professionalPercentage", "decimal")),
    ),
    "AdministrationPeriod": (
        *(("name", "string"), ("period", "dateTime"), ("wholePeriod", "string")),
        ("ISO8601Period", "boolean"),
    ),
    "VATCode": (
        *(("description", "string"), ("type", "int"), ("typeDescription", "string")),
        *(("percentage", "decimal"), ("country", "string")),
        *(("startDate", "dateTime?"), ("endDate", "dateTime?")),
    ),
    "UpdatedTransaction": (
        *(("id", "string"), ("transactionDate", "dateTime"), ("description", "string")),
        *(("transactionAmount", "decimal"), ("transactionAmountForeignCurrency", "decimal")),
        *(("currencyRate", "decimal"), ("currency", "string"), ("contactID", "string")),
        *(("fullName", "string"), ("glAccountCode", "string"), ("documentID", "string")),
        *(("project", "string"), ("projectCode", "string"), ("created", "dateTime")),
        *(("updated", "dateTime"), ("deleted", "boolean")),
    ),
}

SESSION = ("sessionID", "string")
OF_ADMINISTRATION = (SESSION, ("administrationID", "string"))
OPEN_ITEMS = (
    *OF_ADMINISTRATION,
    *(("includeBankTransactions", "boolean"), ("sortOrder", "string")),
)
GENERAL: Mapping[str, tuple[Members, str]] = {
    "Authenticate": ((("accessKey", "string"),), "string"),
    "Administrations": ((SESSION,), ANY),
    "Domains": ((SESSION,), ANY),
    "SetCurrentDomain": ((SESSION, ("domainID", "string")), ""),
}
SERVICES: Mapping[str, Mapping[str, tuple[Members, str]]] = {
    "AccountingInfo": {
        **GENERAL,
        "GetGLAccountScheme": (OF_ADMINISTRATION, "GlAccount*"),
        "GetPeriodDateTable": (
            (*OF_ADMINISTRATION, ("yearID", "int")),
            "AdministrationPeriod",
        ),
        "GetTransactionDetails": (
            (
                *OF_ADMINISTRATION,
                *(("GLAccountCode", "string"), ("StartDate", "dateTime")),
                *(("EndDate", "dateTime"), ("financialMode", "int")),
            ),
            "TransactionInfo*",
        ),
    },
    "Accounting": {
        **GENERAL,
        "GLAccountBalance": ((*OF_ADMINISTRATION, ("transactionDate", "dateTime")), ANY),
        "OutstandingDebtorItems": (OPEN_ITEMS, ANY),
        "OutstandingCreditorItems": (OPEN_ITEMS, ANY),
    },
    "Vat": {**GENERAL, "ActiveVATCodesList": (OF_ADMINISTRATION, "VATCode*")},
    "ChangeDigest": {
        **GENERAL,
        "GetUpdatedAndDeletedTransactions": (
            (
                *OF_ADMINISTRATION,
                *(("startDate", "dateTime"), ("endDate", "dateTime")),
                *(("numberOfRecords", "int"), ("startRecord", "int")),
            ),
            "UpdatedTransaction*",
        ),
    },
    "Contact": {
        **GENERAL,
        "SearchContacts": (
            (
                *(SESSION, ("domainID", "string"), ("searchOption", "string")),
                *(("searchValue", "string"), ("sortOrder", "string")),
                *(("modifiedAfter", "dateTime?"), ("active", "string"), ("pageNumber", "int")),
            ),
            ANY,
        ),
    },
}


def member(name: str, kind: str) -> str:
    plain = kind.rstrip("?")
    least = 0 if plain == "string" else 1
    nillable = ' nillable="true"' if kind.endswith("?") else ""
    return f'<s:element minOccurs="{least}" name="{name}" type="s:{plain}"{nillable}/>'


def sequence(inner: str) -> str:
    return f"<s:complexType><s:sequence>{inner}</s:sequence></s:complexType>"


def told(name: str, kind: str) -> str:
    """The result member of a response."""
    if not kind:
        return ""
    if kind == ANY:
        anything = '<s:complexType mixed="true"><s:sequence><s:any/></s:sequence></s:complexType>'
        return f'<s:element minOccurs="0" name="{name}Result">{anything}</s:element>'
    if kind == "string":
        return f'<s:element minOccurs="0" name="{name}Result" type="s:string"/>'
    if not kind.endswith("*"):
        return f'<s:element minOccurs="0" name="{name}Result" type="t:{kind}"/>'
    plain = kind.removesuffix("*")
    listed = f'<s:element minOccurs="0" maxOccurs="unbounded" name="{plain}" type="t:{plain}"/>'
    return f'<s:element minOccurs="0" name="{name}Result">{sequence(listed)}</s:element>'


def description(address: str, service: str) -> bytes:
    """A WSDL 1.1 of one service at that address."""
    types = "".join(
        f'<s:complexType name="{name}"><s:sequence>'
        f"{''.join(member(*one) for one in members)}</s:sequence></s:complexType>"
        for name, members in TYPES.items()
    )
    messages = ports = bindings = ""
    for name, (given, kind) in SERVICES[service].items():
        asked = "".join(member(*one) for one in given)
        types += f'<s:element name="{name}">{sequence(asked)}</s:element>'
        types += f'<s:element name="{name}Response">{sequence(told(name, kind))}</s:element>'
        for message, element in ((f"{name}In", name), (f"{name}Out", f"{name}Response")):
            messages += (
                f'<wsdl:message name="{message}"><wsdl:part name="parameters"'
                f' element="t:{element}"/></wsdl:message>'
            )
        ports += (
            f'<wsdl:operation name="{name}"><wsdl:input message="t:{name}In"/>'
            f'<wsdl:output message="t:{name}Out"/></wsdl:operation>'
        )
        bindings += (
            f'<wsdl:operation name="{name}"><soap:operation soapAction="{NAMESPACE}{name}"'
            ' style="document"/><wsdl:input><soap:body use="literal"/></wsdl:input>'
            '<wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>'
        )
    return (
        '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"'
        ' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"'
        f' xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:t="{NAMESPACE}"'
        f' targetNamespace="{NAMESPACE}"><wsdl:types>'
        f'<s:schema elementFormDefault="qualified" targetNamespace="{NAMESPACE}">{types}</s:schema>'
        f'</wsdl:types>{messages}<wsdl:portType name="P">{ports}</wsdl:portType>'
        '<wsdl:binding name="B" type="t:P">'
        '<soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>'
        f'{bindings}</wsdl:binding><wsdl:service name="S"><wsdl:port name="Q" binding="t:B">'
        f'<soap:address location="{address}/ws/{service}.asmx"/></wsdl:port></wsdl:service>'
        "</wsdl:definitions>"
    ).encode()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=5, lines=300, providers=[KEY]) as running:
        yield running


@pytest.fixture(scope="module")
def clients(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Offline: the descriptions are handed over."""
    make_transport: Any = Transport  # the library has no types
    make_client: Any = Client
    transport = make_transport(timeout=10)
    yield {
        service: make_client(
            BytesIO(description(sandbox.url(KEY), service)),
            transport=transport,
            settings=Settings(strict=True),
        ).service
        for service in SERVICES
    }
    transport.session.close()


@pytest.fixture(scope="module")
def session(clients: dict[str, Any]) -> str:
    """Made at one service and good at all of them."""
    return str(clients["Accounting"].Authenticate(accessKey=SANDBOX_ACCESS_KEY))


def inside(answer: Any) -> etree._Element:  # noqa: ANN401 - what the library makes of "any"
    found = answer["_value_1"] if not isinstance(answer, etree._Element) else answer
    found = found[0] if isinstance(found, list) else found
    assert isinstance(found, etree._Element)
    return found


@pytest.fixture(scope="module")
def administration(clients: dict[str, Any], session: str) -> etree._Element:
    listed = inside(clients["AccountingInfo"].Administrations(sessionID=session))
    assert listed.tag == "Administrations", "in no namespace"
    return listed[0]


def text(element: etree._Element, name: str) -> str:
    return element.findtext(name) or ""


def test_zeep_lists_domains_and_administrations(
    clients: dict[str, Any], session: str, administration: etree._Element
) -> None:
    domains = inside(clients["Contact"].Domains(sessionID=session))
    assert text(administration, "DomainID") in {one.get("ID") for one in domains}
    assert administration.get("ID") != text(administration, "DomainID")
    assert text(administration, "Active") == "true"
    assert date.fromisoformat(text(administration, "StartDate")) == date(2025, 1, 1)


def test_zeep_reads_typed_lines_that_agree_with_the_balances(
    clients: dict[str, Any], session: str, administration: etree._Element
) -> None:
    key = administration.get("ID")
    info = clients["AccountingInfo"]
    lines = info.GetTransactionDetails(
        sessionID=session,
        administrationID=key,
        GLAccountCode="",
        StartDate=datetime(1990, 1, 1),  # noqa: DTZ001 - the service knows no zone
        EndDate=datetime(2025, 12, 31),  # noqa: DTZ001
        financialMode=0,
    )
    assert len(lines) > 50
    assert sum(one.transactionAmount for one in lines) == Decimal(0)
    assert all(isinstance(one.transactionDate, datetime) for one in lines)
    assert any(one.documentID is None for one in lines)
    sums: dict[str, Decimal] = {}
    for one in lines:
        sums[one.glAccountCode] = sums.get(one.glAccountCode, Decimal(0)) + one.transactionAmount
    balances = inside(
        clients["Accounting"].GLAccountBalance(
            sessionID=session,
            administrationID=key,
            transactionDate=datetime(2025, 12, 31),  # noqa: DTZ001
        )
    )
    assert balances.tag == "GLAccountBalance"
    assert {one.get("BalanceType") for one in balances} == {"B", "W"}
    assert {str(one.get("Code")): Decimal(text(one, "Amount")) for one in balances} == sums
    codes = {one.code for one in info.GetGLAccountScheme(sessionID=session, administrationID=key)}
    assert sums.keys() <= codes


def test_zeep_reads_a_fiscal_year_vat_codes_and_changes(
    clients: dict[str, Any], session: str, administration: etree._Element, sandbox: Sandbox
) -> None:
    key = administration.get("ID")
    year = clients["AccountingInfo"].GetPeriodDateTable(
        sessionID=session, administrationID=key, yearID=2025
    )
    assert year.wholePeriod == "2025-01-01T00:00:00 2025-12-31T00:00:00"
    assert year.period.year == 2025
    codes = clients["Vat"].ActiveVATCodesList(sessionID=session, administrationID=key)
    assert {one.percentage for one in codes} >= {Decimal(21), Decimal(9)}
    assert {one.startDate for one in codes} == {None}
    sandbox.edit(KEY, {"administration": key, "kind": "add-entry"})
    sandbox.edit(KEY, {"administration": key, "kind": "delete-entry"})
    now = sandbox.clock.now()
    changes = clients["ChangeDigest"].GetUpdatedAndDeletedTransactions(
        sessionID=session,
        administrationID=key,
        startDate=now.replace(year=now.year - 1),
        endDate=now.replace(year=now.year + 1),
        numberOfRecords=100,
        startRecord=0,
    )
    assert {one.deleted for one in changes} == {True, False}


@pytest.mark.parametrize(("whose", "kind"), [("Debtor", "6"), ("Creditor", "2")])
def test_zeep_reads_open_items_that_agree_with_the_balance(
    clients: dict[str, Any], session: str, administration: etree._Element, whose: str, kind: str
) -> None:
    """Members and their types as in the vendor's article."""
    key = administration.get("ID")
    accounting = clients["Accounting"]
    items = inside(
        getattr(accounting, f"Outstanding{whose}Items")(
            sessionID=session,
            administrationID=key,
            includeBankTransactions=False,
            sortOrder="DateAsc",
        )
    )
    assert items.tag == f"Outstanding{whose}Items", "in no namespace"
    total = Decimal(0)
    for one in items:
        assert one.tag == "Item"
        assert date.fromisoformat(text(one, "Date")) <= date.fromisoformat(text(one, "DueDate"))
        kind_element = one.find("Type")
        assert kind_element is not None
        assert kind_element.get("ID") == kind
        left, original = Decimal(text(one, "OpenAmount")), Decimal(text(one, "OriginalAmount"))
        assert 0 < left / original <= 1
        assert text(one, "DocumentID")
        total += left
    balances = inside(
        accounting.GLAccountBalance(
            sessionID=session,
            administrationID=key,
            transactionDate=datetime(2027, 12, 31),  # noqa: DTZ001
        )
    )
    wanted = {"Debtor": "1300", "Creditor": "1600"}[whose]
    (held,) = (Decimal(text(one, "Amount")) for one in balances if one.get("Code") == wanted)
    assert total == (held if whose == "Debtor" else -held)


def test_zeep_pages_through_contacts_of_the_current_domain(
    clients: dict[str, Any], session: str, administration: etree._Element, sandbox: Sandbox
) -> None:
    sandbox.settings(KEY, contacts_page=10)
    domain_id = text(administration, "DomainID")
    service = clients["Contact"]
    service.SetCurrentDomain(sessionID=session, domainID=domain_id)
    asked = {
        "sessionID": session,
        "domainID": domain_id,
        "searchOption": "All",
        "searchValue": "",
        "sortOrder": "CreatedAsc",
        "modifiedAfter": datetime(1990, 1, 1),  # noqa: DTZ001
        "active": "Both",
    }
    seen: list[str] = []
    for page in range(1, 50):
        found = inside(service.SearchContacts(**asked, pageNumber=page))
        if not len(found):
            break
        seen += [str(one.get("ID")) for one in found]
        for one in found:
            modified = datetime.strptime(text(one, "Modified"), "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007
            assert modified.year == 2024
            assert text(one, "IsCustomer") in {"True", "False"}
    assert len(seen) == len(set(seen)) > 10


def test_zeep_meets_faults_in_the_vendors_words(clients: dict[str, Any], session: str) -> None:
    with pytest.raises(Fault, match="Invalid access key"):
        clients["Vat"].Authenticate(accessKey="nonsense")
    with pytest.raises(Fault, match="Invalid session ID"):
        clients["Vat"].ActiveVATCodesList(sessionID="nonsense", administrationID="x")
    scheme = clients["AccountingInfo"].GetGLAccountScheme(sessionID=session, administrationID="x")
    assert not scheme, "an id that is no administration has an empty answer"
