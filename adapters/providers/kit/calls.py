"""One call to a provider as values: what is asked, what came back, and what it costs."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from attrs import field, frozen

from adapters.providers.kit.reaching import PUBLIC_AND_HERE, Reach
from core.domain.failures import ProviderDown
from core.ports.budget import Budgets, Charge
from core.ports.environment import Clock

__all__ = [
    "ANSWER_BYTES_MAX",
    "CONNECT_SECONDS",
    "DEADLINE_SECONDS",
    "POOL_SECONDS",
    "READ_SECONDS",
    "REQUEST_BYTES_MAX",
    "STREAMED_BYTES_MAX",
    "STREAMED_SECONDS",
    "URL_CHARACTERS_MAX",
    "USER_AGENT",
    "WRITE_SECONDS",
    "Answer",
    "Charge",
    "Kit",
    "NoAnswer",
    "NotSent",
    "Observer",
    "Request",
    "SizeLimits",
    "Streamed",
    "TimeOuts",
]

USER_AGENT: Final = "Monitr/0.1"

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0
"""Without any byte. Providers document none; their clients use 30 to 60."""
WRITE_SECONDS: Final = 30.0
POOL_SECONDS: Final = 5.0
DEADLINE_SECONDS: Final = 300.0
"""For the whole request, however steadily it drips."""
STREAMED_SECONDS: Final = 3_600.0
"""The same for an answer that is read as it arrives, the time of its reader included."""

URL_CHARACTERS_MAX: Final = 8_000
REQUEST_BYTES_MAX: Final = 10 * 1024 * 1024
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""Decoded. The largest page known (1,000 wide lines) is about 2 MiB."""
STREAMED_BYTES_MAX: Final = 8 * 1024 * 1024 * 1024
"""Decoded, of an answer that is never held whole: four times a million lines in XML."""


@frozen(kw_only=True)
class TimeOuts:
    """Seconds. ``deadline`` is the whole request from its first byte to the answer's last."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    write: float = WRITE_SECONDS
    pool: float = POOL_SECONDS
    deadline: float = DEADLINE_SECONDS
    streamed: float = STREAMED_SECONDS


@frozen(kw_only=True)
class SizeLimits:
    """What may be sent and taken in at most."""

    url_characters: int = URL_CHARACTERS_MAX
    request_bytes: int = REQUEST_BYTES_MAX
    answer_bytes: int = ANSWER_BYTES_MAX
    streamed_bytes: int = STREAMED_BYTES_MAX


@frozen(kw_only=True)
class Kit:
    """What the composition root hands to every provider, once."""

    clock: Clock
    budgets: Budgets
    user_agent: str = USER_AGENT
    time_outs: TimeOuts = TimeOuts()
    sizes: SizeLimits = SizeLimits()
    reach: Reach = PUBLIC_AND_HERE
    """Which machines may be called; as it stands, every public one and this one."""


@frozen(kw_only=True)
class Request:
    """One request. Headers, body and query may hold secrets; method, host and path may not.

    ``about`` says what is read, for people: sentences of the failure table may name it.
    ``repeatable``: asking twice changes nothing at the provider, so it may be retried. GETs are;
    a POST that only reads says so. ``answer_bytes_max`` overrides the transport's for this call.
    ``read_seconds``: without any byte, where a provider is known to ponder longer than others.
    ``lost_is_final``: when no answer comes the caller asks for less instead of the same again.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    charges: tuple[Charge, ...] = ()
    about: str = ""
    repeatable: bool = field()
    answer_bytes_max: int | None = None
    lost_is_final: bool = False
    read_seconds: float | None = None

    @repeatable.default
    def _reads_only(self) -> bool:
        return self.method == "GET"


@frozen(kw_only=True)
class Answer:
    """A whole answer. Header names are lower case; ``body`` is decoded and within the limit."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    host: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's success class

    def text(self, characters_max: int) -> str:
        """The head of the body for error tables; undecodable bytes are replaced."""
        return self.body[: 4 * characters_max].decode("utf-8", "replace")[:characters_max]


@frozen(kw_only=True)
class Streamed(Answer):
    """An answer whose ``body`` stays empty: its decoded bytes come from ``chunks``, once.

    Reading them raises NoAnswer when the rest does not come, NotUnderstood beyond the limit.
    """

    chunks: Iterator[bytes] = field(repr=False)


Observer = Callable[[Request, Answer], None]
"""Told of every answer, whatever its status, before it is judged (to learn budgets)."""


class NotSent(ProviderDown):
    """The request certainly did not reach the provider."""

    default_code = "not-reached"


class NoAnswer(ProviderDown):
    """The request left, and no whole answer came: it may or may not have had an effect."""

    default_code = "no-answer"
