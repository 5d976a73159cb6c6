"""Addresses, the consent, bookmarks, windows: what needs no stand-in."""

from datetime import date
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.kit.oauth import CodeFlow
from adapters.providers.quickbooks import QuickBooks
from adapters.providers.quickbooks.balances import Chart, all_moved
from adapters.providers.quickbooks.bookmark import Mode, Stage, again, starting
from adapters.providers.quickbooks.declaration import OAUTH, SCOPE
from adapters.providers.quickbooks.faults import codes, is_fault
from adapters.providers.quickbooks.pulling import CHANGED_MAX, _remembered
from adapters.providers.quickbooks.windows import (
    Days,
    fiscal,
    fiscal_year,
    months_of,
    whole_history,
)
from adapters.providers.quickbooks.wire import api_origin, charges, listing, path, sign_in_url
from core.domain.books import BOOKMARK_CHARACTERS_MAX
from core.domain.failures import FixSettings, Reconnect
from core.ports.provider import Credentials, OutcomeUnknown
from tests.providers.kit.scripted import ScriptedServer, answer, kit_with

FIELDS = {"client_id": "client", "client_secret": "se/cret"}
DAYS = st.dates(min_value=date(1995, 1, 1), max_value=date(2060, 12, 31))
MONTHS = st.integers(min_value=1, max_value=12)


def test_the_two_environments_have_hosts_of_their_own() -> None:
    assert api_origin({}) == "https://quickbooks.api.intuit.com"
    assert api_origin({"environment": "production"}) == "https://quickbooks.api.intuit.com"
    assert api_origin({"environment": " Sandbox "}) == "https://sandbox-quickbooks.api.intuit.com"
    assert api_origin({"environment": "http://127.0.0.1:9"}) == "http://127.0.0.1:9"


@pytest.mark.parametrize("typed", ["test", "https://quickbooks.example.org", "http://10.0.0.1"])
def test_no_other_host_is_ever_sent_a_token(typed: str) -> None:
    with pytest.raises(FixSettings):
        api_origin({"environment": typed})


def test_signing_in_is_at_the_same_place_for_both() -> None:
    official = OAUTH.token_url({"environment": "sandbox"})
    assert official == "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
    here = sign_in_url({"environment": "http://localhost:7"}, official)
    assert here == "http://localhost:7/oauth2/v1/tokens/bearer"


def test_the_consent_asks_for_accounting_only() -> None:
    url = CodeFlow(kit_with(), OAUTH).authorize_url(
        FIELDS, redirect_uri="https://x.test/cb", state="s t", verifier="v" * 43
    )
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://appcenter.intuit.com/connect/oauth2"
    )
    assert parse_qs(parts.query) == {
        "client_id": ["client"],
        "response_type": ["code"],
        "redirect_uri": ["https://x.test/cb"],
        "scope": [SCOPE],
        "state": ["s t"],
    }


def test_a_callback_without_a_company_is_of_no_use() -> None:
    with pytest.raises(Reconnect):
        CodeFlow(kit_with(), OAUTH).exchange(
            FIELDS, redirect_uri="https://x.test/cb", code="c", verifier="", answer={"code": "c"}
        )


def test_without_a_company_nothing_is_opened() -> None:
    with pytest.raises(Reconnect):
        QuickBooks(kit_with()).open(Credentials(fields=FIELDS))


def test_a_refresh_keeps_what_came_back_and_the_shortest_life() -> None:
    body = (
        b'{"token_type":"bearer","access_token":"at2","expires_in":3600,"refresh_token":"rt2",'
        b'"x_refresh_token_expires_in":8640000,"x_refresh_token_hard_expires_in":7000}'
    )
    with ScriptedServer(answer(200, body)) as server:
        fields = {**FIELDS, "environment": server.url}
        grant = CodeFlow(kit_with(), OAUTH).refresh(fields, "rt1")
        (request,) = server.requests
    assert grant.refresh_token == "rt2"
    assert grant.refresh_expires_at is not None
    assert (grant.refresh_expires_at - grant.obtained_at).total_seconds() == 7_000
    head, _, form = request.partition(b"\r\n\r\n")
    assert b"POST /oauth2/v1/tokens/bearer " in head
    assert b"authorization: basic " in head.lower()
    assert b"x-include-refresh-token-hard-expires-in: true" in head.lower()
    assert parse_qs(form.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["rt1"]}


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, b'{"error":"invalid_grant","error_description":"Incorrect token"}', Reconnect),
        (401, b'{"error":"invalid_client"}', FixSettings),
        (500, b"", OutcomeUnknown),
    ],
)
def test_refusals_of_the_token_endpoint(status: int, body: bytes, failure: type[Exception]) -> None:
    with ScriptedServer(answer(status, body)) as server:
        fields = {**FIELDS, "environment": server.url}
        with pytest.raises(failure):
            CodeFlow(kit_with(), OAUTH).refresh(fields, "rt1")


