"""What header words mean, and the exports that are recognised by theirs. Tables, not code.

Words are compared in lower case without accents, spaces or punctuation. Sources: the vendors' own
import documentation (SnelStart), published sample exports (Xero, QuickBooks Online, NetSuite), the
French FEC layout; AFAS and the Dutch, German and French words are seen in use, not documented.
"""

import unicodedata
from typing import Final

from attrs import frozen

from core.domain.books import AccountClass, Statement
from core.domain.file_import import EntriesBy, Target

HEADER_WORDS_MIN: Final = 3
"""So many known words make a line the header; title lines have fewer."""


def plain(text: str) -> str:
    """The word as it is compared."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in bare if letter.isalnum())


WORDS: Final[dict[Target, tuple[str, ...]]] = {
    Target.DATE: (
        "date", "datum", "boekdatum", "boekingsdatum", "datumboeking", "transactiondate",
        "transactiedatum", "postingdate", "entrydate", "boekstukdatum", "flddatum",
        "ecrituredate", "belegdatum", "buchungsdatum", "dateecriture", "trdt", "effdate",
        "journaldate", "datecomptable",
    ),
    Target.ACCOUNT: (
        "account", "accountcode", "accountnumber", "accountno", "glaccount", "rekening",
        "rekeningnummer", "grootboek", "grootboeknummer", "grootboekrekening", "gbrek",
        "grootboekrekeningnummer", "fldgrootboeknummer", "konto", "kontonummer", "compte",
        "comptenum", "numerodecompte", "accid", "ledgeraccount", "nominalcode", "accountid",
        "code", "grootboekcode", "rekeningcode",
    ),
    Target.ACCOUNT_NAME: (
        "accountname", "accountdescription", "rekeningnaam", "rekeningomschrijving",
        "grootboekomschrijving", "grootboeknaam", "omschrijvinggrootboekrekening",
        "naamgrootboekrekening", "kontobezeichnung", "comptelib", "intitulecompte", "accdesc",
        "kontoname",
    ),
    Target.AMOUNT: (
        "amount", "bedrag", "bedrageur", "saldo", "betrag", "montant", "value", "amnt",
        "netamount", "amounteur", "bedragineuro", "signedamount",
    ),
    Target.DEBIT: (
        "debit", "debet", "bedragdebet", "flddebet", "soll", "debitamount", "debetbedrag",
        "debiteur", "debiteuro", "debeteur", "debiteur",
    ),
    Target.CREDIT: (
        "credit", "bedragcredit", "fldcredit", "haben", "creditamount", "creditbedrag",
        "crediteur", "crediteuro", "crediteur",
    ),
    Target.SIDE: (
        "dc", "debitcredit", "debetcredit", "sollhaben", "sollhabenkennzeichen", "amnttp", "side",
        "sens", "drcr", "cd",
    ),
    Target.ENTRY: (
        "entrynumber", "entry", "entryno", "boekstuk", "boekstuknummer", "boekstuknr",
        "boekingsnummer", "boekingnummer", "journalno", "journalnumber", "transactionid",
        "transactionnumber", "transactienummer", "fldboekingcode", "ecriturenum", "belegnummer",
        "belegnr", "internalid", "num", "bkstnr", "journalentry", "voucher", "vouchernumber",
        "piece", "numeropiece", "transno",
    ),
    Target.JOURNAL: (
        "journal", "dagboek", "dagboekcode", "codedagboek", "journalcode", "flddagboek", "source",
        "journaal", "buchungskreis", "codejournal", "jrnid", "dagboeknummer",
    ),
    Target.DESCRIPTION: (
        "description", "omschrijving", "memo", "memodescription", "fldomschrijving", "tekst",
        "buchungstext", "ecriturelib", "libelle", "narrative", "details", "text", "boekingstekst",
        "toelichting",
    ),
    Target.ACCOUNT_TYPE: (
        "accounttype", "accounttyperekening", "rekeningtype", "soortrekening", "typerekening",
        "acctp", "accountclass", "balanswv", "kontoart",
    ),
    Target.CONTACT: (
        "relatie", "relatiecode", "relatienummer", "fldrelatiecode", "contact", "contactcode",
        "customercode", "suppliercode", "compauxnum", "custsupid", "debiteurcrediteur",
        "klantnummer", "partner",
    ),
    Target.CONTACT_NAME: (
        "name", "contactname", "relatienaam", "naamrelatie", "compauxlib", "customername",
        "suppliername", "naam",
    ),
    Target.TAX_CODE: (
        "vatcode", "taxcode", "btwcode", "taxrate", "vat", "btw", "steuerschlussel", "codetva",
    ),
    Target.YEAR: ("fiscalyear", "boekjaar", "jaar", "year", "finyear", "exercice",
                  "wirtschaftsjahr"),
    Target.PERIOD: ("period", "periode", "periodnumber", "boekperiode", "finperiod",
                    "periodenummer", "buchungsperiode", "accountingperiod"),
    Target.CURRENCY: ("currency", "valuta", "valutacode", "currencycode", "idevise", "wahrung",
                      "devise", "munt"),
    Target.FOREIGN: ("foreignamount", "amountfc", "bedragvaluta", "bedragvv", "montantdevise",
                     "valutabedrag", "amountinforeigncurrency", "currencyamount"),
}  # fmt: skip

MEANING: Final[dict[str, Target]] = {
    word: target for target, words in reversed(WORDS.items()) for word in words
}

OTHER_KNOWN: Final = frozenset(
    {
        "type", "transactiontype", "split", "balance", "runningbalance", "gross", "tax",
        "documentnumber", "factuurnummer", "fldfactuurnummer", "invoicenumber", "reference",
        "referentie", "subsidiary", "department", "class", "location", "kostenplaats",
        "kostendrager", "costcenter", "pieceref", "piecedate", "validdate", "ecriturelet",
        "datelet", "journallib", "fldboekstuk", "ref", "project",
    }
)  # fmt: skip
"""Words that make a header but name nothing that is imported."""

TOTAL_WORDS: Final = (
    "total", "totaal", "totals", "totalen", "grandtotal", "eindtotaal", "summe", "gesamt",
    "totalgeneral", "totaux", "subtotal", "subtotaal",
)  # fmt: skip
"""A row without a date that begins with one of these is a line of totals."""

BALANCE_WORDS: Final = (
    "openingbalance", "closingbalance", "beginningbalance", "endingbalance", "beginsaldo",
    "eindsaldo", "netmovement",
)  # fmt: skip
"""Balances a report repeats between its lines: not lines themselves."""

ACCOUNT_TYPES: Final[dict[str, tuple[AccountClass, Statement]]] = {
    word: meaning
    for meaning, words in {
        (AccountClass.UNKNOWN, Statement.BALANCE_SHEET): "b bal balans balance balancesheet bilanz",
        (AccountClass.ASSET, Statement.BALANCE_SHEET): (
            "a asset assets activa actief bank currentasset fixedasset inventory accountsreceivable"
        ),
        (AccountClass.LIABILITY, Statement.BALANCE_SHEET): (
            "l liability liabilities passiva passief currentliability accountspayable creditcard"
        ),
        (AccountClass.EQUITY, Statement.BALANCE_SHEET): "equity eigenvermogen kapitaal",
        (AccountClass.UNKNOWN, Statement.PROFIT_AND_LOSS): (
            "p wv vw pl profitandloss profitloss winstenverlies winstverlies verlieswinst "
            "resultaat guv"
        ),
        (AccountClass.INCOME, Statement.PROFIT_AND_LOSS): (
            "income revenue opbrengst opbrengsten omzet sales otherincome ertrag"
        ),
        (AccountClass.EXPENSE, Statement.PROFIT_AND_LOSS): (
            "expense expenses kosten directcosts overhead costofgoodssold otherexpense aufwand"
        ),
    }.items()
    for word in words.split()
}
"""What an account type in words means. Where a file gives none, the statement is not known."""

DEBIT_WORDS: Final = frozenset({"d", "db", "dr", "debet", "debit", "s", "soll"})
CREDIT_WORDS: Final = frozenset({"c", "cr", "credit", "k", "h", "haben"})


@frozen(kw_only=True)
class Preset:
    """An export known by its header. ``words`` all have to be there.

    ``columns`` names columns by their word, over what WORDS says; a word mapped to None means
    nothing. ``refusal``: why this export cannot be imported, and which can.
    """

    name: str
    words: frozenset[str]
    columns: tuple[tuple[str, Target | None], ...] = ()
    entries_by: EntriesBy = EntriesBy.NUMBER
    fill_down: bool = False
    headings: bool = False
    """Without an account column, the account's name stands above its lines."""
    refusal: str = ""


