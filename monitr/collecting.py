"""How often Python looks for garbage that refers to itself, in a process that imports.

A page becomes thousands of records. They refer to nothing that refers back, so counting references
frees them; but each thousand of them makes Python look through all objects there are, now and then
through those of every library loaded too: 80 milliseconds at a time, during which no thread goes
on, not even one that holds the write lock.
"""

import functools
import gc
from typing import Final

YOUNG_MAX: Final = 20_000
"""Objects made, less those freed, before the youngest are looked through: about one page."""
MIDDLE_EVERY: Final = 20
OLD_EVERY: Final = 50
"""Times the next younger ones were looked through before these are."""


@functools.cache
def collect_seldom() -> None:
    """Once per process, when all is loaded: what is there now is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, MIDDLE_EVERY, OLD_EVERY)
