"""What customers and suppliers owe: due dates, open amounts, and how they change."""

from collections.abc import Callable
from contextlib import closing
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.xml import Element, Reading, whole
from adapters.providers.yuki import open_items
from adapters.providers.yuki.bookmark import decoded
from adapters.providers.yuki.open_items import OpenItems, Owed, changed_months
from adapters.providers.yuki.source import YukiSource
from core.domain.books import Invoice, RecordKind, TradeSide
from core.domain.failures import NotUnderstood, ProviderDown
from core.domain.integration import Administration
from sandbox.records import Entry, JournalKind
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, run
from tests.providers.yuki.test_conformance import ADMINISTRATION, KEY
from tests.providers.yuki.truth import invoice_of, invoices_of, presented

READING = Reading(sender="Yuki", what="a test")
RECEIVABLE, PAYABLE = TradeSide.RECEIVABLE, TradeSide.PAYABLE
DOCUMENT = "8f2fb08a-2c46-40d2-ab15-8758a869f32a"
CONTACT = "5b0e9dc2-ec60-4614-afb6-d876a0f20370"
DAY = date(2025, 3, 15)


def imported(source: YukiSource, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def unpaid(sandbox: Sandbox, *, year: int = 2026) -> Entry:
    """An invoice nobody paid anything of, and of which a part can be paid."""
    books = presented(sandbox, ADMINISTRATION).books
    return next(
        entry
        for entry in books.live_entries()
        if entry.invoice_number
        and entry.year == year
        and abs(entry.open_cents) == abs(entry.lines[0].cents) > 1_000
        and entry.currency == books.company.currency
    )


def reopened(sandbox: Sandbox) -> Entry:
    """An invoice in another currency, whose payment is taken back."""
    books = presented(sandbox, ADMINISTRATION).books
    payment = next(
        entry
        for entry in books.live_entries()
        if entry.settles is not None and entry.settles.currency != books.company.currency
    )
    edit(sandbox, "delete-entry", entry=payment.number)
    assert payment.settles is not None
    return payment.settles


def edit(sandbox: Sandbox, kind: str, **told: object) -> None:
    sandbox.edit(KEY, {"kind": kind, "administration": ADMINISTRATION, **told})


def asked(sandbox: Sandbox, word: str) -> list[str]:
    return [one.body for one in sandbox.log(KEY) if word in one.body]


# -- what is imported ------------------------------------------------------------------------------


def test_every_kind_of_invoice_is_as_the_books_have_it(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    """Paid and partly paid, overdue, credit notes, of suppliers, in a foreign currency."""
    partly = unpaid(sandbox)
    edit(sandbox, "pay-entry", entry=partly.number, delta=partly.open_cents // 2)
    reopened(sandbox)
    ledger, _ = imported(source, administration)
    truth = invoices_of(sandbox, ADMINISTRATION)
    assert ledger.records[RecordKind.INVOICE] == truth
    found = list(truth.values())
    today = sandbox.clock.now().date()
    assert any(one.open_e4 and one.due_date and one.due_date < today for one in found)
    assert any(one.open_e4 == 0 and one.total_e4 > 0 for one in found)
    assert any(one.total_e4 < 0 for one in found)
    assert {one.direction for one in found} == {"sales", "purchase"}
    assert any(one.currency != administration.currency and one.open_e4 for one in found)
    told = truth[invoice_of(presented(sandbox, ADMINISTRATION), partly).key]
    assert 0 < abs(told.open_e4 or 0) < abs(told.total_e4)


@pytest.mark.parametrize("setting", ["negative", "foreign_items", "nameless"])
def test_what_no_source_says_of_the_lists_makes_no_difference(
    sandbox: Sandbox, source: YukiSource, administration: Administration, setting: str
) -> None:
    """The sign of what suppliers are owed, the currency, and whether the document is named."""
    for partly in (unpaid(sandbox), reopened(sandbox)):
        edit(sandbox, "pay-entry", entry=partly.number, delta=partly.open_cents // 4)
    sandbox.settings(KEY, **{setting: True})
    ledger, _ = imported(source, administration)
    truth = invoices_of(sandbox, ADMINISTRATION)
    held = ledger.records[RecordKind.INVOICE]
    assert held.keys() == truth.keys()
    # A part of a foreign amount comes rounded to the cent of that currency.
    for key, wanted in truth.items():
        told = held[key]
        assert isinstance(told, Invoice)
        assert told.due_date == wanted.due_date
        assert abs((told.open_e4 or 0) - (wanted.open_e4 or 0)) <= 200


# -- nights ----------------------------------------------------------------------------------------


def test_payments_edits_and_deletions_arrive_the_next_night(
    sandbox: Sandbox, connected: Connected, source: YukiSource, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    books = presented(sandbox, ADMINISTRATION).books
    paid = unpaid(sandbox, year=2025)

    def newest() -> int:
        return max(books.live_entries(), key=lambda entry: entry.serial).number

    steps: tuple[Callable[[], None], ...] = (
        lambda: edit(sandbox, "pay-entry", entry=paid.number, delta=paid.open_cents // 3),
        lambda: edit(sandbox, "pay-entry", entry=paid.number),
        lambda: edit(sandbox, "delete-entry", entry=newest()),
        lambda: edit(sandbox, "pay-entry", entry=reopened(sandbox).number, delta=555),
        lambda: edit(sandbox, "edit-entry", entry=unpaid(sandbox).number, delta=321),
        lambda: edit(sandbox, "add-entry"),
        lambda: edit(sandbox, "delete-entry", entry=unpaid(sandbox).number),
    )
    for step in steps:
        sandbox.advance(NIGHT_SECONDS)
        before = invoices_of(sandbox, ADMINISTRATION)
        step()
        wanted = invoices_of(sandbox, ADMINISTRATION)
        assert wanted != before
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, administration, bookmark, ledger)
        assert ledger.records[RecordKind.INVOICE] == wanted


def test_an_item_matched_without_a_posting_is_found_by_its_month(
    sandbox: Sandbox, connected: Connected, source: YukiSource, administration: Administration
) -> None:
    """No line changes when two items are matched with each other."""
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    matched = unpaid(sandbox, year=2025)
    matched.open_cents = 0
    sandbox.clear_log(KEY)
    with closing(connected.open()) as tonight:
        bookmark = run(tonight, administration, bookmark, ledger)
    assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, ADMINISTRATION)
    (question,) = asked(sandbox, "<GetTransactionDetails")
    assert f"<StartDate>{matched.date:%Y-%m}-01<" in question
    sandbox.advance(NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    with closing(connected.open()) as tonight:
        run(tonight, administration, bookmark, ledger)
    assert asked(sandbox, "<GetTransactionDetails") == []
    assert len(asked(sandbox, "<Outstanding")) == 2


def test_a_pull_that_goes_on_asks_for_open_items_again(
    sandbox: Sandbox, connected: Connected, source: YukiSource, administration: Administration
) -> None:
    """They are held while lines are read, and what was open then may be paid by now."""
    ledger = Ledger()
    sandbox.settings(KEY, rows_max=220)
    stages: list[str] = []
    bookmark = ""
    for batch in source.pull(administration, None):
        ledger.apply(batch)
        stages.append(batch.stage)
        bookmark = batch.bookmark
        if sum(stage.startswith("general ledger") for stage in stages) == 2:
            break
    sandbox.clear_log(KEY)
    with closing(connected.open()) as second:
        run(second, administration, bookmark, ledger)
    assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, ADMINISTRATION)
    assert len(asked(sandbox, "<Outstanding")) == 2


def test_an_item_dated_in_another_month_than_booked_is_followed_too(
    sandbox: Sandbox, connected: Connected, source: YukiSource, administration: Administration
) -> None:
    sandbox.settings(KEY, days_before=45)
    ledger, bookmark = imported(source, administration)
    kept = decoded(bookmark)
    assert kept is not None
    assert kept.shifted
    assert all(dated < booked for dated, booked in kept.shifted)
    for year in (2025, 2026):
        sandbox.advance(NIGHT_SECONDS)
        matched = unpaid(sandbox, year=year)
        matched.open_cents = 0
        with closing(connected.open()) as tonight:
            bookmark = run(tonight, administration, bookmark, ledger)
        assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, ADMINISTRATION)


# -- where there are no lists ----------------------------------------------------------------------


def test_without_the_lists_nothing_is_said_of_open_amounts_until_they_come(
    sandbox: Sandbox, connected: Connected, source: YukiSource, administration: Administration
) -> None:
    sandbox.settings(KEY, items=False)
    ledger, bookmark = imported(source, administration)
    plain = ledger.records[RecordKind.INVOICE].values()
    assert len(plain) == len(invoices_of(sandbox, ADMINISTRATION))
    assert {one.open_e4 for one in plain if isinstance(one, Invoice)} == {None}
    sandbox.settings(KEY, items=True)
    sandbox.advance(NIGHT_SECONDS)
    with closing(connected.open()) as tonight:
        bookmark = run(tonight, administration, bookmark, ledger)
    assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, ADMINISTRATION)
    sandbox.settings(KEY, items=False)
    sandbox.advance(NIGHT_SECONDS)
    with closing(connected.open()) as tonight, pytest.raises(ProviderDown):
        run(tonight, administration, bookmark, ledger)


def test_more_items_than_can_be_held_are_no_list(
    source: YukiSource, administration: Administration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_items, "ITEMS_MAX", 1)
    with pytest.raises(NotUnderstood):
        imported(source, administration)


def test_a_bookmark_holds_a_digest_of_each_month_and_no_item(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    _, bookmark = imported(source, administration)
    kept = decoded(bookmark)
    assert kept is not None
    books = presented(sandbox, ADMINISTRATION)
    months = {
        f"{entry.date:%Y-%m}"
        for journal in (JournalKind.SALES, JournalKind.PURCHASE)
        for entry in books.open_items(journal)
    }
    assert kept.owed is not None
    assert kept.owed.keys() == months
    assert {len(digest) for digest in kept.owed.values()} == {12}


# -- items -----------------------------------------------------------------------------------------


def item(**told: str) -> Element:
    members = {
        "Date": "2025-03-15",
        "OpenAmount": "20.50",
        "OriginalAmount": "121.00",
        "DueDate": "2025-04-14",
        "DocumentID": DOCUMENT,
        "ContactID": CONTACT,
        "Reference": "0042",
    } | told
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in members.items())
    return whole(f"<Item>{inner}</Item>".encode(), READING)


def test_an_item_is_found_by_its_document_on_its_side_only() -> None:
    items = OpenItems()
    items.add(RECEIVABLE, item())
    found = items.find(RECEIVABLE, DOCUMENT, None, None, DAY)
    assert found == Owed(
        dated=date(2025, 3, 15), due=date(2025, 4, 14), open_e4=205_000, original_e4=1_210_000
    )
    assert items.find(PAYABLE, DOCUMENT, CONTACT, "0042", DAY) is None
    assert items.find(RECEIVABLE, None, CONTACT, "0042", DAY) is None


def test_an_item_without_document_is_found_by_contact_and_reference() -> None:
    items = OpenItems()
    items.add(RECEIVABLE, item(DocumentID="", DueDate=""))
    items.add(RECEIVABLE, item(DocumentID="", Reference=""))
    found = items.find(RECEIVABLE, DOCUMENT, CONTACT, "0042", DAY)
    assert found is not None
    assert found.due is None
    assert len(items) == 1


def test_a_document_due_in_parts_is_due_with_the_first_of_them() -> None:
    items = OpenItems()
    items.add(PAYABLE, item(DueDate="2025-05-14"))
    items.add(PAYABLE, item())
    items.add(PAYABLE, item(DueDate="0001-01-01", OpenAmount="-1.00"))
    found = items.find(PAYABLE, DOCUMENT, None, None, DAY)
    assert found is not None
    assert (found.due, found.open_e4, found.original_e4) == (date(2025, 4, 14), 400_000, 3_630_000)


@pytest.mark.parametrize(
    "broken", [{"Date": ""}, {"OpenAmount": "1,00"}, {"OriginalAmount": ""}, {"DueDate": "soon"}]
)
def test_an_item_that_cannot_be_read_is_not_guessed_at(broken: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        OpenItems().add(RECEIVABLE, item(**broken))


@pytest.mark.parametrize(
    ("open_e4", "original_e4", "total_e4", "foreign_e4", "wanted"),
    [
        (50, 100, 100, 100, 50),
        (-50, -100, 100, 100, 50),  # creditors told negative
        (-50, -100, -100, -100, -50),  # a credit note
        (50, 100, -100, -100, -50),
        (-20, 100, 100, 100, -20),  # paid too much
        (1_100_000, 1_100_000, 1_000_000, 1_100_000, 1_000_000),  # in its own currency
        (-550_000, -1_100_000, 1_000_000, 1_100_000, 500_000),
        (70, 90, 100, 110, 70),  # a part of it: as told
        (70, 0, 100, 110, 70),
    ],
)
def test_what_is_open_has_the_sign_and_currency_of_the_invoice(
    open_e4: int, original_e4: int, total_e4: int, foreign_e4: int, wanted: int
) -> None:
    owed = Owed(dated=date(2025, 1, 1), due=None, open_e4=open_e4, original_e4=original_e4)
    assert owed.of(total_e4, foreign_e4) == wanted


@given(
    cents=st.integers(1, 10**11), foreign=st.integers(1, 10**11), turned=st.sampled_from([1, -1])
)
def test_what_is_wholly_open_is_open_to_the_cent(cents: int, foreign: int, turned: int) -> None:
    for original in (cents, foreign):
        amount_e4 = turned * original * 100
        owed = Owed(dated=date(2025, 1, 1), due=None, open_e4=amount_e4, original_e4=amount_e4)
        assert owed.of(cents * 100, foreign * 100) == cents * 100


def test_months_differ_by_any_item_that_differs() -> None:
    def months(**told: str) -> dict[str, str]:
        items = OpenItems()
        items.add(RECEIVABLE, item(**told))
        return items.months()

    before = months()
    assert list(changed_months(before, months())) == []
    assert list(changed_months(before, months(OpenAmount="20.51"))) == [date(2025, 3, 1)]
    assert list(changed_months(before, months(DueDate="2025-04-15"))) == [date(2025, 3, 1)]
    assert list(changed_months(before, {})) == [date(2025, 3, 1)]
    assert list(changed_months(before, {}, [("2025-03", "2025-05"), ("2025-01", "2025-02")])) == [
        date(2025, 3, 1),
        date(2025, 5, 1),
    ]
    moved = months(Date="2024-12-31")
    assert list(changed_months(before, moved)) == [date(2024, 12, 1), date(2025, 3, 1)]
