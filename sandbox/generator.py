"""Makes up books: a closed year and a running one, from nothing but a seed and a size."""

from datetime import UTC, date, datetime, timedelta

from sandbox.books import Books
from sandbox.chart import (
    BELGIAN,
    BELGIAN_TAXES,
    CITIES,
    DUTCH,
    DUTCH_TAXES,
    FAMILY_NAMES,
    FOREIGN,
    JOURNALS,
    STREETS,
    TRADES,
    AccountPlan,
)
from sandbox.records import (
    Contact,
    Journal,
    JournalKind,
    Period,
    TaxCode,
    TaxKind,
)
from sandbox.trade import Trading

FIRST_DAY = date(2025, 1, 1)
LAST_DAY = date(2026, 10, 31)
"""The books run over these days whatever the clock says, so that a seed always means the same."""

FIRST_FISCAL_YEAR = 2022
LAST_FISCAL_YEAR = 2027


def millis(day: date, hour: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp() * 1000)


def plan_of(books: Books) -> AccountPlan:
    return BELGIAN if books.company.country == "BE" else DUTCH


def generate(books: Books, lines: int) -> None:
    """Fills empty books with masters and about ``lines`` lines (0: masters only)."""
    plan = plan_of(books)
    _masters(books, plan, contacts=max(12, min(lines // 40, 2_500)))
    _periods(books)
    if lines:
        Trading(books, plan, FIRST_DAY, LAST_DAY).run(lines)
    books.closed_years.add(_closed_year(books))
    for entry in books.live_entries():
        entry.processed = entry.year in books.closed_years
    _recount_after_closing(books)
    books.generated = True


def _closed_year(books: Books) -> int:
    """The fiscal year that holds the first day: over by the last day, hence closed."""
    return books.period_of(FIRST_DAY)[0]


def _recount_after_closing(books: Books) -> None:
    for key in list(books.balances):
        if key.year in books.closed_years and not key.processed:
            books.balances[key._replace(processed=True)] = books.balances.pop(key)


def _masters(books: Books, plan: AccountPlan, contacts: int) -> None:
    founded = millis(date(2024, 12, 2), hour=9)
    for code, name, kind in plan.accounts:
        books.add_account(code, name, kind, founded)
    behind = {
        JournalKind.CASH: plan.cash,
        JournalKind.BANK: plan.bank,
        JournalKind.SALES: plan.receivable,
        JournalKind.PURCHASE: plan.payable,
    }
    for serial, (code, name, journal_kind) in enumerate(JOURNALS):
        account = books.account(behind[journal_kind]) if journal_kind in behind else None
        iban = None
        if journal_kind is JournalKind.BANK:
            iban = f"{books.company.country}{books.random.randrange(10**14):016d}"
        books.journals.append(
            Journal(serial, code, name, journal_kind, account, iban, founded, founded)
        )
    taxes = BELGIAN_TAXES if books.company.country == "BE" else DUTCH_TAXES
    for serial, (code, name, rate, tax_kind) in enumerate(taxes):
        payable = tax_kind in {TaxKind.SALES, TaxKind.REVERSE_CHARGE}
        claimable = tax_kind in {TaxKind.PURCHASE, TaxKind.REVERSE_CHARGE}
        books.tax_codes.append(
            TaxCode(
                serial,
                code,
                name,
                rate,
                tax_kind,
                books.account(plan.vat_payable) if payable else None,
                books.account(plan.vat_claimable) if claimable else None,
                founded,
            )
        )
    _contacts(books, contacts, founded)


def _contacts(books: Books, count: int, founded: int) -> None:
    random = books.random
    for serial in range(count):
        city, postcode, country = random.choice(CITIES)
        street = f"{random.choice(STREETS)} {random.randint(1, 240)}"
        name = f"{random.choice(TRADES)} {random.choice(FAMILY_NAMES)} {serial + 1}"
        currency = books.company.currency
        if serial % 6 in {4, 5} and serial < 12:
            name, country, city, currency, _ = FOREIGN[serial % 6 - 4]
            name = f"{name} {serial + 1}"
            postcode, street = "", "Main Street 1"
        vat = f"{country}{random.randrange(10**9):09d}B01" if country == "NL" else None
        moment = founded + serial * 1000
        books.contacts.append(
            Contact(
                serial=serial,
                number=serial + 1,
                name=name,
                customer=serial % 3 != 2,
                supplier=serial % 3 != 0,
                country=country,
                city=city,
                postcode=postcode,
                street=street,
                email=f"administratie{serial + 1}@voorbeeld.test",
                vat_number=vat,
                currency=currency,
                created_ms=moment,
                modified_ms=moment,
            )
        )


def _periods(books: Books) -> None:
    start = books.company.fiscal_start_month
    for year in range(FIRST_FISCAL_YEAR, LAST_FISCAL_YEAR + 1):
        for number in range(1, 13):
            months = (year - (start > 1)) * 12 + start - 1 + number - 1
            first = date(months // 12, months % 12 + 1, 1)
            after = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
            last = after - timedelta(days=1)
            books.periods.append(Period(len(books.periods), year, number, first, last))
