"""Elements of SOAP answers and the records they become. Pure.

Accounts and relations are named by code here; accounts are turned into ids, so that both ways have
the same keys. VAT is told per row, and rows are always taken without it.
"""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Final

from adapters.providers.eboekhouden.chart import Chart, Ledger
from adapters.providers.eboekhouden.documents import Kind, Mutation, Row
from adapters.providers.kit.decoding import cents_e4
from adapters.providers.kit.xml import Element, text_at
from core.domain.books import Contact

KINDS: Final = {
    "OpeningsSaldo": Kind.OPENING,
    "FactuurOntvangen": Kind.BOUGHT,
    "FactuurVerstuurd": Kind.SOLD,
    "FactuurbetalingOntvangen": Kind.RECEIVED,
    "FactuurbetalingVerstuurd": Kind.PAID,
    "GeldOntvangen": Kind.MONEY_IN,
    "GeldUitgegeven": Kind.MONEY_OUT,
    "Memoriaal": Kind.MEMORIAL,
}
_ISO_DAY_CHARACTERS: Final = 10


def amount_e4(text: str | None) -> int:
    """Decimals and doubles alike, rounded to cents; ValueError for what is no amount."""
    try:
        return cents_e4(Decimal(text or "0"))
    except InvalidOperation:
        raise ValueError("an amount that is none") from None


def ledger(element: Element) -> tuple[Ledger, str]:
    """An account and its name."""
    code = text_at(element, "{*}Code") or ""
    number = int(text_at(element, "{*}ID") or "")
    found = Ledger(number, code, text_at(element, "{*}Categorie") or "")
    return found, text_at(element, "{*}Omschrijving") or code


def contact(element: Element) -> Contact:
    """Keyed by code, which is what mutations name. Customer or supplier is not told."""
    code = text_at(element, "{*}Code") or ""
    name = text_at(element, "{*}Bedrijf") or text_at(element, "{*}Contactpersoon")
    return Contact(
        key=code or f"id {text_at(element, '{*}ID')}",
        code=code or None,
        name=name or code,
        is_customer=True,
        is_supplier=True,
        vat_number=text_at(element, "{*}BTWNummer"),
        email=text_at(element, "{*}Email"),
        city=text_at(element, "{*}Plaats"),
        country=text_at(element, "{*}Land"),
    )


def number_of(element: Element) -> int:
    return int(text_at(element, "{*}MutatieNr") or "")


def mutation(element: Element, chart: Chart) -> Mutation:
    kind = text_at(element, "{*}Soort") or ""
    if kind not in KINDS:
        raise ValueError("a kind of mutation that is not documented")
    main = text_at(element, "{*}Rekening")
    term = text_at(element, "{*}Betalingstermijn") or ""
    return Mutation(
        number=number_of(element),
        kind=KINDS[kind],
        date=dt.date.fromisoformat((text_at(element, "{*}Datum") or "")[:_ISO_DAY_CHARACTERS]),
        main_key=chart.key_of_code(main) if main else None,
        contact_key=text_at(element, "{*}RelatieCode"),
        invoice_number=text_at(element, "{*}Factuurnummer"),
        entry_number=text_at(element, "{*}Boekstuk"),
        description=text_at(element, "{*}Omschrijving"),
        term_days=int(term) if term.isdecimal() else None,
        rows=tuple(
            _row(row, chart) for row in element.iterfind("{*}MutatieRegels/{*}cMutatieListRegel")
        ),
    )


def _row(element: Element, chart: Chart) -> Row:
    account = text_at(element, "{*}TegenrekeningCode")
    return Row(
        account_key=chart.key_of_code(account) if account else None,
        amount_e4=amount_e4(text_at(element, "{*}BedragExclBTW")),
        vat_code=text_at(element, "{*}BTWCode") or "",
        vat_e4=amount_e4(text_at(element, "{*}BedragBTW")),
        invoice_number=text_at(element, "{*}Factuurnummer"),
    )
