"""Each oddity of Moneybird by itself, through the stand-in."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from adapters.providers.kit.calls import Kit, TimeOuts
from adapters.providers.moneybird.bookmark import (
    Bookmark,
    Mode,
    Reading,
    Stage,
    starting,
    with_begun,
)
from adapters.providers.moneybird.reader import next_page
from adapters.providers.moneybird.wire import LIMITS, ORIGIN, charges
from core.domain.books import BOOKMARK_CHARACTERS_MAX, Invoice, RecordKind
from core.domain.failures import FixSettings, NotUnderstood, Wait
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source
from sandbox.identity import Kind
from sandbox.records import AccountKind, Entry
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS, NOW
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.moneybird.sandboxed import FIRST, KEY, authorised, view_of
from tests.providers.sandboxed import Connected, SandboxTime, run, run_into_failure


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=11, lines=700, providers=[KEY], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def connected(sandbox: Sandbox) -> Connected:
    clock = SandboxTime(sandbox)
    waits = TimeOuts(connect=5, read=5, write=5, pool=5, deadline=20)
    return authorised(sandbox, Kit(clock=clock, budgets=FakeBudgets(clock), time_outs=waits))


@pytest.fixture
def source(connected: Connected) -> Iterator[Source]:
    with closing(connected.open()) as opened:
        yield opened


@pytest.fixture
def administration(source: Source) -> Administration:
    return next(found for found in source.administrations() if found.key == FIRST)


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def assert_true(
    sandbox: Sandbox, source: Source, administration: Administration, ledger: Ledger
) -> None:
    """Every line of the stand-in's books, each entry balanced, and proven for every year."""
    held = [line for line in view_of(sandbox).books.live_lines() if line.account is not None]
    assert len(ledger.lines) == len(held)
    assert sorted(line.amount_e4 for line in ledger.lines) == sorted(
        line.cents * 100 for line in held
    )
    assert ledger.unbalanced == []
    control = source.control_totals(administration, whole=True)
    assert control is not None
    assert control.years is None
    assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN


def asked(sandbox: Sandbox, words: str) -> int:
    return sum(words in f"{entry.path}?{entry.query}" for entry in sandbox.log(KEY))


def test_the_day_through_which_books_are_locked_is_told_in_two_forms(source: Source) -> None:
    told = {found.closed_through for found in source.administrations()}
    assert told == {date(2025, 12, 31)}


# -- the ledger ------------------------------------------------------------------------------------


def test_bookings_on_projects_are_found_by_their_accounts(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, project_every=7)
    ledger, _ = imported(source, administration)
    assert asked(sandbox, "ledger_account_id=")
    assert_true(sandbox, source, administration, ledger)


def test_where_null_is_no_selector_every_account_is_read(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, null_selects=False)
    ledger, bookmark = imported(source, administration)
    assert asked(sandbox, "project_id=null") == 1, "refused once, not asked again"
    assert_true(sandbox, source, administration, ledger)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "edit-entry", "delta": 100})
    run(source, administration, bookmark, ledger)
    assert asked(sandbox, "project_id=null") == 1
    assert_true(sandbox, source, administration, ledger)


def test_the_old_shape_of_the_general_ledger_will_do(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, ledger_as_map=True)
    ledger, _ = imported(source, administration)
    assert_true(sandbox, source, administration, ledger)


def test_a_sign_once_learned_is_remembered(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """The appropriation of the result is debit positive here, against what its type suggests."""
    view = view_of(sandbox)
    account = next(a for a in view.books.accounts if a.kind is AccountKind.EXCHANGE)
    key = view.number(Kind.ACCOUNT, account.serial)
    _, bookmark = imported(source, administration)
    assert key in starting(bookmark, now=int(NOW.timestamp())).turned
    assert asked(sandbox, f"ledger_account_id={key}") == 1


def test_books_of_an_older_year_are_read_again_when_they_changed(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"kind": "delete-entry", "year": 2025})
    with closing(connected.open()) as tonight:
        run(tonight, administration, bookmark, ledger)
        control = tonight.control_totals(administration)
        assert control is not None
        assert control.years == frozenset({2025, 2026})
        assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN
        assert_true(sandbox, tonight, administration, ledger)


