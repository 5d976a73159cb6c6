"""What descriptions and clients of e-Boekhouden warn of, one test each, against the stand-in."""

from collections.abc import Callable
from contextlib import closing

import pytest

from adapters.providers.eboekhouden import Eboekhouden, pulling_soap
from adapters.providers.kit.calls import Kit
from core.domain.books import RecordKind
from core.domain.failures import Failure, FixSettings, Reconnect, Wait
from core.domain.proof import WHOLE_YEAR, Verdict, hold_against
from core.ports.provider import START_OVER, Credentials, Source
from sandbox.server import Sandbox
from tests.providers.eboekhouden.sandboxed import KEY, by_rest, by_soap, stand_in, view_of
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, run

Way = Callable[[Sandbox, Kit], Connected]
WAYS = pytest.mark.parametrize("way", [by_rest, by_soap], ids=["rest", "soap"])
NIGHT_SECONDS = 24 * 3600


def verdict(source: Source, ledger: Ledger, *, whole: bool = False) -> Verdict:
    """Of what this source pulled, against the service's balances."""
    administration = source.administrations()[0]
    return hold_against(ledger.cells, source.control_totals(administration, whole=whole)).verdict


def pulled(
    source: Source, bookmark: str | None = None, ledger: Ledger | None = None
) -> tuple[Ledger, str]:
    ledger = ledger or Ledger()
    return ledger, run(source, source.administrations()[0], bookmark, ledger)


def asked(sandbox: Sandbox, words: str) -> int:
    return sum(words in f"{entry.path}?{entry.query} {entry.body}" for entry in sandbox.log(KEY))


# -- what is not documented is tried on the balances -----------------------------------------------


@WAYS
@pytest.mark.parametrize(
    "other",
    [
        {"memorial_sign": -1},
        {"opening_sign": -1, "due_category": "AF6"},
        {"memorial_sign": -1, "opening_sign": -1, "due_category": "AF19"},
    ],
    ids=["memorial", "opening-due", "all"],
)
def test_rules_that_are_not_documented_follow_the_balances(
    sandbox: Sandbox, kit: Kit, way: Way, other: dict[str, object]
) -> None:
    sandbox.settings(KEY, **other)
    with closing(way(sandbox, kit).open()) as source:
        ledger, bookmark = pulled(source)
        assert verdict(source, ledger) is Verdict.PROVEN
        assert ledger.unbalanced == []
    sandbox.advance(NIGHT_SECONDS)
    before = ledger.writes
    with closing(way(sandbox, kit).open()) as tonight:
        pulled(tonight, bookmark, ledger)
        assert verdict(tonight, ledger, whole=True) is Verdict.PROVEN
    assert ledger.writes == before


@WAYS
def test_rules_that_fit_nothing_are_told_by_the_proof(sandbox: Sandbox, kit: Kit, way: Way) -> None:
    """One reading, no second one in vain, and the difference is shown."""
    view = view_of(sandbox)
    first = next(iter(view.mutations().values())).entry.date
    view._moved[first][view.ledgers()[0].id] += 1
    with closing(way(sandbox, kit).open()) as source:
        ledger, _ = pulled(source)
        assert verdict(source, ledger) is Verdict.DIFFERS
    assert asked(sandbox, "/v1/mutation/2?") <= 1
    assert asked(sandbox, "<MutatieNrVan>0</MutatieNrVan><DatumVan>") <= 1


def test_a_difference_that_stays_is_not_read_again_every_night(sandbox: Sandbox, kit: Kit) -> None:
    view = view_of(sandbox)
    first = next(iter(view.mutations().values())).entry.date
    view._moved[first][view.ledgers()[0].id] += 1
    details = []
    with closing(by_rest(sandbox, kit).open()) as source:
        ledger, bookmark = pulled(source)
        for _ in range(3):
            sandbox.advance(NIGHT_SECONDS)
            sandbox.clear_log(KEY)
            _, bookmark = pulled(source, bookmark, ledger)
            details.append(asked(sandbox, "/v1/mutation/"))
        assert verdict(source, ledger, whole=True) is Verdict.DIFFERS
    assert details[0] > 0
    assert details[1:] == [0, 0]


# -- REST ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "oddity",
    [
        {"opening": "by-id"},
        {"newest_first": True, "limit_max": 100},
        {"limit_max": 100},
        {"limit_max": 500},
        {"row_ledgers": False},
        {"row_ledgers": False, "second_debtors": True},
        {"session_seconds": 90},
    ],
    ids=[
        "opening-by-id",
        "newest-first",
        "pages-of-100",
        "pages-of-500",
        "no-ledger",
        "whose",
        "short",
    ],
)
def test_lists_and_details_may_be_odd(
    sandbox: Sandbox, kit: Kit, oddity: dict[str, object]
) -> None:
    sandbox.settings(KEY, **oddity)
    with closing(by_rest(sandbox, kit).open()) as source:
        ledger, bookmark = pulled(source)
        assert verdict(source, ledger) is Verdict.PROVEN
        assert len(ledger.records[RecordKind.ENTRY]) == len(view_of(sandbox).mutations())
        before = ledger.writes
        sandbox.advance(NIGHT_SECONDS)
        pulled(source, bookmark, ledger)
        assert ledger.writes == before


