"""Audit files to read: made from the sandbox's books, and small ones written by hand."""

from collections.abc import Callable
from functools import cache
from typing import Final

from sandbox.books import Books
from sandbox.clock import SandboxClock
from sandbox.files import Dialect, Oddity, saft_no, saft_pt, xaf
from sandbox.world import World

YEAR: Final = 2026


@cache
def books() -> Books:
    return World(7, 2_000, SandboxClock()).company_books(1)


def odd(*oddities: Oddity) -> bytes:
    return xaf(books(), YEAR, oddities=frozenset(oddities))


def xaf40(held: Books, year: int) -> bytes:
    return xaf(held, year, Dialect.XAF40)


MAKERS: Final[dict[str, Callable[[Books, int], bytes]]] = {
    "XML Auditfile Financieel 3.2": xaf,
    "XML Auditfile Financieel 4.0": xaf40,
    "SAF-T NO 1.30": saft_no,
    "SAF-T PT 1.04_01": saft_pt,
}

HEADER: Final = (
    "<header><fiscalYear>2024</fiscalYear><startDate>2024-01-01</startDate>"
    "<endDate>2024-12-31</endDate><curCode>EUR</curCode></header>"
)
ACCOUNTS: Final = (
    "<generalLedger><ledgerAccount><accID>1300</accID><accDesc>Debiteuren</accDesc>"
    "<accTp>B</accTp><leadReference>BVorDebHad</leadReference></ledgerAccount><ledgerAccount>"
    "<accID>8000</accID><accDesc>Omzet</accDesc><accTp>P</accTp></ledgerAccount></generalLedger>"
)
OPENING: Final = (
    "<openingBalance><opBalDate>2023-12-31</opBalDate><linesCount>2</linesCount>"
    "<totalDebit>10.00</totalDebit><totalCredit>10.00</totalCredit>"
    "<obLine><nr>1</nr><accID>1300</accID><amnt>10.00</amnt><amntTp>D</amntTp></obLine>"
    "<obLine><nr>2</nr><accID>0500</accID><amnt>10.00</amnt><amntTp>C</amntTp></obLine>"
    "</openingBalance>"
)


def line(number: str, account: str, amount: str, side: str, more: str = "") -> str:
    return (
        f"<trLine><nr>{number}</nr><accID>{account}</accID><docRef/><effDate>2024-01-31</effDate>"
        f"<amnt>{amount}</amnt><amntTp>{side}</amntTp>{more}</trLine>"
    )


def transaction(lines: str, number: str = "1", date: str = "2024-01-31", period: str = "1") -> str:
    return (
        f"<transaction><nr>{number}</nr><desc>t</desc><periodNumber>{period}</periodNumber>"
        f"<trDt>{date}</trDt>{lines}</transaction>"
    )


SALE: Final = line("1", "1300", "12.10", "D") + line("2", "8000", "12.10", "C")


def small(
    transactions: str = "",
    *,
    totals: str = "",
    before: str = ACCOUNTS,
    journal: str = "S",
    namespace: str = "http://www.auditfiles.nl/XAF/3.2",
) -> str:
    """An XAF with one journal."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><auditfile xmlns="{namespace}">{HEADER}<company>'
        "<companyIdent>7</companyIdent><companyName>Blom</companyName><taxRegIdent>NL1</taxRegIdent>"
        f"{before}<transactions>{totals}<journal><jrnID>70</jrnID><desc>Verkoop</desc>"
        f"<jrnTp>{journal}</jrnTp>{transactions or transaction(SALE)}</journal></transactions>"
        "</company></auditfile>"
    )


def stated(count: object, debit: str, credit: str) -> str:
    return (
        f"<linesCount>{count}</linesCount><totalDebit>{debit}</totalDebit>"
        f"<totalCredit>{credit}</totalCredit>"
    )


CLAIR2: Final = (
    '<?xml version="1.0" encoding="ISO-8859-1"?><auditfile><header>'
    "<auditfileVersion>CLAIR2.00.00</auditfileVersion><companyID>7</companyID>"
    "<companyName>Blom</companyName><fiscalYear>2024</fiscalYear><startDate>2024-01-01</startDate>"
    "<endDate>2024-12-31</endDate><currencyCode>EUR</currencyCode></header><generalLedger>"
    "<ledgerAccount><accountID>1300</accountID><accountDesc>Debiteuren</accountDesc>"
    "<accountType>Balans</accountType></ledgerAccount><ledgerAccount><accountID>8000</accountID>"
    "<accountDesc>Omzet</accountDesc><accountType>V/W</accountType></ledgerAccount></generalLedger>"
    "<transactions><numberEntries>1</numberEntries><totalDebit>12.10</totalDebit>"
    "<totalCredit>12.10</totalCredit><journal><journalID>70</journalID>"
    "<description>Verkoop</description><type>S</type><transaction>"
    "<transactionID>1</transactionID><period>01</period>"
    "<transactionDate>2024-01-31</transactionDate><line><recordID>5</recordID>"
    "<accountID>1300</accountID><description>Caf\u00e9</description>"
    "<debitAmount>12.10</debitAmount></line><line><recordID>6</recordID>"
    "<accountID>8000</accountID><creditAmount>12.10</creditAmount><vat><vatCode>H</vatCode>"
    "<vatPercentage>21</vatPercentage></vat></line></transaction></journal></transactions>"
    "</auditfile>"
)
