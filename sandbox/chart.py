"""The masters a small Dutch or Belgian company starts with, and names to make up the rest."""

from attrs import frozen

from sandbox.records import AccountKind as Kind
from sandbox.records import JournalKind, TaxKind


@frozen
class AccountPlan:
    """Which codes play which part in the chart of one country."""

    accounts: tuple[tuple[str, str, Kind], ...]
    bank: str
    cash: str
    receivable: str
    payable: str
    vat_payable: str
    vat_claimable: str
    vat_settlement: str
    staff_payable: str
    wage_tax: str
    assets: str
    depreciation_total: str
    inventory: str
    equity: str
    retained: str
    loan: str
    revenue: tuple[str, ...]
    costs: tuple[str, ...]
    salaries: str
    depreciation: str
    exchange: str
    appropriation: str


DUTCH = AccountPlan(
    accounts=(
        ("0100", "Bedrijfspand", Kind.FIXED_ASSET),
        ("0200", "Inventaris en machines", Kind.FIXED_ASSET),
        ("0290", "Cum. afschrijving inventaris", Kind.ACCUMULATED_DEPRECIATION),
        ("0500", "Aandelenkapitaal", Kind.EQUITY),
        ("0590", "Onverdeeld resultaat", Kind.RETAINED),
        ("0700", "Lening Rabobank", Kind.LOAN),
        ("1000", "Kas", Kind.CASH),
        ("1100", "Rabobank zakelijk", Kind.BANK),
        ("1300", "Debiteuren", Kind.RECEIVABLE),
        ("1500", "Btw af te dragen", Kind.VAT),
        ("1520", "Btw voorbelasting", Kind.VAT),
        ("1550", "Afdracht omzetbelasting", Kind.TAX_PAYABLE),
        ("1600", "Crediteuren", Kind.PAYABLE),
        ("1700", "Netto lonen te betalen", Kind.STAFF_PAYABLE),
        ("1710", "Loonheffing te betalen", Kind.TAX_PAYABLE),
        ("2000", "Vraagposten", Kind.SUSPENSE),
        ("3000", "Voorraad grondstoffen", Kind.INVENTORY),
        ("4000", "Bruto lonen", Kind.STAFF),
        ("4100", "Huur bedrijfspand", Kind.EXPENSE),
        ("4120", "Gas, water en elektra", Kind.EXPENSE),
        ("4200", "Kantoorbenodigdheden", Kind.EXPENSE),
        ("4300", "Reclame en advertenties", Kind.EXPENSE),
        ("4400", "Autokosten", Kind.EXPENSE),
        ("4500", "Accountant en advies", Kind.EXPENSE),
        ("4600", "Verzekeringen", Kind.EXPENSE),
        ("4700", "Telefoon en internet", Kind.EXPENSE),
        ("4800", "Afschrijving inventaris", Kind.DEPRECIATION),
        ("4900", "Rente en bankkosten", Kind.INTEREST),
        ("4990", "Koersverschillen", Kind.EXCHANGE),
        ("7000", "Inkoop grondstoffen", Kind.COST_OF_GOODS),
        ("7010", "Inkoop verpakking", Kind.COST_OF_GOODS),
        ("8000", "Omzet winkel", Kind.REVENUE),
        ("8010", "Omzet horeca", Kind.REVENUE),
        ("8020", "Omzet buitenland", Kind.REVENUE),
        ("9990", "Resultaatbestemming", Kind.APPROPRIATION),
    ),
    bank="1100", cash="1000", receivable="1300", payable="1600", vat_payable="1500",
    vat_claimable="1520", vat_settlement="1550", staff_payable="1700", wage_tax="1710",
    assets="0200", depreciation_total="0290", inventory="3000", equity="0500",
    retained="0590", loan="0700", revenue=("8000", "8010", "8020"),
    costs=("7000", "7010", "4100", "4120", "4200", "4300", "4400", "4500", "4600", "4700"),
    salaries="4000", depreciation="4800", exchange="4990", appropriation="9990",
)  # fmt: skip

