"""What every provider's stand-in offers to the server and to the control API."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from attrs import frozen

from sandbox.books import Books
from sandbox.clock import SandboxClock
from sandbox.faults import Fault, add_unknown_fields, plain_answer
from sandbox.request_log import redact_body
from sandbox.wire import WireRequest, WireResponse
from sandbox.world import World


@frozen
class Administration:
    """A company under the code by which this provider's clients know it."""

    code: str
    name: str
    books: Books
    importable: bool  # False: a client has to skip it (archived, blocked, inactive)


class UnknownSetting(Exception):
    """A setting or token action this stand-in does not have."""


class StandIn(ABC):
    """One provider. ``handle`` is called under the sandbox's lock, one request at a time."""

    key: ClassVar[str]

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def clock(self) -> SandboxClock:
        return self.world.clock

    @abstractmethod
    def handle(self, request: WireRequest) -> WireResponse:
        """The provider's answer. An exception becomes a 500 and fails the test that sees it."""

    @abstractmethod
    def administrations(self) -> list[Administration]:
        """Every company this provider knows, importable or not, in the provider's order."""

    def administration(self, code: str | None) -> Administration:
        """By code; without one the first importable."""
        for known in self.administrations():
            if known.code == code or (code is None and known.importable):
                return known
        raise UnknownSetting(f"{self.key} has no administration {code}")

    # -- hooks with sensible defaults --------------------------------------------------------------

    def revoke_tokens(self) -> None:
        """As if the operator removed the app, the key or the password at the provider."""
        raise UnknownSetting(f"{self.key} has nothing to revoke")

    def expire_tokens(self) -> None:
        """As if the access tokens had reached their age; refresh tokens stay good."""
        raise UnknownSetting(f"{self.key} has nothing that expires")

    def token_action(self, action: str) -> None:
        """``revoke``, ``expire``, or an action of this provider."""
        if action == "revoke":
            self.revoke_tokens()
        elif action == "expire":
            self.expire_tokens()
        else:
            raise UnknownSetting(f"{self.key} knows no token action {action}")

    def apply_settings(self, settings: Mapping[str, object]) -> None:
        """Limits, rights and oddities; each stand-in documents its own."""
        if settings:
            raise UnknownSetting(f"{self.key} has no settings {sorted(settings)}")

    def fault_answer(self, fault: Fault) -> WireResponse:
        """The provider's own words for a fault that hits before any work is done."""
        return plain_answer(fault)

    def with_extra_fields(self, response: WireResponse) -> WireResponse:
        return add_unknown_fields(response)

    def loggable_body(self, request: WireRequest) -> str:
        """The request body without secrets."""
        return redact_body(request)
