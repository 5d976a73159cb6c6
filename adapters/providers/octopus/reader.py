"""Calls to Octopus: a session of the user, one of each dossier, and answers that come whole.

Both sessions live for ten minutes and are shared by all processes. A refused password is never
tried again: Octopus counts failed sign-ins. "Nothing found" is a 404.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlencode

import msgspec
from attrs import evolve

from adapters.providers.kit.calls import Answer, Kit, Request
from adapters.providers.kit.retry_table import ACCESS_REFUSED, SIGNAL_TEXT_CHARACTERS_MAX
from adapters.providers.kit.transport import Transport
from adapters.providers.octopus import rows
from adapters.providers.octopus.contract import (
    API,
    AUTHENTICATION,
    BOOKINGS,
    DOSSIER_HEADER,
    DOSSIERS,
    ENGLISH,
    SESSION_MARGIN_SECONDS,
    SESSION_SECONDS,
    SOFTWARE_HOUSE_HEADER,
    USER_HEADER,
    Operation,
)
from adapters.providers.octopus.declaration import (
    DOSSIER_FAILURES,
    FAILURES,
    LOGIN_FAILURES,
    PROVIDER,
    QUOTA_SPENT,
    api_origin,
    dossier_list_charges,
    dossier_session_charges,
    operation_charges,
)
from core.domain.failures import Failure, NotUnderstood, ProviderDown, Reconnect
from core.ports.provider import Credentials
from core.ports.sessions import Session

LOGIN_DEADLINE_SECONDS: Final = 15.0
"""Of one sign-in: opening a dossier may take three (dossier, user, dossier) within its minute."""
LOGIN_PATIENCE_SECONDS: Final = 5.0
LOGIN_BYTES_MAX: Final = 64 * 1024
BOOKINGS_READ_SECONDS: Final = 240.0
"""Octopus works for minutes on a large ledger before it sends a byte."""

USER_SESSION: Final = "user"

_NOT_FOUND: Final = 404
_UNAUTHORISED: Final = 401


class _Reads(Transport):
    """Reads of a dossier, where 404 says that there is nothing."""

    def is_good(self, answer: Answer) -> bool:
        """A web page with that status is somebody else's: nothing may be taken for deleted."""
        return answer.is_success or (answer.status == _NOT_FOUND and _is_octopus(answer))


def _is_octopus(answer: Answer) -> bool:
    text = answer.text(SIGNAL_TEXT_CHARACTERS_MAX).strip()
    return not text or text.startswith("{")


