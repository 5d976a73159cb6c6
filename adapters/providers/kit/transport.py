"""The one module that speaks HTTP. Nothing outside it imports the HTTP library.

``Transport.send`` is for reads of books: it spends budget, retries what may be repeated, and
returns successful answers only; everything else is a Failure from the provider's table.
``Transport.stream`` is the same for answers too large to hold: their bytes arrive while it is read.
``Transport.attempt`` is one request and whatever status came back: for token endpoints, which are
never repeated, and for adapters that judge a body themselves.

Retries are a loop of our own: stamina's sleeps cannot be given our clock, and a wait is here
either a pause of the worker or, when longer, a Wait that puts the run back.
"""

import contextlib
import functools
import secrets
import ssl
import time
from collections.abc import Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx
import structlog

from adapters.providers.kit.calls import (
    Answer,
    Kit,
    NoAnswer,
    NotSent,
    Observer,
    Request,
    Streamed,
    TimeOuts,
)
from adapters.providers.kit.origins import is_loopback
from adapters.providers.kit.outgoing import bad_address, checked_host, redirect_target
from adapters.providers.kit.patience import (
    budget_seconds_max,
    fitting,
    is_lost,
    is_told_at_once,
    retry_seconds_max,
)
from adapters.providers.kit.paying import (
    BUDGET_PAUSES_MAX,
    PAUSE_SECONDS_MAX,
    SLACK_SECONDS,
    pay,
)
from adapters.providers.kit.retry_table import (
    SIGNAL_TEXT_CHARACTERS_MAX,
    Decision,
    FailureTable,
    Signal,
)
from adapters.providers.kit.trust import is_tls, nobody_trusted, tls_reason
from adapters.providers.kit.watchdog import Watchdog
from core.domain.failures import Failure, FixSettings, NotUnderstood

