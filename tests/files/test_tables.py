"""Tables as people and packages make them: what is detected, what is read, what is refused."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest

from core.domain.books import AccountClass, LedgerAccount, Statement
from core.domain.failures import CorrectRequest, NotUnderstood
from core.domain.file_import import DateOrder, EntriesBy, FileFormat, Target
from tests.files.reading import read

HEADER = "Datum;Dagboek;Boekstuk;Rekening;Omschrijving;Debet;Credit\n"
TWO = "31-01-2024;70;1;1300;a;1.234,56;\n31-01-2024;70;1;8000;b;;1.234,56\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = HEADER + TWO.replace(";a;", ";Café Ünïcode €;")
    found = read(tmp_path, text.encode(encoding))
    assert [line.description for line in found.lines] == ["Café Ünïcode €", "b"]
    assert found.summary.balances
    assert ("encoding-guessed" in found.codes) == (encoding in {"cp1252", "utf-16-le", "utf-16-be"})


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_separators_and_line_ends(tmp_path: Path, separator: str, end: str) -> None:
    text = (HEADER + TWO.replace("1.234,56", '"1.234,56"')).replace(";", separator)
    found = read(tmp_path, text.replace("\n", end))
    assert found.look.mapping is not None
    assert found.look.mapping.separator == separator
    assert found.amounts == [123456, -123456]
    assert [number for number, _ in found.look.sample] == [2, 3]


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("1.234,56", 123456),
        ("1234,56", 123456),
        ("-12,50", -1250),
        ("12,50-", -1250),
        ("(12,50)", -1250),
        ("€ 1.234,50", 123450),
        ("1 234,50", 123450),
        ("1'234,50", 123450),
        ("12,50 CR", -1250),
        ("12,50 D", 1250),
        ("1.234.567", 123456700),
    ],
)
def test_amounts_in_every_style(tmp_path: Path, cell: str, cents: int) -> None:
    text = f"Datum;Rekening;Boekstuk;Bedrag\n2024-01-31;1;1;{cell}\n2024-01-31;2;1;0,01\n"
    assert read(tmp_path, text).amounts == [cents, 1]


def test_a_column_may_say_debit_or_credit(tmp_path: Path) -> None:
    text = "Datum;Rekening;Boekstuk;Bedrag;D/C\n2024-01-31;1;1;5,00;D\n2024-01-31;2;1;5,00;C\n"
    assert read(tmp_path, text).amounts == [500, -500]


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (("31-01-2024", "01-02-2024"), DateOrder.DMY),
        (("01/31/2024", "02/01/2024"), DateOrder.MDY),
        (("2024-01-31", "20240201"), DateOrder.YMD),
        (("31 jan 2024", "1 februari 2024"), DateOrder.YMD),
        (("45322", "45323"), DateOrder.YMD),
    ],
)
def test_dates_tell_their_order_by_the_whole_column(
    tmp_path: Path, dates: tuple[str, str], order: DateOrder
) -> None:
    rows = "".join(f"{date},1000,{at},1.00\n" for at, date in enumerate(dates))
    found = read(tmp_path, "Date,Account,Entry,Amount\n" + rows)
    assert found.look.mapping is not None
    assert found.look.mapping.date_order is order
    assert [line.date for line in found.lines] == [dt.date(2024, 1, 31), dt.date(2024, 2, 1)]


def test_what_a_file_leaves_open_is_asked(tmp_path: Path) -> None:
    text = "Date,Account,Entry,Amount\n01/02/2024,1,1,1.234\n01/02/2024,2,1,-1.234\n"
    found = read(tmp_path, text)
    assert {"ambiguous-date", "ambiguous-decimal"} <= found.codes
    told = read(tmp_path, text, date_order="mdy", decimal=",")
    assert not told.summary.questions
    assert told.lines[0].date == dt.date(2024, 1, 2)
    assert told.amounts == [123400, -123400]


def test_a_date_late_in_a_long_file_decides(tmp_path: Path) -> None:
    rows = "".join(f"01/02/2024,1000,{at},1.00\n" for at in range(3_000))
    found = read(tmp_path, "Date,Account,Entry,Amount\n" + rows + "13/02/2024,1000,9,1.00\n")
    assert found.look.mapping is not None
    assert found.look.mapping.date_order is DateOrder.DMY


def test_title_lines_and_totals_are_no_lines(tmp_path: Path) -> None:
    text = f"Bakkerij Blom\nGrootboek 2024\n\n{HEADER}{TWO}Totaal;;;;;1.234,56;1.234,56\n"
    found = read(tmp_path, text)
    assert found.summary.lines == 2
    assert found.summary.declared.debit_e4 == 12345600
    assert found.summary.balances


def test_a_total_that_is_not_the_sum_keeps_the_file_out(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEADER}{TWO}Totaal;;;;;9.999,00;9.999,00\n")
    assert "control-total-mismatch" in found.codes
    assert not found.summary.balances


def test_rejected_rows_say_which_line_and_why(tmp_path: Path) -> None:
    text = (
        HEADER
        + "31-02-2024;70;1;1300;a;1,00;\n31-01-2024;70;1;;a;1,00;\n31-01-2024;70;;1300;a;1,00;\n"
        + "31-01-2024;70;1;1300;a;;\n31-01-2024;70;1;1300;a;1,23456;\n"
        + TWO
    )
    found = read(tmp_path, text)
    assert found.summary.lines == 2
    assert [(one.line, one.reason.split(":")[0]) for one in found.rejected] == [
        (2, "no date in the order of this file"),
        (3, "no ledger account"),
        (4, "no entry number"),
        (5, "no amount"),
        (6, "the amount is not an exact amount with the decimal sign of this file"),
    ]


def test_a_quote_that_stays_open_costs_its_line_only(tmp_path: Path) -> None:
    rows = TWO + '31-01-2024;70;2;1300;"open;5,00;\n' + TWO.replace(";1;", ";3;")
    found = read(tmp_path, HEADER + rows)
    assert found.summary.lines == 4
    assert [one.line for one in found.rejected] == [4]
    lines = HEADER + '31-01-2024;70;1;1300;"two\nlines; ""quoted""";1,00;1,00\n'
    assert read(tmp_path, lines).lines[0].description == 'two\nlines; "quoted"'
    sloppy = HEADER + '31-01-2024;70;1;1300;"Piet" de Vries;1,00;1,00\n'
    assert read(tmp_path, sloppy).summary.lines == 1


