"""The companies behind all stand-ins of one sandbox, and their books."""

import gc
from random import Random

from sandbox.books import Books
from sandbox.clock import SandboxClock
from sandbox.generator import generate
from sandbox.identity import Identities
from sandbox.records import Company, Trait

COMPANIES = (
    Company(
        1, "Bakkerij De Gouden Aar B.V.", "NL", "EUR", Trait.REGULAR, "Zutphen",
        "NL001234567B01", "08012345",
    ),
    Company(
        2, "Brouwerij Sint-Joris BV", "BE", "EUR", Trait.REGULAR, "Leuven",
        "BE0412345678", "0412.345.678",
    ),
    Company(
        3, "Zomerhuis Verhuur B.V.", "NL", "EUR", Trait.BROKEN_YEAR, "Texel",
        "NL002345678B01", "37023456", fiscal_start_month=7,
    ),
    Company(
        4, "Nieuwe Zaak B.V.", "NL", "EUR", Trait.EMPTY, "Almere",
        "NL003456789B01", "39034567",
    ),
    Company(
        5, "Oude Molen B.V. in liquidatie", "NL", "EUR", Trait.ARCHIVED, "Schiedam",
        "NL004567890B01", "24045678",
    ),
    Company(
        6, "Houthandel Jansen & Zn. B.V.", "NL", "EUR", Trait.BLOCKED, "Zaandam",
        "NL005678901B01", "35056789",
    ),
    Company(
        7, "Fietsen Peeters BV", "BE", "EUR", Trait.OTHER_LICENCE, "Gent",
        "BE0523456789", "0523.456.789",
    ),
    Company(
        8, "Café 't Hoekje V.O.F.", "NL", "EUR", Trait.INACTIVE, "Breda",
        "NL006789012B01", "20067890",
    ),
)  # fmt: skip

SMALL_BOOKS = 240
"""Lines of the companies that are only there for their trait."""


def lines_of(company: Company, lines: int) -> int:
    """About how many lines a company gets when the sandbox was asked for ``lines``."""
    if company.trait is Trait.EMPTY:
        return 0
    if company.number == 1:
        return lines
    if company.trait is Trait.REGULAR:
        return max(SMALL_BOOKS, min(lines // 10, 5_000))
    return SMALL_BOOKS


class World:
    """Books per company number, from one seed. The first company gets about ``lines`` lines."""

    def __init__(self, seed: int, lines: int, clock: SandboxClock) -> None:
        self.seed = seed
        self.clock = clock
        self.identities = Identities(seed)
        self.books: dict[int, Books] = {}
        collecting = gc.isenabled()
        gc.disable()  # a million small objects, none of them garbage
        try:
            for company in COMPANIES:
                random = Random(f"{seed}:{company.number}")
                books = Books(company, clock, random)
                generate(books, lines_of(company, lines))
                self.books[company.number] = books
        finally:
            if collecting:
                gc.enable()

    def company_books(self, number: int) -> Books:
        return self.books[number]
