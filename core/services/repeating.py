"""Requests that a program may repeat by a key of its own, and get the first answer again.

A program that lost an answer cannot know whether the request was carried out. It repeats it with
the same key: what was answered is kept for a day, sealed, because an answer may hold a secret.
"""

import hashlib
import json
from datetime import timedelta
from typing import Final

import attrs
from attrs import field, frozen

from core.domain.failures import CorrectRequest, TryAgain
from core.ports.access import Repeat
from core.services.ports import Ports
from core.services.secrets import SecretStore

ANSWERS_KEPT: Final = timedelta(hours=24)
UNDER_WAY_MAX: Final = timedelta(minutes=10)
"""A request begun longer ago without an answer was lost with its process: it may run again."""

FORGOTTEN_PER_REQUEST_MAX: Final = 20
"""Answers older than a day are cleared as new ones come, so many at a time."""


class OtherRequest(CorrectRequest):
    """The key was used for a request that differs from this one."""

    default_code = "key-used-otherwise"


class UnderWay(TryAgain):
    """The first request with the key has not been answered yet."""

    default_code = "key-under-way"


@frozen(kw_only=True)
class Answer:
    """``headers`` and ``body`` may hold what only the asker may see."""

    status: int
    media_type: str
    body: str = field(repr=False)


@frozen
class RepeatingService:
    ports: Ports

    def begin(self, organisation_id: str, key: str, request_sha256: str) -> Answer | None:
        """None: this is the first, carry it out and then ``finish`` or ``give_up``.

        Otherwise the answer the first one got. OtherRequest, UnderWay. Of any number of
        simultaneous requests exactly one is the first.
        """
        now = self.ports.clock.now()
        key_sha256 = _sha256(key)
        with self.ports.storage.writing() as uow:
            for old in uow.repeats.begun_before(
                now - ANSWERS_KEPT, limit=FORGOTTEN_PER_REQUEST_MAX
            ):
                uow.repeats.delete(old.organisation_id, old.key_sha256)
                uow.secrets.delete(_row(old.organisation_id, old.key_sha256))
            held = uow.repeats.get(organisation_id, key_sha256)
            if held is not None and now - held.began_at < ANSWERS_KEPT:
                if held.request_sha256 != request_sha256:
                    raise OtherRequest(
                        "This Idempotency-Key was used for another request: use a new key."
                    )
                if held.answered:
                    document = SecretStore(self.ports).get(uow, _row(organisation_id, key_sha256))
                    return _answer(document)
                if now - held.began_at < UNDER_WAY_MAX:
                    raise UnderWay(
                        "The first request with this Idempotency-Key is still being carried out: "
                        "try again in a moment."
                    )
            uow.repeats.save(
                Repeat(
                    organisation_id=organisation_id,
                    key_sha256=key_sha256,
                    request_sha256=request_sha256,
                    began_at=now,
                )
            )
            uow.commit()
        return None

    def finish(self, organisation_id: str, key: str, answer: Answer) -> None:
        """Keep the answer of the first request."""
        key_sha256 = _sha256(key)
        with self.ports.storage.writing() as uow:
            held = uow.repeats.get(organisation_id, key_sha256)
            if held is None:
                return
            uow.repeats.save(attrs.evolve(held, answered=True))
            document = {"answer": json.dumps(attrs.asdict(answer))}
            SecretStore(self.ports).put(uow, _row(organisation_id, key_sha256), document)
            uow.commit()

    def give_up(self, organisation_id: str, key: str) -> None:
        """The first request came to nothing: the next with the key is the first again."""
        with self.ports.storage.writing() as uow:
            uow.repeats.delete(organisation_id, _sha256(key))
            uow.commit()


def _answer(document: dict[str, str]) -> Answer:
    held = json.loads(document["answer"])
    return Answer(status=held["status"], media_type=held["media_type"], body=held["body"])


def _row(organisation_id: str, key_sha256: str) -> str:
    return f"answer:{organisation_id}:{key_sha256}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