def test_entries_by_number_or_by_date(tmp_path: Path) -> None:
    rows = TWO + TWO.replace("70;1", "70;2") + TWO.replace("31-01", "30-01").replace("70;1", "70;3")
    by_number = read(tmp_path, HEADER + rows)
    assert by_number.summary.entries == 3
    by_date = read(tmp_path, HEADER + rows, entries_by="date")
    assert by_date.summary.entries == 2
    assert by_date.look.mapping is not None
    assert by_date.look.mapping.entries_by is EntriesBy.DATE


def test_lines_torn_apart_by_account_keep_their_keys_when_others_come(tmp_path: Path) -> None:
    def ledger(*numbers: int) -> str:
        debit = "".join(f"31-01-2024;70;{one};1300;a;1,00;\n" for one in numbers)
        return HEADER + debit + debit.replace("1300;a;1,00;", "8000;b;;1,00")

    few = read(tmp_path / "few", ledger(1, 3))
    more = read(tmp_path / "more", ledger(1, 2, 3))
    assert few.summary.balances
    assert (few.summary.entries, more.summary.entries) == (2, 3)
    keys = [line.key for line in more.lines]
    assert len(keys) == len(set(keys)) == 6
    assert {line.key for line in few.lines} < set(keys)


def test_a_broken_fiscal_year(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + TWO.replace("31-01", "31-07"), year_starts_in_month=7)
    assert {(line.year, line.period) for line in found.lines} == {(2025, 1)}


