"""XML-RPC as Odoo speaks it, hardened: no document type, no entities, exact amounts.

The standard library's writer and reader are used with three changes. Document type declarations
are refused, so neither entity expansion nor external files are possible. ``<double>`` becomes a
Decimal of its own text, never a float. How much is read at all is limited by the transport before
a byte arrives here; the reader keeps a stack, not the call stack, so depth costs no recursion.
"""

import xmlrpc.client
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from xml.parsers import expat

from attrs import frozen

CONTENT_TYPE: Final = "text/xml"


class NotXmlRpc(ValueError):
    """The body is no XML-RPC answer."""


@frozen(kw_only=True)
class Fault:
    """The server's refusal. On ``/xmlrpc/2`` the code is an integer: 1 application error (the
    text is a traceback), 2 user error, 3 access denied, 4 access error.
    """

    code: int
    text: str


class _Unmarshaller(xmlrpc.client.Unmarshaller):
    """The standard reader with exact numbers."""


def _end_exact(target: xmlrpc.client.Unmarshaller, data: str) -> None:
    try:
        number = Decimal(data.strip())
    except InvalidOperation:
        raise NotXmlRpc("a number that is none") from None
    target.append(number)
    target._value = False  # noqa: SLF001 - how the standard reader says: this value is complete


_Unmarshaller.dispatch = {**xmlrpc.client.Unmarshaller.dispatch, "double": _end_exact}


def request_body(method: str, parameters: tuple[Any, ...]) -> bytes:
    """A call as bytes. None inside the parameters is our mistake: this protocol has no nil."""
    return xmlrpc.client.dumps(parameters, method, encoding="utf-8").encode()


def parse_answer(body: bytes) -> Any | Fault:  # noqa: ANN401 - a document of any shape
    """The one value of an answer, or the fault. NotXmlRpc for anything else."""
    target = _Unmarshaller()
    target.xml("", None)  # expat has decoded the text already
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = target.start
    parser.EndElementHandler = target.end
    parser.CharacterDataHandler = target.data
    parser.buffer_text = True
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat takes it by position only
        values = target.close()
    except xmlrpc.client.Fault as error:
        return Fault(code=_code(error.faultCode), text=str(error.faultString))
    except NotXmlRpc:
        raise
    except (expat.ExpatError, xmlrpc.client.Error, ValueError, LookupError, TypeError) as error:
        raise NotXmlRpc(type(error).__name__) from None
    if len(values) != 1:
        raise NotXmlRpc("not exactly one value")
    return values[0]


def _refuse(*_: object) -> None:
    raise NotXmlRpc("a document type declaration")


def _code(value: object) -> int:
    return value if isinstance(value, int) else 1
