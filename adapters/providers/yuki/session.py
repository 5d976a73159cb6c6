"""Calls with one access key: sessions, which host it belongs to, and what the calls cost.

Each domain has a session of its own, because which domain is the current one is kept in the session
and sessions are shared by all processes. That several may live side by side is *assumed*: clients
sign in independently of each other.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from attrs import evolve

from adapters.providers.kit.calls import Answer, Charge, Kit
from adapters.providers.kit.retry_table import ACCESS_REFUSED, Decision
from adapters.providers.kit.soap import Operation, SoapTransport
from adapters.providers.kit.xml import Element, text_at
from adapters.providers.yuki.declaration import (
    DAILY_LIMIT,
    FAILURES,
    KEY_REFUSED,
    PROVIDER,
    access_key,
    candidates,
    charge,
    limit_of,
    next_day,
)
from adapters.providers.yuki.questions import Question, authenticate, set_current_domain
from core.domain.failures import Failure, NotUnderstood, Reconnect, Wait
from core.ports.provider import Credentials
from core.ports.sessions import Session as Token

SESSION_SECONDS: Final = 24 * 3600
SESSION_MARGIN_SECONDS: Final = 900
LOGIN_SECONDS: Final = 18.0
"""Of one request of a login, which takes three at most: the key at two hosts, then the domain."""
READ_SECONDS: Final = 120.0
"""Without any byte: a month of a busy company is made up before it is sent."""
SESSION_CHARACTERS_MAX: Final = 200


class YukiTransport(SoapTransport):
    """A daily limit lasts until midnight in the vendor's country, which no answer tells."""

    def judge(self, answer: Answer, *, about: str = "") -> Decision:
        decision = super().judge(answer, about=about)
        if decision.rule.code == DAILY_LIMIT:
            decision.failure.retry_at = next_day(self._kit.clock.now())
        return decision


class Session:
    """Asks with one key. Not thread-safe."""

    def __init__(self, kit: Kit, credentials: Credentials) -> None:
        fields = credentials.fields
        self._kit = kit
        self._key = access_key(fields)
        self._origins = candidates(fields)
        self._limit = limit_of(fields)
        self._connection = credentials.scope or "trial"
        self._sessions = credentials.sessions
        self._transport = YukiTransport(kit, FAILURES)
        waits = evolve(kit.time_outs, read=LOGIN_SECONDS, deadline=LOGIN_SECONDS)
        self._signing_in = YukiTransport(evolve(kit, time_outs=waits), FAILURES)

    @property
    def calls(self) -> int:
        """Those that sign in not included."""
        return self._transport.calls

    def close(self) -> None:
        self._transport.close()
        self._signing_in.close()

    # -- what can be asked -------------------------------------------------------------------------

    def ask(self, question: Question, domain_id: str | None = None) -> Element:
        """The result element of an answer that is held whole."""
        login = self._login(domain_id)
        name = _name(domain_id)
        token = self._sessions.current(name, login)
        try:
            answer = self._asked(question, token, domain_id)
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
            token = self._sessions.renewed(name, token, login)
            answer = self._asked(question, token, domain_id)
        return _result(answer, question)

    def read(
        self,
        question: Question,
        wanted: Sequence[str],
        domain_id: str,
        *,
        lost_is_final: bool,
    ) -> Iterator[Element]:
        """The ``wanted`` elements of an answer of any size, as they arrive."""
        login = self._login(domain_id)
        name = _name(domain_id)
        token = self._sessions.current(name, login)
        for is_second in (False, True):
            given = False
            operation = self._operation(question, token, domain_id, lost_is_final=lost_is_final)
            try:
                for element in self._transport.read(operation, wanted):
                    given = True
                    yield element
            except Failure as failure:
                self._learn(failure, operation.charges)
                if given or is_second or failure.code != ACCESS_REFUSED:
                    raise
                token = self._sessions.renewed(name, token, login)
            else:
                return

    # -- within ------------------------------------------------------------------------------------

    def _asked(self, question: Question, token: str, domain_id: str | None) -> Element:
        operation = self._operation(question, token, domain_id)
        try:
            return self._transport.ask(operation)
        except Failure as failure:
            self._learn(failure, operation.charges)
            raise

    def _operation(
        self, question: Question, token: str, domain_id: str | None, *, lost_is_final: bool = False
    ) -> Operation:
        origin, _, session_id = token.partition(" ")
        return Operation(
            url=origin + question.path,
            action=question.action,
            body=question.body(session_id),
            about=question.about,
            charges=(charge(self._limit, domain_id, self._connection),),
            lost_is_final=lost_is_final,
            read_seconds=READ_SECONDS,
        )

    def _learn(self, failure: Failure, charges: Sequence[Charge]) -> None:
        """Nobody asks this domain again today."""
        if isinstance(failure, Wait) and failure.code == DAILY_LIMIT and failure.retry_at:
            for each in charges:
                for limit in each.limits:
                    self._kit.budgets.learn(
                        each.scope, limit, remaining=0, resets_at=failure.retry_at
                    )

    def _login(self, domain_id: str | None) -> Callable[[], Token]:
        """A login whose token holds the host the key belongs to, a blank, and the session id."""

        def login() -> Token:
            asked_at = self._kit.clock.now()
            origin, session_id = self._signed_in(domain_id)
            if domain_id is not None:
                self._once(origin, set_current_domain(domain_id), session_id, domain_id)
            return Token(
                token=f"{origin} {session_id}",
                obtained_at=asked_at,
                expires_at=asked_at + timedelta(seconds=SESSION_SECONDS),
                margin_seconds=SESSION_MARGIN_SECONDS,
            )

        return login

    def _signed_in(self, domain_id: str | None) -> tuple[str, str]:
        """Origin and session id. The key is offered to each host of the vendor's once."""
        *others, final = self._origins
        for origin in others:
            try:
                return origin, self._authenticated(origin, domain_id)
            except Reconnect as refused:
                if refused.code != KEY_REFUSED:
                    raise
        return final, self._authenticated(final, domain_id)

    def _authenticated(self, origin: str, domain_id: str | None) -> str:
        question = authenticate(self._key)
        result = self._once(origin, question, None, domain_id)
        session_id = (result.text or "").strip()
        if not 0 < len(session_id) <= SESSION_CHARACTERS_MAX or " " in session_id:
            raise not_understood(question.about, "no session id")
        return session_id

    def _once(
        self, origin: str, question: Question, session_id: str | None, domain_id: str | None
    ) -> Element:
        """One request, never repeated."""
        operation = Operation(
            url=origin + question.path,
            action=question.action,
            body=question.body(session_id),
            about=question.about,
            charges=(charge(self._limit, domain_id, self._connection),),
            repeatable=False,
        )
        return _result(self._signing_in.ask(operation), question)


def _name(domain_id: str | None) -> str:
    return "key" if domain_id is None else f"domain:{domain_id}"


def _result(answer: Element, question: Question) -> Element:
    """The result inside the response; an operation without one answers the response itself."""
    found = answer.find(f"{{*}}{question.operation}Result")
    return answer if found is None else found


def text_of(element: Element, name: str) -> str | None:
    """The trimmed text of a child, whatever its namespace; None if blank or absent."""
    return text_at(element, f"{{*}}{name}")


def not_understood(about: str, detail: str) -> NotUnderstood:
    return NotUnderstood(
        f"{PROVIDER} sent {about} in a form this version does not know: report it.",
        detail=f"{about}: {detail}",
    )