def test_an_opening_balance_nobody_shows_differs(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, opening="hidden")
    with closing(by_rest(sandbox, kit).open()) as source:
        ledger, _ = pulled(source)
        assert verdict(source, ledger) is Verdict.DIFFERS


def test_balances_are_asked_one_by_one_where_they_must(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, balances=False)
    with closing(by_rest(sandbox, kit).open()) as source:
        ledger, bookmark = pulled(source)
        (administration,) = source.administrations()
        control = source.control_totals(administration)
        assert control is not None
        assert control.by_year
        assert {cell.period for cell in control.balances_e4} == {WHOLE_YEAR}
        assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN
    assert asked(sandbox, "/v1/ledger/balances") == 1
    sandbox.edit(KEY, {"kind": "night"})
    with closing(by_rest(sandbox, kit).open()) as tonight:
        pulled(tonight, bookmark, ledger)
        assert verdict(tonight, ledger, whole=True) is Verdict.PROVEN


def test_a_change_inside_rows_is_found_by_the_balances(sandbox: Sandbox, kit: Kit) -> None:
    """The head of the mutation stays as it was; only its month is read again."""
    with closing(by_rest(sandbox, kit).open()) as source:
        ledger, bookmark = pulled(source)
    entry = next(e for e in view_of(sandbox).books.live_entries() if e.invoice_number)
    sandbox.edit(KEY, {"kind": "edit-entry", "entry": entry.number, "account": "4990"})
    sandbox.advance(NIGHT_SECONDS)
    sandbox.clear_log(KEY)
    with closing(by_rest(sandbox, kit).open()) as tonight:
        pulled(tonight, bookmark, ledger)
        assert verdict(tonight, ledger, whole=True) is Verdict.PROVEN
    month = f"{entry.date:%Y%m}"
    shown = view_of(sandbox).mutations().values()
    inside = sum(f"{one.entry.date:%Y%m}" == month for one in shown)
    assert asked(sandbox, "/v1/mutation/") == inside


def test_a_quiet_night_costs_lists_and_years(sandbox: Sandbox, kit: Kit) -> None:
    with closing(by_rest(sandbox, kit).open()) as source:
        _, bookmark = pulled(source)
        (administration,) = source.administrations()
        before = source.calls
        batches = list(source.pull(administration, bookmark))
        # Accounts, relations, mutations, two years; some relations in turn.
        rotation = asked(sandbox, "/v1/relation/") - len(view_of(sandbox).books.contacts)
        assert source.calls - before - rotation == 5
        assert not any(batch.records for batch in batches if batch.stage == "mutations")


def test_a_deleted_relation_goes_and_a_renamed_one_comes_in_turn(
    sandbox: Sandbox, kit: Kit
) -> None:
    contacts = view_of(sandbox).books.contacts
    with closing(by_rest(sandbox, kit).open()) as source:
        ledger, bookmark = pulled(source)
        gone = contacts.pop()
        sandbox.edit(
            KEY, {"kind": "rename-contact", "contact": contacts[0].number, "name": "Nieuw"}
        )
        for _ in range(28):
            sandbox.advance(NIGHT_SECONDS)
            _, bookmark = pulled(source, bookmark, ledger)
    held = {contact.code: contact.name for contact in ledger.records[RecordKind.CONTACT].values()}  # type: ignore[union-attr]  # contacts have both
    assert str(gone.number) not in held
    assert held[str(contacts[0].number)] == "Nieuw"


@pytest.mark.parametrize(
    ("linked", "name", "is_guid"),
    [(1, "", True), (-1, "", False), (0, "", False), (3, "bakkerij de gouden aar b.v.", True)],
)
def test_the_administration_is_known_by_what_is_told(
    sandbox: Sandbox, kit: Kit, linked: int, name: str, *, is_guid: bool
) -> None:
    sandbox.settings(KEY, linked=linked)
    with closing(by_rest(sandbox, kit, administration=name).open()) as source:
        (administration,) = source.administrations()
        assert (administration.key == view_of(sandbox).guid) == is_guid
        assert administration.key.startswith("{" if is_guid else "ledger-")
        assert administration.name
        assert source.health().account.key == administration.key


def test_several_administrations_need_a_name(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, linked=3)
    with closing(by_rest(sandbox, kit).open()) as source:
        with pytest.raises(FixSettings) as caught:
            source.health()
        assert caught.value.setting == "administration"


