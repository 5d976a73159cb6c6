"""Audit files: what they say is what is read, proven by the totals they state."""

import datetime as dt
from pathlib import Path

import pytest
import pyxaf

from core.domain.books import AccountClass, JournalKind, LedgerAccount, Statement, TaxCode
from core.domain.failures import CorrectRequest, NotUnderstood
from core.domain.file_import import TOTALS_DIFFER, FileFormat
from core.domain.proof import Verdict
from sandbox.files import Dialect, Oddity, xaf
from tests.files.audit_files import (
    ACCOUNTS,
    CLAIR2,
    MAKERS,
    OPENING,
    SALE,
    YEAR,
    books,
    line,
    odd,
    small,
    stated,
    transaction,
)
from tests.files.reading import Reading, read
from tests.files.room import FileRoom


def truth_e4(*years: int) -> dict[str, int]:
    """Movements of these years by account, from the books the files are made from."""
    sums: dict[str, int] = {}
    for (code, year, _), cents in books().trial_balance().items():
        if year in years:
            sums[code] = sums.get(code, 0) + cents * 100
    return {code: sum_e4 for code, sum_e4 in sums.items() if sum_e4}


def movements_e4(found: Reading) -> dict[str, int]:
    sums: dict[str, int] = {}
    for cell, sum_e4 in found.staged.totals().postings_e4.items():
        sums[cell.account_key] = sums.get(cell.account_key, 0) + sum_e4
    return {code: sum_e4 for code, sum_e4 in sums.items() if sum_e4}


@pytest.mark.parametrize("label", MAKERS)
def test_a_year_is_read_to_the_cent(tmp_path: Path, label: str) -> None:
    found = read(tmp_path, MAKERS[label](books(), YEAR))
    summary = found.summary
    assert found.look.label == label
    assert summary.obstacles == ()
    assert "totals-checked" in found.codes
    assert movements_e4(found) == truth_e4(YEAR)
    opening = found.staged.totals().opening_e4
    assert sum(opening.values()) == 0
    assert {cell.period for cell in opening} == {0}
    assert (summary.first, summary.last_day) == (dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31))
    assert summary.declared.currency == "EUR"
    assert summary.declared.fiscal_year == str(YEAR)
    assert len({one.key for one in found.lines}) == summary.lines
    assert found.look.sample


@pytest.mark.parametrize("label", MAKERS)
def test_through_the_ordinary_path_every_year_is_proven(tmp_path: Path, label: str) -> None:
    room = FileRoom(tmp_path / "uploads")
    entity = room.entity()
    for year in (YEAR - 1, YEAR):
        received = room.receive(entity, MAKERS[label](books(), year), f"{year}.xaf")
        assert received.upload.summary.balances
        room.confirm(received.upload)
        run = room.succeed()
        assert run.proof is not None
        assert run.proof.verdict is Verdict.PROVEN
    balance = room.services.reading.trial_balance(room.org, entity.id)
    ours = {row.account_key: row.closing_e4 for row in balance.rows if row.closing_e4}
    assert ours == truth_e4(YEAR - 1, YEAR), "the second year's opening does not count twice"
    again = room.receive(entity, MAKERS[label](books(), YEAR), "again.xaf")
    assert again.again


@pytest.mark.parametrize("dialect", Dialect)
def test_an_independent_reader_agrees(tmp_path: Path, dialect: Dialect) -> None:
    content = xaf(books(), YEAR, dialect)
    path = tmp_path / "year.xaf"
    path.write_bytes(content)
    found = read(tmp_path / "shelf", content)
    assert [one.code for one in pyxaf.validate(path).errors] == []
    with pyxaf.open(path) as theirs:
        lines = [line for entry in theirs.transactions() for line in entry.lines]
        opening = theirs.opening_balance()
        assert opening is not None
        by_account = {code: int(sum_ * 10_000) for code, sum_ in opening.by_account().items()}
        assert len(theirs.accounts) == found.summary.accounts
        assert len(theirs.relations) == found.summary.contacts
    ours = [part for part, _ in found.staged.postings() if not part.opening]
    assert len(lines) == sum(len(part.lines) for part in ours)
    signed = [one.amount_e4 for part in ours for one in part.lines]
    assert [int((one.signed_amount or 0) * 10_000) for one in lines] == signed
    assert by_account == {
        cell.account_key: sum_e4 for cell, sum_e4 in found.staged.totals().opening_e4.items()
    }


