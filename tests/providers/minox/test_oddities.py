"""What is odd about Minox, and what is only assumed of it, through the stand-in."""

from contextlib import closing
from typing import cast

import pytest
from attrs import evolve

from adapters.providers.kit.calls import Kit, SizeLimits
from adapters.providers.minox import pulling
from adapters.providers.minox.source import MinoxSource
from core.domain.books import (
    Invoice,
    InvoiceDirection,
    LedgerAccount,
    RecordKind,
    TradeSide,
)
from core.domain.failures import FixSettings, NotUnderstood
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import START_OVER, Source
from sandbox.records import EntryKind
from sandbox.server import Sandbox
from tests.providers.minox.sandboxed import (
    FIRST,
    KEY,
    asked,
    assert_true,
    authorised,
    imported,
    view_of,
)
from tests.providers.sandboxed import Connected, run

NIGHT_SECONDS = 24 * 3600
WEEK_SECONDS = 8 * 24 * 3600
OTHER_TENANT = "20885/1"


def own(source: Source) -> MinoxSource:
    assert isinstance(source, MinoxSource)
    return source


# -- customer numbers ------------------------------------------------------------------------------


def test_the_same_number_in_two_tenants_is_two_administrations(
    sandbox: Sandbox, source: Source
) -> None:
    found = {each.key: each for each in source.administrations()}
    assert found[FIRST].name != found[OTHER_TENANT].name
    ledger, _ = imported(source, found[OTHER_TENANT])
    assert_true(sandbox, source, ledger, OTHER_TENANT)
    assert asked(sandbox, "/tenant/20885/administration/1/journal") == 1


def test_without_inspect_the_customer_number_is_asked_for(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, inspects=False)
    with closing(authorised(sandbox, kit).open()) as source, pytest.raises(FixSettings) as caught:
        source.health()
    assert caught.value.setting == "tenant"
    with closing(authorised(sandbox, kit, tenant="20885").open()) as source:
        assert [each.key for each in source.administrations()] == [OTHER_TENANT]


@pytest.mark.parametrize(("field", "told"), [("tenant", "ABC"), ("receivable_code", "x" * 30)])
def test_a_field_that_is_none_is_named(sandbox: Sandbox, kit: Kit, field: str, told: str) -> None:
    connected = authorised(sandbox, kit, **{field: told})
    with pytest.raises(FixSettings) as caught, closing(connected.open()) as source:
        source.health()
    assert caught.value.setting == field


def test_the_token_never_stands_in_a_path(sandbox: Sandbox, source: Source) -> None:
    """An older client asks for the customer numbers that way."""
    source.health()
    inspected = [entry for entry in sandbox.log(KEY) if "inspect" in entry.path]
    assert [(entry.method, entry.path) for entry in inspected] == [("POST", "/api/1/inspect")]


def test_a_customer_number_that_is_unknown_is_a_setting(sandbox: Sandbox, kit: Kit) -> None:
    with (
        closing(authorised(sandbox, kit, tenant="99999").open()) as source,
        pytest.raises(FixSettings, match="customer number"),
    ):
        source.administrations()


# -- people in place of accounts -------------------------------------------------------------------


