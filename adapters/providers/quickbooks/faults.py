"""Faults of QuickBooks: in two spellings, with and without capitals, some with status 200."""

from typing import Final

import msgspec

from adapters.providers.kit.calls import Answer
from adapters.providers.kit.retry_table import Decision
from adapters.providers.kit.transport import Transport

_HEAD_BYTES: Final = 512
_BODY_BYTES_MAX: Final = 64 * 1024
REASON_HEADER: Final = "fault-codes"
"""Not a header of theirs: where the table looks for a reason."""
_BEGINS: Final = (b'{"Fault"', b'{"fault"', b'{"warnings"')


class _Error(msgspec.Struct):
    code: str | int = ""


class _Fault(msgspec.Struct):
    """Of the business ``{"Fault": {"Error": [...]}}``, of the gateway the same without capitals."""

    capitals: list[_Error] = msgspec.field(name="Error", default_factory=list)
    plain: list[_Error] = msgspec.field(name="error", default_factory=list)


class _Document(msgspec.Struct):
    capitals: _Fault | None = msgspec.field(name="Fault", default=None)
    plain: _Fault | None = msgspec.field(name="fault", default=None)


def is_fault(body: bytes) -> bool:
    """Whether a body is a fault instead of what was asked for."""
    head = body[:_HEAD_BYTES].lstrip()
    return head.startswith(_BEGINS) and b'ault"' in head


def codes(body: bytes) -> tuple[int, ...]:
    """The fault codes in a body, without the zeros some are padded with."""
    try:
        document = msgspec.json.decode(body[:_BODY_BYTES_MAX], type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ()
    faults = [fault for fault in (document.capitals, document.plain) if fault is not None]
    told = [str(error.code) for fault in faults for error in (*fault.capitals, *fault.plain)]
    return tuple(int(code) for code in told if code.isdecimal())


class FaultTransport(Transport):
    """A transport whose failure table is told fault codes as its reason."""

    def is_good(self, answer: Answer) -> bool:
        return answer.is_success and not is_fault(answer.body)

    def judge(self, answer: Answer, *, about: str = "") -> Decision:
        told = " ".join(f"code {code}." for code in codes(answer.body))
        headers = {**answer.headers, REASON_HEADER: told}
        known = Answer(status=answer.status, headers=headers, body=answer.body, host=answer.host)
        return super().judge(known, about=about)