PRESETS: Final = (
    Preset(
        name="SnelStart",
        words=frozenset({"flddagboek", "fldboekingcode", "flddatum", "fldgrootboeknummer"}),
    ),
    Preset(
        name="AFAS",
        words=frozenset({"datumboeking", "boekstuknummer", "bedragdebet", "bedragcredit"}),
        columns=(("boekstukdatum", None), ("bedrag", None), ("codedagboek", Target.JOURNAL)),
    ),
    Preset(
        name="FEC",
        words=frozenset({"journalcode", "ecriturenum", "ecrituredate", "comptenum"}),
        columns=(("montantdevise", Target.FOREIGN), ("idevise", Target.CURRENCY)),
    ),
    Preset(
        name="Xero, Account Transactions",
        words=frozenset({"date", "source", "description", "reference", "debit", "credit"}),
        columns=(("gross", None), ("source", Target.JOURNAL), ("reference", None)),
        entries_by=EntriesBy.DATE,
        headings=True,
    ),
    Preset(
        name="QuickBooks Online, Journal",
        words=frozenset({"date", "transactiontype", "num", "account", "debit", "credit"}),
        columns=(("num", Target.ENTRY), ("transactiontype", Target.JOURNAL)),
        fill_down=True,
    ),
    Preset(
        name="QuickBooks Online, General Ledger",
        words=frozenset({"date", "transactiontype", "num", "split", "amount", "balance"}),
        refusal=(
            "This is the General Ledger report of QuickBooks Online, in which the sign of an "
            "amount depends on the kind of account. Export the Journal report instead."
        ),
    ),
    Preset(
        name="NetSuite, transaction search",
        words=frozenset({"internalid", "date", "period", "type", "account", "debit", "credit"}),
        columns=(
            ("internalid", Target.ENTRY),
            ("documentnumber", None),
            ("type", Target.JOURNAL),
            ("period", None),
        ),
    ),
)

_DATEV: Final = (
    "This is a DATEV booking batch: its amounts include VAT that is booked by rules which are not "
    "in the file, so it is no whole ledger. Export an audit file or a journal instead."
)
_ADF: Final = (
    "This is an old Auditfile (ADF) in fixed columns, which is not read: export an XML Auditfile "
    "(XAF) instead."
)
REFUSED_STARTS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"EXTF", _DATEV),
    (b"DTVF", _DATEV),
    (b"CLAIR1.00.00", _ADF),
)
"""Texts that look like tables and are not the ledger (see docs/providers/csv.md)."""

GLOBE_COLUMNS: Final = 30
GLOBE: Final[dict[Target, int]] = {
    Target.JOURNAL: 2,
    Target.PERIOD: 3,
    Target.ENTRY: 4,
    Target.DESCRIPTION: 6,
    Target.DATE: 7,
    Target.ACCOUNT: 8,
    Target.AMOUNT: 12,
}
"""Exact Globe's ASCII layout: positions, no header; rows with line number 0 are entry heads.

The field after the period is taken for the entry number: assumed, as the layout we know names
journal, period, invoice number, text, date, account and amount only.
"""
