"""Nights of any kind, stopped anywhere: the books are those of the stand-in each time one ends."""

from contextlib import closing
from random import Random

import pytest

from adapters.providers.kit.calls import Kit
from core.domain.proof import Verdict, hold_against
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.sandboxed import run
from tests.providers.xero.sandboxed import (
    FIRST,
    KEY,
    assert_gap,
    authorised,
    documents_truth,
    posted_truth,
)

NIGHTS = 9
PAUSES_SECONDS = (3_600, 86_400, 9 * 86_400)
EDITS: tuple[dict[str, object], ...] = (
    {"kind": "night"},
    {"kind": "add-entry", "count": 12},
    {"kind": "edit-entry", "year": 2025, "delta": -123},
    {"kind": "edit-entry", "date": "2025-02-02"},
    {"kind": "edit-entry", "date": "2027-01-03"},
    {"kind": "replace-lines"},
    {"kind": "delete-entry"},
    {"kind": "delete-entry", "year": 2025},
)


@pytest.mark.fire
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("journals", [True, False])
def test_random_nights(sandbox: Sandbox, kit: Kit, seed: int, *, journals: bool) -> None:
    random = Random(seed)  # noqa: S311 - chooses nights, keeps no secret
    sandbox.settings(KEY, page_rows=random.choice([7, 40, 1_000]))
    connected = authorised(sandbox, kit, journals=journals)
    truth = posted_truth if journals else documents_truth
    ledger, bookmark = Ledger(), None
    for _ in range(NIGHTS):
        with closing(connected.open()) as source:
            administration = next(f for f in source.administrations() if f.key == FIRST)
            stop = random.choice([None, None, random.randint(1, 6)])
            bookmark = run(source, administration, bookmark, ledger, stop_after=stop)
            if stop is not None:
                continue
            assert len(ledger.lines) == truth(sandbox, {"code": FIRST})["lines"]
            assert ledger.unbalanced == []
            if journals:
                control = source.control_totals(administration, whole=random.random() < 0.3)
                assert hold_against(ledger.cells, control).verdict is Verdict.PROVEN
            else:
                assert_gap(sandbox, source, administration, ledger)
        sandbox.advance(random.choice(PAUSES_SECONDS))
        for edit in random.choices(EDITS, k=random.randint(0, 4)):
            sandbox.edit(KEY, {"administration": FIRST, **edit})