BELGIAN = AccountPlan(
    accounts=(
        ("100000", "Kapitaal", Kind.EQUITY),
        ("140000", "Overgedragen winst", Kind.RETAINED),
        ("173000", "Lening KBC", Kind.LOAN),
        ("221000", "Gebouwen", Kind.FIXED_ASSET),
        ("230000", "Installaties en machines", Kind.FIXED_ASSET),
        ("230900", "Geboekte afschrijvingen installaties", Kind.ACCUMULATED_DEPRECIATION),
        ("300000", "Grondstoffen", Kind.INVENTORY),
        ("400000", "Handelsdebiteuren", Kind.RECEIVABLE),
        ("411000", "Terugvorderbare btw", Kind.VAT),
        ("440000", "Leveranciers", Kind.PAYABLE),
        ("451000", "Te betalen btw", Kind.VAT),
        ("451900", "Rekening-courant btw", Kind.TAX_PAYABLE),
        ("453000", "Ingehouden bedrijfsvoorheffing", Kind.TAX_PAYABLE),
        ("455000", "Bezoldigingen", Kind.STAFF_PAYABLE),
        ("499000", "Wachtrekening", Kind.SUSPENSE),
        ("550000", "KBC zichtrekening", Kind.BANK),
        ("570000", "Kas", Kind.CASH),
        ("600000", "Aankopen grondstoffen", Kind.COST_OF_GOODS),
        ("601000", "Aankopen hulpstoffen", Kind.COST_OF_GOODS),
        ("610000", "Huur", Kind.EXPENSE),
        ("612000", "Energie", Kind.EXPENSE),
        ("613000", "Erelonen", Kind.EXPENSE),
        ("615000", "Reclame", Kind.EXPENSE),
        ("616000", "Vervoerskosten", Kind.EXPENSE),
        ("620200", "Bezoldigingen bedienden", Kind.STAFF),
        ("630200", "Afschrijvingen", Kind.DEPRECIATION),
        ("650000", "Rente", Kind.INTEREST),
        ("655000", "Wisselresultaten", Kind.EXCHANGE),
        ("693000", "Over te dragen winst", Kind.APPROPRIATION),
        ("700000", "Verkopen binnenland", Kind.REVENUE),
        ("700100", "Verkopen EU", Kind.REVENUE),
        ("700200", "Verkopen buiten EU", Kind.REVENUE),
    ),
    bank="550000", cash="570000", receivable="400000", payable="440000", vat_payable="451000",
    vat_claimable="411000", vat_settlement="451900", staff_payable="455000", wage_tax="453000",
    assets="230000", depreciation_total="230900", inventory="300000", equity="100000",
    retained="140000", loan="173000", revenue=("700000", "700100", "700200"),
    costs=("600000", "601000", "610000", "612000", "613000", "615000", "616000"),
    salaries="620200", depreciation="630200", exchange="655000", appropriation="693000",
)  # fmt: skip

JOURNALS: tuple[tuple[str, str, JournalKind], ...] = (
    ("10", "Kasboek", JournalKind.CASH),
    ("20", "Bankboek", JournalKind.BANK),
    ("70", "Verkoopboek", JournalKind.SALES),
    ("60", "Inkoopboek", JournalKind.PURCHASE),
    ("90", "Memoriaal", JournalKind.GENERAL),
)

Taxes = tuple[tuple[str, str, int, TaxKind], ...]

DUTCH_TAXES: Taxes = (
    ("0", "Geen btw", 0, TaxKind.NONE),
    ("1", "Verkoop 9 %", 900, TaxKind.SALES),
    ("2", "Verkoop 21 %", 2100, TaxKind.SALES),
    ("3", "Verkoop buiten EU 0 %", 0, TaxKind.SALES),
    ("4", "Inkoop 9 %", 900, TaxKind.PURCHASE),
    ("5", "Inkoop 21 %", 2100, TaxKind.PURCHASE),
    ("6", "Inkoop verlegd 21 %", 2100, TaxKind.REVERSE_CHARGE),
)

BELGIAN_TAXES: Taxes = (
    ("0", "Geen btw", 0, TaxKind.NONE),
    ("1", "Verkoop 6 %", 600, TaxKind.SALES),
    ("2", "Verkoop 21 %", 2100, TaxKind.SALES),
    ("3", "Verkoop buiten EU 0 %", 0, TaxKind.SALES),
    ("4", "Aankoop 6 %", 600, TaxKind.PURCHASE),
    ("5", "Aankoop 21 %", 2100, TaxKind.PURCHASE),
    ("6", "Aankoop medecontractant 21 %", 2100, TaxKind.REVERSE_CHARGE),
)

FAMILY_NAMES = (
    "Jansen", "De Vries", "Van den Berg", "Bakker", "Visser", "Smit", "Meijer", "Mulder",
    "Peeters", "Janssens", "Maes", "Jacobs", "Mertens", "Claes", "Goossens", "Wouters",
    "Hendriks", "Dekker", "Brouwer", "Van Dijk", "Vermeulen", "Schouten", "Kuipers", "Postma",
)  # fmt: skip

TRADES = (
    "Horeca", "Lunchroom", "Supermarkt", "Catering", "Installatietechniek", "Drukkerij",
    "Transport", "Groothandel", "Schoonmaak", "Advies", "Verpakkingen", "Zuivel",
)  # fmt: skip

CITIES = (
    ("Zutphen", "7201 AB", "NL"), ("Deventer", "7411 CD", "NL"), ("Arnhem", "6811 EF", "NL"),
    ("Utrecht", "3511 GH", "NL"), ("'s-Hertogenbosch", "5211 JK", "NL"), ("Leuven", "3000", "BE"),
    ("Gent", "9000", "BE"), ("Antwerpen", "2000", "BE"), ("Mechelen", "2800", "BE"),
)  # fmt: skip

STREETS = ("Dorpsstraat", "Stationsweg", "Kerkstraat", "Molenlaan", "Havenkade", "Marktplein")

FOREIGN = (
    ("Harbour Coffee Roasters Ltd", "GB", "Bristol", "GBP", 1_168_400),
    ("Blue Ridge Mills Inc.", "US", "Asheville", "USD", 921_300),
)
"""Contacts that trade in their own currency: name, country, city, currency, euro per million."""
