"""What a provider's answers mean, as one table of data per provider.

A :class:`FailureTable` is read from top to bottom; the first :class:`Rule` whose conditions all
hold decides which Failure is raised, with which sentence, and whether the same read may be asked
again. Rows that every provider shares stand in ``SHARED_RULES`` and are read last.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from adapters.providers.kit.waiting import retry_after
from core.domain.failures import Failure, FixSettings, NotUnderstood, ProviderDown, Reconnect, Wait

WAIT_SECONDS_DEFAULT: Final = 60
"""A limit answered without saying until when: one minute, the shortest window in use."""

SIGNAL_TEXT_CHARACTERS_MAX: Final = 4_096
"""Only the head of an error body is looked at."""

DETAIL_TEXT_CHARACTERS_MAX: Final = 300

ACCESS_REFUSED: Final = "access-refused"
"""Code of the failure that says: this access token or key was not taken (401)."""


@frozen(kw_only=True)
class Signal:
    """What is known of an unwelcome answer. ``reason`` is a fault code, exception name or header.

    ``text`` is the provider's wording (an error message or the head of the body). Both must be
    free of secrets: they are quoted in the detail of a failure.
    """

    status: int
    reason: str = ""
    text: str = ""
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    host: str = ""
    target: str = ""
    """Where a redirect points to."""
    about: str = ""
    """What was asked for, for people."""


@frozen(kw_only=True)
class Rule:
    """One row: when it holds, which failure, which sentence, may the read be repeated.

    Empty conditions hold always. ``reason`` and ``text`` match any of the given words as
    substrings, whatever the case. ``sentence`` may name ``{provider}``, ``{host}``,
    ``{about}`` and (for redirects) ``{target}``. ``again``: a repeatable read may be sent
    once more after a pause; rules raising Wait are repeated when the wait is short.
    """

    failure: type[Failure]
    sentence: str
    statuses: frozenset[int] = frozenset()
    reason: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    again: bool = False
    code: str | None = None
    setting: str | None = None

    def holds(self, signal: Signal) -> bool:
        return (
            (not self.statuses or signal.status in self.statuses)
            and _mentions(signal.reason, self.reason)
            and _mentions(signal.text[:SIGNAL_TEXT_CHARACTERS_MAX], self.text)
        )


def _filled(sentence: str, provider: str, signal: Signal) -> str:
    named = {
        "{provider}": provider,
        "{host}": signal.host,
        "{target}": signal.target,
        "{about}": signal.about,
    }
    for name, value in named.items():
        sentence = sentence.replace(name, value)
    return sentence


def _mentions(wording: str, words: tuple[str, ...]) -> bool:
    folded = wording.casefold()
    return not words or any(word.casefold() in folded for word in words)


@frozen(kw_only=True)
class Decision:
    """What to do about a signal."""

    failure: Failure
    again: bool
    rule: Rule


WaitUntil = Callable[[Mapping[str, str], datetime], datetime | None]
"""Reads from headers (lower-case names) until when to wait; None when they do not tell."""


SHARED_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        statuses=frozenset({301, 302, 303, 307, 308}),
        failure=FixSettings,
        code="redirected",
        sentence="{host} sends us on to {target}: enter that address if it is {provider}'s.",
    ),
    Rule(
        statuses=frozenset({401}),
        failure=Reconnect,
        code=ACCESS_REFUSED,
        sentence="{provider} no longer accepts this connection: reconnect it.",
    ),
    Rule(
        statuses=frozenset({403}),
        failure=FixSettings,
        code="not-allowed",
        sentence="{provider} refuses access: give the connected user the rights to read the books.",
    ),
    Rule(
        statuses=frozenset({404, 405, 410}),
        failure=NotUnderstood,
        code="not-found",
        sentence="{provider} does not know what was asked for: report this with the log.",
    ),
    Rule(
        statuses=frozenset({429}),
        failure=Wait,
        again=True,
        sentence="{provider} asks to slow down: the import continues later by itself.",
    ),
    Rule(
        statuses=frozenset({408, 425, *range(500, 600)}),
        failure=ProviderDown,
        again=True,
        sentence="{provider} has a problem of its own: the import is tried again later.",
    ),
    Rule(
        failure=NotUnderstood,
        sentence="{provider} answered something this version does not know: report it.",
    ),
)
"""The last row always holds."""


@frozen(kw_only=True)
class FailureTable:
    """The rows of one provider, followed by the shared ones."""

    provider: str
    """The name people know: ``Exact Online``."""
    rules: tuple[Rule, ...] = ()
    wait_until: WaitUntil | None = None
    """Provider-specific headers; Retry-After is looked at when it tells nothing."""

    def decide(self, signal: Signal, now: datetime) -> Decision:
        """The first row that holds, made into a failure."""
        rule = next(row for row in (*self.rules, *SHARED_RULES) if row.holds(signal))
        retry_at = self._retry_at(signal, now) if issubclass(rule.failure, Wait) else None
        detail = f"status {signal.status}"
        if signal.reason:
            detail += f", reason {signal.reason[:DETAIL_TEXT_CHARACTERS_MAX]!r}"
        if signal.text:
            detail += f", text {signal.text[:DETAIL_TEXT_CHARACTERS_MAX]!r}"
        failure = rule.failure(
            _filled(rule.sentence, self.provider, signal),
            detail=detail,
            code=rule.code,
            retry_at=retry_at,
            setting=rule.setting,
        )
        return Decision(failure=failure, again=rule.again, rule=rule)

    def _retry_at(self, signal: Signal, now: datetime) -> datetime:
        told = self.wait_until(signal.headers, now) if self.wait_until else None
        told = told or retry_after(signal.headers.get("retry-after"), now)
        return told or now + timedelta(seconds=WAIT_SECONDS_DEFAULT)