def test_a_booking_moves_to_another_month_and_year(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    number = next(
        e.number for e in view_of(sandbox).books.live_entries() if e.invoice_number and e.lines
    )
    for day in ("2027-02-03", "2024-12-31", "2022-01-01", "2026-05-31"):
        sandbox.advance(NIGHT_SECONDS)
        sandbox.edit(KEY, {"kind": "edit-entry", "entry": number, "date": day})
        bookmark = run(source, administration, bookmark, ledger)
        assert_in_months(sandbox, ledger)
        assert len(ledger.lines) == len(
            [line for line in view_of(sandbox).books.live_lines() if line.account]
        )


def assert_in_months(sandbox: Sandbox, ledger: Ledger) -> None:
    moved = sorted(
        f"{line.entry.date}" for line in view_of(sandbox).books.live_lines() if line.account
    )
    assert moved == sorted(f"{line.date}" for line in ledger.lines)


def test_what_no_sum_gives_away_is_found_within_a_week(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.edit(KEY, {"kind": "edit-entry", "description": "Anders"})

    def described() -> bool:
        return any(line.description == "Anders" for line in ledger.lines)

    sandbox.advance(NIGHT_SECONDS)
    bookmark = run(source, administration, bookmark, ledger)
    assert not described(), "the sums are what they were"
    sandbox.advance(7 * NIGHT_SECONDS)
    run(source, administration, bookmark, ledger)
    assert described()
    assert_true(sandbox, source, administration, ledger)


def test_a_bookmark_of_another_version_reads_everything_anew(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    for bookmark in ("", "{}", '{"v": 99, "mode": "whole", "started_at": 1, "checked_at": 1}'):
        sandbox.edit(KEY, {"kind": "night"})
        run(source, administration, bookmark, ledger)
        assert_true(sandbox, source, administration, ledger)


# -- contacts and invoices -------------------------------------------------------------------------


def test_archived_contacts_and_last_years_invoices_are_there_and_drafts_are_not(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    books = view_of(sandbox).books
    contacts = ledger.records[RecordKind.CONTACT].values()
    assert len(contacts) == len(books.contacts)
    assert not all(getattr(contact, "active") for contact in contacts)  # noqa: B009 - any record
    invoices = list(ledger.records[RecordKind.INVOICE].values())
    booked = [entry for entry in books.live_entries() if entry.invoice_number is not None]
    assert len(invoices) == len(booked), "all but the draft"
    years = {each.date.year for each in invoices if isinstance(each, Invoice)}
    assert years == {2025, 2026}
    prefixes = {each.key.partition(":")[0] for each in invoices}
    assert prefixes == {"sales", "external", "purchase", "receipt"}
    total_e4 = sum(each.total_e4 for each in invoices if isinstance(each, Invoice))
    assert total_e4 == 100 * sum(_owed_cents(entry) for entry in booked)


def _owed_cents(entry: Entry) -> int:
    """To us by customers, by us to suppliers: credit notes are negative on both sides."""
    header = entry.lines[0]
    assert header.account is not None
    return header.cents if header.account.kind is AccountKind.RECEIVABLE else -header.cents


def test_one_forbidden_record_does_not_hide_the_others(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    view = view_of(sandbox)
    hidden = view.number(Kind.CONTACT, 5)
    sandbox.settings(KEY, forbidden=[hidden])
    ledger, _ = imported(source, administration)
    held = ledger.records[RecordKind.CONTACT]
    assert hidden not in held
    assert len(held) == len(view.books.contacts) - 1


# -- rights, tokens, limits ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "about"),
    [
        (["sales_invoices", "documents"], "the general ledger"),
        (["sales_invoices", "bank"], "documents/purchase_invoices"),
        (["time_entries"], "ledger accounts"),
    ],
)
def test_a_missing_right_is_named_and_no_reason_to_reconnect(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    scopes: list[str],
    about: str,
) -> None:
    sandbox.settings(KEY, scopes=scopes)
    failure, _ = run_into_failure(source, administration, Ledger())
    assert isinstance(failure, FixSettings)
    assert failure.code == "scope-missing"
    assert about in failure.sentence


def test_an_administration_that_went_is_told(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    stand_in = sandbox.stand_in(KEY)
    getattr(stand_in, "views").pop(FIRST)  # noqa: B009 - of this stand-in only
    failure, _ = run_into_failure(source, administration, Ledger())
    assert isinstance(failure, FixSettings)
    assert failure.code == "no-administration-access"


def test_a_token_too_fresh_to_count_is_given_a_moment(
    sandbox: Sandbox, connected: Connected
) -> None:
    sandbox.settings(KEY, fresh_seconds=2)
    sandbox.tokens(KEY, "expire")
    with closing(connected.open()) as source:
        assert source.health().account.key == FIRST
    tokens = connected.credentials.tokens
    assert getattr(tokens, "refreshes") == 1  # noqa: B009 - the tests' own tokens


def test_a_limit_that_says_an_instant_is_waited_for_and_passed(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, limits=True)
    ledger = Ledger()
    bookmark: str | None = None
    waits: list[float] = []

    def go_on() -> bool:
        nonlocal bookmark
        try:
            for batch in source.pull(administration, bookmark):
                ledger.apply(batch)
                bookmark = batch.bookmark
        except Wait as wait:
            until = wait.retry_at or sandbox.clock.now()
            waits.append((until - sandbox.clock.now()).total_seconds())
            return False
        return True

    while not go_on() and len(waits) < 5:
        sandbox.advance(waits[-1])
    assert len(waits) == 1, "some seventy reports, fifty in five minutes"
    assert 0 < waits[0] <= 300
    ledger.settle()
    sandbox.settings(KEY, limits=False)
    assert_true(sandbox, source, administration, ledger)


def test_connections_share_the_limits_of_their_address() -> None:
    one = {"client_id": "a", "address": ORIGIN}
    other = {"client_id": "b", "address": f"{ORIGIN}/"}
    assert charges(one) == charges(other)
    reports = charges(one, reports=True)
    assert reports == charges(other, reports=True)
    assert {charge.scope for charge in charges(one)} < {charge.scope for charge in reports}
    assert {limit for charge in reports for limit in charge.limits} == set(LIMITS)
    assert charges({"address": "http://127.0.0.1:9400"}) == (), "a stand-in is not Moneybird"


@pytest.mark.parametrize("address", ["https://moneybird.com.evil.test", "https://example.test"])
def test_a_token_is_sent_to_moneybird_only(address: str) -> None:
    with pytest.raises(FixSettings):
        charges({"address": address})


# -- small parts -----------------------------------------------------------------------------------


def test_only_the_number_of_the_next_page_is_taken_from_a_link() -> None:
    following = '<https://evil.test/x?page=3&per_page=100>; rel="next"'
    assert next_page(f'{following}, <https://a.test/?page=1>; rel="prev"') == 3
    assert next_page('<https://a.test/?page=1>; rel="prev"') is None
    assert next_page("") is None
    with pytest.raises(NotUnderstood):
        next_page('<https://a.test/?cursor=x>; rel="next"')


def test_a_bookmark_stays_small_however_many_entries_a_month_has() -> None:
    told = {str(496_000_000_000_000_000 + n): (10**9, 10**9) for n in range(300)}
    reading = Reading(month="202501", told=told, read=told)
    reading = with_begun(reading, [f"Document:{n}:2025-01-31" for n in range(20_000)])
    at = Bookmark(mode=Mode.WHOLE, stage=Stage.LEDGER, started_at=1, checked_at=1, reading=reading)
    text = at.encoded()
    assert len(text) <= BOOKMARK_CHARACTERS_MAX
    kept = starting(text, now=2).reading
    assert kept is not None
    assert kept.begun
    assert reading.begun.endswith(kept.begun), "the newest are kept"
