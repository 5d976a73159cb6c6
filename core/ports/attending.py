"""Whether a person waits for the call that is made: then it must end soon, one way or the other.

An import at night is patient: it asks again, and sleeps until a minute's limit is over. Somebody
who has just typed an address wants to know within ten seconds that nobody answers there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_waiting: ContextVar[bool] = ContextVar("waiting", default=False)


@contextmanager
def person_waits() -> Iterator[None]:
    """Calls inside are made while a person looks on."""
    token = _waiting.set(True)
    try:
        yield
    finally:
        _waiting.reset(token)


def is_person_waiting() -> bool:
    """Whether a person waits for calls made here."""
    return _waiting.get()
