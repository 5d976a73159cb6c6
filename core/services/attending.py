"""Asking a provider while a person waits: soon, and in words that fit the moment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from core.domain.failures import Failure
from core.ports.attending import person_waits

_FITTING: Final[Mapping[str, str]] = {
    "the import is tried again later.": "try again later.",
    "it is tried again later.": "try again later.",
    "the import continues later by itself.": "try again later.",
    "the import continues by itself.": "try again later.",
    "it continues by itself.": "try again later.",
    "it goes on with the new credentials by itself.": "try again.",
}
"""Ends of sentences that adapters write for imports, and what a person who waits does instead."""


@contextmanager
def for_a_person() -> Iterator[None]:
    """Calls inside end soon; their failures say what the person can do now."""
    try:
        with person_waits():
            yield
    except Failure as failure:
        for end, fitting in _FITTING.items():
            if failure.sentence.endswith(end):
                failure.sentence = failure.sentence.removesuffix(end) + fitting
                failure.args = (failure.sentence,)
                break
        raise
