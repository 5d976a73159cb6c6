"""SOAP: sessions, and the few operations that read. Lines come inside the list of mutations.

Answers come with status 200 whatever they say; ``ErrorMsg`` tells. Dates have no zone, and both
dates of a list must be given.
"""

import datetime as dt
from collections.abc import Callable
from typing import Final

from adapters.providers.eboekhouden.chart import Chart
from adapters.providers.eboekhouden.declaration import (
    NAMESPACE,
    PROVIDER,
    QUOTA_WAIT_SECONDS,
    SOAP_ERRORS,
    SOAP_FAILURES,
    SOAP_LOGIN_ERRORS,
    SOURCE,
    soap_charges,
    soap_url,
)
from adapters.providers.eboekhouden.soap_rows import amount_e4
from adapters.providers.kit.calls import Kit
from adapters.providers.kit.retry_table import ACCESS_REFUSED, FailureTable, Signal
from adapters.providers.kit.soap import Operation, SoapTransport, escaped, tag
from adapters.providers.kit.xml import Element, text_at
from core.domain.failures import NotUnderstood, Reconnect
from core.ports.provider import Credentials
from core.ports.sessions import Session

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
"""All relations come in one answer, a thousand bytes each."""
LOGIN_SECONDS: Final = 30.0
OK_STATUS: Final = 200
_EVER: Final = (dt.date(1900, 1, 1), dt.date(2200, 1, 1))
_MUTATIONS: Final = "GetMutaties"


