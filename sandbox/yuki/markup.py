"""SOAP 1.1 in and out: which operation with which parameters, results, and faults.

Faults come with status 500 and the wrapping of the vendor's platform. The wordings for a bad key, a
stale session and a malformed number are known; those of limits and rights are made up.
"""

from datetime import datetime
from html import escape
from xml.etree.ElementTree import ParseError

from attrs import frozen
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sandbox.wire import WireRequest, WireResponse

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
YUKI = "http://www.theyukicompany.com/"
_WRAPPED = "Server was unable to process request. ---> "


class Fault(Exception):
    """What the service says instead of a result."""

    def __init__(self, text: str, *, client: bool = False) -> None:
        super().__init__(text)
        self.text = text if client else _WRAPPED + text
        self.code = "soap:Client" if client else "soap:Server"


@frozen
class Call:
    """One operation. A parameter that is spelled or cased otherwise is not there."""

    service: str
    operation: str
    parameters: dict[str, str]

    def text(self, name: str) -> str:
        return self.parameters.get(name, "")

    def number(self, name: str) -> int:
        try:
            return int(self.text(name))
        except ValueError:
            raise Fault("Input string was not in a correct format.") from None

    def moment(self, name: str) -> datetime:
        """A dateTime or a date, the zone left out."""
        try:
            return datetime.fromisoformat(self.text(name)[:19])
        except ValueError:
            raise Fault("String was not recognized as a valid DateTime.") from None


def called(request: WireRequest) -> Call:
    """The call a request makes; a fault when header and body do not agree."""
    try:
        root = fromstring(request.body)
    except (ParseError, DefusedXmlException):
        raise Fault("Server was unable to read request.", client=True) from None
    body = root.find(f"{{{SOAP}}}Body/*")
    action = request.headers.get("soapaction", "").strip('"')
    operation = action.removeprefix(YUKI)
    if body is None or body.tag != f"{{{YUKI}}}{operation}":
        raise Fault(
            f"Server did not recognize the value of HTTP Header SOAPAction: {action}.", client=True
        )
    parameters = {
        one.tag.removeprefix(f"{{{YUKI}}}"): (one.text or "").strip()
        for one in body
        if one.tag.startswith(f"{{{YUKI}}}")
    }
    service = request.path.removeprefix("/ws/").removesuffix(".asmx")
    return Call(service, operation, parameters)


def element(name: str, text: object = "", /, **attributes: object) -> str:
    told = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{told}>{escape(str(text), quote=False)}</{name}>"


def optional(name: str, text: object | None) -> str:
    """Absent optional elements are left out, not empty."""
    return "" if text is None or text == "" else element(name, text)


def money(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def result(operation: str, inner: str | None) -> WireResponse:
    """``inner`` is markup inside the result element; None: the response has no result."""
    told = "" if inner is None else f"<{operation}Result>{inner}</{operation}Result>"
    return _envelope(f'<{operation}Response xmlns="{YUKI}">{told}</{operation}Response>', 200)


def fault_response(fault: Fault) -> WireResponse:
    return _envelope(
        f"<soap:Fault><faultcode>{fault.code}</faultcode>"
        f"{element('faultstring', fault.text)}<detail /></soap:Fault>",
        500,
    )


def _envelope(body: str, status: int) -> WireResponse:
    envelope = (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )
    return WireResponse(status, (("Content-Type", "text/xml; charset=utf-8"),), envelope.encode())
