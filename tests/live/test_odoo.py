"""Odoo's adapter against a genuine server: the totals are the server's own, to the cent."""

import time

import pytest
import structlog
from attrs import evolve

from adapters.providers.odoo import connecting
from adapters.providers.odoo.source import OdooSource
from adapters.providers.odoo.versions import Version
from core.domain.books import RecordKind
from core.domain.failures import Failure, FixSettings, Reconnect
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from tests.live.odoo_server import LiveServer
from tests.providers.folding import Ledger
from tests.providers.sandboxed import run

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


def by_account_e4(ledger: Ledger) -> dict[str, int]:
    totals: dict[str, int] = {}
    for line in ledger.lines:
        totals[line.account_key] = totals.get(line.account_key, 0) + line.amount_e4
    return {key: amount_e4 for key, amount_e4 in totals.items() if amount_e4}


def assert_equal_to_server(
    live: LiveServer, source: OdooSource, administration: Administration, ledger: Ledger
) -> None:
    proof = hold_against(ledger.cells, source.control_totals(administration))
    assert proof.verdict is Verdict.PROVEN, proof.residuals[:5]
    assert ledger.unbalanced == []
    accounts = ledger.records[RecordKind.ACCOUNT]
    assert {line.account_key for line in ledger.lines} <= accounts.keys()
    truth = live.trial_balance_e4()
    if truth is not None:
        wanted = {
            account: amount_e4
            for (company, account), amount_e4 in truth.items()
            if company == administration.key
        }
        assert by_account_e4(ledger) == wanted


def told(source: OdooSource, before: int, ledger: Ledger, since: float, what: str) -> None:
    counts = {kind.value: len(held) for kind, held in ledger.records.items()}
    seconds = time.monotonic() - since
    print(f"{what}: {source.calls - before} calls, {seconds:.2f} s, {counts}")


def test_every_company_is_imported_to_the_cent(live: LiveServer) -> None:
    with live.source() as source:
        assert source.health().account.key == f"{live.url}/{live.database}"
        found = source.administrations()
        assert found
        for administration in found:
            assert len(administration.currency) == 3
            ledger, before, since = Ledger(), source.calls, time.monotonic()
            bookmark = run(source, administration, None, ledger)
            told(source, before, ledger, since, administration.name)
            assert_equal_to_server(live, source, administration, ledger)
            writes = ledger.writes
            run(source, administration, bookmark, ledger)
            assert ledger.writes == writes


@pytest.mark.parametrize("major", [18, 16])
def test_older_servers_way_brings_the_same(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    """A server of 19 still answers XML-RPC, read_group and separate reading of lines."""
    if not live.login:
        pytest.skip("needs a login for XML-RPC")
    with live.source() as modern:
        company = max(modern.administrations(), key=lambda each: each.country == "NL")
        wanted = Ledger()
        run(modern, company, None, wanted)
    monkeypatch.setattr(connecting, "_version", lambda *_: Version(major))
    with live.source() as source:
        ledger, before, since = Ledger(), source.calls, time.monotonic()
        run(source, company, None, ledger)
        told(source, before, ledger, since, f"as {major}")
        for kind in (RecordKind.LINE, RecordKind.ENTRY, RecordKind.INVOICE, RecordKind.CONTACT):
            assert ledger.records[kind] == wanted.records[kind]
        assert_equal_to_server(live, source, company, ledger)


def test_one_night_of_changes_travels_alone(live: LiveServer) -> None:
    if not live.tool:
        pytest.skip("needs a tool that changes the books and puts them back")
    with live.source() as source:
        books = {}
        for administration in source.administrations():
            ledger = Ledger()
            books[administration.key] = (
                administration,
                ledger,
                run(source, administration, None, ledger),
            )
        try:
            changed = str(live.run_tool("mutate")["company"])
            administration, ledger, bookmark = books[changed]
            moves = len(ledger.records[RecordKind.ENTRY])
            rows, before, since = 0, source.calls, time.monotonic()
            for batch in source.pull(administration, bookmark):
                rows += sum(batch.stage == "journal entries" for _ in batch.records)
                ledger.apply(batch)
                bookmark = batch.bookmark
            ledger.settle()
            print(f"night: {rows} rows of entries")
            told(source, before, ledger, since, "night")
            assert source.calls - before <= 12
            assert rows < moves / 5
            assert_equal_to_server(live, source, administration, ledger)
        finally:
            live.run_tool("reset")
    with live.source() as source:
        # The books are older than what was read: that is noticed, and everything is read again.
        run(source, administration, bookmark, ledger)
        assert_equal_to_server(live, source, administration, ledger)


@pytest.mark.parametrize(
    ("name", "failure", "setting"),
    [
        ("reader_expired", Reconnect, None),
        ("reader_other_scope", Reconnect, None),
        ("sales", FixSettings, "rights"),
        ("noacc", FixSettings, "rights"),
        ("portal", FixSettings, "rights"),
    ],
)
def test_keys_that_must_not_import(
    live: LiveServer, name: str, failure: type[Failure], setting: str | None
) -> None:
    if name not in live.other_keys:
        pytest.skip(f"no key {name}")
    with live.source() as reader:
        company = reader.administrations()[0]
    with live.source(api_key=live.other_keys[name]) as source:
        for attempt in (source.health, lambda: list(source.pull(company, None))):
            with pytest.raises(failure) as caught:
                attempt()
            assert caught.value.setting == setting
            assert live.other_keys[name] not in f"{caught.value!r} {caught.value.detail}"


def test_a_wrong_key_or_database_says_which(live: LiveServer) -> None:
    with live.source(api_key="0" * 40) as source, pytest.raises(Reconnect):
        source.health()
    with live.source(database="no-such-database") as source:
        with pytest.raises(FixSettings) as caught:
            source.health()
        assert caught.value.setting == "database"
    with live.source(url=f"{live.url}/odoo/web#action=1") as source:
        assert source.health().account.name


def test_a_reader_of_one_company_sees_one(live: LiveServer) -> None:
    if "readerbe" not in live.other_keys:
        pytest.skip("no key readerbe")
    with live.source() as reader:
        everything = {each.key: each for each in reader.administrations()}
    with live.source(api_key=live.other_keys["readerbe"]) as source:
        (only,) = source.administrations()
        foreign = next(each for key, each in everything.items() if key != only.key)
        with pytest.raises(FixSettings) as caught:
            list(source.pull(foreign, None))
        assert caught.value.code == "administration-gone"
        ledger = Ledger()
        run(source, only, None, ledger)
        assert_equal_to_server(live, source, only, ledger)


def test_a_company_that_is_no_more(live: LiveServer) -> None:
    with live.source() as source:
        gone = evolve(source.administrations()[0], key="99999")
        with pytest.raises(FixSettings) as caught:
            list(source.pull(gone, None))
        assert caught.value.code == "administration-gone"
