"""What a proof says when the provider's books move, and how much of them it looks at."""

import datetime as dt

import pytest

from core.domain.books import JournalEntry, JournalLine
from core.domain.failures import ProviderDown
from core.domain.import_run import RunStatus
from core.domain.integration import Administration
from core.domain.proof import FINDINGS_STORED_MAX, Verdict
from core.ports.provider import Credentials
from tests.fake_provider import FakeProvider, FakeSource
from tests.services.house import House

DAY = dt.date(2026, 1, 15)


@pytest.fixture
def house() -> House:
    house = House()
    house.follow(house.connect_odoo(), "adm-1")
    return house


def verdict(house: House) -> Verdict:
    (run,) = house.import_rung()
    assert run is not None
    assert run.proof is not None
    return run.proof.verdict


def between_readings(house: House, monkeypatch: pytest.MonkeyPatch, *amounts_e4: int) -> None:
    """The provider's own totals per reading: the bank's is off by these amounts, one after one."""
    books = house.odoo.books[0]
    original, left = house.odoo.called, list(amounts_e4)

    def called(operation: str) -> None:
        original(operation)
        if operation == "control_totals" and left:
            books.skew_e4 = left.pop(0)

    monkeypatch.setattr(type(house.odoo), "called", lambda _, operation: called(operation))


