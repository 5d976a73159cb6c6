"""Xero's oddities one by one, through the stand-in."""

from contextlib import closing
from datetime import date
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from adapters.providers.kit.calls import Kit
from adapters.providers.xero import Xero, pulling
from adapters.providers.xero.bookmark import Mode, starting
from adapters.providers.xero.wire import API, DAY_LIMIT, LedgerSource, charges
from core.domain.books import RecordKind
from core.domain.failures import FixSettings, ProviderDown, Wait
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source
from sandbox.books import Heading, Posting
from sandbox.browser import decide
from sandbox.records import EntryKind, JournalKind
from sandbox.server import Sandbox
from tests.providers.conformance import NIGHT_SECONDS
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, run
from tests.providers.xero.sandboxed import (
    FIRST,
    KEY,
    REDIRECT,
    VERIFIER,
    asked,
    assert_gap,
    authorised,
    documents_truth,
    fields_of,
    imported,
    stand_in_of,
    view_of,
)

# -- consent ---------------------------------------------------------------------------------------


def test_journals_are_asked_for_only_when_the_app_may(sandbox: Sandbox, kit: Kit) -> None:
    """Asking otherwise ends on an error page of Xero's: no callback ever comes."""
    sandbox.settings(KEY, entitled=False)
    flow = Xero(kit).oauth
    assert flow is not None

    def landed(*, journals: bool) -> str:
        fields = fields_of(sandbox, journals=journals)
        url = flow.authorize_url(fields, redirect_uri=REDIRECT, state="s", verifier=VERIFIER)
        return decide(url)

    assert "/identity/error" in landed(journals=True)
    assert "code" in parse_qs(urlsplit(landed(journals=False)).query)


def test_a_consent_that_lacks_a_scope_is_refused_at_once(connected: Connected) -> None:
    facts = {"scope": "offline_access accounting.settings.read"}
    credentials = attrs.evolve(connected.credentials, facts=facts)
    with closing(connected.provider.open(credentials)) as source:
        with pytest.raises(FixSettings) as caught:
            source.health()
        assert caught.value.code == "scope-missing"
        assert "accounting.invoices.read" in caught.value.sentence
        assert source.calls == 0


def test_a_scope_that_is_gone_is_not_a_dead_token(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, scopes=["offline_access", "accounting.settings.read"])
    with pytest.raises(FixSettings) as caught:
        imported(source, administration)
    assert caught.value.code == "scope-missing"
    assert connected.credentials.tokens is not None
    assert getattr(connected.credentials.tokens, "refreshes", None) == 0


def test_an_app_that_is_not_entitled_is_told_so_about_journals(
    sandbox: Sandbox, entitled: Connected
) -> None:
    sandbox.settings(KEY, entitled=False)
    with closing(entitled.open()) as source:
        administration = next(f for f in source.administrations() if f.key == FIRST)
        with pytest.raises(FixSettings, match="read journals") as caught:
            imported(source, administration)
        assert caught.value.setting == "journals"


def test_consents_of_one_user_add_up(sandbox: Sandbox, kit: Kit) -> None:
    tenants = list(stand_in_of(sandbox).views)
    authorised(sandbox, kit, journals=False, tenant=tenants[0])
    with closing(authorised(sandbox, kit, journals=False, tenant=tenants[1]).open()) as source:
        assert [found.key for found in source.administrations()] == tenants[:2]
        account = source.health().account
    with closing(authorised(sandbox, kit, journals=False, tenant=tenants[2]).open()) as source:
        assert source.health().account.key == account.key, "the user, not the organisation"


def test_what_documents_do_not_tell_is_said_when_connecting(
    entitled: Connected, connected: Connected
) -> None:
    with closing(connected.open()) as source:
        (warning,) = source.health().warnings
        assert "Conversion balances" in warning
    with closing(entitled.open()) as source:
        assert source.health().warnings == ()


# -- organisations ---------------------------------------------------------------------------------


def test_a_removed_organisation_is_told_from_a_whim(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, disconnected=[FIRST])
    before = asked(sandbox, "/connections")
    with pytest.raises(FixSettings) as caught:
        imported(source, administration)
    assert caught.value.code == "organisation-removed"
    assert asked(sandbox, "/connections") == before + 1
    assert FIRST not in {found.key for found in source.administrations()}


def test_a_connected_organisation_refused_once_is_read_all_the_same(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, forbidden=2)
    ledger, _ = imported(source, administration)
    assert len(ledger.lines) == documents_truth(sandbox, {"code": FIRST})["lines"]


def test_one_that_stays_refused_is_the_providers_trouble(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, forbidden=9)
    with pytest.raises(ProviderDown):
        imported(source, administration)


