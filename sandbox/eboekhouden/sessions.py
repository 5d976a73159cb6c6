"""Who may ask: API tokens and security codes, and the sessions they are traded for."""

from random import Random
from typing import Final

from attrs import define, field, frozen

from sandbox.clock import SandboxClock

SANDBOX_USER: Final = "administratie"
SANDBOX_CODE_1: Final = "c1f0a4d2e9b84756a3"
SANDBOX_CODE_2: Final = "{7D0E5C1A-93B2-4F60-8C41-2B9A6E0F5D37}"
REST_SECONDS: Final = 3_600


def token_of(company: int) -> str:
    """The API token a user made in that company's administration."""
    return f"sandbox-eboekhouden-token-{company}-5e0c"


@frozen
class Session:
    """Of one administration; ``company`` None: an accountant who opened none yet."""

    company: int | None
    expires_ms: int | None


@define
class Sessions:
    """``valid``: False when the user took token and codes away. ``life`` in seconds, REST only."""

    clock: SandboxClock
    random: Random
    valid: bool = True
    expired: bool = False
    life: int = REST_SECONDS
    opened: int = 0
    _held: dict[str, Session] = field(factory=dict)

    def open(self, company: int | None, *, ends: bool) -> str:
        token = f"{self.random.getrandbits(128):032X}"
        expires = self.clock.now_ms() + self.life * 1000 if ends else None
        self._held[token] = Session(company, expires)
        self.opened += 1
        return token

    def find(self, token: str) -> Session | None:
        held = self._held.get(token)
        if held is None or (held.expires_ms is not None and held.expires_ms <= self.clock.now_ms()):
            return None
        return held

    def close(self, token: str) -> None:
        self._held.pop(token, None)

    def forget(self) -> None:
        self._held.clear()
