"""Pages of contacts read a moment ago: they are the domain's, and its administrations share them.

A domain may have fifty administrations, all imported in the same night, and its calls are counted.
"""

from typing import Final

from attrs import define, field

from core.domain.books import Contact

KEPT_SECONDS: Final = 900
"""What was added since comes the next night, which looks a day back."""
PAGES_MAX: Final = 200
"""Of a hundred contacts each: some ten megabytes."""

Page = tuple[str, str, str, int]
"""Connection, domain, since when modified, and its number."""


@define
class ContactPages:
    """Of all connections of this process."""

    _kept: dict[Page, tuple[float, tuple[Contact, ...]]] = field(factory=dict, repr=False)

    def get(self, page: Page, now: float) -> tuple[Contact, ...] | None:
        kept = self._kept.get(page)
        return kept[1] if kept and 0 <= now - kept[0] < KEPT_SECONDS else None

    def put(self, page: Page, now: float, contacts: tuple[Contact, ...]) -> None:
        if len(self._kept) >= PAGES_MAX:
            self._kept.clear()
        self._kept[page] = (now, contacts)
