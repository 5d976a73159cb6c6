"""Failures are named after what to do next.

Each carries one sentence for the operator and one detail for the log. The classes travel as
exceptions; :class:`Trouble` is the same thing at rest, as stored on a run or an integration.
Neither text may hold a secret: adapters build them from status, codes and provider wording only.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from attrs import frozen

SENTENCE_CHARACTERS_MAX: Final = 500
DETAIL_CHARACTERS_MAX: Final = 2_000


class Action(StrEnum):
    """What to do next."""

    RECONNECT = "reconnect"
    WAIT = "wait"
    FIX_SETTINGS = "fix-settings"
    PROVIDER_DOWN = "provider-down"
    DATA_NOT_UNDERSTOOD = "data-not-understood"
    REPORT_BUG = "report-bug"
    CORRECT_REQUEST = "correct-request"
    TRY_AGAIN = "try-again"


@frozen(kw_only=True)
class Trouble:
    """A failure at rest. ``retry_at``: waiting helps until then; ``setting``: what must change."""

    action: Action
    sentence: str
    detail: str = ""
    code: str = ""
    retry_at: datetime | None = None
    setting: str | None = None


class Failure(Exception):
    """Base of everything that stops a use case on purpose.

    ``sentence`` is for the operator and ends with what to do; ``detail`` is for the log;
    ``code`` is a stable word for programs (``state-expired``, ``unknown-administration``).
    """

    action: ClassVar[Action] = Action.REPORT_BUG
    default_code: ClassVar[str] = "bug"

    def __init__(
        self,
        sentence: str,
        *,
        detail: str = "",
        code: str | None = None,
        retry_at: datetime | None = None,
        setting: str | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence[:SENTENCE_CHARACTERS_MAX]
        self.detail = detail[:DETAIL_CHARACTERS_MAX]
        self.code = code or self.default_code
        self.retry_at = retry_at
        self.setting = setting

    def trouble(self) -> Trouble:
        """This failure as a storable value."""
        return Trouble(
            action=self.action,
            sentence=self.sentence,
            detail=self.detail,
            code=self.code,
            retry_at=self.retry_at,
            setting=self.setting,
        )


class Reconnect(Failure):
    """The consent, key or credentials no longer work: the operator connects again."""

    action = Action.RECONNECT
    default_code = "needs-reconnect"


class Wait(Failure):
    """A limit is reached; ``retry_at`` says when to continue. Nothing is wrong."""

    action = Action.WAIT
    default_code = "limit-reached"


class FixSettings(Failure):
    """Something at the provider or in the settings must change (``setting`` says which)."""

    action = Action.FIX_SETTINGS
    default_code = "fix-settings"


class ProviderDown(Failure):
    """The provider does not answer, or answers that it cannot: try again later."""

    action = Action.PROVIDER_DOWN
    default_code = "provider-down"


class NotUnderstood(Failure):
    """The provider answered something this version cannot read: nothing was taken over."""

    action = Action.DATA_NOT_UNDERSTOOD
    default_code = "data-not-understood"


class OurBug(Failure):
    """Monitr itself is wrong: report it."""


class CorrectRequest(Failure):
    """The operator or client asked for something that cannot be: the sentence says what can."""

    action = Action.CORRECT_REQUEST
    default_code = "bad-request"


class Unknown(CorrectRequest):
    """No such thing, or not this organisation's (the two are not told apart on purpose)."""

    default_code = "unknown"


class TryAgain(Failure):
    """Somebody else was first (a lock, a changed row): the same request may pass now."""

    action = Action.TRY_AGAIN
    default_code = "try-again"


class LeaseLost(TryAgain):
    """Another worker owns the run by now: this one writes nothing more."""

    default_code = "lease-lost"


RETRYABLE_ACTIONS: Final = frozenset({Action.PROVIDER_DOWN, Action.WAIT, Action.TRY_AGAIN})
"""Actions after which the same run may be tried again without a person doing anything."""