class Reader:
    """Reads with one connection. Not thread-safe."""

    def __init__(self, kit: Kit, credentials: Credentials) -> None:
        self._kit = kit
        self._fields = credentials.fields
        self._scope = credentials.scope
        self._api = api_origin(credentials.fields) + API
        self._tokens = credentials.tokens
        self._sessions = credentials.sessions
        brief = evolve(kit.time_outs, deadline=min(kit.time_outs.deadline, LOGIN_DEADLINE_SECONDS))
        hasty = evolve(kit, time_outs=brief)
        self._logins = Transport(hasty, LOGIN_FAILURES)
        self._openings = Transport(hasty, DOSSIER_FAILURES, observe=self._observe)
        self._lists = Transport(kit, FAILURES, observe=self._observe)
        self._reads = _Reads(kit, FAILURES, observe=self._observe)
        self.told_at: datetime | None = None
        """What Octopus' own clock said with its last answer: times of changes are its."""

    @property
    def calls(self) -> int:
        return self._openings.calls + self._lists.calls + self._reads.calls

    def close(self) -> None:
        for transport in (self._logins, self._openings, self._lists, self._reads):
            transport.close()

    # -- what is asked -----------------------------------------------------------------------------

    def dossiers(self) -> list[rows.DossierRow]:
        """All the user has a right to, in one answer."""
        token = self._user_token()
        try:
            answer = self._lists.send(self._list_request(token))
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
            answer = self._lists.send(self._list_request(self._user_renewed(token)))
        except NotUnderstood as failure:
            if failure.code != "not-found":
                raise
            return []
        return rows.DOSSIERS.decode(answer.body)

    def open_dossier(self, dossier: str) -> None:
        """A session of the dossier, now if there is none; FixSettings where it is closed to us."""
        self._dossier_token(dossier)

    def get(
        self,
        dossier: str,
        operation: Operation,
        query: Mapping[str, str | int] | None = None,
        **place: int,
    ) -> bytes | None:
        """The body of a whole answer; None when Octopus found nothing."""
        path = operation.path.format(**place)
        told = f"?{urlencode(query)}" if query else ""
        url = f"{self._api}{DOSSIERS}/{dossier}/{path}{told}"

        def request(token: str) -> Request:
            return Request(
                method="GET",
                url=url,
                headers={"accept": "application/json", DOSSIER_HEADER: token},
                charges=operation_charges(self._fields, dossier, operation),
                about=operation.about,
                read_seconds=BOOKINGS_READ_SECONDS if operation is BOOKINGS else None,
            )

        answer = self._asked(dossier, request)
        return None if answer.status == _NOT_FOUND else answer.body

    # -- sessions ----------------------------------------------------------------------------------

    def _asked(self, dossier: str, request: Callable[[str], Request]) -> Answer:
        """With the dossier's session; a refused one is replaced once."""
        token = self._dossier_token(dossier)
        try:
            return self._reads.send(request(token))
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
        login = self._login_to(dossier)
        token = self._sessions.renewed(_name(dossier), token, login)
        try:
            return self._reads.send(request(token))
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
            raise _contradiction() from None

    def _dossier_token(self, dossier: str) -> str:
        return self._sessions.current(_name(dossier), self._login_to(dossier))

    def _login_to(self, dossier: str) -> Callable[[], Session]:
        def login() -> Session:
            asked_at = self._kit.clock.now()
            token = self._user_token()
            answer = self._opened(dossier, token)
            if answer.status == _UNAUTHORISED:
                answer = self._opened(dossier, self._user_renewed(token))
            if answer.status == _UNAUTHORISED:
                raise _contradiction()
            if not answer.is_success:
                raise self._openings.judge(answer, about="the dossier").failure
            told = rows.DOSSIER_TOKEN.decode(answer.body)
            return _session(told.capital or told.small, asked_at)

        return login

    def _opened(self, dossier: str, token: str) -> Answer:
        query = urlencode({"dossierId": dossier, "localeId": ENGLISH})
        request = Request(
            method="POST",
            url=f"{self._api}{DOSSIERS}?{query}",
            headers={"accept": "application/json", USER_HEADER: token},
            body=b"",
            charges=dossier_session_charges(self._fields, self._scope),
            about="the dossier",
            answer_bytes_max=LOGIN_BYTES_MAX,
        )
        self._openings.take_budget(request, patience_seconds=LOGIN_PATIENCE_SECONDS)
        return self._openings.attempt(request)

    def _user_token(self) -> str:
        if self._tokens is not None:
            return self._tokens.current()
        return self._sessions.current(USER_SESSION, self._log_in)

    def _user_renewed(self, rejected: str) -> str:
        if self._tokens is not None:
            return self._tokens.renewed(rejected)
        return self._sessions.renewed(USER_SESSION, rejected, self._log_in)

    def _log_in(self) -> Session:
        """One request, never repeated: Reconnect when user or password are refused."""
        asked_at = self._kit.clock.now()
        named = {"user": self._fields["user"].strip(), "password": self._fields["password"]}
        answer = self._logins.attempt(
            Request(
                method="POST",
                url=self._api + AUTHENTICATION,
                headers={
                    "accept": "application/json",
                    "content-type": "application/json",
                    SOFTWARE_HOUSE_HEADER: self._fields["software_house"].strip(),
                },
                body=msgspec.json.encode(named),
                about="the sign-in",
                answer_bytes_max=LOGIN_BYTES_MAX,
            )
        )
        if not answer.is_success:
            raise self._logins.judge(answer, about="the sign-in").failure
        return _session(rows.TOKEN.decode(answer.body).token, asked_at)

    def _list_request(self, token: str) -> Request:
        return Request(
            method="GET",
            url=self._api + DOSSIERS,
            headers={"accept": "application/json", USER_HEADER: token},
            charges=dossier_list_charges(self._fields, self._scope),
            about="the dossiers",
        )

    # -- what answers tell besides -----------------------------------------------------------------

    def _observe(self, request: Request, answer: Answer) -> None:
        told = _date(answer.headers.get("date"))
        if told is not None:
            self.told_at = told
        if answer.is_success or answer.status == _NOT_FOUND:
            return
        failure: Failure = self._reads.judge(answer, about=request.about).failure
        if failure.code != QUOTA_SPENT or failure.retry_at is None:
            return
        if "retry-after" in answer.headers:
            return  # a pause of the moment, not the day's quota
        for charge in request.charges:
            for limit in charge.limits:
                if not limit.at_once:
                    self._kit.budgets.learn(
                        charge.scope, limit, remaining=0, resets_at=failure.retry_at
                    )


def _name(dossier: str) -> str:
    return f"dossier:{dossier}"


def _session(token: str, asked_at: datetime) -> Session:
    if not token:
        raise NotUnderstood(
            f"{PROVIDER} gave no session in a form this version knows: report it.",
            detail="no token in the answer",
        )
    return Session(
        token=token,
        obtained_at=asked_at,
        expires_at=asked_at + timedelta(seconds=SESSION_SECONDS),
        margin_seconds=SESSION_MARGIN_SECONDS,
    )


def _contradiction() -> ProviderDown:
    return ProviderDown(
        f"{PROVIDER} refuses the session it has just given: the import is tried again later.",
        code="session-contradiction",
    )


def _date(text: str | None) -> datetime | None:
    """An HTTP date; None when it is absent or none."""
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
