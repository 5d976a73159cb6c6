"""Answers and tokens that still hold because nothing was committed since: what makes polling cheap.

Every entry is bound to the storage's stamp as it was before the storage was read, so whatever is
committed afterwards, by any process, voids it: a revoked token is dead at once. Answers end after a
few seconds besides, because some of what they say (the next slot) depends on the time of day.
"""

import copy
import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from attrs import define, field, frozen
from litestar.types import Message, Send

from core.domain.access import ApiToken
from core.ports.stamps import Stamped
from core.services.access import LAST_USE_AFTER
from core.services.services import Services

KEPT_OPTION: Final = "kept"
"""The handler option of answers that say nothing but what is stored."""

KEPT_SECONDS: Final = 5.0
ANSWERS_MAX: Final = 64
ANSWER_BYTES_MAX: Final = 1_048_576
TOKENS_MAX: Final = 1_000

Asked = tuple[str, str, bytes]
"""Organisation id, path, query."""

_K = TypeVar("_K")
_V = TypeVar("_V")


def stamp_of(services: Services) -> int | None:
    storage = services.ports.storage
    return storage.stamp() if isinstance(storage, Stamped) else None


@frozen
class _Answer:
    stamp: int
    until: float
    messages: tuple[Message, ...] = field(repr=False)


@define
class Kept:
    """Used in the event loop only, so that no lock is needed."""

    now: Callable[[], float] = time.monotonic
    _answers: dict[Asked, _Answer] = field(factory=dict, init=False, repr=False)
    _tokens: dict[bytes, tuple[int, ApiToken]] = field(factory=dict, init=False, repr=False)

    def token(self, text: str, stamp: int | None, at: datetime) -> ApiToken | None:
        """None also when its use must be noted again."""
        stamp_then, held = self._tokens.get(_sha256(text), (None, None))
        if held is None or stamp is None or stamp_then != stamp or held.last_used_at is None:
            return None
        return held if at - held.last_used_at < LAST_USE_AFTER else None

    def keep_token(self, text: str, stamp: int | None, token: ApiToken) -> None:
        if stamp is not None:
            _put(self._tokens, _sha256(text), (stamp, token), TOKENS_MAX)

    def answer(self, asked: Asked, stamp: int) -> Sequence[Message] | None:
        held = self._answers.get(asked)
        if held is None or held.stamp != stamp or self.now() >= held.until:
            return None
        return copy.deepcopy(held.messages)

    def keep_answer(self, asked: Asked, stamp: int, messages: Sequence[Message]) -> None:
        good = messages and messages[0].get("status") == 200  # noqa: PLR2004 - OK
        size = sum(len(one["body"]) for one in messages if one["type"] == "http.response.body")
        if good and size <= ANSWER_BYTES_MAX:
            held = _Answer(stamp, self.now() + KEPT_SECONDS, tuple(messages))
            _put(self._answers, asked, held, ANSWERS_MAX)


@define
class Gathering:
    """A ``send`` that remembers what it passed on."""

    send: Send
    messages: list[Message] = field(factory=list, init=False)

    async def __call__(self, message: Message) -> None:
        self.messages.append(copy.deepcopy(message))
        await self.send(message)


def _put(held: dict[_K, _V], key: _K, value: _V, most: int) -> None:
    held.pop(key, None)
    while len(held) >= most:  # ends: one is dropped each time
        del held[next(iter(held))]
    held[key] = value


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
