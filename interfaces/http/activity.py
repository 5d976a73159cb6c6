"""What happened: as a list, and as it happens (server-sent events)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Final

import msgspec
from attrs import define, field
from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, HeaderParameter
from litestar.response import Stream

from core.ports.storage import Event
from core.services.access import NotAuthenticated
from interfaces.http import log_shapes, shaping
from interfaces.http.asking import READ, Asker, Asking
from interfaces.http.cursors import PAGE_DEFAULT, Cursor, Limit
from interfaces.http.paging import after_of, cursor_to
from interfaces.http.rates import STREAMS_MAX, STREAMS_PER_TOKEN_MAX, TooMany

POLL_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 15.0
"""A comment this often, so that nothing between takes the silence for an end."""

RETRY_MILLISECONDS: Final = 3_000
"""How long a client waits before it resumes."""

STREAM_SECONDS_MAX: Final = 600.0
"""Then the stream ends and the client resumes: nothing is lost, and nothing is held for ever."""

EVENTS_PER_POLL: Final = 200
SEQUENCE_MAX: Final = 2**53
BUSY_SECONDS: Final = 10

LastEventId = Annotated[
    int | None,
    HeaderParameter(
        name="Last-Event-ID",
        ge=0,
        le=SEQUENCE_MAX,
        description="The newest event seen: the stream continues after it. Now when left out.",
    ),
]


@get("/activity", opt=READ, sync_to_thread=True)
def activity(
    asker: Asking,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    *,
    latest: FromQuery[bool] = False,
) -> log_shapes.EventPage:
    """What happened, oldest first: also the audit trail. ``latest``: the newest page instead,
    newest first.
    """
    if latest:
        newest = asker.services.reading.activity(asker.organisation_id, limit=limit)
        return log_shapes.EventPage(items=[shaping.event(one) for one in newest], next_cursor=None)
    held = after_of(asker, "activity", cursor)
    after = int(held) if held and held.isascii() and held.isdecimal() else 0
    found = asker.services.reading.activity(
        asker.organisation_id, after=min(after, SEQUENCE_MAX), limit=limit
    )
    position = str(found[-1].sequence if found else after)
    return log_shapes.EventPage(
        items=[shaping.event(one) for one in found],
        next_cursor=cursor_to(asker, "activity", position),
    )


@define
class Streams:
    """Those open in this process, by the token that opened them. Used in the event loop only."""

    by_token: Counter[str] = field(factory=Counter)

    def full(self, token_id: str) -> bool:
        """For everybody, or for this token: nobody takes all there are."""
        return (
            self.by_token.total() >= STREAMS_MAX or self.by_token[token_id] >= STREAMS_PER_TOKEN_MAX
        )


_OPEN: Final = Streams()


@get("/activity/stream", opt=READ, media_type="text/event-stream", sync_to_thread=True)
def stream(asker: Asking, last_event_id: LastEventId = None) -> Stream:
    """What happens, as server-sent events: ``id`` is the sequence, ``event`` the kind, ``data`` the
    event as JSON. A comment comes every 15 seconds.
    """
    if _OPEN.full(asker.token.id):
        raise TooMany(BUSY_SECONDS)
    newest = asker.services.reading.activity(asker.organisation_id, limit=1)
    now = newest[0].sequence if newest else 0
    # A number that is still to come is from before a backup was restored: go on from now.
    seen = now if last_event_id is None else min(last_event_id, now)
    return Stream(
        _followed(asker, seen),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _followed(asker: Asker, seen: int) -> AsyncIterator[bytes]:
    """Frames until the time is over or the token ends. Whoever sends them waits until the client
    took them, so that no more than one reading of events is held for a slow one.
    """
    _OPEN.by_token[asker.token.id] += 1
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        loop = asyncio.get_running_loop()
        began = spoke = loop.time()
        while loop.time() - began < STREAM_SECONDS_MAX:
            events = await sync_to_thread(_newer, asker, seen)
            if events is None:
                return
            for event in events:
                seen = event.sequence
                yield _framed(event)
            now = loop.time()
            if events:
                spoke = now
            elif now - spoke >= HEARTBEAT_SECONDS:
                yield b": still here\n\n"
                spoke = now
            if len(events) < EVENTS_PER_POLL:
                await asyncio.sleep(POLL_SECONDS)
    finally:
        _OPEN.by_token[asker.token.id] -= 1


def _newer(asker: Asker, seen: int) -> Sequence[Event] | None:
    """None once the token was revoked: it must not go on listening, however much happens."""
    try:
        asker.services.access.living(asker.token.id)
    except NotAuthenticated:
        return None
    return asker.services.reading.activity(asker.organisation_id, after=seen, limit=EVENTS_PER_POLL)


def _framed(event: Event) -> bytes:
    data = msgspec.json.encode(shaping.event(event)).decode()
    kind = "".join(character for character in event.kind if character.isprintable())
    return f"id: {event.sequence}\nevent: {kind}\ndata: {data}\n\n".encode()


HANDLERS: Final[list[HTTPRouteHandler]] = [activity, stream]
