"""API tokens: who may ask a front end for what, without a person at the keyboard."""

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen


class Scope(StrEnum):
    """What a token may do; each scope includes the ones before it."""

    READ = "read"
    """Look at everything of the organisation, secrets excluded (none is ever shown)."""
    OPERATE = "operate"
    """Also what operators do every day: select entities, check connections, ask for imports."""
    ADMIN = "admin"
    """Also what changes who and what is connected: integrations, settings, tokens."""

    def covers(self, asked: "Scope") -> bool:
        order = list(Scope)
        return order.index(asked) <= order.index(self)


@frozen(kw_only=True)
class ApiToken:
    """A token as it is stored: its secret half only as a hash. It belongs to one organisation."""

    id: str
    organisation_id: str
    name: str
    """A word for people: which program uses it."""
    scope: Scope
    secret_sha256: str = field(repr=False)
    created_at: datetime
    created_by: str
    last_used_at: datetime | None = None
    """To within a minute."""
    revoked_at: datetime | None = None

    @property
    def usable(self) -> bool:
        return self.revoked_at is None
