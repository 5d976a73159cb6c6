"""What customers and suppliers owe: due dates, open amounts, and how they change."""

from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest
from structlog.testing import capture_logs

from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.twinfield import open_items
from adapters.providers.twinfield.bookmark import OWED_MAX, Bookmark, Mode, Stage, starting
from adapters.providers.twinfield.source import TwinfieldSource
from core.domain.books import Everything, Invoice, RecordKind
from core.domain.failures import FixSettings, ProviderDown
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.records import Entry
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS, NOW
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, SandboxTime, run
from tests.providers.twinfield.test_conformance import KEY, OFFICE, authorised
from tests.providers.twinfield.truth import invoice_of, invoices_of, office_of

DAY_SECONDS = 24 * 3600


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=11, lines=700, providers=[KEY], frozen_at=NOW) as running:
        running.settings(KEY, certified=True)
        yield running


@pytest.fixture
def kit(sandbox: Sandbox) -> Kit:
    clock = SandboxTime(sandbox)
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits)


@pytest.fixture
def connected(sandbox: Sandbox, kit: Kit) -> Connected:
    return authorised(sandbox, kit)


@pytest.fixture
def source(connected: Connected) -> Iterator[Source]:
    with closing(connected.open()) as opened:
        yield opened


@pytest.fixture
def administration(source: Source) -> Administration:
    return next(found for found in source.administrations() if found.key == OFFICE)


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def asked(sandbox: Sandbox, code: str) -> list[str]:
    return [one.body for one in sandbox.log(KEY) if f'code="{code}"' in one.body]


def held(ledger: Ledger, key: str) -> Invoice | None:
    found = ledger.records[RecordKind.INVOICE].get(key)
    assert found is None or isinstance(found, Invoice)
    return found


def unpaid(sandbox: Sandbox, *, foreign: bool = False) -> Entry:
    """An invoice nobody paid anything of, and of which a part can be paid."""
    office = office_of(sandbox, OFFICE)
    return next(
        entry
        for entry in office.entries()
        if entry.invoice_number
        and entry.open_cents == entry.lines[0].cents > 1_000
        and (entry.currency != office.company.currency) == foreign
    )


def pay(sandbox: Sandbox, invoice: Entry, cents: int | None = None) -> None:
    what = {"kind": "pay-entry", "administration": OFFICE, "entry": invoice.number}
    sandbox.edit(KEY, what if cents is None else {**what, "delta": cents})


# -- what is imported ------------------------------------------------------------------------------


