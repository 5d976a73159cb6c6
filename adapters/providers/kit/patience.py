"""How long one call may take and be repeated: at night with patience, shortly for a person."""

from typing import Final

from attrs import evolve

from adapters.providers.kit.calls import NoAnswer, NotSent, TimeOuts
from core.domain.failures import Failure, ProviderDown
from core.ports.attending import is_person_waiting

RETRY_TOTAL_SECONDS_MAX: Final = 240.0
"""Paused in total between the attempts of one call."""
ATTENDED_RETRY_SECONDS_MAX: Final = 5.0
"""The same, and of a wait for a budget, while a person waits."""
ATTENDED_CONNECT_SECONDS: Final = 8.0
ATTENDED_READ_SECONDS: Final = 30.0


def retry_seconds_max() -> float:
    return ATTENDED_RETRY_SECONDS_MAX if is_person_waiting() else RETRY_TOTAL_SECONDS_MAX


def budget_seconds_max(patience_seconds: float) -> float:
    """The longest wait for a budget that is slept through."""
    if is_person_waiting():
        return min(patience_seconds, ATTENDED_RETRY_SECONDS_MAX)
    return patience_seconds


def is_told_at_once(failure: Failure) -> bool:
    """Whether it is not worth asking again before a person is told: nobody answered."""
    return is_person_waiting() and isinstance(failure, NotSent | NoAnswer)


def fitting(time_outs: TimeOuts) -> TimeOuts:
    """The time-outs for who waits."""
    if not is_person_waiting():
        return time_outs
    return evolve(
        time_outs,
        connect=min(time_outs.connect, ATTENDED_CONNECT_SECONDS),
        read=min(time_outs.read, ATTENDED_READ_SECONDS),
    )


def is_lost(failure: Failure) -> bool:
    """Whether the provider began to work on it and did not get done."""
    return isinstance(failure, ProviderDown) and not isinstance(failure, NotSent)