def test_a_refused_organisation_is_listed_with_its_obstacle(
    sandbox: Sandbox, connected: Connected
) -> None:
    sandbox.settings(KEY, forbidden=3)
    with closing(connected.open()) as source:
        first, *others = source.administrations()
    assert (first.importable, first.name) == (False, view_of(sandbox).company.name)
    assert first.obstacle
    assert others[0].importable


def test_organisations_are_not_listed_with_obstacles_when_the_scope_is_missing(
    sandbox: Sandbox, source: Source
) -> None:
    sandbox.settings(KEY, scopes=["offline_access"])
    with pytest.raises(FixSettings):
        source.administrations()


def test_practices_hold_no_books(source: Source) -> None:
    assert "Advieskantoor" not in {found.name for found in source.administrations()}


def test_the_day_through_which_books_are_locked_is_told(administration: Administration) -> None:
    assert administration.closed_through == date(2025, 12, 31)


# -- limits ----------------------------------------------------------------------------------------


def test_too_many_at_once_is_over_in_a_second(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, concurrent=2)
    before = sandbox.clock.now()
    ledger, _ = imported(source, administration)
    assert len(ledger.lines) == documents_truth(sandbox, {"code": FIRST})["lines"]
    assert (sandbox.clock.now() - before).total_seconds() < 10


def test_a_spent_day_is_known_to_every_worker(
    sandbox: Sandbox, kit: Kit, source: Source, administration: Administration
) -> None:
    sandbox.add_fault(KEY, {"kind": "daily-budget", "path": "*Invoices*", "times": 9})
    with pytest.raises(Wait):
        imported(source, administration)
    assert isinstance(kit.budgets, FakeBudgets)
    scope = charges(fields_of(sandbox, journals=False), FIRST)[0].scope
    told = [found[:3] for found in kit.budgets.learned]
    assert told == [(scope, DAY_LIMIT, 0)]
    assert kit.budgets.learned[0][3] > sandbox.clock.now()


def test_an_import_keeps_within_sixty_calls_a_minute(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, limits=True, page_rows=10)
    ledger, _ = imported(source, administration)
    assert len(ledger.lines) == documents_truth(sandbox, {"code": FIRST})["lines"]
    assert all(entry.status != 429 for entry in sandbox.log(KEY))


# -- lists -----------------------------------------------------------------------------------------


