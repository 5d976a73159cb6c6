"""Two states of the books, and what is said where only one can be read."""

from collections.abc import Callable

from core.domain.failures import CorrectRequest
from core.services.reading import Changes

_ONE_GENERATION = "one-generation"


def if_any(changes: Callable[[], Changes]) -> Changes | None:
    """None where nothing comes before the later state: to a person that is no mistake."""
    try:
        return changes()
    except CorrectRequest as refused:
        if refused.code != _ONE_GENERATION:
            raise
        return None


def nothing_before(generation: int) -> str:
    return (
        f"Generation {generation} is the first that can be read: there is nothing before it to "
        "compare with."
    )
