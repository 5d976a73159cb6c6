"""e-Boekhouden connected to its stand-in, by either way, and the truth as it can be shown."""

from collections import defaultdict
from typing import Any

from adapters.providers.eboekhouden import Eboekhouden
from adapters.providers.kit.calls import Kit
from core.ports.provider import Credentials
from sandbox.eboekhouden import SANDBOX_CODE_1, SANDBOX_CODE_2, SANDBOX_USER, token_of
from sandbox.eboekhouden import Eboekhouden as StandIn
from sandbox.eboekhouden.view import View
from sandbox.server import Sandbox
from tests.providers.sandboxed import Connected

KEY = "eboekhouden"
WINDOW = 100
"""Mutations in a SOAP answer of these tests, so that small books have several."""
MADE_JOURNALS = 4
FIRST, EMPTY = 1, 4


def stand_in(sandbox: Sandbox) -> StandIn:
    found = sandbox.stand_in(KEY)
    assert isinstance(found, StandIn)
    return found


def view_of(sandbox: Sandbox, company: int = FIRST) -> View:
    return stand_in(sandbox).views[company - 1]


def by_rest(sandbox: Sandbox, kit: Kit, company: int = FIRST, **fields: str) -> Connected:
    token = token_of(company)
    return Connected(
        provider=Eboekhouden(kit),
        credentials=Credentials(
            fields={"address": sandbox.url(KEY), "api_token": token, **fields}, scope="int_1"
        ),
        secrets=(token,),
    )


def by_soap(sandbox: Sandbox, kit: Kit) -> Connected:
    sandbox.settings(KEY, mutations_max=WINDOW)
    fields = {
        "address": sandbox.url(KEY),
        "username": SANDBOX_USER,
        "security_code_1": SANDBOX_CODE_1,
        "security_code_2": SANDBOX_CODE_2,
    }
    return Connected(
        provider=Eboekhouden(kit, window=WINDOW),
        credentials=Credentials(fields=fields, scope="int_1"),
        secrets=(SANDBOX_CODE_1, SANDBOX_CODE_2),
    )


def shown_truth(sandbox: Sandbox, truth: dict[str, Any]) -> dict[str, Any]:
    """Calendar months whatever the fiscal year; VAT on the accounts of its rate; made journals."""
    view = next(found for found in stand_in(sandbox).views if found.guid == truth["code"])
    cents: dict[tuple[str, int, int], int] = defaultdict(int)
    for ledger, line in view.lines():
        cents[ledger.code, line.entry.date.year, line.entry.date.month] += line.cents
    balances = [
        {"account": code, "year": year, "period": month, "amount": f"{value / 100:.2f}"}
        for (code, year, month), value in cents.items()
    ]
    ledgers = view.ledgers()
    money = sum(ledger.category == "FIN" for ledger in ledgers)
    return {
        **truth,
        "accounts": len(ledgers),
        "journals": MADE_JOURNALS + money,
        "lines": view.line_count(),
        "balances": balances,
    }