def test_a_total_that_moves_between_two_readings_is_told_from_a_difference(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    between_readings(house, monkeypatch, 100, 300)
    assert verdict(house) is Verdict.MOVED


def test_a_difference_that_stays_is_no_movement_however_busy_the_account(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bank's total is wrong by the same amount although a payment came in between."""
    books = house.odoo.books[0]
    books.skew_e4 = 100
    original = house.odoo.called

    def called(operation: str) -> None:
        original(operation)
        if operation == "pull" and house.odoo.calls["control_totals"] == 1:
            books.post("late", DAY, ("acc-bank", 700), ("acc-turnover", -700))

    monkeypatch.setattr(type(house.odoo), "called", lambda _, operation: called(operation))
    assert verdict(house) is Verdict.DIFFERS


def test_every_entry_that_does_not_balance_is_counted(house: House) -> None:
    count = FINDINGS_STORED_MAX + 7
    house.odoo.page_changes = 2_000
    for number in range(count):
        key = f"odd-{number:04d}"
        entry = JournalEntry(
            key=key, number=None, journal_key=None, date=DAY, year=DAY.year, period=DAY.month
        )
        line = JournalLine(
            key=key,
            entry_key=key,
            position=1,
            account_key="acc-bank",
            date=DAY,
            year=DAY.year,
            period=DAY.month,
            amount_e4=1,
        )
        house.odoo.books[0].changes += [entry, line]
    (run,) = house.import_rung()
    assert run is not None
    assert run.proof is not None
    assert run.proof.finding_count == count
    assert len(run.proof.findings) == FINDINGS_STORED_MAX


def test_after_a_difference_every_year_is_looked_at_until_it_is_gone(house: House) -> None:
    """A source that spares closed years would call the books proven the very next night."""
    books = house.odoo.books[0]
    assert verdict(house) is Verdict.PROVEN
    assert house.odoo.asked_whole == [False]
    books.skew_e4 = 100
    house.services.importing.request(house.org, None, operator="tests")
    assert verdict(house) is Verdict.DIFFERS
    house.odoo.asked_whole.clear()
    books.skew_e4 = 0
    house.services.importing.request(house.org, None, operator="tests")
    assert verdict(house) is Verdict.PROVEN
    assert house.odoo.asked_whole == [True]
    house.odoo.asked_whole.clear()
    house.services.importing.request(house.org, None, operator="tests")
    assert verdict(house) is Verdict.PROVEN
    assert house.odoo.asked_whole == [False]


def test_a_difference_is_remembered_by_the_attempt_that_comes_after(house: House) -> None:
    """The worker is lost between the two looks: the second pull knows nothing of the first."""
    house.odoo.books[0].skew_e4 = 100
    house.odoo.failures["control_totals"] = [None, ProviderDown("Away for lunch.")]
    (run,) = house.import_rung()
    assert run is not None
    assert run.status is RunStatus.WAITING
    house.odoo.asked_whole.clear()
    house.clock.advance(dt.timedelta(minutes=1))
    run = house.engine().run(run.id)
    assert run is not None
    assert run.proof is not None
    assert house.odoo.asked_whole[0]


def texts(house: House, kind: str) -> list[str]:
    events = house.services.reading.activity(house.org)
    return [event.text for event in events if event.kind == kind]


def starts(house: House) -> int:
    """How often the first page was read."""
    return sum(position == 0 for key, position in house.odoo.read if key == "adm-1")


def test_a_row_the_provider_forgot_to_mention_is_found_by_reading_again(house: House) -> None:
    house.odoo.page_changes = 4
    house.odoo.withheld = {"sale-1-1"}
    assert verdict(house) is Verdict.PROVEN
    assert starts(house) == 2
    (said,) = texts(house, "run.reading-again")
    assert "read once more before that is reported" in said
    (published,) = texts(house, "run.published")
    assert "proven after everything was read once more" in published
    house.odoo.read.clear()
    house.services.importing.request(house.org, None, operator="tests")
    assert verdict(house) is Verdict.PROVEN
    assert starts(house) == 0, "the next night goes on from where that reading ended"


def test_a_lasting_difference_is_read_again_once_and_not_every_night(house: House) -> None:
    books = house.odoo.books[0]
    books.skew_e4 = 100
    assert verdict(house) is Verdict.DIFFERS
    assert starts(house) == 2
    house.services.importing.request(house.org, None, operator="tests")
    assert verdict(house) is Verdict.DIFFERS
    assert starts(house) == 2, "reported before, and the same to the cent"
    books.skew_e4 = 200
    house.services.importing.request(house.org, None, operator="tests")
    assert verdict(house) is Verdict.DIFFERS
    assert starts(house) == 3, "another difference"
    assert len(texts(house, "run.reading-again")) == 2


def test_reading_again_is_resumed_and_not_begun_twice(house: House) -> None:
    house.odoo.page_changes = 4
    books = house.odoo.books[0]
    books.skew_e4 = 100
    pages = -(-len(books.changes) // 4)
    house.odoo.failures["pull"] = [None] * (pages + 1 + 2) + [ProviderDown("Away for lunch.")]
    (run,) = house.import_rung()
    assert run is not None
    assert (run.status, run.progress.reading_again) == (RunStatus.WAITING, True)
    assert starts(house) == 2
    house.clock.advance(dt.timedelta(minutes=1))
    run = house.engine().run(run.id)
    assert run is not None
    assert run.proof is not None
    assert run.proof.verdict is Verdict.DIFFERS
    assert starts(house) == 2
    assert len(texts(house, "run.reading-again")) == 1


def test_totals_that_move_while_everything_is_read_again_are_said_to_move(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = house.odoo.books[0]
    books.skew_e4 = 100
    original = type(house.odoo).called

    def called(operation: str) -> None:
        original(house.odoo, operation)
        if operation == "control_totals" and house.odoo.calls["control_totals"] == 3:
            books.skew_e4 = 300

    monkeypatch.setattr(type(house.odoo), "called", lambda _, operation: called(operation))
    assert verdict(house) is Verdict.MOVED


def test_a_source_that_can_reads_only_the_years_concerned(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str, frozenset[int]]] = []

    class AgainSource(FakeSource):
        def again(self, administration: Administration, bookmark: str, of: frozenset[int]) -> str:
            asked.append((administration.key, bookmark, of))
            return "3"

    def opened(self: FakeProvider, credentials: Credentials) -> FakeSource:
        return AgainSource(self, credentials)

    # A class of its own: Python remembers of a class that it fits a protocol, test or no test.
    monkeypatch.setattr(FakeProvider, "open", opened)
    books = house.odoo.books[0]
    books.skew_e4 = 100
    assert verdict(house) is Verdict.DIFFERS
    assert asked == [("adm-1", str(len(books.changes)), frozenset({2026}))]
    assert ("adm-1", 3) in house.odoo.read