@pytest.mark.parametrize(
    ("setting", "kind", "code"),
    [
        ({"token": "expired"}, Reconnect, "token-expired"),
        ({"token": "foreign"}, FixSettings, "other-country"),
    ],
)
def test_a_token_that_is_refused_is_tried_once(
    sandbox: Sandbox, kit: Kit, setting: dict[str, object], kind: type[Failure], code: str
) -> None:
    sandbox.settings(KEY, **setting)
    with closing(by_rest(sandbox, kit).open()) as source:
        with pytest.raises(kind) as caught:
            source.health()
        assert caught.value.code == code
    assert asked(sandbox, "/v1/session") == 1


def test_an_unpaid_administration_is_a_setting(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, blocked="SECURITY_005")
    with closing(by_rest(sandbox, kit).open()) as source:
        with pytest.raises(FixSettings) as caught:
            source.health()
        assert caught.value.code == "administration-paused"


# -- SOAP ------------------------------------------------------------------------------------------


def test_a_user_with_one_administration(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, accountant=False, empty_error=True)
    with closing(by_soap(sandbox, kit).open()) as source:
        (administration,) = source.administrations()
        assert administration.key == "own"
        assert source.health().account.key == "administratie"
        ledger, _ = pulled(source)
        assert verdict(source, ledger) is Verdict.PROVEN
    assert asked(sandbox, "OpenSessionSub") == 0


def test_a_spent_month_waits_a_day(sandbox: Sandbox, kit: Kit) -> None:
    sandbox.settings(KEY, quota=1)
    with closing(by_soap(sandbox, kit).open()) as source:
        with pytest.raises(Wait) as caught:
            pulled(source)
        assert caught.value.retry_at is not None
        assert (caught.value.retry_at - sandbox.clock.now()).total_seconds() > NIGHT_SECONDS - 60


def test_of_very_many_windows_the_old_ones_are_read_in_turn(
    kit: Kit, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window that is not read loses nothing; a change in it is found within a round."""
    monkeypatch.setattr(pulling_soap, "WINDOWS_PER_PULL", 1)
    monkeypatch.setattr(pulling_soap, "TURNS_PER_PULL", 1)
    connected = by_soap(sandbox, kit)
    sandbox.settings(KEY, mutations_max=20)
    with closing(Eboekhouden(kit, window=20).open(connected.credentials)) as source:
        ledger, bookmark = pulled(source)
        windows = asked(sandbox, "GetMutaties")
        books = view_of(sandbox).books
        oldest = next(entry for entry in books.live_entries() if entry.invoice_number)
        books.delete_entry(oldest)
        gone = str(oldest.serial + 1)
        nights = 0
        while gone in ledger.records[RecordKind.ENTRY]:
            nights += 1
            assert nights < windows
            sandbox.clear_log(KEY)
            _, bookmark = pulled(source, bookmark, ledger)
            assert asked(sandbox, "GetMutaties") <= 4
        assert len(ledger.records[RecordKind.ENTRY]) == len(view_of(sandbox).mutations())
        assert verdict(source, ledger, whole=True) is Verdict.PROVEN


@WAYS
def test_a_session_that_ended_is_opened_again_once(sandbox: Sandbox, kit: Kit, way: Way) -> None:
    with closing(way(sandbox, kit).open()) as source:
        (administration, *_) = source.administrations()
        before = stand_in(sandbox).sessions.opened
        sandbox.tokens(KEY, "expire")
        ledger = Ledger()
        run(source, administration, None, ledger)
        assert verdict(source, ledger) is Verdict.PROVEN
        # SOAP has one of the user and one of the administration.
        assert stand_in(sandbox).sessions.opened - before <= 2


@WAYS
def test_codes_that_were_taken_away_are_tried_once(sandbox: Sandbox, kit: Kit, way: Way) -> None:
    sandbox.tokens(KEY, "revoke")
    with closing(way(sandbox, kit).open()) as source:
        for _ in range(2):
            with pytest.raises(Reconnect):
                source.health()
    assert len(sandbox.log(KEY)) == 1


@WAYS
def test_starting_over_removes_what_is_not_there(sandbox: Sandbox, kit: Kit, way: Way) -> None:
    with closing(way(sandbox, kit).open()) as source:
        ledger, _ = pulled(source)
        entry = next(e for e in view_of(sandbox).books.live_entries() if e.invoice_number)
        view_of(sandbox).books.delete_entry(entry)
        pulled(source, START_OVER, ledger)
        assert verdict(source, ledger) is Verdict.PROVEN
    assert str(entry.serial + 1) not in ledger.records[RecordKind.ENTRY]


# -- the form --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "setting"),
    [
        ({}, "api_token"),
        ({"username": "u", "security_code_1": "1"}, "security_code_2"),
        ({"api_token": "t\u00e9"}, "api_token"),
        ({"api_token": "t", "address": "https://elsewhere.test"}, "address"),
        ({"api_token": "t", "address": "http://api.e-boekhouden.nl"}, "address"),
    ],
)
def test_a_form_that_cannot_be_used_says_which_field(
    kit: Kit, fields: dict[str, str], setting: str
) -> None:
    with pytest.raises(FixSettings) as caught:
        Eboekhouden(kit).open(Credentials(fields=fields))
    assert caught.value.setting == setting
