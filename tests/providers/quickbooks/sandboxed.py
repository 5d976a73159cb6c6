"""QuickBooks connected to its stand-in, and what the stand-in's books look like through it."""

from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from adapters.providers.kit.calls import Kit
from adapters.providers.quickbooks import QuickBooks
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Credentials, Source
from sandbox.books import Heading, Posting
from sandbox.browser import decide
from sandbox.quickbooks import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.quickbooks import QuickBooks as StandIn
from sandbox.quickbooks.view import View
from sandbox.records import AccountKind, Entry, EntryKind
from sandbox.records import JournalKind as BookKind
from sandbox.server import Sandbox
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected, SandboxTime, TestTokens, run

KEY = "quickbooks"
REDIRECT = "https://localhost/oauth/quickbooks/callback"
FIRST = "9130347800000001"
SINGLE = "9130347800000002"
"""The company without foreign currencies."""
BROKEN_YEAR = "9130347800000003"
EMPTY = "9130347800000004"


def fields_of(sandbox: Sandbox) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "environment": sandbox.url(KEY),
    }


def authorised(sandbox: Sandbox, kit: Kit, company: str = FIRST) -> Connected:
    """Consent by a person who picks a company, the code traded, tokens in memory."""
    provider = QuickBooks(kit)
    assert provider.oauth is not None
    fields = fields_of(sandbox)
    url = provider.oauth.authorize_url(fields, redirect_uri=REDIRECT, state="state", verifier="")
    answer = dict(parse_qsl(urlsplit(decide(url, fields={"company": company})).query))
    grant = provider.oauth.exchange(
        fields, redirect_uri=REDIRECT, code=answer["code"], verifier="", answer=answer
    )
    tokens = TestTokens(flow=provider.oauth, fields=fields, clock=SandboxTime(sandbox), grant=grant)
    assert grant.refresh_token is not None
    return Connected(
        provider=provider,
        credentials=Credentials(fields=fields, tokens=tokens, facts=grant.facts, scope="int_1"),
        secrets=(SANDBOX_CLIENT_SECRET, grant.access_token, grant.refresh_token, answer["code"]),
    )


def view_of(sandbox: Sandbox, key: str = FIRST) -> View:
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, StandIn)
    return stand_in.views[key]


def shown_truth(sandbox: Sandbox, truth: dict[str, Any]) -> dict[str, Any]:
    """The truth as QuickBooks can show it: types of transactions for journals, a record for each
    side of a business that buys and sells, and employees.
    """
    view = view_of(sandbox, truth["code"])
    books = view.books
    labels = {view.entity_and_label(entry)[1] for entry in books.live_entries()}
    contacts = sum(each.customer + each.supplier for each in books.contacts)
    return {
        **truth,
        "journals": len(labels),
        "contacts": contacts + len(view.employees()),
    }


def booked(sandbox: Sandbox, day: date, cents: int = 12_300) -> Entry:
    """A memorial between the bank and an expense."""
    books = view_of(sandbox).books
    bank = next(each for each in books.accounts if each.kind is AccountKind.BANK)
    cost = next(each for each in books.accounts if each.kind is AccountKind.EXPENSE)
    return books.add_entry(
        Heading(
            journal=books.journal(BookKind.GENERAL),
            kind=EntryKind.GENERAL,
            date=day,
            description="Memorial",
            created_ms=books.clock.now_ms(),
        ),
        [Posting(cost, cents), Posting(bank, -cents)],
    )


def imported(source: Source, administration: Administration) -> tuple[Ledger, str]:
    ledger = Ledger()
    return ledger, run(source, administration, None, ledger)


def assert_true(
    sandbox: Sandbox, source: Source, administration: Administration, ledger: Ledger
) -> None:
    """Every line of the stand-in's books, each entry balanced, and proven for every year."""
    view = view_of(sandbox, administration.key)
    held = [line for line in view.books.live_lines() if line.account is not None]
    ours = sorted((line.date, line.account_key, line.amount_e4) for line in ledger.lines)
    theirs = sorted(
        (line.entry.date, view.account_id(line.account), line.cents * 100)
        for line in held
        if line.account is not None
    )
    assert ours == theirs
    assert ledger.unbalanced == []
    control = source.control_totals(administration, whole=True)
    assert control is not None
    assert control.years is None
    proof = hold_against(ledger.cells, control)
    assert proof.verdict is Verdict.PROVEN, proof.residuals[:5]


def asked(sandbox: Sandbox, words: str) -> int:
    return sum(words in f"{entry.path}?{entry.query}" for entry in sandbox.log(KEY))
