"""Pages are read ahead by a thread of their own: order, failures, ends, and nothing left behind."""

import threading
from collections.abc import Iterator, Sequence
from threading import Event

import pytest
from attrs import define, field

from core.domain.books import Batch
from core.domain.failures import ProviderDown
from core.domain.import_run import RunStatus
from core.domain.integration import Administration
from core.domain.proof import ControlTotals
from core.ports.provider import Health
from core.services.import_engine import ImportEngine
from core.services.pulling import PAGES_IN_FLIGHT_MAX, pages_of
from tests.fakes import FakeClock
from tests.services.house import House

COMPANY = Administration(key="adm-1", name="Blom", currency="EUR", country="NL")
WAIT_SECONDS = 20


@define
class Scripted:
    """Implements Source: ``pages`` pages of two calls each; ``error`` comes after them."""

    pages: int
    error: BaseException | None = None
    calls: int = 0
    begun: list[int] = field(factory=list)
    beginning: dict[int, Event] = field(factory=dict)
    """Set when that page's fetching begins."""
    threads: set[str] = field(factory=set)
    generator_closed: bool = False

    def pull(self, administration: Administration, bookmark: str | None) -> Iterator[Batch]:
        start = 0 if bookmark is None else int(bookmark)
        try:
            for number in range(start + 1, self.pages + 1):
                self.threads.add(threading.current_thread().name)
                self.calls += 2
                self.begun.append(number)
                if number in self.beginning:
                    self.beginning[number].set()
                last = number == self.pages and self.error is None
                yield Batch(bookmark=str(number), last=last)
            if self.error is not None:
                raise self.error
        finally:
            self.generator_closed = True

    def health(self) -> Health:
        raise NotImplementedError

    def administrations(self) -> Sequence[Administration]:
        raise NotImplementedError

    def control_totals(
        self, administration: Administration, *, whole: bool = False
    ) -> ControlTotals | None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "monitr-pull"]


@pytest.mark.parametrize("in_flight", [1, PAGES_IN_FLIGHT_MAX, 5])
def test_pages_come_in_order_with_their_calls(in_flight: int) -> None:
    source = Scripted(pages=7)
    with pages_of(source, COMPANY, "2", in_flight=in_flight) as pages:
        found = [(page.batch.bookmark, page.calls, page.batch.last) for page in pages]
    assert found == [(str(n), 2, n == 7) for n in range(3, 8)]
    assert source.generator_closed
    assert not threads()


def test_the_next_page_is_fetched_while_one_is_written_and_no_further_one() -> None:
    source = Scripted(pages=9, beginning={2: Event(), 3: Event()})
    with pages_of(source, COMPANY, None, in_flight=2) as pages:
        for page in pages:
            if page.batch.bookmark == "1":
                assert source.beginning[2].wait(WAIT_SECONDS), "page 2 is fetched meanwhile"
                assert not source.beginning[3].is_set()
                assert source.begun == [1, 2], "page 1 still counts: it is not committed"
            if page.batch.bookmark == "2":
                assert source.beginning[3].wait(WAIT_SECONDS), "page 1 is written: on with page 3"
                assert source.begun == [1, 2, 3]
    assert source.threads == {"monitr-pull"}


@pytest.mark.parametrize("in_flight", [1, 2])
def test_a_failure_comes_after_the_pages_before_it(in_flight: int) -> None:
    source = Scripted(pages=3, error=ProviderDown("Gone."))
    found: list[str] = []

    def consume() -> None:
        with pages_of(source, COMPANY, None, in_flight=in_flight) as pages:
            for page in pages:
                found.append(page.batch.bookmark)  # noqa: PERF401 - a failure must not lose them

    with pytest.raises(ProviderDown, match="Gone"):
        consume()
    assert found == ["1", "2", "3"]
    assert source.begun == [1, 2, 3]
    assert not threads()


@pytest.mark.parametrize("in_flight", [1, 2])
def test_enough_ends_with_the_pages_under_way(in_flight: int) -> None:
    """So that an orderly stop costs no call: what was fetched is written."""
    source = Scripted(pages=9, beginning={2: Event()})
    found = []
    with pages_of(source, COMPANY, None, in_flight=in_flight) as pages:
        for page in pages:
            found.append(page.batch.bookmark)
            if in_flight > 1:
                assert source.beginning[2].wait(WAIT_SECONDS)
            pages.enough()
    assert found == [str(number) for number in source.begun]
    assert len(found) == in_flight
    assert source.generator_closed


def test_a_consumer_that_fails_leaves_no_thread_and_no_open_generator() -> None:
    source = Scripted(pages=9)

    def consume() -> None:
        with pages_of(source, COMPANY, None, in_flight=2) as pages:
            for _ in pages:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume()
    assert source.generator_closed
    assert not threads()


def house_with_pages(changes: int) -> tuple[House, str, str]:
    """(house, entity id, run id) with a first import of several pages waiting."""
    house = House(clock=FakeClock())
    house.odoo.page_changes = changes
    (entity,) = house.follow(house.connect_odoo(), "adm-1")
    (run_id,) = set(house.doorbell.rung)
    house.services.importing.beat("w", standing=False)
    return house, entity.id, run_id


def test_an_import_read_ahead_is_the_same_import() -> None:
    ahead, entity_id, run_id = house_with_pages(3)
    run = ImportEngine(ahead.ports, "w").run(run_id)
    in_step, same_id, same_run = house_with_pages(3)
    before = ImportEngine(in_step.ports, "w", pages_in_flight=1).run(same_run)
    assert run is not None
    assert before is not None
    assert run.status is RunStatus.SUCCEEDED
    assert run.progress == before.progress
    assert run.bookmark == before.bookmark
    assert ahead.odoo.read == in_step.odoo.read
    assert ahead.trial_balance_e4(entity_id) == in_step.trial_balance_e4(same_id)
    assert not threads()


def test_an_orderly_stop_reads_no_page_twice() -> None:
    house, _, run_id = house_with_pages(3)
    run = ImportEngine(house.ports, "w", lambda: True).run(run_id)
    assert run is not None
    assert (run.status, run.strikes) == (RunStatus.WAITING, 0)
    assert 1 <= run.progress.batches <= PAGES_IN_FLIGHT_MAX
    done = ImportEngine(house.ports, "w").run(run_id)
    assert done is not None
    assert done.status is RunStatus.SUCCEEDED
    assert len(house.odoo.read) == len(set(house.odoo.read))


def test_a_failure_while_reading_ahead_keeps_what_was_read_before_it() -> None:
    house, _, run_id = house_with_pages(3)
    house.odoo.failures["pull"] = [None, None, ProviderDown("Away for lunch.")]
    run = ImportEngine(house.ports, "w").run(run_id)
    assert run is not None
    assert (run.status, run.progress.batches) == (RunStatus.WAITING, 2)
    assert not threads()
    house.clock.pause(60)
    house.services.importing.beat("w", standing=False)
    done = ImportEngine(house.ports, "w").run(run_id)
    assert done is not None
    assert done.status is RunStatus.SUCCEEDED
    pages = [page for page in house.odoo.read if page[0] == "adm-1"]
    assert len(pages) == len(set(pages))
