"""Use cases x front ends: every service method is offered by HTTP, the command line and the
terminal interface, or the table says why not. A new method fails here until somebody decides.
"""

from typing import Final

import pytest
from attrs import frozen

from tests.http.front_ends import calls_in, commands, routes, use_cases


@frozen
class No:
    """Not offered there, and why."""

    reason: str


INSIDE: Final = No("machinery of workers and other services: nobody asks for it by itself")
BY_CLOCK: Final = No("done by the worker as time passes")
GATE: Final = No("the gate in front of every route")
PROGRAMS: Final = No("about programs that use HTTP")
CLI_MAKES_TOKENS: Final = No("tokens are made where programs are set up: at the command line")
ON_A_SCREEN: Final = No("a person looks at it on a screen, a program asks over HTTP")
AT_THE_MACHINE: Final = No("done at the machine itself: a token belongs to an organisation already")
AT_THE_BROWSER: Final = No("whoever opened the browser from here is who began it")
SET_ONCE: Final = No("set once, at the command line or over HTTP; the screens show what it does")
IN_OTHERS: Final = No("part of what another use case answers here")
LATER: Final = No("not on a screen yet")

TUI: Final = "tui"
"""There the call itself is the proof: what leads to it is for its own tests."""

CALLBACK: Final = "callback"
"""Offered to browsers by the callback paths."""

Place = str | No

PARITY: Final[dict[str, tuple[Place, Place, Place]]] = {
    # use case: (route, command, terminal interface)
    "access.authenticate": (GATE, PROGRAMS, PROGRAMS),
    "access.create": ("POST /v1/tokens", "token create", CLI_MAKES_TOKENS),
    "access.living": (GATE, PROGRAMS, PROGRAMS),
    "access.revoke": ("DELETE /v1/tokens/{token_id}", "token revoke", CLI_MAKES_TOKENS),
    "access.tokens": ("GET /v1/tokens", "token list", CLI_MAKES_TOKENS),
    "authorising.began": (CALLBACK, AT_THE_BROWSER, AT_THE_BROWSER),
    "authorising.begin": (INSIDE, INSIDE, INSIDE),
    "authorising.complete": (CALLBACK, "connect", TUI),
    "budgets.left": ("GET /v1/budgets", "budgets", LATER),
    "connecting.affected": (
        "GET /v1/integrations/{integration_id}/affected",
        "disconnect",
        TUI,
    ),
    "connecting.attempt": (
        "GET /v1/integrations/{integration_id}/authorisation",
        "connect",
        TUI,
    ),
    "connecting.awaiting_confirmation": ("GET /v1/integrations", "integrations", TUI),
    "connecting.check": ("POST /v1/integrations/{integration_id}/check", "check", TUI),
    "connecting.confirm_reconnect": (
        "POST /v1/integrations/{integration_id}/confirm",
        "reconnect",
        TUI,
    ),
    "connecting.connect": ("POST /v1/integrations", "connect", TUI),
    "connecting.disconnect": ("DELETE /v1/integrations/{integration_id}", "disconnect", TUI),
    "connecting.get": ("GET /v1/integrations/{integration_id}", "connect", TUI),
    "connecting.integrations": ("GET /v1/integrations", "integrations", TUI),
    "connecting.reconnect": (
        "POST /v1/integrations/{integration_id}/reconnect",
        "reconnect",
        TUI,
    ),
    "importing.beat": (INSIDE, INSIDE, INSIDE),
    "importing.leave": (INSIDE, INSIDE, INSIDE),
    "importing.orphaned": (INSIDE, "import", INSIDE),
    "importing.request": ("POST /v1/imports", "import", TUI),
    "importing.sweep": (BY_CLOCK, BY_CLOCK, BY_CLOCK),
    "importing.worker_standing": (No("/ready and /metrics"), "import", INSIDE),
    "keeping_alive.tend": (BY_CLOCK, BY_CLOCK, BY_CLOCK),
    "linking.link": ("POST /v1/entities/{entity_id}/links", "link", TUI),
    "linking.select": ("POST /v1/integrations/{integration_id}/selection", "select", TUI),
    "linking.set_time_zone": ("PUT /v1/entities/{entity_id}/settings", "timezone", TUI),
    "nights.coming": ("GET /v1/nights/coming", No("tonight, entity by entity"), TUI),
    "nights.history": ("GET /v1/entities/{entity_id}/slots", ON_A_SCREEN, TUI),
    "nights.last_night": ("GET /v1/nights/last", ON_A_SCREEN, TUI),
    "nights.open_due": (BY_CLOCK, BY_CLOCK, BY_CLOCK),
    "nights.tonight": (No("next_slot_at of each entity"), "tonight", No("next slot per entity")),
    "onboarding.choices": ("GET /v1/providers", "providers", TUI),
    "onboarding.connects_by": (IN_OTHERS, IN_OTHERS, TUI),
    "onboarding.form": ("GET /v1/providers/{provider}/form", "connect", TUI),
    "onboarding.only_or_new": (AT_THE_MACHINE, "connect", No("the wizard asks for a name first")),
    "onboarding.organisation": ("GET /v1/organisation", IN_OTHERS, IN_OTHERS),
    "onboarding.organisations": (No("/health and /ready"), IN_OTHERS, TUI),
    "onboarding.start": (AT_THE_MACHINE, IN_OTHERS, TUI),
    "onboarding.step": (IN_OTHERS, IN_OTHERS, IN_OTHERS),
    "overview.attention": ("GET /v1/overview", ON_A_SCREEN, TUI),
    "overview.imports_by_night": ("GET /v1/overview", ON_A_SCREEN, TUI),
    "overview.summary": ("GET /v1/overview", ON_A_SCREEN, TUI),
    "closing.closed": ("GET /v1/entities/{entity_id}/books/closed", "books closed", TUI),
    "closing.set_closed": (
        "PUT /v1/entities/{entity_id}/books/closed",
        "books closed",
        SET_ONCE,
    ),
    "reading.accounts": (
        "GET /v1/entities/{entity_id}/books/accounts",
        "books accounts",
        TUI,
    ),
    "reading.contacts": (
        "GET /v1/entities/{entity_id}/books/contacts",
        "books contacts",
        LATER,
    ),
    "reading.invoices": (
        "GET /v1/entities/{entity_id}/books/invoices",
        "books invoices",
        LATER,
    ),
    "reports.ageing": ("GET /v1/entities/{entity_id}/books/ageing", "books ageing", TUI),
    "reports.balance_sheet": (
        "GET /v1/entities/{entity_id}/books/balance-sheet",
        "books balance-sheet",
        TUI,
    ),
    "reports.profit_and_loss": (
        "GET /v1/entities/{entity_id}/books/profit-and-loss",
        "books profit-and-loss",
        TUI,
    ),
    "retaining.compact": (
        "POST /v1/entities/{entity_id}/books/compaction",
        "books compact",
        No("workers do it by themselves; a person has nothing to decide"),
    ),
    "retaining.retention": ("GET /v1/retention", "books retention", SET_ONCE),
    "retaining.set_retention": ("PUT /v1/retention", "books retention", SET_ONCE),
    "retaining.tend": (BY_CLOCK, BY_CLOCK, BY_CLOCK),
    "reading.activity": ("GET /v1/activity", "activity", TUI),
    "reading.changed_lines": (
        "GET /v1/entities/{entity_id}/books/changed-lines",
        ON_A_SCREEN,
        TUI,
    ),
    "reading.changes": ("GET /v1/entities/{entity_id}/books/changes", "books changes", TUI),
    "reading.contents": (No("cursors need no table of contents"), IN_OTHERS, TUI),
    "reading.entities": ("GET /v1/entities", "entities", TUI),
    "reading.entity": ("GET /v1/entities/{entity_id}", "import", TUI),
    "reading.entry": ("GET /v1/entities/{entity_id}/books/entry", IN_OTHERS, TUI),
    "reading.figures": ("GET /v1/entities/{entity_id}/books/figures", ON_A_SCREEN, TUI),
    "reading.find_entity": (
        No("programs name entities by id, or filter the list"),
        "books lines",
        No("a person picks it from the list"),
    ),
    "reading.generations": (
        "GET /v1/entities/{entity_id}/books/generations",
        "books generations",
        TUI,
    ),
    "reading.lines": ("GET /v1/entities/{entity_id}/books/lines", "books lines", TUI),
    "reading.run": ("GET /v1/imports/{run_id}", "import", TUI),
    "reading.runs": ("GET /v1/imports", "runs", TUI),
    "reading.trial_balance": (
        "GET /v1/entities/{entity_id}/books/trial-balance",
        "books trial-balance",
        TUI,
    ),
    "repeating.begin": (GATE, PROGRAMS, PROGRAMS),
    "repeating.finish": (GATE, PROGRAMS, PROGRAMS),
    "repeating.give_up": (GATE, PROGRAMS, PROGRAMS),
    "uploading.confirm": ("POST /v1/uploads/{upload_id}/confirm", "import-file", TUI),
    "uploading.discard": ("DELETE /v1/uploads/{upload_id}", "undo-upload", TUI),
    "uploading.get": ("GET /v1/uploads/{upload_id}", "undo-upload", TUI),
    "uploading.receive": ("POST /v1/entities/{entity_id}/uploads", "import-file", TUI),
    "uploading.rejected": ("GET /v1/uploads/{upload_id}/rejected", "import-file", TUI),
    "uploading.remap": ("PUT /v1/uploads/{upload_id}/mapping", "import-file", TUI),
    "uploading.undo": ("POST /v1/uploads/{upload_id}/undo", "undo-upload", TUI),
    "uploading.uploads": ("GET /v1/entities/{entity_id}/uploads", "uploads", TUI),
}