def test_manual_journals_are_never_asked_for_in_an_order(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    imported(source, administration)
    assert asked(sandbox, "ManualJournals") == 1
    assert not asked(sandbox, "ManualJournals?page=1&pageSize=1000&order")
    assert asked(sandbox, "order=InvoiceID") == 1


def test_pages_that_do_not_count_end_when_one_is_not_full(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, without_pagination=True)
    ledger, _ = imported(source, administration)
    assert len(ledger.lines) == documents_truth(sandbox, {"code": FIRST})["lines"]


def test_accounts_told_by_code_are_looked_up_once(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    """Also by another process, which did not read the accounts."""
    sandbox.settings(KEY, codes_only=True)
    ledger, before = Ledger(), asked(sandbox, "/Accounts")
    bookmark = run(source, administration, None, ledger, stop_after=3)
    with closing(connected.open()) as other:
        run(other, administration, bookmark, ledger)
        assert asked(sandbox, "/Accounts") == before + 2
        assert_gap(sandbox, other, administration, ledger)


def test_a_page_of_many_lines_becomes_several_batches(
    sandbox: Sandbox,
    connected: Connected,
    source: Source,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped between them, the page is read again, and nothing of it is lost."""
    monkeypatch.setattr(pulling, "CHUNK_RECORDS_MAX", 60)
    batches = list(source.pull(administration, None))
    stages = [batch.stage for batch in batches]
    assert stages.count("invoices") > 3
    assert max(len(b.records) for b in batches if b.stage in {"invoices", "payments"}) <= 60
    lines = documents_truth(sandbox, {"code": FIRST})["lines"]
    for stop in range(4, len(batches), 3):
        ledger = Ledger()
        bookmark = run(source, administration, None, ledger, stop_after=stop)
        with closing(connected.open()) as other:
            run(other, administration, bookmark, ledger)
        assert len(ledger.lines) == lines
        assert ledger.unbalanced == []


def test_a_transfer_is_counted_once_and_goes_when_it_is_deleted(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    books = view_of(sandbox).books
    entry = books.add_entry(
        Heading(
            journal=books.journal(JournalKind.BANK),
            kind=EntryKind.BANK,
            date=date(2026, 5, 6),
            description="Kas gestort",
            created_ms=books.clock.now_ms(),
        ),
        [Posting(books.account("1100"), 5_000), Posting(books.account("1000"), -5_000)],
    )
    ledger, bookmark = imported(source, administration)
    assert len(ledger.lines) == documents_truth(sandbox, {"code": FIRST})["lines"]
    assert_gap(sandbox, source, administration, ledger)
    key = view_of(sandbox).document_id(entry)
    assert key in ledger.records[RecordKind.ENTRY]
    sandbox.advance(NIGHT_SECONDS)
    books.delete_entry(entry)
    run(source, administration, bookmark, ledger)
    assert key not in ledger.records[RecordKind.ENTRY]
    assert_gap(sandbox, source, administration, ledger)


# -- years and nights ------------------------------------------------------------------------------


def test_a_year_nobody_closed_is_proven_too(sandbox: Sandbox, entitled: Connected) -> None:
    """Retained Earnings takes its result although no journal says so."""
    books = view_of(sandbox).books
    books.delete_entry(next(e for e in books.live_entries() if e.description[:9] == "Resultaat"))
    with closing(entitled.open()) as source:
        administration = next(f for f in source.administrations() if f.key == FIRST)
        ledger, _ = imported(source, administration)
        control = source.control_totals(administration)
        assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN


def test_bookings_of_the_future_and_the_past_are_proven(
    sandbox: Sandbox, entitled: Connected
) -> None:
    with closing(entitled.open()) as source:
        administration = next(f for f in source.administrations() if f.key == FIRST)
        ledger, bookmark = imported(source, administration)
        number = next(e.number for e in view_of(sandbox).books.live_entries() if e.invoice_number)
        for day in ("2027-02-03", "2026-12-31", "2022-01-01"):
            sandbox.advance(NIGHT_SECONDS)
            sandbox.edit(KEY, {"kind": "edit-entry", "entry": number, "date": day})
            bookmark = run(source, administration, bookmark, ledger)
            for whole in (False, True):
                control = source.control_totals(administration, whole=whole)
                proof = hold_against(ledger.cells, control)
                assert proof.verdict is Verdict.PROVEN, (day, whole, proof.residuals[:3])


def test_the_quiet_night_of_an_entitled_app_reads_one_page_of_journals(
    sandbox: Sandbox, entitled: Connected
) -> None:
    with closing(entitled.open()) as source:
        administration = next(f for f in source.administrations() if f.key == FIRST)
        ledger, bookmark = imported(source, administration)
        sandbox.advance(NIGHT_SECONDS)
        before = asked(sandbox, "/Journals?")
        run(source, administration, bookmark, ledger)
        assert asked(sandbox, "/Journals?") == before + 1


def test_once_a_week_everything_is_read_but_the_journals(
    sandbox: Sandbox, entitled: Connected, source: Source, administration: Administration
) -> None:
    """An invoice's open amount changed, and its time of change did not."""
    _, bookmark = imported(source, administration)
    sandbox.advance(8 * NIGHT_SECONDS)
    now = int(sandbox.clock.now().timestamp())
    assert starting(bookmark, ledger=LedgerSource.DOCUMENTS, now=now).mode is Mode.WHOLE
    with closing(entitled.open()) as by_journals:
        ledger, bookmark = imported(by_journals, administration)
        sandbox.advance(8 * NIGHT_SECONDS)
        at = starting(bookmark, ledger=LedgerSource.JOURNALS, now=now + 8 * NIGHT_SECONDS)
        assert (at.mode, at.whole_journals) == (Mode.WHOLE, False)
        lines = len(ledger.lines)
        run(by_journals, administration, bookmark, ledger)
        assert len(ledger.lines) == lines


def test_an_app_that_became_entitled_reads_the_whole_ledger_anew(
    sandbox: Sandbox, entitled: Connected, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    with closing(entitled.open()) as by_journals:
        run(by_journals, administration, bookmark, ledger)
        control = by_journals.control_totals(administration)
        assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN
    assert len(ledger.lines) == sum(
        len(journal.lines) for journal in stand_in_of(sandbox).feeds[FIRST].standing()
    )


@pytest.mark.parametrize("bookmark", ["", "{}", '{"v": 99}', "start over"])
def test_a_bookmark_nobody_knows_reads_everything_anew(
    sandbox: Sandbox, source: Source, administration: Administration, bookmark: str
) -> None:
    ledger, _ = imported(source, administration)
    sandbox.edit(KEY, {"kind": "night"})
    run(source, administration, bookmark, ledger)
    assert len(ledger.lines) == documents_truth(sandbox, {"code": FIRST})["lines"]


def test_a_token_goes_to_xero_or_this_machine_only(connected: Connected) -> None:
    assert API.startswith("https://")
    for address in ("https://api.xero.example", "http://api.xero.com"):
        fields = {**connected.credentials.fields, "address": address}
        with pytest.raises(FixSettings):
            connected.provider.open(attrs.evolve(connected.credentials, fields=fields))
