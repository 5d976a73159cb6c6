"""SOAP 1.1 over the kit's transport: envelopes out, bodies or faults back.

A fault is judged by the provider's failure table under whatever status it comes, 200 included: the
signal's reason is ``Client [354]`` (the fault code without prefix, then every code of its detail in
brackets), its text the fault string. Answers are held whole (``ask``) or read as they arrive
(``read``).
"""

import html
import re
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import field, frozen

from adapters.providers.kit.calls import Answer, Charge, NoAnswer, Request
from adapters.providers.kit.retry_table import Decision, Signal
from adapters.providers.kit.transport import Transport
from adapters.providers.kit.xml import (
    CutShort,
    Element,
    Reading,
    elements,
    local_name,
    text_at,
    whole,
)
from core.domain.failures import Failure, FixSettings, NotUnderstood

ENVELOPE_NAMESPACE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
HELD_BYTES_MAX: Final = 8 * 1024 * 1024
"""Of an answer held whole; its tree takes some ten times that. Lists are read as they arrive."""
FAULT_BYTES_MAX: Final = 64 * 1024
"""Of an answer looked at for a fault. A longer one is no fault."""
DETAIL_CODES_MAX: Final = 5

_ENVELOPE: Final = f"{{{ENVELOPE_NAMESPACE}}}Envelope"
_BODY: Final = f"{{{ENVELOPE_NAMESPACE}}}Body"
_FAULT: Final = f"{{{ENVELOPE_NAMESPACE}}}Fault"
_REASON_CHARACTERS_MAX: Final = 100
_UNSENDABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@frozen(kw_only=True)
class Operation:
    """One call. ``header`` and ``body`` are the markup inside the envelope's two parts.

    Calls that only read may be repeated; a login is not. ``about`` names for people what is read.
    """

    url: str
    action: str
    """The SOAPAction, without quotes."""
    body: str = field(repr=False)
    header: str = field(default="", repr=False)
    about: str
    charges: tuple[Charge, ...] = ()
    lost_is_final: bool = False
    read_seconds: float | None = None
    bytes_max: int | None = None
    """Of the answer; None: HELD_BYTES_MAX held, the transport's limit read as it arrives."""
    repeatable: bool = True


class BrokeOff(NoAnswer):
    """An answer that had begun to arrive did not come whole: what was read of it may be kept."""

    default_code = "broke-off"


@frozen(kw_only=True)
class Fault:
    """A refusal. ``reason`` is ``Client [354]``, ``text`` the provider's wording."""

    reason: str
    text: str


def escaped(text: str) -> str:
    """Text as content or attribute value; FixSettings for characters XML cannot carry."""
    if _UNSENDABLE.search(text):
        raise FixSettings(
            "A key or code holds a character that cannot be sent: enter it again.",
            code="unsendable",
        )
    return html.escape(text)


def tag(name: str, *content: str, **attributes: str) -> str:
    """An element. ``content`` is markup; attribute values are plain text.

    ``name`` may carry attributes that cannot be keywords: ``Ask xmlns="urn:x"``.
    """
    attached = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{attached}>{''.join(content)}</{name.split(' ', 1)[0]}>"


def envelope(body: str, header: str = "") -> bytes:
    """A whole request document in UTF-8."""
    head = f"<soap:Header>{header}</soap:Header>" if header else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPE_NAMESPACE}"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{head}<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


