"""Documents in and out: the SOAP envelope, faults, and elements written as text."""

from html import escape
from xml.etree.ElementTree import Element, ParseError

from attrs import frozen
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sandbox.wire import WireRequest, WireResponse

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TWINFIELD = "http://www.twinfield.com/"
SHARED = "http://schemas.datacontract.org/2004/07/Twinfield.WebServices.Shared"
CONTRACT = "http://schemas.datacontract.org/2004/07/Twinfield.WebServices."
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


class Fault(Exception):
    """A SOAP fault under an HTTP status, with Twinfield's own code in its detail."""

    def __init__(self, status: int, code: int | str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text


class Refused(Exception):
    """An inner document with ``result="0"``; the text is in the user's language."""


@frozen
class Envelope:
    """A request: who asks, for which office, and what."""

    token: str | None
    office: str | None
    body: Element


def parsed(document: bytes | str) -> Element:
    """A whole document, or the fault of invalid XML."""
    try:
        return fromstring(document)
    except (ParseError, DefusedXmlException):
        raise Fault(500, 187, "Invalid XML") from None


def opened(request: WireRequest) -> Envelope:
    root = parsed(request.body)
    header = root.find(f"{{{SOAP}}}Header/*")
    body = root.find(f"{{{SOAP}}}Body/*")
    if body is None:
        raise Fault(500, 187, "Invalid XML")
    token = office = None
    for part in header if header is not None else ():
        name = part.tag.rpartition("}")[2]
        if name == "AccessToken":
            token = part.text
        elif name == "CompanyCode":
            office = part.text
    return Envelope(token, office, body)


def element(tag: str, text: object = "", /, **attributes: object) -> str:
    told = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{tag}{told}>{escape(str(text), quote=False)}</{tag}>"


def xml_response(body: str, status: int = 200) -> WireResponse:
    envelope = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:xsi="{INSTANCE}">'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )
    return WireResponse(status, (("Content-Type", "text/xml; charset=utf-8"),), envelope.encode())


def fault_response(fault: Fault) -> WireResponse:
    side = "soap:Server" if fault.code in {100, 358} else "soap:Client"
    return xml_response(
        f"<soap:Fault><faultcode>{side}</faultcode>{element('faultstring', fault.text)}"
        f"<faultactor>{TWINFIELD}</faultactor><detail>{element('message', fault.text)}"
        f"{element('code', fault.code)}{element('source', 'Twinfield')}</detail></soap:Fault>",
        fault.status,
    )


def text_of(found: Element | None, path: str) -> str:
    """The text below, whatever namespace; empty when there is none."""
    told = None if found is None else found.findtext(path)
    return (told or "").strip()
