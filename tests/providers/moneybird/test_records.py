"""Contacts and invoices by id and version; rights, tokens and limits."""

from collections.abc import Sequence
from contextlib import closing
from typing import cast

import pytest
from attrs import define, field

from adapters.providers.moneybird.bookmark import PENDING_IDS_MAX, Bookmark, Mode, Stage, starting
from adapters.providers.moneybird.pulling import Pull
from adapters.providers.moneybird.reader import Reader, next_page
from adapters.providers.moneybird.rows import ContactRow, VersionRow
from adapters.providers.moneybird.wire import LIMITS, ORIGIN, charges
from core.domain.books import BOOKMARK_CHARACTERS_MAX, Invoice, RecordKind
from core.domain.failures import FixSettings, NotUnderstood, Wait
from core.domain.integration import Administration
from core.ports.provider import Source
from sandbox.identity import Kind
from sandbox.records import AccountKind, Entry
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS
from tests.providers.folding import Ledger
from tests.providers.moneybird.sandboxed import FIRST, KEY, assert_true, imported, view_of
from tests.providers.sandboxed import Connected, run, run_into_failure

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


def test_a_forbidden_record_that_alone_changed_stops_nothing_but_nothing_at_all_does(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    view = view_of(sandbox)
    sandbox.advance(NIGHT_SECONDS)
    contact = view.books.contacts[5]
    sandbox.edit(KEY, {"kind": "rename-contact", "contact": contact.number, "name": "Nieuw"})
    every = [view.number(Kind.CONTACT, each.serial) for each in view.books.contacts]
    sandbox.settings(KEY, forbidden=every)
    run(source, administration, bookmark, ledger)
    failure, _ = run_into_failure(source, administration, Ledger())
    assert isinstance(failure, FixSettings)
    assert "contacts" in failure.sentence


@define
class ManyContacts:
    """Stands for a Reader: more contacts than a bookmark can name."""

    count: int
    lists: int = 0
    fetched: list[str] = field(factory=list)

    def versions(self, *_: object) -> list[VersionRow]:
        self.lists += 1
        return [VersionRow(id=str(n), version=n % 7) for n in range(self.count, 0, -1)]

    def records(self, _: str, __: str, ids: Sequence[str], ___: object) -> list[ContactRow]:
        self.fetched += ids
        return [ContactRow(id=each, company_name=f"Contact {each}") for each in ids]


def test_more_ids_than_a_bookmark_carries_are_listed_again_and_none_is_fetched_twice() -> None:
    many = ManyContacts(2 * PENDING_IDS_MAX + 150)
    administration = Administration(key=FIRST, name="x", currency="EUR")
    at = Bookmark(mode=Mode.WHOLE, stage=Stage.CONTACTS, started_at=1_000, checked_at=1)
    ledger = Ledger()
    while at.stage is Stage.CONTACTS:
        # A new pull after each batch, as after a crash.
        pull = Pull(
            reader=cast("Reader", many), administration=administration, at=at, this_year=1, sums={}
        )
        batch = next(pull.batches())
        ledger.apply(batch)
        assert len(batch.bookmark) <= BOOKMARK_CHARACTERS_MAX
        at = starting(batch.bookmark, now=1_000)
    assert len(ledger.records[RecordKind.CONTACT]) == many.count
    assert len(many.fetched) == len(set(many.fetched)) == many.count
    assert many.lists == 3
    assert at.cursors[Stage.CONTACTS] == 7, "six is settled, seven is news"


# -- rights, tokens, limits ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "about"),
    [
        (["sales_invoices", "documents"], "the general ledger"),
        (["sales_invoices", "bank"], "purchase invoices"),
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


def test_only_the_number_of_the_next_page_is_taken_from_a_link() -> None:
    following = '<https://evil.test/x?page=3&per_page=100>; rel="next"'
    assert next_page(f'{following}, <https://a.test/?page=1>; rel="prev"') == 3
    assert next_page('<https://a.test/?page=1>; rel="prev"') is None
    assert next_page("") is None
    with pytest.raises(NotUnderstood):
        next_page('<https://a.test/?cursor=x>; rel="next"')
