"""What is peculiar to Odoo: partial rights, key ends, branches, silent edits, versions."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from adapters.providers.kit.calls import Kit
from adapters.providers.odoo import Odoo
from adapters.providers.odoo.connecting import ONLINE_LIMIT, Access
from adapters.providers.odoo.source import OdooSource
from core.domain.books import Batch, Delta, Everything, Invoice, JournalLine, RecordKind
from core.domain.failures import Failure, FixSettings, NotUnderstood, ProviderDown, Reconnect
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Credentials
from sandbox.odoo import SANDBOX_FIELDS, secret_of
from sandbox.odoo.refusals import TRACEBACK
from sandbox.server import Sandbox
from tests.providers.conformance import NOW
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import SandboxTime, run

KEY = "odoo"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=5, lines=800, providers=[KEY], frozen_at=NOW) as running:
        yield running


def open_source(sandbox: Sandbox, **changes: str) -> OdooSource:
    clock = SandboxTime(sandbox)
    fields = {"url": sandbox.url(KEY), **SANDBOX_FIELDS} | changes
    kit = Kit(clock=clock, budgets=FakeBudgets(clock))
    return Odoo(kit).open(Credentials(fields=fields))


@pytest.fixture
def source(sandbox: Sandbox) -> Iterator[OdooSource]:
    with closing(open_source(sandbox)) as opened:
        yield opened


@pytest.fixture
def company(source: OdooSource) -> Administration:
    return source.administrations()[0]


def failure_of(sandbox: Sandbox, **changes: str) -> Failure:
    with closing(open_source(sandbox, **changes)) as source, pytest.raises(Failure) as caught:
        source.health()
    return caught.value


def entries_of(batches: list[Batch]) -> set[str]:
    """Entries read again, or named as gone."""
    found: set[str] = set()
    for batch in batches:
        for coverage in batch.coverage:
            if isinstance(coverage, Delta):
                found |= coverage.whole_entries
    return found


# -- rights ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["sales", "noacc", "portal"])
@pytest.mark.parametrize("version", [19, 17])
def test_who_sees_part_of_the_books_is_refused(sandbox: Sandbox, login: str, version: int) -> None:
    sandbox.settings(KEY, version=version)
    found = failure_of(sandbox, login=login, api_key=secret_of(login))
    assert isinstance(found, FixSettings)
    assert found.setting == "rights"
    assert "Show Accounting Features - Readonly" in found.sentence


def test_billing_may_import(sandbox: Sandbox) -> None:
    with closing(open_source(sandbox, api_key=secret_of("billing"))) as source:
        assert source.health().account.name


def test_rights_taken_away_stop_the_next_night(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    ledger = Ledger()
    bookmark = run(source, company, None, ledger)
    sandbox.settings(KEY, role="sales")
    for opened in (source, open_source(sandbox)):
        with closing(opened), pytest.raises(FixSettings) as caught:
            list(opened.pull(company, bookmark))
        assert caught.value.setting == "rights"


def test_a_company_taken_away_is_said(sandbox: Sandbox, company: Administration) -> None:
    key = secret_of("readerbe")
    with closing(open_source(sandbox, login="readerbe", api_key=key)) as source:
        assert [found.key for found in source.administrations()] == ["2"]
        with pytest.raises(FixSettings) as caught:
            list(source.pull(company, None))
    assert caught.value.code == "administration-gone"


# -- keys and settings -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", [19, 17])
@pytest.mark.parametrize("name", ["reader_expired", "reader_other_scope", "made up"])
def test_a_refused_key_asks_to_reconnect(sandbox: Sandbox, name: str, version: int) -> None:
    sandbox.settings(KEY, version=version)
    assert isinstance(failure_of(sandbox, api_key=secret_of(name)), Reconnect)


def test_the_end_of_the_key_is_announced(sandbox: Sandbox) -> None:
    sandbox.settings(KEY, key_end="2026-12-01 08:00:00")
    with closing(open_source(sandbox, key_name="monitr")) as source:
        health = source.health()
    assert str(health.expires_at) == "2026-12-01 08:00:00+00:00"
    assert "2026-12-01" in health.warnings[0]
    with closing(open_source(sandbox, key_name="another")) as source:
        assert source.health().expires_at is None


def test_a_key_that_is_deleted_asks_to_reconnect(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    sandbox.tokens(KEY, "revoke")
    with pytest.raises(Reconnect):
        list(source.pull(company, None))


@pytest.mark.parametrize("version", [19, 17])
def test_a_wrong_database_is_named_with_those_there_are(sandbox: Sandbox, version: int) -> None:
    sandbox.settings(KEY, version=version, databases=["other"])
    found = failure_of(sandbox, database="nope")
    assert isinstance(found, FixSettings)
    assert found.setting == "database"
    assert "sandbox, other" in found.sentence
    sandbox.settings(KEY, list_databases=False)
    assert "lists" not in failure_of(sandbox, database="nope").sentence


def test_the_only_database_need_not_be_named(sandbox: Sandbox) -> None:
    with closing(open_source(sandbox, database="")) as source:
        assert source.health().account.key.endswith("/sandbox")
    sandbox.settings(KEY, databases=["other"])
    found = failure_of(sandbox, database="")
    assert (found.setting, "sandbox, other" in found.sentence) == ("database", True)


def test_an_old_server_needs_a_login(sandbox: Sandbox) -> None:
    sandbox.settings(KEY, version=18)
    found = failure_of(sandbox, login="")
    assert (type(found), found.setting) == (FixSettings, "login")


def test_another_server_is_no_odoo(sandbox: Sandbox) -> None:
    for body in ("<html>shop</html>", "{}"):
        sandbox.clear_faults(KEY)
        fault = {"kind": "status", "status": 200, "body": body, "times": 9}
        sandbox.add_fault(KEY, fault)
        found = failure_of(sandbox)
        assert (type(found), found.setting) == (FixSettings, "url")
    sandbox.clear_faults(KEY)
    sandbox.add_fault(KEY, {"kind": "status", "status": 404, "body": "no", "times": 9})
    assert failure_of(sandbox).setting == "url"


@pytest.mark.parametrize(
    "changes",
    [
        *({"url": "http://odoo.example.com"}, {"url": "ftp://x"}, {"url": ""}),
        *({"api_key": ""}, {"api_key": "gehe\u2028im"}),
    ],
)
def test_unusable_fields_are_refused_before_any_call(
    sandbox: Sandbox, changes: dict[str, str]
) -> None:
    with pytest.raises(FixSettings):
        open_source(sandbox, **changes)
    assert sandbox.log(KEY) == []


def test_nobody_there_is_the_providers_trouble(sandbox: Sandbox) -> None:
    assert isinstance(failure_of(sandbox, url="http://127.0.0.1:9"), ProviderDown)


@pytest.mark.parametrize(
    ("host", "limited"),
    [
        ("acme.odoo.com", True),
        ("acme.odoo.com:443", True),
        ("odoo.example.com", False),
        ("odoo.com.example", False),
    ],
)
def test_only_the_makers_own_hosts_are_paced(host: str, limited: bool) -> None:
    access = Access(origin=f"https://{host}", database="", login="", api_key="x")
    assert [charge.limits for charge in access.charges] == ([(ONLINE_LIMIT,)] if limited else [])


# -- books -----------------------------------------------------------------------------------------


def test_a_branch_stands_apart_and_uses_its_roots_accounts(
    sandbox: Sandbox, source: OdooSource
) -> None:
    found = {each.key: each for each in source.administrations()}
    assert found["8"].parent_key == "4"
    assert not found["5"].importable
    root, branch = Ledger(), Ledger()
    run(source, found["4"], None, root)
    run(source, found["8"], None, branch)
    assert root.lines == []
    used = {line.account_key for line in branch.lines}
    assert used
    assert used <= root.records[RecordKind.ACCOUNT].keys()


def test_a_shared_account_has_a_code_in_each_company(source: OdooSource) -> None:
    codes = []
    for administration in source.administrations()[:2]:
        ledger = Ledger()
        run(source, administration, None, ledger)
        accounts = ledger.records[RecordKind.ACCOUNT]
        codes.append({key: getattr(account, "code", "") for key, account in accounts.items()})
    shared = codes[0].keys() & codes[1].keys()
    assert {(codes[0][key], codes[1][key]) for key in shared} == {("4990", "655000")}


def test_foreign_amounts_and_exchange_differences(
    source: OdooSource, company: Administration
) -> None:
    ledger = Ledger()
    run(source, company, None, ledger)
    foreign = [line for line in ledger.lines if line.currency is not None]
    assert {line.currency for line in foreign} <= {"GBP", "USD"}
    assert all(line.foreign_e4 is not None for line in foreign)
    assert [line for line in foreign if line.foreign_e4 == 0 and line.amount_e4 != 0]
    invoices = ledger.records[RecordKind.INVOICE].values()
    assert {each.currency for each in invoices if isinstance(each, Invoice)} == {
        *("EUR", "GBP", "USD")
    }


def test_an_account_changed_on_a_posted_line_arrives(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    """Only the line's own time of writing moves: the move's stays."""
    ledger = Ledger()
    bookmark = run(source, company, None, ledger)
    sandbox.advance(86_400)
    (said,) = sandbox.edit(KEY, {"kind": "edit-entry", "account": "4600"})
    batches = list(source.pull(company, bookmark))
    # That one, and the newest of before, which stood within the unsettled minute.
    assert len(entries_of(batches)) <= 2, said
    for batch in batches:
        ledger.apply(batch)
    proof = hold_against(ledger.cells, source.control_totals(company))
    assert proof.verdict is Verdict.PROVEN


def test_a_quiet_night_reads_no_entry_again(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    bookmark = run(source, company, None, Ledger())
    sandbox.advance(86_400)
    sandbox.edit(KEY, {"kind": "edit-entry", "delta": 5})
    bookmark = run(source, company, bookmark, Ledger())
    sandbox.advance(3_600)
    sandbox.edit(KEY, {"kind": "edit-entry", "delta": 7})
    bookmark = run(source, company, bookmark, Ledger())
    sandbox.advance(3_600)
    # The newest write stays within the unsettled minute: that one move is looked at again.
    assert len(entries_of(list(source.pull(company, bookmark)))) == 1


def test_two_edits_within_one_second_both_arrive(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    """Times are cut to seconds: the second edit looks like the first."""
    ledger = Ledger()
    bookmark = run(source, company, None, ledger)
    sandbox.advance(86_400)
    sandbox.edit(KEY, {"kind": "edit-entry", "delta": 100})
    bookmark = run(source, company, bookmark, ledger)
    sandbox.edit(KEY, {"kind": "edit-entry", "delta": 100})
    run(source, company, bookmark, ledger)
    assert hold_against(ledger.cells, source.control_totals(company)).verdict is Verdict.PROVEN


def test_a_database_put_back_from_a_copy_is_read_anew(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    """The newest write ever seen is gone: nothing told by times can be relied on."""
    bookmark = run(source, company, None, Ledger())
    later = bookmark.replace('"since":"2026', '"since":"2027').replace(
        '"until":"2026', '"until":"2027'
    )
    assert later != bookmark
    batches = list(source.pull(company, later))
    ends = [
        coverage
        for batch in batches
        for coverage in batch.coverage
        if isinstance(coverage, Everything) and coverage.kind is RecordKind.ENTRY
    ]
    assert [end.last for end in ends][-1]
    assert sum(isinstance(record, JournalLine) for b in batches for record in b.records) > 700


def test_another_databases_bookmark_starts_over(
    source: OdooSource, company: Administration
) -> None:
    bookmark = run(source, company, None, Ledger())
    foreign = bookmark.replace("sandbox/1", "elsewhere/1")
    first, *_ = source.pull(company, foreign)
    assert '"full":true' in first.bookmark


def test_pages_are_halved_when_the_server_is_too_slow(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    sandbox.settings(KEY, moves_per_answer_max=100)
    ledger = Ledger()
    run(source, company, None, ledger)
    assert hold_against(ledger.cells, source.control_totals(company)).verdict is Verdict.PROVEN
    statuses = [asked.status for asked in sandbox.log(KEY) if "web_search_read" in asked.path]
    assert statuses[:3] == [504, 504, 504]
    assert 504 not in statuses[3:]


def test_a_server_that_never_gets_done_is_down(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    sandbox.settings(KEY, moves_per_answer_max=1)
    with pytest.raises(ProviderDown):
        list(source.pull(company, None))
    assert len(sandbox.log(KEY)) < 30


def test_a_server_without_the_nested_question_is_read_apart(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    body = (
        '{"name": "werkzeug.exceptions.UnprocessableEntity", "message": "got an unexpected '
        'keyword argument \'specification\'", "arguments": [], "context": {}, "debug": ""}'
    )
    fault = {"kind": "status", "status": 422, "body": body, "path": "web_search_read", "times": 99}
    sandbox.add_fault(KEY, fault)
    ledger = Ledger()
    run(source, company, None, ledger)
    assert hold_against(ledger.cells, source.control_totals(company)).verdict is Verdict.PROVEN


def test_a_field_that_is_needed_is_not_left_out(
    sandbox: Sandbox, source: OdooSource, company: Administration
) -> None:
    body = (
        '{"name": "builtins.ValueError", "message": "Invalid field \'balance\' on '
        '\'account.move.line\'", "arguments": [], "context": {}, "debug": ""}'
    )
    fault = {"kind": "status", "status": 500, "body": body, "path": "web_search_read", "times": 99}
    sandbox.add_fault(KEY, fault)
    with pytest.raises(NotUnderstood) as caught:
        list(source.pull(company, None))
    assert caught.value.code == "field-unknown"


def test_tracebacks_are_neither_logged_nor_told(sandbox: Sandbox) -> None:
    told = []
    with capture_logs() as logged:
        for version in (19, 17):
            sandbox.settings(KEY, version=version)
            for changes in ({"api_key": secret_of("x")}, {"database": "nope"}):
                found = failure_of(sandbox, **changes)
                told.append(f"{found!r} {found.sentence} {found.detail}")
    assert logged
    assert TRACEBACK[:20] not in f"{told} {logged}"