def test_people_are_put_together_on_two_accounts(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    accounts = {
        account.code: account
        for account in cast(
            "list[LedgerAccount]", list(ledger.records[RecordKind.ACCOUNT].values())
        )
    }
    assert accounts["DEB"].trade is TradeSide.RECEIVABLE
    assert accounts["CRE"].trade is TradeSide.PAYABLE
    on_them = [x for x in ledger.lines if x.account_key in {"debtors", "creditors"}]
    contacts = ledger.records[RecordKind.CONTACT]
    assert on_them
    assert all(line.contact_key in contacts for line in on_them)
    assert all(x.contact_key is None for x in ledger.lines if x not in on_them)


def test_the_codes_of_the_two_accounts_can_be_chosen(sandbox: Sandbox, kit: Kit) -> None:
    connected = authorised(sandbox, kit, receivable_code="1300", payable_code="1600")
    with closing(connected.open()) as source:
        administration = next(a for a in source.administrations() if a.key == FIRST)
        ledger, _ = imported(source, administration)
        assert_true(sandbox, source, ledger)
    accounts = cast("list[LedgerAccount]", list(ledger.records[RecordKind.ACCOUNT].values()))
    assert {"1300", "1600"} <= {account.code for account in accounts}


def test_invoices_come_from_lines_of_people(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, _ = imported(source, administration)
    invoices = cast("list[Invoice]", list(ledger.records[RecordKind.INVOICE].values()))
    booked = {
        str(entry.invoice_number): entry
        for entry in view_of(sandbox).books.live_entries()
        if entry.invoice_number
    }
    assert {invoice.number for invoice in invoices} == set(booked)
    for invoice in invoices:
        assert invoice.number is not None
        entry = booked[invoice.number]
        is_sale = invoice.direction is InvoiceDirection.SALES
        cents = entry.lines[0].cents
        assert invoice.total_e4 == (cents if is_sale else -cents) * 100
        assert invoice.due_date == entry.due
        is_credit = entry.kind in {EntryKind.SALES_CREDIT, EntryKind.PURCHASE_CREDIT}
        assert (invoice.total_e4 < 0) == is_credit


# -- lists -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"keyed": True},
        {"page_rows": 25},
        {"page_rows": 25, "next_as_token": True},
        {"page_rows": 25, "keyed": True},
        {"balance_shape": "bare"},
        {"balance_shape": "other-names"},
    ],
    ids=str,
)
def test_every_form_that_is_thought_possible_brings_the_same(
    sandbox: Sandbox,
    source: Source,
    administration: Administration,
    settings: dict[str, object],
) -> None:
    sandbox.settings(KEY, **settings)
    ledger, bookmark = imported(source, administration)
    assert_true(sandbox, source, ledger)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"administration": FIRST, "kind": "night"})
    run(source, administration, bookmark, ledger)
    assert_true(sandbox, source, ledger)


def test_a_trial_balance_nobody_can_read_is_not_taken_for_zero(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, balance_shape="unreadable")
    ledger, _ = imported(source, administration)
    assert ledger.lines
    assert source.control_totals(administration) is None


@pytest.mark.parametrize("told", ["https://evil.test/api/1/x", "/elsewhere", "//evil.test/api/1/"])
def test_a_next_page_elsewhere_is_refused(
    sandbox: Sandbox, source: Source, administration: Administration, told: str
) -> None:
    body = f'{{"links":{{"next":"{told}"}},"collection":[{{"id":1,"isBalance":true}}]}}'
    fault = {"kind": "status", "status": 200, "body": body, "path": "ledger_account", "times": 1}
    sandbox.add_fault(KEY, fault)
    with pytest.raises(NotUnderstood, match="unexpected address"):
        imported(source, administration)


# -- years -----------------------------------------------------------------------------------------


def test_balances_carried_into_a_year_are_not_counted_twice(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, opening_lines=True)
    ledger, bookmark = imported(source, administration)
    assert_true(sandbox, source, ledger)
    sandbox.advance(NIGHT_SECONDS)
    run(source, administration, bookmark, ledger)
    assert_true(sandbox, source, ledger)
    control = source.control_totals(administration)
    assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN


def test_a_night_reads_open_years_and_a_week_all(
    sandbox: Sandbox, connected: Connected, administration: Administration
) -> None:
    for seconds, years in ((NIGHT_SECONDS, [2025, 2026]), (WEEK_SECONDS, [2024, 2025, 2026])):
        with closing(connected.open()) as source:
            ledger, bookmark = imported(source, administration)
            sandbox.advance(seconds)
            sandbox.clear_log(KEY)
            run(source, administration, bookmark, ledger)
        read = [year for year in (2024, 2025, 2026) if asked(sandbox, f"/year/{year}/")]
        assert read == years