class SoapTransport(Transport):
    """The kit's transport for services that speak SOAP 1.1."""

    def ask(self, operation: Operation) -> Element:
        """The one element inside the body of a whole answer."""
        reading = self._reading(operation)
        answer = self.send(_request(operation, operation.bytes_max or HELD_BYTES_MAX))
        try:
            root = whole(answer.body, reading)
        except NotUnderstood as error:
            raise self._no_answer_if_cut(error) from None
        body = root.find(_BODY) if root.tag == _ENVELOPE else None
        if body is None or len(body) != 1:
            raise self._no_envelope(root, reading)
        return body[0]

    def read(self, operation: Operation, wanted: Sequence[str]) -> Iterator[Element]:
        """The ``wanted`` elements of an answer as they arrive; as ``kit.xml.elements`` gives them.

        An answer that breaks off raises BrokeOff, a fault its meaning; both may come after elements
        were given. No other call may be made before the iterator is exhausted or closed.
        """
        reading = self._reading(operation)
        last = ""
        with self.stream(_request(operation, operation.bytes_max)) as answer:
            try:
                for element in elements(answer.chunks, (*wanted, _FAULT, _ENVELOPE), reading):
                    last = str(element.tag)
                    if last == _FAULT:
                        raise self._judged(_fault(element), answer, operation.about).failure
                    if last != _ENVELOPE:
                        yield element
            except NoAnswer as error:
                raise BrokeOff(error.sentence, detail=error.detail, code=error.code) from None
            except NotUnderstood as error:
                raise self._no_answer_if_cut(error) from None
        if last != _ENVELOPE:
            raise reading.not_understood("its root is no SOAP envelope")

    def is_good(self, answer: Answer) -> bool:
        return answer.is_success and fault_of(answer.body) is None

    def judge(self, answer: Answer, *, about: str = "") -> Decision:
        fault = fault_of(answer.body)
        if fault is None:
            return super().judge(answer, about=about)
        return self._judged(fault, answer, about)

    def _judged(self, fault: Fault, answer: Answer, about: str) -> Decision:
        signal = Signal(
            status=answer.status,
            reason=fault.reason,
            text=fault.text,
            headers=answer.headers,
            host=answer.host,
            about=about,
        )
        return self._table.decide(signal, self._kit.clock.now())

    def _reading(self, operation: Operation) -> Reading:
        return Reading(sender=self._table.provider, what=operation.about)

    def _no_envelope(self, root: Element, reading: Reading) -> Failure:
        if local_name(root).casefold() == "html":
            return self._no_answer("a web page")
        return reading.not_understood("no SOAP envelope with one element in its body")

    def _no_answer_if_cut(self, error: NotUnderstood) -> Failure:
        """What plainly is not the service itself (half an answer, a web page) may pass later."""
        if isinstance(error, CutShort) or error.code == "xml-document-type":
            return self._no_answer(error.detail)
        return error

    def _no_answer(self, detail: str) -> BrokeOff:
        return BrokeOff(
            f"{self._table.provider} sent no whole answer: the import is tried again later.",
            detail=detail,
            code="no-whole-answer",
        )


def fault_of(body: bytes) -> Fault | None:
    """The fault a whole answer consists of; None for anything else, broken documents included."""
    if len(body) > FAULT_BYTES_MAX or b"Fault" not in body:
        return None
    try:
        root = whole(body, Reading(sender="The service", what="a fault"))
    except NotUnderstood:
        return None
    found = root.find(f"{_BODY}/{_FAULT}")
    return None if found is None else _fault(found)


def _fault(element: Element) -> Fault:
    # SOAP 1.1 leaves the children of a fault without namespace; some services qualify them.
    code = text_at(element, "{*}faultcode") or ""
    codes = [
        one.text.strip()
        for one in element.iterfind("{*}detail//{*}*")
        if local_name(one).casefold() == "code" and one.text and one.text.strip()
    ]
    reason = code.rpartition(":")[2] + "".join(f" [{one}]" for one in codes[:DETAIL_CODES_MAX])
    return Fault(
        reason=reason[:_REASON_CHARACTERS_MAX],
        text=text_at(element, "{*}faultstring") or "",
    )


def _request(operation: Operation, bytes_max: int | None) -> Request:
    return Request(
        method="POST",
        url=operation.url,
        headers={
            "content-type": "text/xml; charset=utf-8",
            "soapaction": f'"{operation.action}"',
            "accept": "text/xml",
        },
        body=envelope(operation.body, operation.header),
        charges=operation.charges,
        about=operation.about,
        repeatable=operation.repeatable,
        answer_bytes_max=bytes_max,
        lost_is_final=operation.lost_is_final,
        read_seconds=operation.read_seconds,
    )