def test_account_types_and_names(tmp_path: Path) -> None:
    text = (
        "Datum;Boekstuk;Rekening;Rekeningnaam;Rekeningtype;Bedrag\n"
        "2024-01-31;1;1300;Debiteuren;Balans;5,00\n2024-01-31;1;8000;Omzet;Omzet;-5,00\n"
    )
    accounts = [
        one for one in read(tmp_path, text).staged.masters() if isinstance(one, LedgerAccount)
    ]
    assert [(one.name, one.statement, one.account_class) for one in accounts] == [
        ("Debiteuren", Statement.BALANCE_SHEET, AccountClass.UNKNOWN),
        ("Omzet", Statement.PROFIT_AND_LOSS, AccountClass.INCOME),
    ]


PRESETS = {
    "SnelStart": (
        "fldDagboek;fldBoekingcode;fldDatum;fldGrootboeknummer;fldDebet;fldCredit;fldOmschrijving\n"
        "70;1;31-01-2024;1300;5,00;;a\n70;1;31-01-2024;8000;;5,00;a\n"
    ),
    "AFAS": (
        "Jaar,Periode,Datum_boeking,Boekstuknummer,Boekstukdatum,Factuurnummer,Omschrijving,Bedrag,"
        "Bedrag_debet,Bedrag_credit,Code_dagboek,Rekening\n"
        "2024,1,31-01-2024,1,30-01-2024,F1,a,5.00,5.00,,70,1300\n"
        "2024,1,31-01-2024,1,30-01-2024,F1,a,-5.00,,5.00,70,8000\n"
    ),
    "Xero, Account Transactions": (
        "Account Transactions\nDemo\nFor the year\n\n"
        "Date,Source,Description,Reference,Debit,Credit,Running Balance,Gross,Tax\n"
        "Accounts Receivable\n"
        "Opening Balance,,,,0.00,0.00,0.00,,\n"
        "31 Jan 2024,Receivable Invoice,a,R,5.00,0.00,5.00,5.00,0.00\n"
        "Total Accounts Receivable,,,,5.00,0.00,5.00,,\n"
        "Closing Balance,,,,5.00,0.00,5.00,,\n"
        "Sales\n31 Jan 2024,Receivable Invoice,a,R,0.00,5.00,-5.00,5.00,0.00\n"
        "Total Sales,,,,0.00,5.00,-5.00,,\nTotal,,,,5.00,5.00,0.00,,\n"
    ),
    "QuickBooks Online, Journal": (
        "Demo\nJournal\nJanuary 2024\n\n"
        "Date,Transaction Type,Num,Name,Memo/Description,Account,Debit,Credit\n"
        "01/31/2024,Invoice,1001,Cool Cars,a,Accounts Receivable (A/R),5.00,\n"
        ",,,,,Sales,,5.00\n,,,,,,$5.00,$5.00\n\nTOTAL,,,,,,$5.00,$5.00\n"
    ),
    "NetSuite, transaction search": (
        "Internal ID,Date,Period,Type,Document Number,Account,Name,Memo,Debit,Credit,Subsidiary\n"
        "17,1/31/2024,Jan 2024,Invoice,I1,1100 Debtors,X,a,5.00,,Y\n"
        "17,1/31/2024,Jan 2024,Invoice,I1,4000 Sales,X,a,,5.00,Y\n"
    ),
    "FEC": (
        "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|"
        "PieceRef|PieceDate|EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|"
        "Idevise\n"
        "VE|Ventes|1|20240131|411000|Clients|C1|Dupont|P1|20240131|a|5,00|0,00|||20240201||\n"
        "VE|Ventes|1|20240131|707000|Ventes|||P1|20240131|a|0,00|5,00|||20240201||\n"
    ),
    "Exact Globe": "".join(
        ",".join(cells) + "\n"
        for cells in (
            ["0", "V", "70", "1", "1", "", "a", "31-01-24", "", "", "", "", "0.00", *[""] * 17],
            ["1", "V", "70", "1", "1", "", "a", "31-01-24", "1300", "", "", "", "5.00", *[""] * 17],
            [
                "2",
                "V",
                "70",
                "1",
                "1",
                "",
                "a",
                "31-01-24",
                "8000",
                "",
                "",
                "",
                "-5.00",
                *[""] * 17,
            ],
        )
    ),
}


