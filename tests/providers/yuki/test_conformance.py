"""Yuki's adapter against its stand-in, through the real protocol."""

from collections.abc import Iterable
from contextlib import closing
from typing import Any, ClassVar

from adapters.providers.kit.calls import Kit
from adapters.providers.yuki import Yuki
from core.domain.books import RecordKind
from core.ports.provider import Credentials
from core.ports.sessions import OwnSessions
from sandbox.identity import Identities, Kind
from sandbox.records import EntryKind
from sandbox.server import Sandbox
from sandbox.yuki import SANDBOX_ACCESS_KEY
from sandbox.yuki import Yuki as StandIn
from tests.providers.conformance import ProviderConformance
from tests.providers.folding import Ledger
from tests.providers.sandboxed import Connected
from tests.providers.yuki.truth import invoices_of, presented

KEY = "yuki"
SEED = 11
ADMINISTRATION = Identities(SEED).guid(1, Kind.COMPANY, 1)
BROKEN = Identities(SEED).guid(3, Kind.COMPANY, 1)
EMPTY = Identities(SEED).guid(4, Kind.COMPANY, 1)

JOURNALS = 6
"""Kinds of documents that stand in for journals."""
CONTACTS_PER_PAGE = 100
OPEN_ITEMS = 2
"""Of customers and of suppliers."""
QUESTIONS_FROM_START = 4
"""Three months, six, twelve and more hold the 23 months from the first year until now."""


def fields_of(sandbox: Sandbox, **others: str) -> dict[str, str]:
    told = {"access_key": SANDBOX_ACCESS_KEY, "site": sandbox.url(KEY), "daily_calls": "10000"}
    return told | others


def keyed(sandbox: Sandbox, kit: Kit, **others: str) -> Connected:
    """A portal key over two domains; calls of a day are not counted by the stand-in."""
    sandbox.settings(KEY, daily_calls=0)
    return Connected(
        provider=Yuki(kit),
        credentials=Credentials(
            fields=fields_of(sandbox, **others), sessions=OwnSessions(), scope="int_1"
        ),
        secrets=(SANDBOX_ACCESS_KEY,),
    )


def domain_contacts(sandbox: Sandbox, key: str) -> int:
    stand_in = sandbox.stand_in(KEY)
    assert isinstance(stand_in, StandIn)
    domain_id = stand_in.ledgers[key].domain_id
    return sum(
        len(one.books.contacts) for one in stand_in.ledgers.values() if one.domain_id == domain_id
    )


def truth_of(sandbox: Sandbox, key: str, truth: dict[str, Any]) -> dict[str, Any]:
    """The opening is dated before the first year; entries are what a document brought on a day."""
    ledger = presented(sandbox, key)
    cells = {
        (row["account"], row["year"], row["period"]): row["amount"] for row in truth["balances"]
    }
    cents = {cell: round(float(amount) * 100) for cell, amount in cells.items()}
    for entry in ledger.books.live_entries():
        if entry.kind is EntryKind.OPENING:
            for line in entry.lines:
                if line.account is not None:
                    opening = (line.account.code, entry.year, 0)
                    cents[line.account.code, entry.year, entry.period] -= line.cents
                    cents[opening] = cents.get(opening, 0) + line.cents
    balances = [
        {"account": code, "year": year, "period": period, "amount": f"{amount / 100:.2f}"}
        for (code, year, period), amount in cents.items()
    ]
    entries = {(posting.document, posting.day) for posting in ledger.postings()}
    return truth | {
        "balances": balances,
        "entries": len(entries),
        "journals": JOURNALS,
        "contacts": domain_contacts(sandbox, key),
    }


class TestYuki(ProviderConformance):
    key: ClassVar[str] = KEY
    administration_key: ClassVar[str] = ADMINISTRATION
    empty_administration_key: ClassVar[str] = EMPTY
    page_paths: ClassVar[str] = "/ws/Accounting*"

    def connect(self, sandbox: Sandbox, kit: Kit) -> Connected:
        """Signed in already: one service has the operations for that and the pages."""
        connected = keyed(sandbox, kit)
        with closing(connected.open()) as source:
            source.health()
        return connected

    def small_pages(self, sandbox: Sandbox) -> None:
        """The ledger has no pages: what is too much for the service is asked in halves."""
        sandbox.settings(KEY, rows_max=220, contacts_page=40)

    def stops(self, batches: int) -> Iterable[int]:
        """Every other batch; after any of them by fire (``test_nights``)."""
        return range(1, batches, 2)

    def asked(self, sandbox: Sandbox) -> list[str]:
        """Signing in, once a session, is no page; open items are held while lines are read."""
        signing_in = ("<Authenticate ", "<SetCurrentDomain ", "<Outstanding")
        return [
            line for line in super().asked(sandbox) if not any(word in line for word in signing_in)
        ]

    def truth(self, sandbox: Sandbox, key: str) -> dict[str, Any]:
        return truth_of(sandbox, key, super().truth(sandbox, key))

    def assert_true(self, sandbox: Sandbox, ledger: Ledger, key: str | None = None) -> None:
        """Invoices too, with what is open of them."""
        super().assert_true(sandbox, ledger, key)
        wanted = invoices_of(sandbox, key or self.administration_key)
        assert ledger.records[RecordKind.INVOICE] == wanted

    def fewest_calls(self, sandbox: Sandbox, *, full: bool, changes: int) -> int:
        """As the provider's sheet counts them, fewer for the ledger: see the constants."""
        scheme = taxes = digest = 1
        if not full:
            contacts, changed, balances = 1, 1, 2
            session_over = 1  # told by a refusal, where sessions are kept in memory only
            return scheme + digest + contacts + OPEN_ITEMS + changed + balances + session_over
        reference, years, balances = 1, 2, 2
        contacts = -(-domain_contacts(sandbox, self.administration_key) // CONTACTS_PER_PAGE) + 1
        before = after = 1
        ledger = before + QUESTIONS_FROM_START + after
        return scheme + reference + years + contacts + taxes + OPEN_ITEMS + ledger + balances
