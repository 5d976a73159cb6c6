"""One question to Odoo over either protocol, and the answer as typed rows.

JSON-2 (19 and later) takes named arguments and answers the bare value. XML-RPC (every version so
far, the only way below 19) takes the ids or the domain by position and the rest by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

import msgspec
from attrs import field, frozen

from adapters.providers.kit.calls import Answer, Charge, Request
from adapters.providers.kit.decoding import JsonPage
from adapters.providers.kit.retry_table import Decision
from adapters.providers.kit.transport import Transport
from adapters.providers.odoo.errors import TABLE, signal_of, signal_of_fault
from adapters.providers.odoo.xmlrpc import (
    CONTENT_TYPE,
    Fault,
    NotXmlRpc,
    parse_answer,
    request_body,
)
from core.domain.failures import Failure, NotUnderstood
from core.ports.environment import Clock

T = TypeVar("T")

REDIRECTS: Final = frozenset(range(300, 400))

_LOCATION_CHARACTERS_MAX: Final = 200


@frozen(kw_only=True)
class Question:
    """A method of a model. ``ids`` for methods of records, ``domain`` for searches, else neither.

    ``heavy``: the caller will ask for less when no answer comes, so it is not simply repeated.
    """

    model: str
    method: str
    ids: tuple[int, ...] | None = None
    domain: Sequence[object] | None = None
    named: Mapping[str, object] = field(factory=dict)
    context: Mapping[str, object] = field(factory=dict)
    heavy: bool = False


class Rpc(Protocol):
    """A protocol with its credentials."""

    def ask(self, question: Question, into: type[T]) -> T:
        """The answer as ``into``. Failures by the error table; NotUnderstood for other shapes."""
        ...


class OdooTransport(Transport):
    """The kit's transport, judging errors by name and message: bodies hold tracebacks."""

    def judge(self, answer: Answer, *, about: str = "") -> Decision:
        if answer.status in REDIRECTS:
            return super().judge(answer, about=about)
        return TABLE.decide(signal_of(answer), self.clock.now())

    @property
    def clock(self) -> Clock:
        return self._kit.clock


@frozen(kw_only=True)
class Json2:
    """``POST /json/2/<model>/<method>``; every call is its own transaction, no session exists."""

    transport: OdooTransport
    origin: str
    database: str
    api_key: str = field(repr=False)
    charges: tuple[Charge, ...] = ()

    def ask(self, question: Question, into: type[T]) -> T:
        body: dict[str, object] = dict(question.named)
        if question.ids is not None:
            body["ids"] = question.ids
        if question.domain is not None:
            body["domain"] = question.domain
        if question.context:
            body["context"] = dict(question.context)
        headers = {
            "authorization": f"bearer {self.api_key}",
            "content-type": "application/json",
            "accept": "application/json",
        }
        if self.database:
            headers["x-odoo-database"] = self.database
        answer = self.transport.send(
            Request(
                method="POST",
                url=f"{self.origin}/json/2/{question.model}/{question.method}",
                headers=headers,
                body=msgspec.json.encode(body),
                charges=self.charges,
                repeatable=True,
                lost_is_final=question.heavy,
            )
        )
        return JsonPage("Odoo", f"{question.model}.{question.method}", into).decode(answer.body)


@frozen(kw_only=True)
class XmlRpc:
    """``/xmlrpc/2/common`` and ``/xmlrpc/2/object``. The key is inside every body."""

    transport: OdooTransport
    origin: str
    database: str
    login: str
    api_key: str = field(repr=False)
    uid: int = 0
    charges: tuple[Charge, ...] = ()

    def service(
        self, path: str, method: str, parameters: tuple[Any, ...], *, heavy: bool = False
    ) -> Any:  # noqa: ANN401 - a document of any shape
        """A method of a service (``common``, ``db``, ``object``); a fault becomes a Failure."""
        answer = self.transport.send(
            Request(
                method="POST",
                url=f"{self.origin}/xmlrpc/2/{path}",
                headers={"content-type": CONTENT_TYPE},
                body=request_body(method, parameters),
                charges=self.charges,
                repeatable=True,
                lost_is_final=heavy,
            )
        )
        try:
            value = parse_answer(answer.body)
        except NotXmlRpc as error:
            raise unreadable(path, method, error) from None
        if isinstance(value, Fault):
            signal = signal_of_fault(value, answer)
            raise TABLE.decide(signal, self.transport.clock.now()).failure
        return value

    def ask(self, question: Question, into: type[T]) -> T:
        arguments: list[object] = []
        if question.ids is not None:
            arguments.append(list(question.ids))
        if question.domain is not None:
            arguments.append(_plain(question.domain))
        named = {name: _plain(value) for name, value in question.named.items()}
        if question.context:
            named["context"] = _plain(dict(question.context))
        parameters = (
            *(self.database, self.uid, self.api_key),
            *(question.model, question.method, arguments, named),
        )
        value = self.service("object", "execute_kw", parameters, heavy=question.heavy)
        try:
            return msgspec.convert(value, into)
        except (msgspec.ValidationError, ValueError, ArithmeticError) as error:
            raise unreadable(question.model, question.method, error) from None


def _plain(value: object) -> object:
    """What XML-RPC can carry: lists for tuples, false for None."""
    if value is None:
        return False
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def unreadable(model: str, method: str, error: Exception) -> Failure:
    """An answer of another shape than the one asked for. The library names places, not values."""
    return NotUnderstood(
        "Odoo answered something this version cannot read: report this with the log.",
        detail=f"{model}.{method}: {str(error)[:_LOCATION_CHARACTERS_MAX]}",
    )
