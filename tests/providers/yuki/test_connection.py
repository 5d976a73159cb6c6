"""Whose key it is, at which host, with which rights, and how many calls it may take."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from adapters.providers.kit.calls import Kit
from adapters.providers.yuki import Yuki
from adapters.providers.yuki.declaration import (
    BELGIUM,
    CALLS_USED,
    NETHERLANDS,
    candidates,
    charge,
    limit_of,
    next_day,
)
from adapters.providers.yuki.source import WITHOUT_CHANGES, YukiSource
from core.domain.books import RecordKind
from core.domain.failures import Failure, FixSettings, ProviderDown, Reconnect, Wait
from core.domain.integration import Administration
from core.ports.provider import Credentials
from core.ports.sessions import OwnSessions
from sandbox.server import Sandbox
from sandbox.yuki import SANDBOX_ACCESS_KEY
from tests.fakes import FakeClock
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets, ScriptedServer, answer, kit_with
from tests.providers.sandboxed import Connected, run
from tests.providers.yuki.test_conformance import KEY, fields_of, truth_of
from tests.providers.yuki.truth import invoices_of

FAULT = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>'
    "<faultcode>soap:Server</faultcode><faultstring>{}</faultstring></soap:Fault></soap:Body>"
    "</soap:Envelope>"
)
AUTHENTICATED = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<AuthenticateResponse xmlns="http://www.theyukicompany.com/"><AuthenticateResult>6f1c'
    "</AuthenticateResult></AuthenticateResponse></soap:Body></soap:Envelope>"
)


def asked(sandbox: Sandbox, word: str) -> list[str]:
    return [one.body for one in sandbox.log(KEY) if word in one.body]


def opened(kit: Kit, *, sessions: OwnSessions | None = None, **fields: str) -> YukiSource:
    told = {"access_key": SANDBOX_ACCESS_KEY, **fields}
    credentials = Credentials(fields=told, sessions=sessions or OwnSessions(), scope="int_1")
    return Yuki(kit).open(credentials)


# -- the key ---------------------------------------------------------------------------------------


def test_the_other_country_is_tried_for_the_vendors_hosts_only() -> None:
    assert candidates({}) == (NETHERLANDS, BELGIUM)
    assert candidates({"site": f"{BELGIUM}/ws/"}) == (BELGIUM, NETHERLANDS)
    assert candidates({"site": "http://127.0.0.1:9"}) == ("http://127.0.0.1:9",)
    with pytest.raises(FixSettings):
        candidates({"site": "http://api.yukiworks.nl"})


def test_a_key_refused_in_one_country_is_good_in_the_other() -> None:
    refusal = answer(500, FAULT.format("Invalid access key").encode())
    granted = answer(200, AUTHENTICATED.encode())
    with ScriptedServer(refusal) as dutch, ScriptedServer(granted) as belgian:
        here, there = dutch.url, belgian.url
        with closing(opened(kit_with(FakeClock()), site=here)) as source:
            source._session._origins = (here, there)
            session = source._session._login(None)()
    assert session.token == f"{there} 6f1c"
    assert session.expires_at == session.obtained_at + timedelta(hours=24)
    assert source.calls == 0


def test_a_wrong_key_is_refused_once_and_for_good(sandbox: Sandbox, kit: Kit) -> None:
    with closing(opened(kit, site=sandbox.url(KEY), access_key="not-the-key")) as source:
        for _ in range(2):
            with pytest.raises(Reconnect, match="enter a key that is there"):
                source.health()
    assert len(asked(sandbox, "Authenticate")) == 1


def test_a_key_removed_at_yuki_ends_the_connection(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    sandbox.tokens(KEY, "revoke")
    with pytest.raises(Reconnect) as caught:
        run(source, administration, None, Ledger())
    assert caught.value.setting == "access_key"


@pytest.mark.parametrize("key", ["", "  ", "k\u00e9y", "a\nb"])
def test_a_key_no_key_can_be_is_told_before_any_call(kit: Kit, key: str) -> None:
    with pytest.raises(FixSettings, match="enter it again"):
        opened(kit, access_key=key)


# -- sessions --------------------------------------------------------------------------------------


def test_a_session_is_signed_in_once_for_all_sources(
    sandbox: Sandbox, connected: Connected, administration: Administration
) -> None:
    for _ in range(2):
        with closing(connected.open()) as source:
            run(source, administration, None, Ledger())
    # One for what is asked of no domain, one for the domain.
    assert len(asked(sandbox, "<Authenticate ")) == 2
    assert len(asked(sandbox, "<SetCurrentDomain ")) == 1


def test_a_session_forgotten_in_the_middle_is_made_anew(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    ledger = Ledger()
    for batch in source.pull(administration, None):
        ledger.apply(batch)
        sandbox.tokens(KEY, "expire")
    ledger.settle()
    truth = next(one for one in sandbox.truth(KEY) if one["code"] == administration.key)
    assert len(ledger.lines) == truth_of(sandbox, administration.key, truth)["lines"]


def test_a_session_that_ends_the_others_does_not_go_round_in_circles(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    """Whether several sessions of one key live side by side is not known."""
    sandbox.settings(KEY, alone=True)
    ledger = Ledger()
    run(source, administration, None, ledger)
    assert ledger.lines
    assert len(asked(sandbox, "<Authenticate ")) <= 3


# -- rights ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["AccountingInfo", "Accounting", "Contact", "Vat"])
def test_a_right_that_is_missing_is_named(
    sandbox: Sandbox, source: YukiSource, service: str
) -> None:
    sandbox.settings(KEY, closed=[service])
    with pytest.raises(FixSettings) as caught:
        source.health()
    assert f"({service})" in caught.value.sentence
    assert caught.value.setting == "access_key"


def test_without_the_right_to_changes_everything_is_read_every_night(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    assert source.health().warnings == ()
    ledger = Ledger()
    bookmark = run(source, administration, None, ledger)
    sandbox.settings(KEY, closed=["ChangeDigest"])
    assert source.health().warnings == (WITHOUT_CHANGES,)
    sandbox.advance(24 * 3600)
    sandbox.edit(KEY, {"administration": administration.key, "kind": "night"})
    run(source, administration, bookmark, ledger)
    truth = next(one for one in sandbox.truth(KEY) if one["code"] == administration.key)
    assert len(ledger.lines) == truth["lines"]


def test_a_key_of_the_wrong_company_does_not_look_like_an_empty_one(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    """The answer for an id that is no administration is empty, and no fault."""
    assert administration.parent_key is not None
    stranger = evolve(administration, key=administration.parent_key)
    with pytest.raises(FixSettings, match="no ledger account"):
        run(source, stranger, None, Ledger())
    assert sandbox.log(KEY)[-1].status == 200


def test_a_key_that_reaches_nothing_active_is_warned_about(
    sandbox: Sandbox, source: YukiSource
) -> None:
    sandbox.settings(KEY, hidden=[1, 2, 3, 4])
    (found,) = source.administrations()
    assert not found.importable
    assert "not active" in (found.obstacle or "")
    assert "no active administration" in source.health().warnings[0]


# -- calls a day -----------------------------------------------------------------------------------


def test_the_day_ends_at_midnight_in_the_netherlands() -> None:
    winter, summer = datetime(2026, 1, 15, 22, 30, tzinfo=UTC), datetime(2026, 7, 1, 22, tzinfo=UTC)
    assert next_day(winter) == datetime(2026, 1, 15, 23, tzinfo=UTC)
    assert next_day(summer) == datetime(2026, 7, 2, 22, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["0", "-1", "49", "10001", "many", "1e3", "\u0663", "9" * 40])
def test_a_number_of_calls_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(FixSettings) as caught:
        limit_of({"daily_calls": typed})
    assert caught.value.setting == "daily_calls"


def test_some_calls_of_the_day_are_left_to_others_unless_said_otherwise() -> None:
    assert limit_of({}).calls == CALLS_USED < 1_000
    assert limit_of({"daily_calls": " 4000 "}).calls == 4_000


def test_a_first_import_is_spread_over_days_and_says_how_far_it_is(
    sandbox: Sandbox, connected: Connected, administration: Administration
) -> None:
    """When only some calls a day are left by other tools it goes on where it was each day."""
    sandbox.clear_log(KEY)
    sandbox.settings(KEY, daily_calls=7)
    ledger, bookmark, stages = Ledger(), None, list[str]()
    waits = list[datetime | None]()
    for _ in range(9):
        with closing(connected.open()) as source:
            try:
                for batch in source.pull(administration, bookmark):
                    ledger.apply(batch)
                    bookmark = batch.bookmark
                    stages.append(batch.stage)
            except Wait as spent:
                waits.append(spent.retry_at)
                sandbox.advance(24 * 3600)
            else:
                break
    ledger.settle()
    truth = next(one for one in sandbox.truth(KEY) if one["code"] == administration.key)
    assert len(ledger.lines) == truth["lines"]
    assert 1 < len(waits) < 8
    assert None not in waits
    assert any(stage.startswith("general ledger, 2025-01 to 2025-03") for stage in stages)
    pages = [
        one.body
        for one in sandbox.log(KEY)
        if one.status == 200 and "administrationID" in one.body and "PeriodDate" not in one.body
    ]
    anew = [one for one in pages if "<Outstanding" in one]
    pages = [one for one in pages if one not in anew]
    assert len(pages) == len(set(pages)), "nothing is read twice"
    assert len(anew) <= 2 * (1 + len(waits)), "what is open is asked once a day"
    assert ledger.records[RecordKind.INVOICE] == invoices_of(sandbox, administration.key)


def test_a_daily_limit_told_by_yuki_stops_every_worker_until_midnight(
    sandbox: Sandbox, kit: Kit, source: YukiSource, administration: Administration
) -> None:
    source.health()
    sandbox.settings(KEY, daily_calls=1)
    with pytest.raises(Failure):
        run(source, administration, None, Ledger())
    calls = source.calls
    with pytest.raises(Wait) as caught:
        run(source, administration, None, Ledger())
    assert caught.value.retry_at == next_day(sandbox.clock.now())
    assert source.calls <= calls + 2, "a limit is not asked about again and again"
    assert isinstance(kit.budgets, FakeBudgets)
    scope, _, remaining, resets_at = kit.budgets.learned[-1]
    assert scope == f"yuki:{administration.parent_key}"
    assert (remaining, resets_at) == (0, next_day(sandbox.clock.now()))


def test_calls_count_for_the_domain_they_are_made_in(
    sandbox: Sandbox, kit: Kit, source: YukiSource, administration: Administration
) -> None:
    run(source, administration, None, Ledger())
    assert isinstance(kit.budgets, FakeBudgets)
    counted = {scope: len(at) for (scope, _), at in kit.budgets.spent.items()}
    assert set(counted) == {f"yuki:{administration.parent_key}", "yuki:key:int_1"}
    assert counted["yuki:key:int_1"] == 2  # signing in, and the list of administrations
    assert sum(counted.values()) == len(sandbox.log(KEY))
    assert SANDBOX_ACCESS_KEY not in charge(limit_of({}), None, "int_1").scope


def test_administrations_of_a_domain_share_what_was_read_of_contacts(
    sandbox: Sandbox, connected: Connected, source: YukiSource
) -> None:
    found = [one for one in source.administrations() if one.importable]
    domain_id = found[0].parent_key
    for administration in found:
        if administration.parent_key == domain_id:
            run(source, administration, None, Ledger())
    with closing(connected.open()) as other:
        run(other, found[0], None, Ledger())
    pages = asked(sandbox, "SearchContacts")
    assert len(pages) == len(set(pages))


# -- faults ----------------------------------------------------------------------------------------


def test_a_fault_nobody_knows_is_not_asked_about_again_at_once(
    sandbox: Sandbox, source: YukiSource, administration: Administration
) -> None:
    body = FAULT.format("Server was unable to process request. ---&gt; Something else.")
    fault = {"kind": "status", "status": 500, "body": body, "body_contains": "GetGLAccountScheme"}
    sandbox.add_fault(KEY, fault)
    with pytest.raises(ProviderDown) as caught:
        run(source, administration, None, Ledger())
    assert "Something else" in caught.value.detail
    assert len(asked(sandbox, "GetGLAccountScheme")) == 1


def test_fields_of_the_form_name_everything_the_adapter_reads(sandbox: Sandbox, kit: Kit) -> None:
    assert {one.name for one in Yuki(kit).form.fields} == {*fields_of(sandbox), "books"}
