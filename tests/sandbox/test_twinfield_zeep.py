"""The stand-in driven by zeep, a SOAP client by others, from the services' published description.

The description below is built here from facts of the public WSDL of ``processxml.asmx`` and of the
finder: names, order, types, what is optional. No byte of it comes from the adapter.
"""

from collections.abc import Iterator
from html import escape
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from lxml import etree
from zeep import Client, Settings, xsd
from zeep.exceptions import Fault
from zeep.transports import Transport

from sandbox.browser import decide
from sandbox.server import Sandbox
from sandbox.twinfield import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.twinfield.tokens import CONNECT, SCOPES

KEY = "twinfield"
NAMESPACE = "http://www.twinfield.com/"
REDIRECT = "http://127.0.0.1:1/back"

HEADER = (
    ("SessionID", "s:string", 0, False),
    ("AccessToken", "s:string", 0, False),
    ("CompanyCode", "s:string", 0, False),
    ("CompanyId", "s:string", 1, True),
)
"""Name, type, least occurrences, nillable; in this order."""

ANY = (
    '<s:complexType mixed="true"><s:sequence><s:any processContents="lax"/></s:sequence>'
    "</s:complexType>"
)
OPERATIONS = {
    "ProcessXmlString": ('type="s:string"/>', 'type="s:string"/>'),
    "ProcessXmlDocument": (f">{ANY}</s:element>", f">{ANY}</s:element>"),
}
"""What the one argument and the one result are."""


def description(address: str) -> bytes:
    """A WSDL 1.1 of those operations at that address."""
    members = "".join(
        f'<s:element minOccurs="{least}" maxOccurs="1" name="{name}" type="{kind}"'
        f"{' nillable=' + chr(34) + 'true' + chr(34) if nillable else ''}/>"
        for name, kind, least, nillable in HEADER
    )
    types = f'<s:element name="Header"><s:complexType><s:sequence>{members}</s:sequence>'
    types += "</s:complexType></s:element>"
    messages = ports = bindings = ""
    for name, (given, told) in OPERATIONS.items():
        for element, part, kind in (
            (name, "xmlRequest", given),
            (f"{name}Response", f"{name}Result", told),
        ):
            types += (
                f'<s:element name="{element}"><s:complexType><s:sequence>'
                f'<s:element minOccurs="0" maxOccurs="1" name="{part}" {kind}'
                "</s:sequence></s:complexType></s:element>"
            ).replace(" >", ">")
        for message, part, element in (
            (f"{name}In", "parameters", name),
            (f"{name}Out", "parameters", f"{name}Response"),
            (f"{name}Header", "Header", "Header"),
        ):
            messages += (
                f'<wsdl:message name="{message}"><wsdl:part name="{part}" element="t:{element}"/>'
                "</wsdl:message>"
            )
        ports += (
            f'<wsdl:operation name="{name}"><wsdl:input message="t:{name}In"/>'
            f'<wsdl:output message="t:{name}Out"/></wsdl:operation>'
        )
        bindings += (
            f'<wsdl:operation name="{name}"><soap:operation soapAction="{NAMESPACE}{name}"'
            ' style="document"/><wsdl:input><soap:body use="literal"/>'
            f'<soap:header message="t:{name}Header" part="Header" use="literal"/></wsdl:input>'
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
        f'<soap:address location="{escape(address)}"/></wsdl:port></wsdl:service>'
        "</wsdl:definitions>"
    ).encode()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=5, lines=300, providers=[KEY]) as running:
        running.settings(KEY, certified=True)
        yield running


@pytest.fixture(scope="module")
def token(sandbox: Sandbox) -> str:
    """By hand: the authorization code flow in two requests."""
    origin = sandbox.url(KEY) + CONNECT
    query = {
        "client_id": SANDBOX_CLIENT_ID,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": "s",
        "nonce": "n",
    }
    landed = decide(str(httpx.URL(f"{origin}/authorize", params=query)))
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(landed).query)["code"][0],
        "redirect_uri": REDIRECT,
    }
    pair = (SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET)
    answer = httpx.post(f"{origin}/token", data=form, auth=pair).json()
    assert answer["expires_in"] == 3_600
    return str(answer["access_token"])


@pytest.fixture(scope="module")
def client(sandbox: Sandbox, token: str) -> Iterator[Client]:
    """Offline: the description is handed over, and the cluster is what the token check says."""
    check = httpx.get(
        f"{sandbox.url(KEY)}{CONNECT}/accesstokenvalidation", params={"token": token}
    ).json()
    address = f"{check['twf.clusterUrl']}/webservices/processxml.asmx"
    make_transport: Any = Transport  # the library has no types
    make_client: Any = Client
    transport = make_transport(timeout=10)
    yield make_client(
        BytesIO(description(address)), transport=transport, settings=Settings(strict=True)
    )
    transport.session.close()


def header(token: str, office: str | None = "1001") -> dict[str, object]:
    told: dict[str, object] = {"AccessToken": token, "CompanyId": xsd.Nil}
    return {"Header": told | ({"CompanyCode": office} if office else {})}


def as_document(client: Client, token: str, inner: str) -> etree._Element:
    asked = etree.fromstring(inner)
    told = client.service.ProcessXmlDocument(
        xmlRequest={"_value_1": asked}, _soapheaders=header(token)
    )
    assert isinstance(told, etree._Element)
    return told


