"""Reading ahead: pages are fetched and decoded in one thread while another writes.

The network then does not wait for the disk, nor the disk for the network. Memory holds at most
``PAGES_IN_FLIGHT_MAX`` pages: a page counts from the moment its fetching begins until the consumer
asks for the next one, which is after it was committed. So no more pages than that are fetched
again when a worker is killed.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import Final, Protocol

from attrs import define, field, frozen

from core.domain.books import Batch
from core.domain.integration import Administration
from core.ports.provider import Source

PAGES_IN_FLIGHT_MAX: Final = 2
"""One page is written while the next one is fetched. More would not be faster where both take
their usual time, and each page more is one more call spent twice when a worker is killed."""

BATCHES_MAX: Final = 1_000_000
"""Bound on one attempt: more pages than any administration has."""


@frozen(kw_only=True)
class Pulled:
    """A batch, and how many requests left for it."""

    batch: Batch
    calls: int


class Pages(Protocol):
    """Pages of one pull, in order; a failure comes in the place where it happened."""

    def __iter__(self) -> Iterator[Pulled]: ...

    def enough(self) -> None:
        """Begin no further page. What is under way still comes, so that nothing is read twice."""
        ...


@define
class _Counted:
    """Batches of a source's pull with the requests each of them took."""

    source: Source
    administration: Administration
    bookmark: str | None

    def pull(self) -> Generator[Pulled, None, None]:
        calls_before = self.source.calls
        batches = self.source.pull(self.administration, self.bookmark)
        try:
            for count, batch in enumerate(batches):
                assert count < BATCHES_MAX, "a pull ends"
                calls = self.source.calls
                yield Pulled(batch=batch, calls=calls - calls_before)
                calls_before = calls
        finally:
            if isinstance(batches, Generator):
                batches.close()


@define
class _InStep:
    """Each page is fetched when the one before is written, in the consumer's own thread."""

    counted: _Counted
    given_up: bool = False

    def enough(self) -> None:
        self.given_up = True

    def __iter__(self) -> Iterator[Pulled]:
        pull = self.counted.pull()
        try:
            for page in pull:
                yield page
                if self.given_up:
                    return
        finally:
            pull.close()


@frozen
class _End:
    """Nothing follows; ``error`` says why when that is not the provider's end."""

    error: BaseException | None = None


@define
class _Ahead:
    """Only the thread that does ``work`` touches the source, until it has ended."""

    counted: _Counted
    permits: Semaphore
    pages: "SimpleQueue[Pulled | _End]" = field(factory=SimpleQueue)
    given_up: Event = field(factory=Event)

    def work(self) -> None:
        """Put every page, then the end. Whatever goes wrong reaches the consumer in its place."""
        error: BaseException | None = None
        try:
            self._pull()
        except BaseException as raised:  # noqa: BLE001 - raised again where the run is carried out
            error = raised
        self.pages.put(_End(error))

    def _pull(self) -> None:
        pull = self.counted.pull()
        try:
            while self._may_begin():
                page = next(pull, None)
                if page is None:
                    return
                self.pages.put(page)
        finally:
            pull.close()

    def _may_begin(self) -> bool:
        self.permits.acquire()
        return not self.given_up.is_set()

    def enough(self) -> None:
        self.given_up.set()
        self.permits.release()

    def __iter__(self) -> Iterator[Pulled]:
        while True:
            page = self.pages.get()
            if isinstance(page, _End):
                if page.error is not None:
                    raise page.error
                return
            yield page
            self.permits.release()


@contextmanager
def pages_of(
    source: Source, administration: Administration, bookmark: str | None, *, in_flight: int
) -> Iterator[Pages]:
    """The pull from that bookmark. On leaving, its thread has ended and the source is free again.

    Leaving waits for the one page that is being fetched, as long as its calls may take.
    ``in_flight`` 1: no thread, and never a page more than the one that is being written.
    """
    counted = _Counted(source, administration, bookmark)
    if in_flight <= 1:
        yield _InStep(counted)
        return
    ahead = _Ahead(counted, Semaphore(in_flight))
    context = copy_context()  # what logs are told beside each call
    thread = Thread(target=context.run, args=(ahead.work,), name="monitr-pull", daemon=True)
    thread.start()
    try:
        yield ahead
    finally:
        ahead.enough()
        thread.join()
