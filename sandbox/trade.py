"""What happens in a made-up company day by day: it sells, buys, pays, owes tax, closes its year."""

from collections import deque
from datetime import UTC, date, datetime, timedelta

from sandbox.books import Books, Heading, Posting
from sandbox.chart import FOREIGN, AccountPlan
from sandbox.records import (
    Contact,
    Entry,
    EntryKind,
    JournalKind,
    LineRole,
    TaxCode,
    TaxKind,
)

VAT_LINE = 9999
"""The number of the tax line of an invoice; other lines count from 0."""

OPENING = 25_000_00
MONTHLY_FROM = 1_000
"""Books smaller than this many lines book salaries and depreciation once a quarter only."""


class Trading:
    """Plays the days between two dates and books what they bring."""

    def __init__(self, books: Books, plan: AccountPlan, first: date, last: date) -> None:
        self.books = books
        self.plan = plan
        self.first = first
        self.last = last
        self.random = books.random
        self.customers = [contact for contact in books.contacts if contact.customer]
        self.suppliers = [contact for contact in books.contacts if contact.supplier]
        self.unpaid: dict[date, deque[Entry]] = {}
        self.invoice_numbers = 250_000
        self.to_remit: list[tuple[date, str, int]] = []
        self.day = first

    def run(self, lines: int) -> None:
        days = (self.last - self.first).days + 1
        monthly = lines >= MONTHLY_FROM
        self._open()
        for number in range(days):
            self.day = self.first + timedelta(days=number)
            tomorrow = self.day + timedelta(days=1)
            self._pay_due()
            if tomorrow.day == 1:
                if monthly or self.day.month % 3 == 0:
                    self._month_end()
                if self.day.month % 3 == 0:
                    self._vat_return()
                if self._year_ends(tomorrow):
                    self._close_year()
            target = lines * (number + 1) // days
            while len(self.books.lines) < target:
                self._invoice()

    # -- invoices --------------------------------------------------------------------------------

    def _invoice(self) -> None:
        chance = self.random.random()
        if chance < 0.55:
            self._sell(sign=1)
        elif chance < 0.60:
            self._sell(sign=-1)
        elif chance < 0.97:
            self._buy(sign=1)
        else:
            self._buy(sign=-1)

    def _tax(self, kind: TaxKind) -> TaxCode:
        codes = [tax for tax in self.books.tax_codes if tax.kind is kind and tax.basis_points]
        return self.random.choice(codes)

    def _sell(self, sign: int) -> None:
        """Debtor (line 0) against revenue and tax; a credit note (sign -1) mirrored."""
        contact = self.random.choice(self.customers)
        tax = self._tax(TaxKind.SALES)
        if contact.country not in {"NL", "BE"}:
            tax = next(
                tax
                for tax in self.books.tax_codes
                if tax.kind is TaxKind.SALES and not tax.basis_points
            )
        nets = self._nets(sign)
        revenue = [(self.random.choice(self.plan.revenue), -net) for net in nets]
        taxes = [] if not tax.basis_points else [(self.plan.vat_payable, -self._part(nets, tax))]
        kind = EntryKind.SALES_INVOICE if sign > 0 else EntryKind.SALES_CREDIT
        self._book_invoice(kind, contact, self.plan.receivable, revenue, taxes, tax)

    def _buy(self, sign: int) -> None:
        """Cost and tax against the creditor (line 0); from abroad the tax is reverse charged."""
        contact = self.random.choice(self.suppliers)
        abroad = contact.country != self.books.company.country
        tax = self._tax(TaxKind.REVERSE_CHARGE if abroad else TaxKind.PURCHASE)
        nets = self._nets(sign)
        costs = [(self.random.choice(self.plan.costs), net) for net in nets]
        amount = self._part(nets, tax)
        taxes = [(self.plan.vat_claimable, amount)]
        if abroad:
            taxes.append((self.plan.vat_payable, -amount))
        kind = EntryKind.PURCHASE_INVOICE if sign > 0 else EntryKind.PURCHASE_CREDIT
        self._book_invoice(kind, contact, self.plan.payable, costs, taxes, tax)

    def _nets(self, sign: int) -> list[int]:
        count = self.random.choice((1, 1, 2, 3))
        return [sign * self.random.randint(5_00, 900_00) for _ in range(count)]

    @staticmethod
    def _part(nets: list[int], tax: TaxCode) -> int:
        """The tax on an invoice, rounded half away from zero to the cent."""
        total = sum(nets) * tax.basis_points
        part = (abs(total) + 5_000) // 10_000
        return part if total >= 0 else -part

    def _book_invoice(
        self,
        kind: EntryKind,
        contact: Contact,
        header: str,
        nets: list[tuple[str, int]],
        taxes: list[tuple[str, int]],
        tax: TaxCode,
    ) -> None:
        """``nets`` and ``taxes`` are (account code, signed cents in the contact's currency)."""
        rate = self._rate(contact)
        sales = kind in {EntryKind.SALES_INVOICE, EntryKind.SALES_CREDIT}
        postings = [
            self._posting(code, cents, rate, number + 1, LineRole.NET, tax)
            for number, (code, cents) in enumerate(nets)
        ]
        postings += [
            self._posting(code, cents, rate, VAT_LINE, LineRole.VAT, tax) for code, cents in taxes
        ]
        postings.insert(
            0,
            Posting(
                self.books.account(header),
                -sum(posting.cents for posting in postings),
                role=LineRole.HEADER,
                number=0,
                foreign_cents=-sum(posting.foreign_cents or 0 for posting in postings),
            ),
        )
        self.invoice_numbers += 1
        number = self.invoice_numbers
        due = self.day + timedelta(days=self.random.choice((8, 14, 30)))
        word = "Verkoopfactuur" if sales else "Inkoopfactuur"
        entry = self.books.add_entry(
            Heading(
                journal=self.books.journal(JournalKind.SALES if sales else JournalKind.PURCHASE),
                kind=kind,
                date=self.day,
                description=f"{word} {number}",
                created_ms=self._moment(),
                contact=contact,
                due=due,
                invoice_number=number,
                reference=None if sales else f"F{self.random.randrange(10**6):06d}",
                currency=contact.currency,
                rate_millionths=rate,
            ),
            postings,
        )
        if self.random.random() < 0.9:  # some are paid late, some never
            paid_on = due + timedelta(days=self.random.randint(-5, 6))
            self.unpaid.setdefault(max(paid_on, self.day + timedelta(days=1)), deque()).append(
                entry
            )

    def _posting(
        self, code: str, cents: int, rate: int, number: int, role: LineRole, tax: TaxCode
    ) -> Posting:
        base = cents if rate == 1_000_000 else round(cents * rate / 1_000_000)
        return Posting(
            self.books.account(code), base, role=role, number=number, foreign_cents=cents, tax=tax
        )

    def _rate(self, contact: Contact) -> int:
        for _, _, _, currency, rate in FOREIGN:
            if currency == contact.currency:
                return rate + self.random.randint(-30_000, 30_000)
        return 1_000_000

    # -- bank ------------------------------------------------------------------------------------

    def _pay_due(self) -> None:
        for invoice in self.unpaid.pop(self.day, ()):
            self._settle(invoice)
        due = [item for item in self.to_remit if item[0] == self.day]
        for _, code, cents in due:
            self._memo(
                JournalKind.BANK, f"Betaling {self.books.account(code).name}", EntryKind.BANK,
                [(self.plan.bank, -cents), (code, cents)],
            )  # fmt: skip

    def _settle(self, invoice: Entry) -> None:
        """The bank takes the invoice away; a foreign one leaves an exchange difference."""
        cents = invoice.open_cents
        difference = 0
        if invoice.currency != self.books.company.currency:
            difference = cents * self.random.randint(-20, 20) // 1_000
        header = invoice.lines[0].account
        assert header is not None
        lines = [
            Posting(
                self.books.account(self.plan.bank), cents + difference, role=LineRole.HEADER,
                number=0,
            ),
            Posting(header, -cents),
        ]  # fmt: skip
        if difference:
            lines.append(Posting(self.books.account(self.plan.exchange), -difference))
        self.books.add_entry(
            Heading(
                journal=self.books.journal(JournalKind.BANK),
                kind=EntryKind.BANK,
                date=self.day,
                description=f"Betaling factuur {invoice.invoice_number}",
                created_ms=self._moment(),
                contact=invoice.contact,
                settles=invoice,
            ),
            lines,
        )

    # -- general journal -------------------------------------------------------------------------

    def _open(self) -> None:
        plan = self.plan
        self._memo(
            JournalKind.GENERAL, "Openingsbalans", EntryKind.OPENING,
            [
                (plan.assets, 3 * OPENING), (plan.depreciation_total, -OPENING // 2),
                (plan.inventory, OPENING // 5), (plan.bank, 2 * OPENING),
                (plan.loan, -OPENING), (plan.equity, -OPENING),
                (plan.retained, -27 * OPENING // 10),
            ],
        )  # fmt: skip

    def _month_end(self) -> None:
        plan = self.plan
        worn = OPENING // 40
        self._memo(
            JournalKind.GENERAL, f"Afschrijving {self.day:%Y-%m}", EntryKind.GENERAL,
            [(plan.depreciation, worn), (plan.depreciation_total, -worn)],
        )  # fmt: skip
        gross = self.random.randint(4_000_00, 9_000_00)
        tax = gross * 31 // 100
        self._memo(
            JournalKind.GENERAL, f"Lonen {self.day:%Y-%m}", EntryKind.GENERAL,
            [(plan.salaries, gross), (plan.wage_tax, -tax), (plan.staff_payable, tax - gross)],
        )  # fmt: skip
        self.to_remit.append((self.day + timedelta(days=3), plan.staff_payable, gross - tax))
        self.to_remit.append((self.day + timedelta(days=25), plan.wage_tax, tax))

    def _vat_return(self) -> None:
        plan = self.plan
        moved = {plan.vat_payable: 0, plan.vat_claimable: 0}
        for (code, _, _), cents in self.books.trial_balance().items():
            if code in moved:
                moved[code] += cents
        owed = -sum(moved.values())
        if all(moved.values()):
            self._memo(
                JournalKind.GENERAL, f"Btw-aangifte {self.day:%Y-%m}", EntryKind.GENERAL,
                [*((code, -cents) for code, cents in moved.items()), (plan.vat_settlement, -owed)],
            )  # fmt: skip
            self.to_remit.append((self.day + timedelta(days=28), plan.vat_settlement, owed))

    def _year_ends(self, tomorrow: date) -> bool:
        return tomorrow.month == self.books.company.fiscal_start_month

    def _close_year(self) -> None:
        """Takes the result to equity, so that profit and loss of the year come to nothing."""
        year, _ = self.books.period_of(self.day)
        result = sum(
            cents
            for (code, of_year, _), cents in self.books.trial_balance().items()
            if of_year == year and not self.books.account(code).balance_sheet
        )
        book = self.books
        book.add_entry(
            Heading(
                journal=book.journal(JournalKind.GENERAL),
                kind=EntryKind.GENERAL,
                date=self.day,
                description=f"Resultaatbestemming {year}",
                created_ms=self._moment(),
            ),
            [
                Posting(None, 0, "Besluit van de vergadering", LineRole.HEADER),
                Posting(book.account(self.plan.appropriation), -result),
                Posting(book.account(self.plan.retained), result),
            ],
        )

    def _memo(
        self, journal: JournalKind, text: str, kind: EntryKind, lines: list[tuple[str, int]]
    ) -> None:
        self.books.add_entry(
            Heading(
                journal=self.books.journal(journal),
                kind=kind,
                date=self.day,
                description=text,
                created_ms=self._moment(),
            ),
            [
                Posting(
                    self.books.account(code), cents, number=number + (journal != JournalKind.BANK)
                )
                for number, (code, cents) in enumerate(lines)
            ],
        )

    def _moment(self) -> int:
        """When it was typed in: in the afternoon of its own day, later entries later."""
        noon = datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=UTC)
        return int(noon.timestamp() * 1000) + len(self.books.entries) % 30_000 * 997