def test_zeep_lists_offices_as_string_and_as_document(client: Client, token: str) -> None:
    inner = "<list><type>offices</type></list>"
    told = client.service.ProcessXmlString(xmlRequest=inner, _soapheaders=header(token, None))
    as_string = etree.fromstring(told)
    assert as_string.get("result") == "1"
    codes = [one.text for one in as_string.iterfind("office")]
    assert "1001" in codes
    document = as_document(client, token, inner)
    assert [one.text for one in document.iterfind("office")] == codes


def test_zeep_reads_dimensions_and_the_one_that_closes_the_list(client: Client, token: str) -> None:
    inner = "<read><type>dimensions</type><office>1001</office><dimtype>DEB</dimtype></read>"
    dimensions = as_document(client, token, inner)
    codes = [(one.findtext("code") or "").strip() for one in dimensions.iterfind("dimension")]
    assert codes[-1] == "DEB"
    assert len(codes) > 2
    assert all(one.get("status") == "active" for one in dimensions)


COLUMN_TYPES = {
    "fin.trs.head.year": "Number",
    "fin.trs.head.status": "String",
    "fin.trs.head.date": "Date",
    "fin.trs.line.basevaluesigned": "Value",
}
"""Types of cells as recorded answers name them."""


def test_zeep_browses_the_ledger_which_balances(client: Client, token: str) -> None:
    shown = "".join(
        f"<column><field>{name}</field><visible>true</visible></column>" for name in COLUMN_TYPES
    )
    inner = (
        '<columns code="030_3"><column><field>fin.trs.head.yearperiod</field>'
        "<visible>false</visible><ask>true</ask><operator>between</operator>"
        f"<from>2000/00</from><to>2099/56</to></column>{shown}</columns>"
    )
    browse = as_document(client, token, inner)
    rows = browse.findall("tr")
    assert browse.get("first") == "1"
    assert browse.get("last") == browse.get("total") == str(len(rows))
    assert len(rows) > 100
    cents = 0
    for row in rows:
        cells = {one.get("field"): one for one in row.iterfind("td")}
        assert {name: cells[name].get("type") for name in COLUMN_TYPES} == COLUMN_TYPES
        assert [one.tag for one in row.iterfind("key/*")] == ["office", "code", "number", "line"]
        cents += int((cells["fin.trs.line.basevaluesigned"].text or "").replace(".", ""))
    assert cents == 0


ITEM_TYPES = {
    "fin.trs.head.code": "String",
    "fin.trs.line.dim2": "String",
    "fin.trs.line.valuesigned": "Value",
    "fin.trs.line.basevaluesigned": "Value",
    "fin.trs.line.openbasevaluesigned": "Value",
    "fin.trs.line.openvaluesigned": "Value",
    "fin.trs.line.datedue": "Date",
    "fin.trs.line.matchstatus": "String",
    "fin.trs.line.matchdate": "Date",
    "fin.trs.line.modified": "Datetime",
}
"""Of the recorded definition of browse code 100; types as recorded, of dates as elsewhere."""


@pytest.mark.parametrize("code", ["100", "200"])
def test_zeep_browses_what_customers_and_suppliers_owe(
    client: Client, token: str, code: str
) -> None:
    shown = "".join(
        f"<column><field>{name}</field><visible>true</visible></column>" for name in ITEM_TYPES
    )
    rows = as_document(client, token, f'<columns code="{code}">{shown}</columns>').findall("tr")
    statuses: dict[str, int] = {}
    for row in rows:
        cells = {str(one.get("field")): one for one in row.iterfind("td")}
        assert {name: cells[name].get("type") for name in ITEM_TYPES} == ITEM_TYPES
        told = {name.rpartition(".")[2]: one.text or "" for name, one in cells.items()}
        is_open = float(told["openbasevaluesigned"]) != 0
        assert is_open == (told["matchstatus"] == "available") == (not told["matchdate"])
        assert abs(float(told["openbasevaluesigned"])) <= abs(float(told["basevaluesigned"]))
        assert len(told["modified"]) == 14
        statuses[told["matchstatus"]] = statuses.get(told["matchstatus"], 0) + 1
    assert statuses.keys() == {"available", "matched"}
    open_only = (
        "<column><field>fin.trs.line.matchstatus</field><visible>true</visible><ask>true</ask>"
        "<operator>equal</operator><from>available</from><to/></column>"
    )
    found = as_document(client, token, f'<columns code="{code}">{open_only}</columns>')
    assert found.get("total") == str(statuses["available"])


def test_zeep_is_told_a_business_error_with_status_200(client: Client, token: str) -> None:
    refused = as_document(client, token, '<columns code="999"/>')
    assert (refused.get("result"), refused.get("msgtype")) == ("0", "error")
    assert refused.get("msg")


def test_zeep_meets_the_faults_of_the_vendors_table(client: Client, token: str) -> None:
    inner = "<read><type>office</type></read>"
    for headers, code in (
        (header("nonsense"), "354"),
        (header(token, None), "101"),
        (header(token, "9999"), "102"),
    ):
        with pytest.raises(Fault) as caught:
            client.service.ProcessXmlString(xmlRequest=inner, _soapheaders=headers)
        assert caught.value.detail.findtext("code") == code