def test_masters_and_sides(tmp_path: Path) -> None:
    vat = "<vat><vatID>H</vatID><vatPerc>21.000</vatPerc></vat>"
    foreign = "<currency><curCode>USD</curCode><curAmnt>13.00</curAmnt></currency>"
    lines = line("1", "1300", "-12.10", "D") + line("2", "8000", "-12.10", "C", vat + foreign)
    found = read(tmp_path, small(transaction(lines), totals=stated(2, "-12.10", "-12.10")))
    assert found.amounts == [-1210, 1210]
    assert "totals-checked" in found.codes
    assert (found.lines[1].currency, found.lines[1].foreign_e4) == ("USD", -130_000)
    masters = {one.key: one for one in found.staged.masters()}
    debtors, revenue, tax = masters["1300"], masters["8000"], masters["H"]
    assert isinstance(debtors, LedgerAccount)
    assert debtors.account_class is AccountClass.ASSET
    assert isinstance(revenue, LedgerAccount)
    assert revenue.statement is Statement.PROFIT_AND_LOSS
    assert isinstance(tax, TaxCode)
    assert tax.rate_e4 == 2_100
    assert getattr(masters["70"], "journal_kind", None) is JournalKind.SALES


def test_clair2_with_its_own_names_words_and_count(tmp_path: Path) -> None:
    found = read(tmp_path, CLAIR2.encode("latin-1"))
    assert found.look.label == "XML Auditfile Financieel CLAIR2.00.00"
    assert found.amounts == [1210, -1210]
    assert found.lines[0].description == "Café"
    assert found.summary.obstacles == ()
    assert "count-mismatch" not in found.codes
    statements = [one.statement for one in found.staged.masters() if isinstance(one, LedgerAccount)]
    assert statements == [Statement.BALANCE_SHEET, Statement.PROFIT_AND_LOSS]


# As genuine files are


def test_totals_that_differ_keep_a_file_out(tmp_path: Path) -> None:
    found = read(tmp_path, odd(Oddity.WRONG_TOTALS))
    assert TOTALS_DIFFER in found.codes
    assert found.summary.obstacles
    assert TOTALS_DIFFER not in read(tmp_path, odd()).codes


def test_counts_of_transactions_are_accepted_and_others_told(tmp_path: Path) -> None:
    counted = read(tmp_path, odd(Oddity.COUNTS_ENTRIES))
    assert "count-mismatch" not in counted.codes
    declared, entries = counted.summary.declared, counted.summary.entries
    assert (declared.lines, declared.entries) == (None, entries - 1), "all but the opening"
    assert read(tmp_path, odd()).summary.declared.lines == counted.summary.lines
    assert "count-mismatch" in read(tmp_path, small(totals=stated(9, "12.10", "12.10"))).codes


def test_bytes_that_are_not_what_is_declared(tmp_path: Path) -> None:
    plain = small(before=ACCOUNTS.replace("Omzet", "Omzet café €"))
    for encoding in ("cp1252", "utf-16"):
        found = read(tmp_path, plain.encode(encoding))
        names = {getattr(one, "name", "") for one in found.staged.masters()}
        assert "Omzet café €" in names
        assert "encoding-guessed" in found.codes
    honest = plain.replace("UTF-8", "Windows-1252").encode("cp1252")
    assert "encoding-guessed" not in read(tmp_path, honest).codes
    assert "encoding-guessed" not in read(tmp_path, plain).codes
    assert read(tmp_path, odd(Oddity.LATIN_BYTES)).summary.balances


def test_ampersands_and_control_characters(tmp_path: Path) -> None:
    name = "Jansen & Zn &amp; Co\x0b &nbsp;"
    found = read(tmp_path, small(before=ACCOUNTS.replace("Omzet", name)))
    names = {getattr(one, "name", "") for one in found.staged.masters()}
    assert "Jansen & Zn & Co &nbsp;" in names
    assert {"ampersands-repaired", "characters-removed"} <= found.codes


def test_line_numbers_that_repeat_get_keys_that_do_not(tmp_path: Path) -> None:
    found = read(tmp_path, odd(Oddity.SAME_NUMBERS))
    assert "duplicate-line-numbers" in found.codes
    assert [one.key for one in found.lines] == [one.key for one in read(tmp_path, odd()).lines]


