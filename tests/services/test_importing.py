"""Importing: proven books, resumption, limits, failures, relinking."""

import datetime as dt

import pytest

from core.domain.failures import (
    Action,
    CorrectRequest,
    FixSettings,
    NotUnderstood,
    ProviderDown,
    Unknown,
    Wait,
)
from core.domain.import_run import STRIKES_MAX, RunStatus
from core.domain.onboarding import OnboardingStep
from core.domain.proof import Verdict
from core.ports.books import LineFilter
from tests.services.house import OPERATOR, House


@pytest.fixture
def house() -> House:
    house = House()
    house.follow(house.connect_odoo())
    return house


def entity_ids(house: House) -> list[str]:
    return [status.entity.id for status in house.services.reading.entities(house.org)]


def test_first_imports_are_waiting_then_proven_and_onboarding_is_done(house: House) -> None:
    statuses = house.services.reading.entities(house.org)
    assert [status.run.status for status in statuses if status.run] == [RunStatus.WAITING] * 2
    runs = house.import_rung()
    for run in runs:
        assert run is not None
        assert run.status is RunStatus.SUCCEEDED
        assert run.proof is not None
        assert run.proof.sound
    assert house.services.onboarding.step(house.org) is OnboardingStep.DONE
    for entity_id, books in zip(entity_ids(house), house.odoo.books, strict=True):
        truth: dict[str, int] = {}
        for cell, amount_e4 in books.balances_e4().items():
            truth[cell.account_key] = truth.get(cell.account_key, 0) + amount_e4
        assert house.trial_balance_e4(entity_id) == truth


def test_the_first_import_asks_for_nothing_connecting_has_asked(house: House) -> None:
    house.odoo.calls.clear()
    house.import_rung()
    assert house.odoo.calls["health"] == house.odoo.calls["administrations"] == 0


def test_the_next_night_asks_once_and_brings_only_changes(house: House) -> None:
    house.import_rung()
    first = entity_ids(house)[0]
    books = house.odoo.books[0]
    books.post("sale-1", dt.date(2026, 1, 15), ("acc-debtors", 500), ("acc-turnover", -500))
    books.delete("sale-3")
    house.clock.advance(dt.timedelta(hours=12))
    house.odoo.calls.clear()
    runs = house.import_now()
    assert [run.status for run in runs if run] == [RunStatus.SUCCEEDED] * 2
    assert house.odoo.calls["administrations"] == 1
    changes = house.services.reading.changes(house.org, first)
    assert {(cell.cell.account_key, cell.cell.period) for cell in changes.cells} == {
        ("acc-debtors", 1),
        ("acc-turnover", 1),
        ("acc-vat", 1),
        ("acc-debtors", 3),
        ("acc-turnover", 3),
        ("acc-vat", 3),
    }
    older = house.services.reading.trial_balance(house.org, first, as_of="1")
    newer = house.services.reading.trial_balance(house.org, first)
    assert older.rows != newer.rows, "last night's books stay readable"


def test_nothing_changed_changes_nothing(house: House) -> None:
    house.import_rung()
    house.import_now()
    generation = house.services.reading.generations(house.org, entity_ids(house)[0])[0]
    assert (generation.number, generation.added, generation.changed, generation.removed) == (
        2,
        0,
        0,
        0,
    )


def test_a_difference_is_looked_at_again_and_published_as_differing(house: House) -> None:
    house.odoo.books[0].skew_e4 = 100
    (run, other) = house.import_rung()
    assert run is not None
    assert run.status is RunStatus.SUCCEEDED
    assert run.proof is not None
    assert (run.proof.verdict, run.proof.difference_e4) == (Verdict.DIFFERS, 100)
    assert other is not None
    assert other.proof is not None
    assert other.proof.verdict is Verdict.PROVEN
    # One reading of the other company; of this one at first, after changes, after all of it.
    assert house.odoo.calls["control_totals"] == 1 + 3


def test_a_provider_without_totals_is_not_called_proven(house: House) -> None:
    house.odoo.books[0].offers_totals = False
    (run, _) = house.import_rung()
    assert run is not None
    assert run.proof is not None
    assert run.proof.verdict is Verdict.NOT_OFFERED


def test_an_unbalanced_entry_is_reported(house: House) -> None:
    house.odoo.books[0].post("odd", dt.date(2026, 2, 1), ("acc-bank", 700))
    (run, _) = house.import_rung()
    assert run is not None
    assert run.proof is not None
    assert [(finding.key, finding.amount_e4) for finding in run.proof.findings] == [("odd", 700)]
    assert not run.proof.sound


@pytest.mark.parametrize("failing_batch", [1, 2, 3, 4])
def test_a_failure_between_batches_resumes_without_reading_a_page_twice(
    house: House, failing_batch: int
) -> None:
    house.odoo.failures["pull"] = [None] * (failing_batch - 1) + [ProviderDown("Away for lunch.")]
    (run, _) = house.import_rung()
    assert run is not None
    assert run.status is RunStatus.WAITING
    assert run.trouble is not None
    assert run.trouble.action is Action.PROVIDER_DOWN
    house.clock.advance(dt.timedelta(minutes=1))
    house.services.importing.sweep()
    (again,) = house.import_rung()
    assert again is not None
    assert again.status is RunStatus.SUCCEEDED
    assert again.attempt == 2
    assert len(house.odoo.read) == len(set(house.odoo.read)), "no page twice"