def test_every_kind_of_invoice_is_as_the_books_have_it(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """Paid and partly paid, overdue, credit notes, of suppliers, in a foreign currency."""
    partly = unpaid(sandbox)
    pay(sandbox, partly, 1_000)
    ledger, _ = imported(source, administration)
    truth = invoices_of(sandbox, OFFICE)
    assert ledger.records[RecordKind.INVOICE] == truth
    found = list(truth.values())
    today = sandbox.clock.now().date()
    assert any(one.open_e4 and one.due_date and one.due_date < today for one in found)
    assert any(one.open_e4 == 0 and one.total_e4 > 0 for one in found)
    assert any(one.total_e4 < 0 for one in found)
    assert {one.direction for one in found} == {"sales", "purchase"}
    assert any(one.currency != administration.currency and one.open_e4 for one in found)
    told = held(ledger, invoice_of(office_of(sandbox, OFFICE), partly).key)
    assert told is not None
    assert told.open_e4 == told.total_e4 - 100_000


def test_payments_and_other_items_of_customers_are_no_invoices(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    office = office_of(sandbox, OFFICE)
    rows = list(office.items("DEB"))
    assert {"VRK", "BNK"} <= {row.daybook for row in rows}
    ledger, _ = imported(source, administration)
    assert {key.partition("/")[0] for key in ledger.records[RecordKind.INVOICE]} == {"VRK", "INK"}


# -- nights ----------------------------------------------------------------------------------------


def test_payments_edits_and_deletions_arrive_the_next_night(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    office = office_of(sandbox, OFFICE)
    paid = unpaid(sandbox)
    steps = (
        lambda: pay(sandbox, paid, 700),
        lambda: pay(sandbox, paid),
        lambda: sandbox.edit(
            KEY, {"kind": "delete-entry", "administration": OFFICE, "entry": newest(office).number}
        ),
        lambda: pay(sandbox, unpaid(sandbox, foreign=True), 900),
        lambda: sandbox.edit(
            KEY,
            {
                "kind": "edit-entry",
                "administration": OFFICE,
                "entry": unpaid(sandbox).number,
                "delta": 321,
            },
        ),
        lambda: sandbox.edit(KEY, {"kind": "add-entry", "administration": OFFICE}),
        lambda: sandbox.edit(
            KEY, {"kind": "delete-entry", "administration": OFFICE, "entry": unpaid(sandbox).number}
        ),
    )
    for step in steps:
        sandbox.advance(NIGHT_SECONDS)
        before = invoices_of(sandbox, OFFICE)
        step()
        wanted = invoices_of(sandbox, OFFICE)
        assert wanted != before
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, administration, bookmark, ledger)
        assert ledger.records[RecordKind.INVOICE] == wanted


def newest(office: object) -> Entry:
    assert hasattr(office, "books")
    found: Entry = max(office.books.live_entries(), key=lambda entry: entry.serial)
    return found


def test_a_payment_alone_is_a_row_and_no_reading_of_all(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    pay(sandbox, unpaid(sandbox))
    sandbox.clear_log(KEY)
    told: list[Invoice] = []
    with closing(connected.open()) as tonight:
        for batch in tonight.pull(administration, bookmark):
            ledger.apply(batch)
            told += [one for one in batch.records if isinstance(one, Invoice)]
            assert not any(
                isinstance(one, Everything) and one.kind is RecordKind.INVOICE
                for one in batch.coverage
            )
    assert len(told) == 1
    assert [len(asked(sandbox, code)) for code in ("100", "200")] == [1, 1]
    assert all("fin.trs.line.modified" in body for body in asked(sandbox, "100"))


def test_invoices_that_changed_and_are_not_told_are_read_all_the_same_night(
    sandbox: Sandbox,
    connected: Connected,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if editing a document left the time of its lines alone, which no source rules out."""
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "edit-entry", "administration": OFFICE, "delta": 100})
    sandbox.clear_log(KEY)
    monkeypatch.setattr(open_items, "moment", lambda _: "19990101000000")
    with closing(connected.open()) as tonight:
        run(tonight, administration, bookmark, ledger)
    assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, OFFICE)
    assert [len(asked(sandbox, code)) for code in ("100", "200")] == [2, 2]


def test_once_a_week_all_open_amounts_are_read(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    nights = []
    for _ in range(9):
        sandbox.advance(DAY_SECONDS)
        sandbox.clear_log(KEY)
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, administration, bookmark, ledger)
        nights.append(all("fin.trs.line.modified" in body for body in asked(sandbox, "100")))
    assert nights.count(False) == 1
    assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, OFFICE)


# -- answers that do not come ----------------------------------------------------------------------


def test_items_that_do_not_come_whole_are_asked_by_year_and_in_halves(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    for code in ("100", "200"):
        fault = {"kind": "truncated", "body_contains": f'code="{code}"', "times": 2}
        sandbox.add_fault(KEY, fault)
    ledger, _ = imported(source, administration)
    assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, OFFICE)
    assert any("2025/28</to>" in body or "2022/28</to>" in body for body in asked(sandbox, "100"))


def test_items_that_never_come_are_the_providers_trouble(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    fault = {"kind": "unavailable", "body_contains": 'code="200"', "times": 500}
    sandbox.add_fault(KEY, fault)
    with pytest.raises(ProviderDown):
        imported(source, administration)
    assert len(asked(sandbox, "200")) < 14


def test_many_invoices_are_many_batches_and_a_stop_within_them_loses_nothing(
    sandbox: Sandbox, connected: Connected, administration: Administration
) -> None:
    def small() -> TwinfieldSource:
        opened = connected.open()
        assert isinstance(opened, TwinfieldSource)
        opened.records_max = 15
        return opened

    with closing(small()) as counted:
        stages = [batch.stage for batch in counted.pull(administration, None)]
    places = [at for at, stage in enumerate(stages, 1) if stage.endswith("invoices")]
    assert len(places) > 6
    for stop in places:
        ledger = Ledger()
        with closing(small()) as first:
            bookmark = run(first, administration, None, ledger, stop_after=stop)
        with closing(small()) as second:
            run(second, administration, bookmark, ledger)
        assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, OFFICE), f"stop {stop}"


# -- without the right to see them -----------------------------------------------------------------


def test_without_the_right_invoices_come_from_the_ledger_and_it_is_tried_again(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, no_items=True)
    with capture_logs() as logged:
        ledger, bookmark = imported(source, administration)
    assert "open-items-refused" in {one["event"] for one in logged}
    plain = ledger.records[RecordKind.INVOICE].values()
    assert len(plain) == len(invoices_of(sandbox, OFFICE))
    assert {one.open_e4 for one in plain if isinstance(one, Invoice)} == {None}
    sandbox.settings(KEY, no_items=False)
    for _ in range(8):
        sandbox.advance(DAY_SECONDS)
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, administration, bookmark, ledger)
    assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, OFFICE)


def test_a_right_that_is_withdrawn_stops_the_import_and_is_named(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    """Amounts that are no longer true would stay otherwise."""
    ledger, bookmark = imported(source, administration)
    sandbox.settings(KEY, no_items=True)
    sandbox.advance(NIGHT_SECONDS)
    with closing(connected.open()) as tonight, pytest.raises(FixSettings, match="sales invoices"):
        run(tonight, administration, bookmark, ledger)


# -- the bookmark ----------------------------------------------------------------------------------


def test_more_changed_invoices_than_a_bookmark_holds_are_all_of_them() -> None:
    kept = Bookmark(epoch="", mode=Mode.CHANGES, stage=Stage.LINES, started_at=1)
    some = kept.owing(["VRK/1", "VRK/2"]).owing(["VRK/2"])
    assert (some.owed, some.reads_all_items) == (("VRK/1", "VRK/2"), False)
    many = some.owing([f"VRK/{number}" for number in range(OWED_MAX + 1)])
    assert (many.owed, many.reads_all_items) == ((), True)
    assert many.owing(["VRK/1"]).owed == ()


def test_a_night_begins_without_what_was_owed_before() -> None:
    done = Bookmark(
        epoch="", mode=Mode.CHANGES, stage=Stage.DONE, started_at=1, owed=("VRK/1",), taxes_at=1
    )
    tonight = starting(done.encoded(), epoch="", now=2)
    assert (tonight.owed, tonight.all_items, tonight.mode) == ((), False, Mode.CHANGES)
    later = starting(done.encoded(), epoch="", now=8 * DAY_SECONDS)
    assert later.all_items
    plain = msgspec.structs.replace(done, plain=True)
    assert starting(plain.encoded(), epoch="", now=2).plain
    assert starting(plain.encoded(), epoch="", now=8 * DAY_SECONDS).mode is Mode.RELOAD