def test_every_address_names_the_minor_version() -> None:
    told = urlsplit(path("123", "query", query=listing("Bill", 1, rows=1_000, is_list=False)))
    assert told.path == "/v3/company/123/query"
    assert parse_qs(told.query) == {
        "query": ["SELECT * FROM Bill ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"],
        "minorversion": ["75"],
    }


def test_limits_are_counted_per_company() -> None:
    (charge,) = charges("123")
    assert charge.scope == "quickbooks:123"
    assert [(limit.calls, limit.seconds) for limit in charge.limits] == [
        (500, 60),
        (10, 1),
        (10, 0),
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"Fault":{"Error":[{"code":"4001"}],"type":"ValidationFault"}}', (4001,)),
        (b'{"warnings":null,"fault":{"error":[{"code":"003100"}],"type":"A"}}', (3100,)),
        (b'{"fault":{"error":[{"code":610}]}}', (610,)),
        (b'{"Fault":{"Error":[{"code":"x"}]}}', ()),
        (b"<xml/>", ()),
    ],
)
def test_faults_are_known_in_both_spellings(body: bytes, told: tuple[int, ...]) -> None:
    assert codes(body) == told
    assert is_fault(body) == body.startswith(b"{")


def test_an_answer_is_no_fault() -> None:
    assert not is_fault(b'{"QueryResponse":{"Account":[{"Name":"Fault"}]}}')


# -- windows ---------------------------------------------------------------------------------------


@given(DAYS, MONTHS)
def test_every_day_is_in_its_fiscal_year_and_period(day: date, month: int) -> None:
    year, period = fiscal(day, month)
    days = fiscal_year(year, month)
    assert days.first <= day <= days.last
    assert 1 <= period <= 12
    assert fiscal(days.first, month) == (year, 1)
    assert fiscal(days.last, month) == (year, 12)


@given(st.lists(DAYS, min_size=1, max_size=30))
def test_months_cover_every_day_without_overlap(days: list[date]) -> None:
    windows = months_of(days)
    assert all(any(one.first <= day <= one.last for one in windows) for day in days)
    for before, after in pairwise(windows):
        assert before.last < after.first
    assert all(window.count <= 184 for window in windows)


@given(st.integers(min_value=1991, max_value=2026), MONTHS)
def test_the_whole_history_has_no_gap(first_year: int, month: int) -> None:
    windows = whole_history(first_year, 2026, month)
    assert windows[0].first <= date(1990, 1, 1)
    assert windows[-1].last == fiscal_year(2027, month).last
    assert len(windows) == 2026 - first_year + 1
    for before, after in pairwise(windows):
        assert (after.first - before.last).days == 1


@given(DAYS, DAYS)
def test_windows_are_read_as_they_were_written(first: date, last: date) -> None:
    days = Days(min(first, last), max(first, last))
    assert Days.read(days.written()) == days
    assert days.after(days.last) is None


# -- bookmarks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{}", '{"v":99}', "null", '{"mode":"whole"}'])
def test_a_bookmark_that_cannot_be_read_begins_anew(text: str) -> None:
    at = starting(text, now=1_000)
    assert (at.mode, at.stage, at.started_at) == (Mode.WHOLE, Stage.ACCOUNTS, 1_000)
    assert again(text, frozenset({2025}), now=1) is None


def test_very_many_changes_fit_into_a_bookmark() -> None:
    changed = {str(key): f"2026-{key % 12 + 1:02d}-07" for key in range(12_000)}
    assert len(_remembered(changed)) == 12
    some = dict(list(changed.items())[:CHANGED_MAX])
    assert len(_remembered(some)) == CHANGED_MAX
    assert sum(len(each) + 3 for each in _remembered(some)) < BOOKMARK_CHARACTERS_MAX // 1.2


# -- balances --------------------------------------------------------------------------------------

AMOUNTS = st.integers(min_value=-(10**6), max_value=10**6)
YEARS = st.dictionaries(
    st.tuples(st.integers(min_value=2020, max_value=2026), st.sampled_from("pqrbc")),
    AMOUNTS,
    max_size=25,
)


@given(YEARS)
def test_year_ends_give_back_what_moved(booked: dict[tuple[int, str], int]) -> None:
    """``p`` and ``q`` are profit and loss, ``r`` takes what they came to."""
    chart = Chart(profit_and_loss=frozenset("pq"), retained_earnings="r")

    def at_end_of(year: int) -> dict[str, int]:
        told: dict[str, int] = {}
        for (booked_in, account), amount in booked.items():
            if booked_in > year:
                continue
            shown = "r" if account in "pq" and booked_in < year else account
            told[shown] = told.get(shown, 0) + amount
        return {account: amount for account, amount in told.items() if amount}

    cells = all_moved(chart, {2020, 2026}, at_end_of)
    found = {(cell.year, cell.account_key): amount for cell, amount in cells.items()}
    assert found == {place: amount for place, amount in booked.items() if amount}
