"""What is asked: operations with their service and parameters.

Parameters must come in the order of the service's description and in its spelling, which differs
from operation to operation: one that is cased otherwise counts as missing.
"""

from datetime import date, datetime
from typing import Final

from attrs import field, frozen

from adapters.providers.kit.soap import escaped, tag
from adapters.providers.yuki.declaration import COMMERCIAL, FINANCIAL_MODE
from core.domain.books import TradeSide

NAMESPACE: Final = "http://www.theyukicompany.com/"

CONTACTS_PER_PAGE: Final = 100
"""At most, says the vendor."""
DIGEST_ROWS: Final = 1_000
"""Asked for in one page of changes. The largest number taken is not documented."""
DIGEST_ROWS_SEEN: Final = 100
"""The number of the vendor's example: a page of fewer rows than that is the last one."""
RGS_VERSION: Final = "2.0"
"""Of the Dutch reference scheme; the one version named in the vendor's examples."""
LONG_AGO: Final = "1990-01-01T00:00:00"
"""``modifiedAfter`` of a full reading; what an empty one does is not documented."""


@frozen(kw_only=True)
class Question:
    """One operation. ``about`` says for people what is read, and which right it takes."""

    service: str
    operation: str
    about: str
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def path(self) -> str:
        return f"/ws/{self.service}.asmx"

    @property
    def action(self) -> str:
        return NAMESPACE + self.operation

    def body(self, session_id: str | None) -> str:
        """``session_id`` None for the one operation that needs none."""
        told = () if session_id is None else (("sessionID", session_id),)
        inner = (tag(name, escaped(value)) for name, value in (*told, *self.parameters))
        return tag(f'{self.operation} xmlns="{NAMESPACE}"', *inner)


def _general(operation: str, about: str, *parameters: tuple[str, str]) -> Question:
    """An operation that every service has; asked of one that the key must be good for anyway."""
    return Question(
        service="AccountingInfo", operation=operation, about=about, parameters=parameters
    )


def authenticate(key: str) -> Question:
    return _general("Authenticate", "the access key", ("accessKey", key))


def set_current_domain(domain_id: str) -> Question:
    """Session-wide: contacts are those of the current domain."""
    return _general("SetCurrentDomain", "the domain", ("domainID", domain_id))


def domains() -> Question:
    return _general("Domains", "the domains")


def administrations() -> Question:
    return _general("Administrations", "the administrations")


def _info(operation: str, about: str, key: str, *rest: tuple[str, str]) -> Question:
    return Question(
        service="AccountingInfo",
        operation=operation,
        about=about,
        parameters=(("administrationID", key), *rest),
    )


def scheme(key: str) -> Question:
    return _info("GetGLAccountScheme", "ledger accounts (AccountingInfo)", key)


def reference_scheme(key: str) -> Question:
    about = "the reference scheme (AccountingInfo)"
    return _info("GetRGSScheme", about, key, ("rgsVersion", RGS_VERSION))


def fiscal_year(key: str, year_id: int) -> Question:
    about = "fiscal years (AccountingInfo)"
    return _info("GetPeriodDateTable", about, key, ("yearID", str(year_id)))


def lines(key: str, first: date, last: date, books: str) -> Question:
    """All accounts, both days included; by the date of the posting."""
    return _info(
        "GetTransactionDetails",
        "general ledger lines (AccountingInfo)",
        key,
        ("GLAccountCode", ""),
        ("StartDate", first.isoformat()),
        ("EndDate", last.isoformat()),
        ("financialMode", str(FINANCIAL_MODE[books])),
    )


def balances(key: str, day: date, books: str) -> Question:
    """All accounts as of that day, in the same mode as the lines."""
    return Question(
        service="Accounting",
        operation="GLAccountBalance" if books == COMMERCIAL else "GLAccountBalanceFiscal",
        about="balances (Accounting)",
        parameters=(("administrationID", key), ("transactionDate", day.isoformat())),
    )


def open_items(key: str, side: TradeSide) -> Question:
    """What is open now. Without bank transactions that were booked on customers or suppliers."""
    is_receivable = side is TradeSide.RECEIVABLE
    whose = "Debtor" if is_receivable else "Creditor"
    return Question(
        service="Accounting",
        operation=f"Outstanding{whose}Items",
        about=f"open items of {'customers' if is_receivable else 'suppliers'} (Accounting)",
        parameters=(
            ("administrationID", key),
            ("includeBankTransactions", "false"),
            ("sortOrder", "DateAsc"),
        ),
    )


def contacts(domain_id: str, modified_after: str, page: int) -> Question:
    """Of any kind: what ``contactType`` of the sister operation leaves out is not documented."""
    return Question(
        service="Contact",
        operation="SearchContacts",
        about="contacts (Contact)",
        parameters=(
            ("domainID", domain_id),
            ("searchOption", "All"),
            ("searchValue", ""),
            ("sortOrder", "CreatedAsc"),
            ("modifiedAfter", modified_after),
            ("active", "Both"),
            ("pageNumber", str(page)),
        ),
    )


def tax_codes(key: str) -> Question:
    return Question(
        service="Vat",
        operation="ActiveVATCodesList",
        about="VAT codes (Vat)",
        parameters=(("administrationID", key),),
    )


def changes(key: str, since: datetime, until: datetime, start: int) -> Question:
    """Lines updated or deleted in between (assumed: by the time of the change, zone unknown)."""
    return Question(
        service="ChangeDigest",
        operation="GetUpdatedAndDeletedTransactions",
        about="changes (ChangeDigest)",
        parameters=(
            ("administrationID", key),
            ("startDate", _moment(since)),
            ("endDate", _moment(until)),
            ("numberOfRecords", str(DIGEST_ROWS)),
            ("startRecord", str(start)),
        ),
    )


def _moment(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.00Z"
