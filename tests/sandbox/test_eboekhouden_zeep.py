"""The stand-in's SOAP service driven by zeep, a client by others, from the published description.

The description is built here from facts of the public WSDL: names, order, types, what is optional.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from html import escape
from io import BytesIO
from typing import Any

import pytest
from zeep import Client, Settings
from zeep.transports import Transport

from sandbox.eboekhouden import SANDBOX_CODE_1, SANDBOX_CODE_2, SANDBOX_USER
from sandbox.server import Sandbox
from tests.sandbox.eboekhouden_facts import (
    ENUMS,
    OPERATIONS,
    SOAP_NAMESPACE,
    TYPES,
    Members,
)

KEY = "eboekhouden"
EVER = {
    "DatumVan": datetime.fromisoformat("1900-01-01"),
    "DatumTm": datetime.fromisoformat("2200-01-01"),
}
FIRST_DAY, LAST_DAY = map(datetime.fromisoformat, ("2025-01-01", "2025-12-31"))


def sequence(members: Members) -> str:
    inside = ""
    for name, kind, least in members:
        many = ' maxOccurs="unbounded" nillable="true"' if least < 0 else ' maxOccurs="1"'
        inside += f'<s:element minOccurs="{max(least, 0)}"{many} name="{name}" type="{kind}"/>'
    return f"<s:sequence>{inside}</s:sequence>"


def description(address: str) -> bytes:
    """A WSDL 1.1 of the operations that read."""
    types = "".join(
        f'<s:complexType name="{name}">{sequence(members)}</s:complexType>'
        for name, members in TYPES.items()
    )
    for name, values in ENUMS.items():
        inside = "".join(f'<s:enumeration value="{value}"/>' for value in values)
        types += f'<s:simpleType name="{name}"><s:restriction base="s:string">{inside}'
        types += "</s:restriction></s:simpleType>"
    messages = ports = bindings = ""
    for name, (asked, result) in OPERATIONS.items():
        told: Members = ((f"{name}Result", f"t:{result}", 0),) if result else ()
        for element, members in ((name, asked), (f"{name}Response", told)):
            types += f'<s:element name="{element}"><s:complexType>{sequence(members)}'
            types += "</s:complexType></s:element>"
            messages += f'<wsdl:message name="{element}"><wsdl:part name="parameters"'
            messages += f' element="t:{element}"/></wsdl:message>'
        ports += f'<wsdl:operation name="{name}"><wsdl:input message="t:{name}"/>'
        ports += f'<wsdl:output message="t:{name}Response"/></wsdl:operation>'
        bindings += (
            f'<wsdl:operation name="{name}"><soap:operation style="document"'
            f' soapAction="{SOAP_NAMESPACE}/{name}"/><wsdl:input><soap:body use="literal"/>'
            '</wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>'
        )
    return (
        '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"'
        ' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"'
        f' xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:t="{SOAP_NAMESPACE}"'
        f' targetNamespace="{SOAP_NAMESPACE}"><wsdl:types><s:schema'
        f' elementFormDefault="qualified" targetNamespace="{SOAP_NAMESPACE}">{types}</s:schema>'
        f'</wsdl:types>{messages}<wsdl:portType name="P">{ports}</wsdl:portType>'
        '<wsdl:binding name="B" type="t:P">'
        '<soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>'
        f'{bindings}</wsdl:binding><wsdl:service name="S"><wsdl:port name="Q" binding="t:B">'
        f'<soap:address location="{escape(address)}/soap.asmx"/></wsdl:port></wsdl:service>'
        "</wsdl:definitions>"
    ).encode()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=5, lines=2_400, providers=[KEY]) as running:
        yield running


@pytest.fixture(scope="module")
def service(sandbox: Sandbox) -> Iterator[Any]:
    make_transport: Any = Transport  # the library has no types
    make_client: Any = Client
    transport = make_transport(timeout=10)
    document = BytesIO(description(sandbox.url(KEY)))
    yield make_client(document, transport=transport, settings=Settings(strict=True)).service
    transport.session.close()


@pytest.fixture
def session(service: Any) -> dict[str, str]:  # noqa: ANN401 - the library has no types
    told = service.OpenSession(SANDBOX_USER, SANDBOX_CODE_1, SANDBOX_CODE_2, "zeep")
    assert told.SessionID.startswith("{")
    return {"SessionID": told.SessionID, "SecurityCode2": SANDBOX_CODE_2}


def test_zeep_is_refused_with_wrong_codes(service: Any) -> None:  # noqa: ANN401 - as above
    told = service.OpenSession(SANDBOX_USER, "wrong", SANDBOX_CODE_2, "zeep")
    assert told.ErrorMsg.LastErrorCode
    assert told.SessionID is None


def test_zeep_is_told_that_a_session_is_over(service: Any, session: dict[str, str]) -> None:  # noqa: ANN401 - as above
    service.CloseSession(session["SessionID"])
    told = service.GetAdministraties(**session)
    assert told.ErrorMsg.LastErrorCode == "E0023"
    assert told.Administraties is None


def test_zeep_reads_accounts_and_balances_that_come_to_nothing(
    service: Any,  # noqa: ANN401 - as above
    session: dict[str, str],
) -> None:
    accounts = service.GetGrootboekrekeningen(**session, cFilter={"ID": 0})
    codes = {one.Code: one.Categorie for one in accounts.Rekeningen.cGrootboekrekening}
    assert {"DEB", "CRED", "FIN", "VOOR", "AF6", "AF19", "AFOVERIG", "BTWRC"} <= set(codes.values())
    year = {"DatumVan": FIRST_DAY, "DatumTot": LAST_DAY}
    asked = {"KostenPlaatsId": 0, **year}
    balances = service.GetSaldi(**session, cFilter=asked).Saldi.cSaldo
    assert {one.Code for one in balances} == set(codes)
    assert sum(Decimal(str(one.Saldo)) for one in balances) == 0


def test_zeep_is_given_the_newest_500_and_windows(
    service: Any,  # noqa: ANN401 - as above
    session: dict[str, str],
) -> None:
    newest = service.GetMutaties(**session, cFilter={"MutatieNr": 0, **EVER}).Mutaties.cMutatieList
    numbers = [one.MutatieNr for one in newest]
    assert len(numbers) == 500
    window = {"MutatieNr": 0, "MutatieNrVan": 0, "MutatieNrTm": numbers[0] - 1, **EVER}
    rest = service.GetMutaties(**session, cFilter=window).Mutaties.cMutatieList
    assert rest[0].MutatieNr == 0
    assert rest[0].Soort == "OpeningsSaldo"
    assert {one.Soort for one in (*rest, *newest)} == set(ENUMS["enMutatieSoorten"])
    nothing = {**window, "MutatieNrVan": 900_000, "MutatieNrTm": 900_500}
    # An empty result element: the library makes nothing of it.
    assert service.GetMutaties(**session, cFilter=nothing) is None


def test_zeep_reads_rows_whose_amounts_agree(service: Any, session: dict[str, str]) -> None:  # noqa: ANN401 - as above
    found = service.GetMutaties(**session, cFilter={"MutatieNr": 0, **EVER}).Mutaties.cMutatieList
    rows = [(one, row) for one in found for row in one.MutatieRegels.cMutatieListRegel]
    assert len(rows) > 500
    for one, row in rows:
        if "VERL" in row.BTWCode:
            assert row.BedragInclBTW == row.BedragExclBTW
            assert one.InExBTW == "EX"
        else:
            assert row.BedragInclBTW == row.BedragExclBTW + row.BedragBTW
        entered = row.BedragInclBTW if one.InExBTW == "IN" else row.BedragExclBTW
        assert row.BedragInvoer == entered


def test_zeep_opens_the_books_of_a_client(service: Any, session: dict[str, str]) -> None:  # noqa: ANN401 - as above
    told = service.GetAdministraties(**session).Administraties.cAdministratie
    other = next(one for one in told if one.Bedrijf.startswith("Brouwerij"))
    opened = service.OpenSessionSub(
        SANDBOX_USER, SANDBOX_CODE_1, SANDBOX_CODE_2, "zeep", other.Guid
    )
    inside = {**session, "SessionID": opened.SessionID}
    accounts = service.GetGrootboekrekeningen(**inside, cFilter={"ID": 0})
    assert "440000" in {one.Code for one in accounts.Rekeningen.cGrootboekrekening}


@pytest.mark.parametrize("side", ENUMS["enOpenpostenSoort"])
def test_zeep_reads_open_items(service: Any, session: dict[str, str], side: str) -> None:  # noqa: ANN401 - as above
    told = service.GetOpenPosten(**session, OpSoort=side).Openposten.cOpenPost
    assert told
    for one in told:
        assert one.Openstaand
        assert round(one.Bedrag - one.Voldaan, 2) == one.Openstaand
