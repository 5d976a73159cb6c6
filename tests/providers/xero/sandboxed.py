"""Xero connected to its stand-in, and what the stand-in's books look like through it."""

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.providers.kit.calls import Kit
from adapters.providers.xero import Xero
from adapters.providers.xero.codes import JOURNALS
from core.domain.books import RecordKind
from core.domain.integration import Administration
from core.domain.money import decimal_of, parse_e4
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Credentials, Source
from sandbox.browser import decide
from sandbox.identity import Identities, Kind
from sandbox.records import Account, Entry, LineRole
from sandbox.server import Sandbox
from sandbox.xero import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.xero import Xero as StandIn
from sandbox.xero.view import Role, View
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens, run

KEY = "xero"
ACCOUNT = RecordKind.ACCOUNT
SEED = 11
REDIRECT = "https://localhost/oauth/xero/callback"
VERIFIER = "v" * 43
FIRST = Identities(SEED).guid(1, Kind.COMPANY, 0)
EMPTY = Identities(SEED).guid(4, Kind.COMPANY, 0)
UNTOLD = {Role.CONVERSION, Role.DEPRECIATION}
"""What no document tells."""


def fields_of(sandbox: Sandbox, *, journals: bool) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "journals": "yes" if journals else "no",
        "address": sandbox.url(KEY),
    }


def authorised(sandbox: Sandbox, kit: Kit, *, journals: bool, tenant: str = "") -> Connected:
    """Consent by a person, the code traded, tokens in memory."""
    provider = Xero(kit)
    assert provider.oauth is not None
    fields = fields_of(sandbox, journals=journals)
    url = provider.oauth.authorize_url(
        fields, redirect_uri=REDIRECT, state="state", verifier=VERIFIER
    )
    ticked = {"tenant": tenant} if tenant else {}
    code = parse_qs(urlsplit(decide(url, fields=ticked)).query)["code"][0]
    grant = provider.oauth.exchange(fields, redirect_uri=REDIRECT, code=code, verifier=VERIFIER)
    tokens = TestTokens(flow=provider.oauth, fields=fields, clock=SandboxTime(sandbox), grant=grant)
    assert grant.refresh_token is not None
    return Connected(
        provider=provider,
        credentials=Credentials(fields=fields, tokens=tokens, scope="int_1", facts=grant.facts),
        secrets=(SANDBOX_CLIENT_SECRET, grant.access_token, grant.refresh_token, code),
    )


def stand_in_of(sandbox: Sandbox) -> StandIn:
    found = sandbox.stand_in(KEY)
    assert isinstance(found, StandIn)
    return found


def view_of(sandbox: Sandbox, key: str = FIRST) -> View:
    return stand_in_of(sandbox).views[key]


def posted_truth(sandbox: Sandbox, truth: dict[str, Any]) -> dict[str, Any]:
    """The truth as the journals have it: one tax account, and an entry more for each reversal."""
    view = view_of(sandbox, truth["code"])
    cells: dict[tuple[str, int, int], int] = defaultdict(int)
    for entry in view.books.live_entries():
        for line in entry.lines:
            if line.account is not None:
                cells[view.posted(line.account).code, entry.year, entry.period] += line.cents
    journals = stand_in_of(sandbox).feeds[truth["code"]].standing()
    return {
        **truth,
        "journals": len(JOURNALS),
        "entries": len(journals),
        "lines": sum(len(journal.lines) for journal in journals),
        "balances": _balances(cells),
    }


def documents_truth(sandbox: Sandbox, truth: dict[str, Any]) -> dict[str, Any]:
    """The truth as documents tell it: no conversion, no depreciation, no exchange differences."""
    view = view_of(sandbox, truth["code"])
    cells: dict[tuple[str, int, int], int] = defaultdict(int)
    entries = lines = 0
    for entry in view.books.live_entries():
        told = told_by_document(view, entry)
        entries += bool(told)
        lines += len(told)
        for account, cents in told:
            cells[account.code, entry.year, entry.period] += cents
    return {
        **truth,
        "journals": len(JOURNALS),
        "entries": entries,
        "lines": lines,
        "balances": _balances(cells),
    }


def told_by_document(view: View, entry: Entry) -> list[tuple[Account, int]]:
    """Account and cents of each line that a reader of the document can know of."""
    role = view.role(entry)
    if role in UNTOLD:
        return []
    lines = [(line, view.posted(line.account)) for line in entry.lines if line.account is not None]
    if role is Role.PAYMENT:
        bank, control = lines[0], lines[1]
        return [(bank[1], bank[0].cents), (control[1], -bank[0].cents)]
    if role not in {Role.INVOICE, Role.CREDIT_NOTE}:
        return [(account, line.cents) for line, account in lines]
    rate = entry.rate_millionths if view.is_foreign(entry) else 1_000_000
    told = [
        (account, round(line.foreign_cents * rate / 1_000_000))
        for line, account in lines
        if line.role is LineRole.NET
    ]
    tax = [(line, account) for line, account in lines if line.role is LineRole.VAT]
    cents = sum(line.foreign_cents for line, _ in tax)
    if cents:
        told.append((tax[0][1], round(cents * rate / 1_000_000)))
    return [(lines[0][1], -sum(each for _, each in told)), *told]


def gap_of(sandbox: Sandbox, key: str = FIRST) -> dict[tuple[str, int, int], int]:
    """What the trial balance has more than the documents, in 1/10,000 per account and period."""
    gap: dict[tuple[str, int, int], int] = defaultdict(int)
    plain = {"code": key}
    for sign, truth in (
        (1, posted_truth(sandbox, plain)),
        (-1, documents_truth(sandbox, plain)),
    ):
        for row in truth["balances"]:
            cell = row["account"], row["year"], row["period"]
            gap[cell] += sign * parse_e4(row["amount"])
    return {cell: amount for cell, amount in gap.items() if amount}


def assert_gap(
    sandbox: Sandbox, source: Source, administration: Administration, ledger: Ledger
) -> None:
    """The proof differs by what no document tells, cell by cell, and by nothing else."""
    control = source.control_totals(administration)
    assert control is not None
    proof = hold_against(ledger.cells, control)
    codes = {key: getattr(record, "code", "") for key, record in ledger.records[ACCOUNT].items()}
    shown = {
        (codes[found.cell.account_key], found.cell.year, found.cell.period): -found.difference_e4
        for found in proof.residuals
    }
    expected = gap_of(sandbox, administration.key)
    years = control.years
    assert shown == {
        cell: amount for cell, amount in expected.items() if years is None or cell[1] in years
    }
    assert (proof.verdict is Verdict.DIFFERS) == bool(shown)


def _balances(cells: dict[tuple[str, int, int], int]) -> list[dict[str, Any]]:
    return [
        {"account": code, "year": year, "period": period, "amount": str(decimal_of(cents * 100))}
        for (code, year, period), cents in cells.items()
    ]


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def asked(sandbox: Sandbox, words: str) -> int:
    return sum(words in f"{entry.path}?{entry.query}" for entry in sandbox.log(KEY))
