"""Answers that are large or do not come, and bookmarks."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from adapters.providers.yuki.bookmark import Bookmark, Mode, Stage, decoded, starting
from adapters.providers.yuki.source import YukiSource
from core.domain.books import Batch, Window
from core.domain.failures import NotUnderstood, ProviderDown
from core.domain.integration import Administration
from core.ports.provider import START_OVER
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, run
from tests.providers.yuki.test_conformance import KEY
from tests.providers.yuki.test_oddities import ids, imported, true_ids

# -- answers too large -----------------------------------------------------------------------------


def in_small_batches(connected: Connected, size: int) -> YukiSource:
    opened = connected.open()
    assert isinstance(opened, YukiSource)
    opened.records_max = size
    return opened


@pytest.fixture
def small(connected: Connected) -> Iterator[YukiSource]:
    with closing(in_small_batches(connected, 40)) as opened:
        yield opened


def test_a_large_answer_is_several_batches_of_whole_entries(
    sandbox: Sandbox, small: YukiSource, administration: Administration
) -> None:
    batches: list[Batch] = list(small.pull(administration, None))
    parts = [one for one in batches if one.stage.startswith("general ledger")]
    windows = [each for one in parts for each in one.coverage if isinstance(each, Window)]
    assert len(windows) == len(parts)
    ends = [each.last_day for each in windows if each.last]
    assert len(ends) == len(set(ends)) < len(parts)
    ledger = Ledger()
    for batch in batches:
        ledger.apply(batch)
    ledger.settle()
    assert ids(ledger) == true_ids(sandbox, administration.key)


def test_an_answer_that_does_not_come_is_asked_for_in_smaller_parts(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    sandbox.settings(KEY, rows_max=100)
    ledger, _ = imported(source, administration)
    assert ids(ledger) == true_ids(sandbox, administration.key)
    refused = [one for one in sandbox.log(KEY) if one.status == 500]
    assert refused
    assert len(refused) == len({one.body for one in refused}), "none was asked for twice"


def test_a_month_that_does_not_come_is_the_providers_trouble(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    sandbox.settings(KEY, rows_max=2)
    with pytest.raises(ProviderDown, match="general ledger lines"):
        imported(source, administration)
    assert source.calls < 50


def test_lines_count_whatever_namespace_they_stand_in(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    """Some lists of the service stand in none; a client has seen these so too."""
    body = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        '<GetTransactionDetailsResponse xmlns="http://www.theyukicompany.com/">'
        '<GetTransactionDetailsResult><TransactionDetails xmlns=""><TransactionInfo><id>x</id>'
        "<transactionDate>2024-12-31</transactionDate><transactionAmount>7.28</transactionAmount>"
        "<glAccountCode>1000</glAccountCode></TransactionInfo></TransactionDetails>"
        "</GetTransactionDetailsResult></GetTransactionDetailsResponse></soap:Body></soap:Envelope>"
    )
    fault = {
        "kind": "status",
        "status": 200,
        "body": body,
        "body_contains": "GetTransactionDetails",
    }
    sandbox.add_fault(KEY, fault)
    ledger, _ = imported(source, administration)
    assert "x" in ids(ledger)


def test_an_answer_without_a_result_is_not_an_empty_one(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    body = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        '<GetTransactionDetailsResponse xmlns="http://www.theyukicompany.com/"/></soap:Body>'
        "</soap:Envelope>"
    )
    fault = {
        "kind": "status",
        "status": 200,
        "body": body,
        "body_contains": "GetTransactionDetails",
    }
    sandbox.add_fault(KEY, fault)
    with pytest.raises(NotUnderstood):
        imported(source, administration)


# -- bookmarks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bookmark", [START_OVER, "", "{}", '{"v":99}', "[1]"])
def test_a_bookmark_of_another_version_starts_over_and_leaves_no_ghost(
    sandbox: Sandbox, source: YukiSource, administration: Administration, bookmark: str
) -> None:
    ledger, _ = imported(source, administration)
    sandbox.edit(KEY, {"administration": administration.key, "kind": "delete-entry", "year": 2025})
    run(source, administration, bookmark, ledger)
    assert ids(ledger) == true_ids(sandbox, administration.key)


def test_bookmarks_stay_small_and_come_back_as_they_were(
    source: YukiSource, administration: Administration
) -> None:
    bookmarks = [batch.bookmark for batch in source.pull(administration, None)]
    for bookmark in bookmarks:
        kept = decoded(bookmark)
        assert isinstance(kept, Bookmark)
        assert kept.encoded() == bookmark
        assert len(bookmark) < 4_000
    assert starting(bookmarks[-1], books="fiscal", epoch="", now=1).mode is Mode.WHOLE
    final = decoded(bookmarks[-1])
    assert final is not None
    later = starting(bookmarks[-1], books="commercial", epoch="", now=final.started_at + 1)
    assert (later.mode, later.stage) == (Mode.CHANGES, Stage.ACCOUNTS)
    assert later.since == final.started_at