@pytest.mark.parametrize("name", PRESETS)
def test_exports_that_are_known_by_their_header(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, PRESETS[name])
    assert found.look.mapping is not None
    assert found.look.mapping.preset == name
    assert not found.summary.questions, found.summary.remarks
    assert found.amounts == [500, -500], found.rejected
    assert found.summary.entries == 1
    assert found.summary.difference_e4 == 0
    assert found.lines[0].date == dt.date(2024, 1, 31)
    if name != "Exact Globe":  # its entry heads have no account and are named as rejected
        assert found.summary.balances, found.summary.obstacles


def test_exports_that_are_no_whole_ledger_are_refused_with_what_to_take_instead(
    tmp_path: Path,
) -> None:
    general = "Date,Transaction Type,Num,Name,Memo/Description,Split,Amount,Balance\n"
    for text, word in (
        (general + "01/31/2024,Invoice,1,x,a,Sales,5.00,5.00\n", "Journal report"),
        ('"EXTF";700;21;"Buchungsstapel"\n', "DATEV"),
    ):
        with pytest.raises(NotUnderstood, match=word):
            read(tmp_path, text)


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Blad 1")
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_workbooks_are_read_as_saved_and_formulas_never_run(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Grootboek"],
        ["Datum", "Rekening", "Boekstuk", "Omschrijving", "Bedrag"],
        [dt.date(2024, 1, 31), 1300, 1, "a", 0.1 + 0.2],
        [45322, "8000", 1, '=HYPERLINK("http://x")', -0.30000000000000004],
        [
            dt.datetime(2024, 2, 1, 12, 30),  # noqa: DTZ001 - a sheet knows no zone
            "8000",
            2,
            None,
            "1.234,50",
        ],
        [dt.date(2024, 2, 1), "8000", 2, None, "=1+1"],
    ]
    found = read(tmp_path, workbook(rows))
    assert found.look.format is FileFormat.XLSX
    assert [line.amount_e4 for line in found.lines] == [3000, -3000, 12345000]
    assert [line.account_key for line in found.lines] == ["1300", "8000", "8000"]
    assert found.lines[1].description is None
    assert [(one.line, one.reason) for one in found.rejected] == [(6, "no amount")]
    with pytest.raises(CorrectRequest, match="no sheet"):
        read(tmp_path, workbook(rows), sheet="Sheet9")


def test_the_reading_row_by_row_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(
        f"{1 + at % 28:02d}-{1 + at % 12:02d}-2024;7{at % 3};{at // 3};{1000 + at % 7};N{at % 9};"
        f" d{at} ;{at % 50},{at % 100:02d}{'-' if at % 11 == 0 else ''};"
        f"{'1,00' if at % 5 else ''}\n"
        for at in range(5_500)
    )
    text = "Datum;Dagboek;Boekstuk;Rekening;Rekeningnaam;Omschrijving;Debet;Credit\n" + rows
    quick = read(tmp_path / "quick", text)
    monkeypatch.setattr("adapters.files.table_parts.take_quickly", lambda _parts, _chunk: False)
    slow = read(tmp_path / "slow", text)
    assert quick.lines == slow.lines
    assert quick.summary == slow.summary
    assert quick.staged.masters() == slow.staged.masters()
    assert quick.staged.totals() == slow.staged.totals()


def test_columns_are_known_by_many_words(tmp_path: Path) -> None:
    text = "Buchungsdatum;Konto;Belegnummer;Buchungstext;Soll;Haben\n31.01.2024;1;1;a;1,00;1,00\n"
    mapping = read(tmp_path, text).look.mapping
    assert mapping is not None
    assert mapping.columns.keys() >= {Target.DATE, Target.ACCOUNT, Target.DEBIT, Target.CREDIT}