ATTEMPTS_MAX: Final = 4
BACK_OFF_SECONDS: Final = (1.0, 4.0, 16.0)
"""Before the second, third and fourth attempt. No jitter: budgets already space the workers."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("monitr.provider")


class Transport:
    """Calls one provider. Not thread-safe, as a source is not; ``close`` it after use."""

    def __init__(
        self,
        kit: Kit,
        table: FailureTable,
        *,
        reason_header: str = "",
        observe: Observer | None = None,
    ) -> None:
        """``reason_header`` (lower case) is quoted to the table as the signal's reason."""
        self.calls = 0
        """Requests that left."""
        self._kit = kit
        self._table = table
        self._reason_header = reason_header
        self._observe = observe
        self._clients: dict[tuple[bool, bool], httpx.Client] = {}
        self._watchdog = Watchdog()
        self._name = secrets.token_hex(8)
        """Of its calls under way: there is one at a time."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def send(self, request: Request) -> Answer:
        """A successful answer, or a Failure. Repeatable reads are retried within named limits."""
        return self._until_good(request)

    @contextlib.contextmanager
    def stream(self, request: Request) -> Iterator[Streamed]:
        """A successful answer whose body is read as it arrives; until then all is as with ``send``.

        Nothing is repeated once the body began: NoAnswer then says that the rest did not come. No
        other call may be made with this transport before the block is left.
        """
        with contextlib.ExitStack() as keep:
            answer = self._until_good(request, keep)
            assert isinstance(answer, Streamed)
            yield answer

    def _until_good(self, request: Request, keep: contextlib.ExitStack | None = None) -> Answer:
        paused_seconds = 0.0
        attempt = 1
        while True:
            self.take_budget(request, streamed=keep is not None)
            failure, again = self._try(request, attempt, keep)
            if isinstance(failure, Answer):
                return failure
            seconds = self._seconds_before_next(failure, attempt) if again else None
            if (
                not request.repeatable
                or seconds is None
                or attempt >= ATTEMPTS_MAX
                or paused_seconds + seconds > retry_seconds_max()
                or (request.lost_is_final and is_lost(failure))
                or is_told_at_once(failure)
            ):
                raise failure
            self._kit.clock.pause(seconds)
            paused_seconds += seconds
            attempt += 1

    def _try(
        self, request: Request, attempt: int, keep: contextlib.ExitStack | None
    ) -> tuple[Answer | Failure, bool]:
        """One attempt: the answer, or the failure and whether asking again may help."""
        try:
            answer = self.attempt(request, number=attempt, keep=keep)
        except (NotSent, NoAnswer) as error:
            return error, True
        if self.is_good(answer):
            return answer, False
        decision = self.judge(answer, about=request.about)
        return decision.failure, decision.again

    def is_good(self, answer: Answer) -> bool:
        """Whether it is what was asked for; protocols that refuse with status 200 know better."""
        return answer.is_success

    def judge(self, answer: Answer, *, about: str = "") -> Decision:
        """What the table says of an unwelcome answer."""
        text = answer.text(SIGNAL_TEXT_CHARACTERS_MAX)
        return self._table.decide(
            Signal(
                status=answer.status,
                reason=answer.headers.get(self._reason_header, ""),
                text="" if text.lstrip().startswith("<") else text,
                headers=answer.headers,
                host=answer.host,
                target=redirect_target(answer),
                about=about,
            ),
            self._kit.clock.now(),
        )

    def attempt(
        self, request: Request, *, number: int = 1, keep: contextlib.ExitStack | None = None
    ) -> Answer:
        """Exactly one request; any status is returned. With ``keep``, which then holds the
        connection, a success is Streamed.

        NotSent: it certainly did not reach the provider. NoAnswer: it left, and no whole answer
        came. FixSettings: the address, the certificate or a header cannot be used.
        NotUnderstood: an answer larger than the limit. Redirects are not followed.
        """
        with contextlib.ExitStack() as over:
            over.callback(self._kit.budgets.end, request.charges, call=self._name)
            answer = self._attempt(request, number, keep)
            if isinstance(answer, Streamed) and keep is not None:
                keep.push(over.pop_all())
        return answer

    def _attempt(self, request: Request, number: int, keep: contextlib.ExitStack | None) -> Answer:
        host = checked_host(request, self._kit.sizes)
        self.calls += 1
        started = time.monotonic()
        outcome: Answer | None = None
        trouble = ""
        try:
            outcome = self._exchange(request, host, keep)
        except Failure as error:
            trouble = error.code
            raise
        finally:
            self._record(request, host, number, started, outcome, trouble)
        if self._observe is not None:
            self._observe(request, outcome)
        return outcome

    def _exchange(self, request: Request, host: str, keep: contextlib.ExitStack | None) -> Answer:
        wait = self._kit.time_outs
        seconds = wait.deadline if keep is None else wait.streamed
        deadline = time.monotonic() + seconds
        with contextlib.ExitStack() as stack:
            response = stack.enter_context(self._opened(request, host, seconds))
            status = response.status_code
            headers = {name.lower(): value for name, value in response.headers.items()}
            if keep is None or not response.is_success:
                limit = request.answer_bytes_max or self._kit.sizes.answer_bytes
                body = b"".join(self._chunks(response, host, limit, deadline))
                return Answer(status=status, headers=headers, body=body, host=host)
            keep.push(stack.pop_all())
            limit = request.answer_bytes_max or self._kit.sizes.streamed_bytes
            chunks = self._chunks(response, host, limit, deadline)
            return Streamed(status=status, headers=headers, body=b"", host=host, chunks=chunks)

    @contextlib.contextmanager
    def _opened(self, request: Request, host: str, seconds: float) -> Iterator[httpx.Response]:
        """The answer up to its headers, within ``seconds`` to its last byte."""
        wait = self._kit.time_outs
        with contextlib.ExitStack() as stack:
            try:
                trace = stack.enter_context(self._watchdog.guard(seconds))
                response = stack.enter_context(
                    self._client(request.url).stream(
                        request.method,
                        request.url,
                        headers={**request.headers, "user-agent": self._kit.user_agent},
                        content=request.body,
                        timeout=_time_out(fitting(wait), request.read_seconds),
                        extensions={"trace": self._kit.reach.watching(request.url, trace)},
                    )
                )
            except httpx.HTTPError as error:
                raise self._translated(error, host) from None
            except (httpx.InvalidURL, httpx.CookieConflict):
                raise bad_address(host) from None
            yield response

    def _chunks(
        self, response: httpx.Response, host: str, limit: int, deadline: float
    ) -> Iterator[bytes]:
        # Decoded: one compressed chunk of 64 KiB is the most that is ever held beyond the limit
        # (some 64 MiB at the worst ratio gzip has).
        taken_bytes = 0
        try:
            for chunk in response.iter_bytes():
                taken_bytes += len(chunk)
                if taken_bytes > limit:
                    raise NotUnderstood(
                        f"{self._table.provider} sent more than {limit // 1024} KiB in one "
                        "answer: report it.",
                        detail=f"host {host}, status {response.status_code}",
                        code="answer-too-large",
                    )
                if time.monotonic() > deadline:
                    raise self._too_slow(host)
                yield chunk
        except httpx.HTTPError as error:
            raise self._translated(error, host) from None

    def _translated(self, error: httpx.HTTPError, host: str) -> Failure:
        """The library's errors in our words. Its texts may quote headers and are not repeated."""
        kind = type(error).__name__
        provider = self._table.provider
        if self._watchdog.bit:
            return self._too_slow(host)
        if isinstance(error, httpx.ConnectError) and is_tls(error):
            return FixSettings(
                f"The certificate of {host} is not trusted here: correct the address, or add the "
                "certificate authority to this machine.",
                detail=f"{kind}: {tls_reason(error)}",
                code="tls-failed",
            )
        if isinstance(error, httpx.UnsupportedProtocol):
            return bad_address(host)
        if isinstance(error, httpx.LocalProtocolError):
            return FixSettings(
                "A key or address holds a character that cannot be sent: enter it again.",
                detail=kind,
                code="unsendable",
            )
        if isinstance(
            error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
        ):
            return NotSent(
                f"{provider} cannot be reached at {host}: check the address and the network; the "
                "import is tried again later.",
                detail=kind,
            )
        return NoAnswer(
            f"{provider} did not answer in full: the import is tried again later.",
            detail=f"{kind}, host {host}",
        )

    def _too_slow(self, host: str) -> NoAnswer:
        return NoAnswer(
            f"{self._table.provider} took too long to answer: the import is tried again later.",
            detail=f"host {host}, deadline {self._kit.time_outs.deadline:g} s",
            code="too-slow",
        )

    def _client(self, url: str) -> httpx.Client:
        parts = urlsplit(url)
        host, plain = parts.hostname or "", parts.scheme == "http"
        # This machine is never asked for through a proxy of the environment.
        loopback = is_loopback(host)
        client = self._clients.get((loopback, plain))
        if client is None:
            client = httpx.Client(
                verify=nobody_trusted() if loopback and plain else _trusted(),
                follow_redirects=False,
                trust_env=not loopback,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                headers={"accept-encoding": "gzip"},
                # Providers are spoken to without memory: no cookie is ever kept.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
            self._clients[loopback, plain] = client
        return client

    def take_budget(
        self,
        request: Request,
        *,
        patience_seconds: float = PAUSE_SECONDS_MAX,
        pauses_max: int = BUDGET_PAUSES_MAX,
        streamed: bool = False,
    ) -> None:
        """Take one call from every budget, pausing for short waits; BudgetSpent for longer ones.

        ``patience_seconds`` is the longest single wait. ``send`` does this itself. Never called
        inside a transaction of the storage. The next ``attempt`` ends what counts as under way.
        """
        wait = self._kit.time_outs
        pay(
            self._kit,
            self._table.provider,
            request.charges,
            call=self._name,
            call_seconds=wait.streamed if streamed else wait.deadline,
            patience_seconds=budget_seconds_max(patience_seconds),
            pauses_max=pauses_max,
        )

    def _seconds_before_next(self, failure: Failure, attempt: int) -> float | None:
        """Seconds to pause before another attempt; None when that is too long to sleep through."""
        back_off = BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS)) - 1]
        if failure.retry_at is None:
            return back_off
        seconds = (failure.retry_at - self._kit.clock.now()).total_seconds() + SLACK_SECONDS
        return max(seconds, back_off) if seconds <= PAUSE_SECONDS_MAX else None

    def _record(
        self,
        request: Request,
        host: str,
        number: int,
        started: float,
        answer: Answer | None,
        trouble: str,
    ) -> None:
        _log.info(
            "provider-call",
            provider=self._table.provider,
            method=request.method,
            host=host,
            path=urlsplit(request.url).path,
            status=None if answer is None else answer.status,
            trouble=trouble or None,
            milliseconds=round((time.monotonic() - started) * 1000),
            answer_bytes=0 if answer is None else len(answer.body),
            budget=[charge.scope for charge in request.charges],
            attempt=number,
        )


def _time_out(wait: TimeOuts, read_seconds: float | None) -> httpx.Timeout:
    return httpx.Timeout(
        connect=wait.connect, read=read_seconds or wait.read, write=wait.write, pool=wait.pool
    )


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The usual certificate authorities (or SSL_CERT_FILE's), loaded once per process."""
    return httpx.create_ssl_context()
