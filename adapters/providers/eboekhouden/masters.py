"""Master data that both interfaces bring alike, and what it means when there is none."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from adapters.providers.eboekhouden.chart import Ledger, journals, ledger_account
from adapters.providers.eboekhouden.declaration import PROVIDER
from adapters.providers.eboekhouden.vat import tax_codes
from core.domain.books import Coverage, Everything, Record, RecordKind
from core.domain.failures import FixSettings

MASTER_COVERAGE: Final[tuple[Coverage, ...]] = tuple(
    Everything(kind=kind, first=True)
    for kind in (RecordKind.ACCOUNT, RecordKind.JOURNAL, RecordKind.TAX_CODE)
)


def master_records(named: Sequence[tuple[Ledger, str]], today: date) -> list[Record]:
    """Accounts, and the journals and VAT codes that no call tells."""
    accounts = [ledger_account(ledger, name) for ledger, name in named]
    return [*accounts, *journals(named), *tax_codes(today)]


def nothing_seen() -> FixSettings:
    """No administration is without ledger accounts: whoever sees none may not see them."""
    return FixSettings(
        f"{PROVIDER} shows no ledger accounts: give the connected user the right to see the "
        "bookkeeping, then reconnect.",
        detail="an empty list of ledger accounts",
        code="rights-missing",
        setting="rights",
    )