def test_a_limit_postpones_with_its_bookmark_and_without_a_strike(house: House) -> None:
    until = house.clock.now() + dt.timedelta(hours=6)
    house.odoo.failures["pull"] = [None, None, Wait("The day's calls are used.", retry_at=until)]
    (run, _) = house.import_rung()
    assert run is not None
    assert (run.status, run.due_at, run.strikes) == (RunStatus.WAITING, until, 0)
    assert run.bookmark == "20"
    assert house.services.importing.sweep().rung == ()
    (refused, _) = house.services.importing.request(house.org, None, operator=OPERATOR)
    assert refused.refusal is not None
    assert house.engine().run(run.id) is None, "asking again does not outrun the limit"
    house.clock.instant = until
    assert run.id in house.services.importing.sweep().rung
    again = house.engine().run(run.id)
    assert again is not None
    assert again.status is RunStatus.SUCCEEDED
    assert len(house.odoo.read) == len(set(house.odoo.read)), "no page twice"


def test_attempts_run_out_and_the_old_books_stay(house: House) -> None:
    house.import_rung()
    first = entity_ids(house)[0]
    before = house.trial_balance_e4(first)
    house.odoo.books[0].post("new", dt.date(2026, 6, 1), ("acc-bank", 9), ("acc-turnover", -9))
    house.services.importing.request(house.org, [first], operator=OPERATOR)
    for _ in range(STRIKES_MAX):
        house.odoo.failures["control_totals"] = [ProviderDown("Away.")]
        (run,) = house.import_rung()
        house.clock.advance(dt.timedelta(hours=1))
        house.services.importing.sweep()
    assert run is not None
    assert run.status is RunStatus.FAILED
    assert house.trial_balance_e4(first) == before
    house.odoo.failures.clear()
    (healed,) = house.import_now(first)
    assert healed is not None
    assert healed.status is RunStatus.SUCCEEDED
    assert house.trial_balance_e4(first) != before


def test_what_cannot_be_read_fails_at_once(house: House) -> None:
    house.odoo.failures["pull"] = [NotUnderstood("Odoo sent something unknown.")]
    (run, _) = house.import_rung()
    assert run is not None
    assert (run.status, run.attempt) == (RunStatus.FAILED, 1)


def test_an_error_of_our_own_ends_the_run_without_quoting_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("canary-in-an-exception")

    monkeypatch.setattr("tests.fake_provider.FakeSource.pull", broken)
    (run, _) = house.import_rung()
    assert run is not None
    assert run.status is RunStatus.FAILED
    assert run.trouble is not None
    assert run.trouble.action is Action.REPORT_BUG
    assert "ZeroDivisionError" in run.trouble.detail
    events = house.services.reading.activity(house.org)
    assert "canary" not in repr(events) + repr(run)


def test_a_second_import_while_one_is_unfinished_is_refused(house: House) -> None:
    first = entity_ids(house)[0]
    (requested,) = house.services.importing.request(house.org, [first], operator=OPERATOR)
    assert isinstance(requested.refusal, CorrectRequest)
    assert requested.refusal.code == "already-running"


def test_requesting_an_unknown_entity_requests_nothing(house: House) -> None:
    house.import_rung()
    with pytest.raises(Unknown):
        house.services.importing.request(
            house.org, [*entity_ids(house), "ent_x"], operator=OPERATOR
        )
    assert house.doorbell.rung == []


def test_a_vanished_administration_fails_with_words_and_keeps_the_books(house: House) -> None:
    house.import_rung()
    first = entity_ids(house)[0]
    before = house.trial_balance_e4(first)
    gone = house.odoo.books.pop(0)
    house.clock.advance(dt.timedelta(hours=12))
    (run,) = house.import_now(first)
    assert run is not None
    assert run.trouble is not None
    assert (run.status, run.trouble.code) == (RunStatus.FAILED, "administration-vanished")
    assert house.trial_balance_e4(first) == before
    house.odoo.books.insert(0, gone)


def test_another_link_starts_over_and_old_generations_stay(house: House) -> None:
    house.import_rung()
    first, second = entity_ids(house)
    exact = house.connect_exact()
    house.exact.books[0].post("only-here", dt.date(2026, 6, 2), ("acc-bank", 5), ("acc-vat", -5))
    house.services.linking.link(house.org, first, exact, "adm-1", operator=OPERATOR)
    (run,) = house.import_now(first)
    assert run is not None
    assert run.proof is not None
    assert run.proof.sound
    _, page = house.services.reading.lines(
        house.org, first, where=LineFilter(entry_key="only-here")
    )
    assert len(page.rows) == 2
    _, page = house.services.reading.lines(
        house.org, first, where=LineFilter(entry_key="only-here"), as_of="1"
    )
    assert page.rows == ()
    with pytest.raises(CorrectRequest, match="followed as"):
        house.services.linking.link(house.org, second, exact, "adm-1", operator=OPERATOR)


def test_selecting_again_follows_nothing_twice(house: House) -> None:
    integration_id = house.services.connecting.integrations(house.org)[0].id
    selection = house.services.linking.select(house.org, integration_id, None, operator=OPERATOR)
    assert (selection.created, len(selection.already), selection.runs) == ((), 2, ())
    with pytest.raises(Unknown) as unknown:
        house.services.linking.select(house.org, integration_id, ["adm-9"], operator=OPERATOR)
    assert unknown.value.code == "unknown-administration"


def test_a_rights_problem_names_what_to_fix(house: House) -> None:
    house.odoo.failures["pull"] = [
        FixSettings("Give the user the accounting role.", setting="role")
    ]
    (run, _) = house.import_rung()
    assert run is not None
    assert run.trouble is not None
    assert (run.trouble.action, run.trouble.setting) == (Action.FIX_SETTINGS, "role")