FRONT_ENDS: Final = ("http", "cli", "tui")


def test_every_use_case_is_decided_for_every_front_end() -> None:
    undecided = use_cases() - set(PARITY)
    assert not undecided, f"decide where these are offered: {sorted(undecided)}"
    gone = set(PARITY) - use_cases()
    assert not gone, f"no service has these any more: {sorted(gone)}"


@pytest.mark.parametrize("at", range(3), ids=FRONT_ENDS)
def test_what_is_offered_is_called_there(at: int) -> None:
    called = calls_in(FRONT_ENDS[at])
    offered = {one for one, places in PARITY.items() if not isinstance(places[at], No)}
    assert not offered - called, f"offered but never called: {sorted(offered - called)}"


def test_the_routes_and_commands_exist_and_none_is_left_over() -> None:
    named = {places[0] for places in PARITY.values() if isinstance(places[0], str)} - {CALLBACK}
    assert named <= routes()
    kinds_of_the_same = {
        "GET /v1/activity/stream",
        "GET /v1/entities/{entity_id}/settings",
        "GET /v1/integrations/{integration_id}/administrations",
        *(one for one in routes() if one.endswith((".csv", ".ndjson"))),
    }
    assert routes() - named == kinds_of_the_same
    told = {places[1] for places in PARITY.values() if isinstance(places[1], str)}
    assert told <= commands()
    of_the_machine = {"demo", "doctor", "keys rotate", "sandbox", "serve", "up", "worker"}
    assert commands() - told == of_the_machine


def test_every_no_has_a_reason() -> None:
    reasons = [
        place.reason for places in PARITY.values() for place in places if isinstance(place, No)
    ]
    assert all(len(reason) > 10 for reason in reasons)