class SoapClient:
    """Asks as one user, within ``guid``'s administration or the user's own. Not thread-safe."""

    def __init__(self, kit: Kit, credentials: Credentials) -> None:
        self._kit = kit
        self._fields = {name: value.strip() for name, value in credentials.fields.items()}
        self._url = soap_url(self._fields)
        self._charges = soap_charges(self._fields)
        self._sessions = credentials.sessions
        self._transport = SoapTransport(kit, SOAP_FAILURES)

    @property
    def calls(self) -> int:
        return self._transport.calls

    def close(self) -> None:
        """The session is left to its end: other processes use it too."""
        self._transport.close()

    # -- what can be asked -------------------------------------------------------------------------

    def administrations(self) -> list[Element]:
        """None for users who are no accountants, whether that is said by an error or by nothing."""
        answer = self._ask("GetAdministraties", "", "administrations")
        return list(answer.iterfind("{*}Administraties/{*}cAdministratie"))

    def ledgers(self, guid: str | None) -> list[Element]:
        answer = self._ask("GetGrootboekrekeningen", _filter(ID="0"), "ledger accounts", guid=guid)
        return list(answer.iterfind("{*}Rekeningen/{*}cGrootboekrekening"))

    def relations(self, guid: str | None) -> list[Element]:
        answer = self._ask("GetRelaties", _filter(ID="0"), "relations", guid=guid)
        return list(answer.iterfind("{*}Relaties/{*}cRelatie"))

    def mutations(self, guid: str | None, low: int, high: int | None = None) -> list[Element]:
        """From one number to another, both included; without ``high`` the newest. More than the
        service gives at once are left out without a word, the oldest first.
        """
        numbers = {"MutatieNr": "0", "MutatieNrVan": str(low)}
        if high is not None:
            numbers["MutatieNrTm"] = str(high)
        first, last = _EVER
        asked = _filter(**numbers, DatumVan=_moment(first), DatumTm=_moment(last))
        answer = self._ask(_MUTATIONS, asked, "mutations", guid=guid)
        return list(answer.iterfind("{*}Mutaties/{*}cMutatieList"))

    def movements(
        self, guid: str | None, first: dt.date, last: dt.date, chart: Chart
    ) -> dict[str, int]:
        """e4 per account key, debit positive (not documented), without zeros. That the last day is
        included is assumed.
        """
        asked = _filter(KostenPlaatsId="0", DatumVan=_moment(first), DatumTot=_moment(last))
        answer = self._ask("GetSaldi", asked, "balances", guid=guid)
        found: dict[str, int] = {}
        for element in answer.iterfind("{*}Saldi/{*}cSaldo"):
            moved_e4 = amount_e4(text_at(element, "{*}Saldo"))
            if moved_e4:
                key = chart.key_of_code(text_at(element, "{*}Code") or "")
                found[key] = found.get(key, 0) + moved_e4
        return found

    # -- calls -------------------------------------------------------------------------------------

    def _ask(self, name: str, inside: str, about: str, *, guid: str | None = None) -> Element:
        """The result element of an operation within a session."""
        session_name = f"soap:{guid}" if guid else "soap"
        login = self._login_into(guid)
        token = self._sessions.current(session_name, login)
        try:
            return self._called(name, self._in_session(token, inside), about, SOAP_ERRORS)
        except Reconnect as refused:
            if refused.code != ACCESS_REFUSED:
                raise
            renewed = self._sessions.renewed(session_name, token, login)
            return self._called(name, self._in_session(renewed, inside), about, SOAP_ERRORS)

    def _in_session(self, token: str, inside: str) -> str:
        code = tag("SecurityCode2", escaped(self._fields["security_code_2"]))
        return tag("SessionID", escaped(token)) + code + inside

    def _login_into(self, guid: str | None) -> Callable[[], Session]:
        def login() -> Session:
            asked_at = self._kit.clock.now()
            inside = (
                tag("Username", escaped(self._fields["username"]))
                + tag("SecurityCode1", escaped(self._fields["security_code_1"]))
                + tag("SecurityCode2", escaped(self._fields["security_code_2"]))
                + tag("Source", SOURCE)
            )
            name = "OpenSession"
            if guid is not None:
                name = "OpenSessionSub"
                inside += tag("AdministratieGUID", escaped(guid))
            result = self._called(name, inside, "a session", SOAP_LOGIN_ERRORS, once=True)
            token = text_at(result, "{*}SessionID")
            if token is None:
                raise not_understood("a session", "no SessionID")
            # As it came, braces included. How long it lives nobody says.
            return Session(token=token, obtained_at=asked_at, expires_at=None)

        return login

    def _called(
        self, name: str, inside: str, about: str, errors: FailureTable, *, once: bool = False
    ) -> Element:
        operation = Operation(
            url=self._url,
            action=f"{NAMESPACE}/{name}",
            body=tag(f'{name} xmlns="{NAMESPACE}"', inside),
            about=about,
            charges=self._charges if name == _MUTATIONS else (),
            bytes_max=ANSWER_BYTES_MAX,
            repeatable=not once,
            read_seconds=LOGIN_SECONDS if once else None,
        )
        answer = self._transport.ask(operation)
        result = answer.find(f"{{{NAMESPACE}}}{name}Result")
        if result is None:
            raise not_understood(about, f"no {name}Result")
        self._check(result, about, errors)
        return result

    def _check(self, result: Element, about: str, errors: FailureTable) -> None:
        """Success is no ErrorMsg, or an empty one."""
        code = text_at(result, "{*}ErrorMsg/{*}LastErrorCode") or ""
        said = text_at(result, "{*}ErrorMsg/{*}LastErrorDescription") or ""
        if not code and not said:
            return
        signal = Signal(
            status=OK_STATUS,
            reason=code,
            text=said,
            headers={"retry-after": str(QUOTA_WAIT_SECONDS)},
            about=about,
        )
        raise errors.decide(signal, self._kit.clock.now()).failure


def _filter(**named: str) -> str:
    """``cFilter``; order counts."""
    return tag("cFilter", *(tag(name, value) for name, value in named.items()))


def _moment(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00"


def not_understood(about: str, detail: str) -> NotUnderstood:
    return NotUnderstood(
        f"{PROVIDER} sent {about} in a form this version does not know: report it.",
        detail=f"{about}: {detail}",
    )
