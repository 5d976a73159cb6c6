"""Entities: companies as the organisation follows them, and their links to administrations."""

from datetime import datetime
from enum import StrEnum

import attrs
from attrs import frozen

from core.domain.catalogue import Category, entry_of
from core.domain.failures import CorrectRequest


class LinkRole(StrEnum):
    PRIMARY = "primary"
    ADDITIONAL = "additional"


@frozen(kw_only=True)
class Link:
    """Entity <-> (integration, administration). ``epoch`` is the administration's when linked."""

    id: str
    integration_id: str
    administration_key: str
    provider: str
    role: LinkRole


@frozen(kw_only=True)
class Entity:
    """``published_generation`` is the one readers see; 0 means nothing was published yet."""

    id: str
    organisation_id: str
    name: str
    currency: str
    created_at: datetime
    links: tuple[Link, ...] = ()
    published_generation: int = 0
    published_at: datetime | None = None
    time_zone: str | None = None
    """Overrides the organisation's for this entity's slots."""

    @property
    def primary(self) -> Link | None:
        """The one accounting link books are imported from."""
        return next((link for link in self.links if link.role is LinkRole.PRIMARY), None)

    def link(self, link_id: str) -> Link | None:
        return next((link for link in self.links if link.id == link_id), None)

    def with_primary(self, link: Link) -> "Entity":
        """This entity with another primary link. The former one is dropped, its books stay."""
        require_bookkeeping(link)
        others = tuple(held for held in self.links if held.role is not LinkRole.PRIMARY)
        return attrs.evolve(self, links=(attrs.evolve(link, role=LinkRole.PRIMARY), *others))

    def with_additional(self, link: Link) -> "Entity":
        """This entity with one more link; linking the same administration twice is refused."""
        for held in self.links:
            if (held.integration_id, held.administration_key) == (
                link.integration_id,
                link.administration_key,
            ):
                raise CorrectRequest(
                    f"{self.name} is already linked to that administration.", code="already-linked"
                )
        return attrs.evolve(self, links=(*self.links, attrs.evolve(link, role=LinkRole.ADDITIONAL)))


def require_bookkeeping(link: Link) -> None:
    """CorrectRequest unless the link's provider keeps books: only those can be primary."""
    entry = entry_of(link.provider)
    if entry.category is not Category.BOOKKEEPING:
        raise CorrectRequest(
            f"{entry.name} keeps no general ledger: an entity's primary link must be accounting "
            "software. Add it as an additional link instead.",
            code="not-bookkeeping",
        )
