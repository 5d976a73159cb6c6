"""Idempotency-Key: a POST sent again with the same key gets the first answer again."""

import hashlib
from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast

from attrs import frozen
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Headers
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

from core.domain.access import ApiToken
from core.domain.failures import CorrectRequest
from core.services.repeating import Answer
from interfaces.http.asking import Opener

KEY_HEADER: Final = "idempotency-key"
KEY_CHARACTERS_MAX: Final = 255
REPLAYED_HEADER: Final = (b"idempotent-replayed", b"true")
_SERVER_ERROR: Final = 500

HELD_BYTES_MAX: Final = 1_048_576
"""Of a body in memory; a larger one (a route may take uploads) waits in a file."""

PIECE_BYTES: Final = 65_536


class TooLarge(ClientException):
    status_code = 413


@frozen
class Repeatable:
    """ASGI middleware behind the gate. Keys are each token's own."""

    app: ASGIApp
    opened: Opener

    async def __call__(self, connection: Scope, receive: Receive, send: Send) -> None:
        scope = cast("HTTPScope", connection)  # only HTTP routes are behind the gate
        key = Headers.from_scope(scope).get(KEY_HEADER)
        if key is None or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        if not 1 <= len(key) <= KEY_CHARACTERS_MAX or not (key.isascii() and key.isprintable()):
            raise CorrectRequest(
                f"An Idempotency-Key is 1 to {KEY_CHARACTERS_MAX} printable ASCII characters.",
                code="bad-idempotency-key",
            )
        token = scope["auth"]
        assert isinstance(token, ApiToken), "set by the gate"
        own_key = f"{token.id}:{key}"
        repeating = self.opened().repeating
        with SpooledTemporaryFile(max_size=HELD_BYTES_MAX) as body:
            asked = await _received(scope, receive, body)
            held = await sync_to_thread(repeating.begin, token.organisation_id, own_key, asked)
            if held is not None:
                await _say(held, send)
                return
            answer = None
            try:
                answer = await self._answered(scope, body, own_key, send)
            finally:
                if answer is None:
                    await sync_to_thread(repeating.give_up, token.organisation_id, own_key)

    async def _answered(
        self, scope: HTTPScope, body: IO[bytes], own_key: str, send: Send
    ) -> Answer | None:
        """Let the request be answered; the answer once it is kept, None when it is not final."""
        over = False
        messages: list[Message] = []

        async def again() -> HTTPReceiveMessage:
            nonlocal over
            if over:
                return {"type": "http.disconnect"}
            piece = body.read(PIECE_BYTES)
            over = len(piece) < PIECE_BYTES
            return {"type": "http.request", "body": piece, "more_body": not over}

        async def gathered(message: Message) -> None:
            messages.append(message)

        await self.app(scope, again, gathered)
        answer = _answer(messages)
        if answer is not None:
            # Kept before it is sent: who repeats after a lost answer finds it.
            organisation_id = scope["auth"].organisation_id
            await sync_to_thread(self.opened().repeating.finish, organisation_id, own_key, answer)
        for message in messages:
            await send(message)
        return answer


async def _received(scope: HTTPScope, receive: Receive, body: IO[bytes]) -> str:
    """What is asked, as a digest; the body is at its beginning afterwards. TooLarge when the route
    takes no such body.
    """
    handler = scope["route_handler"]
    assert isinstance(handler, HTTPRouteHandler), "only HTTP routes are behind the gate"
    most = handler.resolve_request_max_body_size()
    digest = hashlib.sha256(
        b"\n".join([scope["path"].encode(), scope.get("query_string", b""), b""])
    )
    size = 0
    more = True
    while more:  # ends: with the body, or at its largest size
        message = await receive()
        if message["type"] != "http.request":
            break
        size += len(message["body"])
        if most is not None and size > most:
            raise TooLarge
        digest.update(message["body"])
        body.write(message["body"])
        more = message["more_body"]
    body.seek(0)
    return digest.hexdigest()


def _answer(messages: list[Message]) -> Answer | None:
    status = 0
    media_type = ""
    body = b""
    for message in messages:
        if message["type"] == "http.response.start":
            status = message["status"]
            media_type = Headers(message["headers"]).get("content-type", "")
        elif message["type"] == "http.response.body":
            body += message["body"]
    if not status or status >= _SERVER_ERROR:
        return None
    return Answer(status=status, media_type=media_type, body=body.decode())


async def _say(answer: Answer, send: Send) -> None:
    body = answer.body.encode()
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (b"content-type", answer.media_type.encode()),
                (b"content-length", str(len(body)).encode()),
                REPLAYED_HEADER,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