def test_an_older_year_is_read_where_it_is_asked_for(
    sandbox: Sandbox, connected: Connected, source: Source, administration: Administration
) -> None:
    _, bookmark = imported(source, administration)
    at = own(source).again(administration, bookmark, frozenset({2024}))
    sandbox.advance(NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    with closing(connected.open()) as tonight:
        batches = list(tonight.pull(administration, at))
        assert asked(sandbox, "/year/2024/") == 1
        control = tonight.control_totals(administration)
        assert control is not None
        assert control.years == frozenset({2024, 2025, 2026})
        sandbox.clear_log(KEY)
        list(tonight.pull(administration, batches[-1].bookmark))
        assert asked(sandbox, "/year/2024/") == 0, "it was asked for once"
    assert own(source).again(administration, START_OVER, frozenset({2024})) == START_OVER


def test_a_deleted_entry_of_an_open_year_goes(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    ledger, bookmark = imported(source, administration)
    sandbox.advance(NIGHT_SECONDS)
    sandbox.edit(KEY, {"administration": FIRST, "kind": "delete-entry", "year": 2025})
    before = len(ledger.records[RecordKind.ENTRY])
    run(source, administration, bookmark, ledger)
    assert len(ledger.records[RecordKind.ENTRY]) == before - 1
    assert_true(sandbox, source, ledger)


def test_a_page_larger_than_a_batch_is_several(
    sandbox: Sandbox,
    connected: Connected,
    administration: Administration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lists may come whole. The page is asked for once, and once more where it was left."""
    monkeypatch.setattr(pulling, "BATCH_LINES_MAX", 50)
    with closing(connected.open()) as source:
        whole, bookmark = imported(source, administration)
        assert_true(sandbox, source, whole)
        assert asked(sandbox, "/year/2026/transaction_lines") == 1
        for stop in (7, 9, 12):
            ledger, _ = imported(source, administration)
            reached = run(source, administration, bookmark, ledger, stop_after=stop)
            with closing(connected.open()) as second:
                run(second, administration, reached, ledger)
                assert_true(sandbox, second, ledger)
                assert ledger.records == whole.records


def test_a_year_too_large_for_one_answer_is_read_by_period(
    sandbox: Sandbox, kit: Kit, administration: Administration
) -> None:
    small = evolve(kit, sizes=SizeLimits(answer_bytes=60_000))
    with closing(authorised(sandbox, small).open()) as source:
        ledger, bookmark = imported(source, administration)
        assert_true(sandbox, source, ledger)
        assert asked(sandbox, "/year/2026/transaction_lines?period=14") == 1
        sandbox.clear_log(KEY)
        sandbox.advance(NIGHT_SECONDS)
        sandbox.edit(KEY, {"administration": FIRST, "kind": "night"})
        run(source, administration, bookmark, ledger)
        assert_true(sandbox, source, ledger)
        # Remembered: it is not tried at once again.
        assert asked(sandbox, "/year/2026/transaction_lines?period=0") == 1
        assert asked(sandbox, "/year/2026/transaction_lines?period=") == 15


# -- refusals --------------------------------------------------------------------------------------


def test_a_scope_that_is_missing_is_named(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    sandbox.settings(KEY, scopes=["administration:read", "ledger_account:read"])
    with pytest.raises(FixSettings) as caught:
        imported(source, administration)
    assert caught.value.code == "scope-missing"
    assert "journals" in caught.value.sentence


def test_no_ledger_account_at_all_is_refused(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """It would look like an empty administration, and delete everything."""
    body = '{"links":{},"collection":[]}'
    fault = {"kind": "status", "status": 200, "body": body, "path": "ledger_account"}
    sandbox.add_fault(KEY, fault)
    with pytest.raises(FixSettings) as caught:
        imported(source, administration)
    assert caught.value.code == "nothing-shown"


@pytest.mark.parametrize(
    "body", ['[{"message_code":"E1","message":"period unknown"}]', '"period unknown"']
)
def test_errors_are_an_array_or_a_bare_text(
    sandbox: Sandbox, source: Source, administration: Administration, body: str
) -> None:
    sandbox.add_fault(KEY, {"kind": "status", "status": 400, "body": body, "path": "journal"})
    with pytest.raises(NotUnderstood) as caught:
        imported(source, administration)
    assert "period unknown" in caught.value.detail


def test_the_limit_of_a_tenant_is_waited_for(
    sandbox: Sandbox, source: Source, administration: Administration
) -> None:
    """20 calls in two minutes: longer than a call is slept through, so the run goes on later."""
    sandbox.settings(KEY, limits=True)
    began = sandbox.clock.now()
    ledger, bookmark = imported(source, administration)
    for _ in range(2):
        sandbox.advance(180)
        bookmark = run(source, administration, bookmark, ledger)
    assert_true(sandbox, source, ledger)
    assert sandbox.clock.now() > began