def test_transactions_with_one_number_in_one_journal_keep_apart_by_line(tmp_path: Path) -> None:
    found = read(tmp_path, small(transaction(SALE) + transaction(SALE, "2") + transaction(SALE)))
    assert found.summary.entries == 2
    assert len({one.key for one in found.lines}) == 6
    assert found.summary.balances


def test_opening_balances(tmp_path: Path) -> None:
    missing = read(tmp_path, small())
    assert "opening-missing" in missing.codes
    held = read(tmp_path, small(before=ACCOUNTS + OPENING))
    assert held.summary.first == dt.date(2024, 1, 1), "not the day before, which is another year's"
    booked = line("1", "1300", "10.00", "D") + line("2", "0500", "10.00", "C")
    repeated = transaction(booked, "0", "2023-12-31", "0") + transaction(SALE)
    twice = read(tmp_path, small(repeated, before=ACCOUNTS + OPENING))
    assert "opening-twice" in twice.codes
    assert twice.staged.totals() == held.staged.totals()
    only = read(tmp_path, small(repeated))
    assert "opening-missing" not in only.codes
    assert only.summary.first == dt.date(2024, 1, 1)
    assert sum(map(abs, only.staged.totals().opening_e4.values())) == 200_000
    differing = read(tmp_path, small(repeated.replace("10.00", "11.00"), before=ACCOUNTS + OPENING))
    assert "opening-twice" in differing.codes
    assert sum(map(abs, differing.staged.totals().opening_e4.values())) == 420_000


def test_an_opening_journal_and_period_thirteen(tmp_path: Path) -> None:
    found = read(tmp_path, small(transaction(SALE, period="001"), journal="O"))
    assert [part.opening for part, _ in found.staged.postings()] == [True]
    closing = read(tmp_path, small(transaction(SALE, date="2024-12-31", period="13")))
    assert [one.period for one in closing.lines] == [13, 13]


def test_an_entry_dated_in_another_year_takes_no_days_of_that_year(tmp_path: Path) -> None:
    found = read(tmp_path, small(transaction(SALE, date="2023-12-28")))
    assert (found.summary.first, found.summary.last_day) == (
        dt.date(2024, 1, 1),
        dt.date(2024, 12, 31),
    )
    assert found.lines[0].date == dt.date(2023, 12, 28)
    assert "dates-outside-year" in found.codes


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (line("1", "1300", "12,1x", "D"), "the amount is not an exact amount"),
        (line("1", "", "12.10", "D"), "no ledger account"),
        (line("1", "1300", "12.10", "?"), "neither debit nor credit"),
        (line("1", "1300", "9" * 20, "D"), "the amount is not an exact amount"),
    ],
)
def test_lines_that_cannot_be_are_rejected_and_named(
    tmp_path: Path, lines: str, reason: str
) -> None:
    found = read(tmp_path, small(transaction(SALE + lines)))
    assert [(one.line, one.reason) for one in found.rejected] == [(3, reason)]
    assert found.summary.obstacles


def test_accounts_only_lines_know(tmp_path: Path) -> None:
    found = read(tmp_path, small(before=""))
    assert "unknown-account" in found.codes
    assert found.summary.accounts == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (small().replace("transactions", "notransactions"), "no-general-ledger"),
        ("<AuditFile><Header/><SourceDocuments/></AuditFile>", "no-general-ledger"),
        (small()[:-60], "malformed"),
        (small().replace("</journal>", "</jurnal>"), "malformed"),
    ],
)
def test_what_is_no_ledger_says_so(tmp_path: Path, content: str, code: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read(tmp_path, content)
    assert refused.value.code == code


def test_the_namespace_and_the_name_do_not_matter(tmp_path: Path) -> None:
    for namespace in ("", "http://www.auditfiles.nl/XAF/2.0", "urn:x"):
        found = read(
            tmp_path, "\ufeff<!-- part 1 of 1 -->" + small(namespace=namespace)[38:], "x.csv"
        )
        assert found.look.format is FileFormat.XAF
        assert found.summary.balances


def test_a_file_of_another_company_or_currency_waits(tmp_path: Path) -> None:
    room = FileRoom(tmp_path / "uploads")
    entity = room.entity()
    room.bring(entity, small())
    other = room.receive(entity, small().replace(">NL1<", ">NL2<").replace(">EUR<", ">NOK<"))
    with pytest.raises(CorrectRequest) as refused:
        room.confirm(other.upload)
    assert "another company" in refused.value.sentence
    assert "another currency" in refused.value.sentence
