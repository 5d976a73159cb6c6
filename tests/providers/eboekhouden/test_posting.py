"""Double entry from documents: each type, each way to tell VAT, credit notes, cents."""

import datetime as dt
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.eboekhouden import rest_rows, sums
from adapters.providers.eboekhouden.blocks import (
    BLOCKS_MAX,
    PENDING_NUMBERS_MAX,
    Blocks,
    Head,
    by_month,
    fitting,
    gathered,
    joined,
    split,
)
from adapters.providers.eboekhouden.bookmark import (
    LEDGERS_MAX,
    Bookmark,
    Marks,
    Mode,
    Stage,
    Way,
    starting,
)
from adapters.providers.eboekhouden.chart import Chart, Ledger
from adapters.providers.eboekhouden.checking import better_rules, with_lines
from adapters.providers.eboekhouden.documents import Kind, Mutation, Row
from adapters.providers.eboekhouden.invoice_accounts import InvoiceAccounts
from adapters.providers.eboekhouden.posting import Rules, booked
from adapters.providers.eboekhouden.vat import BELGIAN, DUTCH, Treatment, rate_e4, rule_of
from core.domain.books import BOOKMARK_CHARACTERS_MAX, Invoice, JournalLine

DAY = dt.date(2025, 3, 1)
CHART = Chart(
    (
        Ledger(1, "1100", "FIN"),
        Ledger(2, "1300", "DEB"),
        Ledger(3, "1600", "CRED"),
        Ledger(4, "1500", "AF19"),
        Ledger(5, "1505", "AF6"),
        Ledger(6, "1510", "AFOVERIG"),
        Ledger(7, "1520", "VOOR"),
        Ledger(8, "8000", "VW"),
        Ledger(9, "4000", "VW"),
        Ledger(10, "0100", "BAL"),
    )
)
BANK, DEB, CRED, HIGH, LOW, OTHER, INPUT, SALES, COST, GOODS = map(str, range(1, 11))


def mutation(kind: int, main: str | None, *rows: Row, **told: object) -> Mutation:
    return Mutation(number=5, kind=kind, date=DAY, main_key=main, rows=rows, **told)  # type: ignore[arg-type]  # fields of the test's own


def row(account: str | None, euros: str, code: str = "GEEN", vat: str | None = None) -> Row:
    vat_e4 = None if vat is None else int(Decimal(vat) * 10_000)
    return Row(
        account_key=account, amount_e4=int(Decimal(euros) * 10_000), vat_code=code, vat_e4=vat_e4
    )


def euros(found: Mutation, rules: Rules | None = None) -> list[tuple[str, str]]:
    """Account and amount of each line, which come to nothing where there is a main account."""
    lines = [
        line
        for line in booked(found, CHART, rules or Rules()).records
        if isinstance(line, JournalLine)
    ]
    assert not sum(line.amount_e4 for line in lines)
    assert len({line.key for line in lines}) == len(lines)
    return [(line.account_key, f"{Decimal(line.amount_e4) / 10_000:.2f}") for line in lines]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            mutation(Kind.SOLD, DEB, row(SALES, "100", "HOOG_VERK_21")),
            [(DEB, "121.00"), (SALES, "-100.00"), (HIGH, "-21.00")],
            id="sale-excluding",
        ),
        pytest.param(
            mutation(Kind.SOLD, DEB, row(SALES, "109", "LAAG_VERK_9"), including=True),
            [(DEB, "109.00"), (SALES, "-100.00"), (LOW, "-9.00")],
            id="sale-including",
        ),
        pytest.param(
            mutation(Kind.SOLD, DEB, row(SALES, "-100", "HOOG_VERK_21")),
            [(DEB, "-121.00"), (SALES, "100.00"), (HIGH, "21.00")],
            id="credit-note",
        ),
        pytest.param(
            mutation(
                Kind.SOLD,
                DEB,
                row(SALES, "10.01", "HOOG_VERK_21"),
                row(GOODS, "20.01", "HOOG_VERK_21"),
                vat_e4={"HOOG_VERK_21": 63_100},
            ),
            [(DEB, "36.33"), (SALES, "-10.01"), (GOODS, "-20.01"), (HIGH, "-6.31")],
            id="totals-are-believed",
        ),
        pytest.param(
            mutation(
                Kind.BOUGHT,
                CRED,
                row(COST, "12.11", "HOOG_INK_21"),
                row(GOODS, "24.21", "HOOG_INK_21"),
                including=True,
                vat_e4={"HOOG_INK_21": 63_100},
            ),
            [(CRED, "-36.32"), (COST, "10.01"), (GOODS, "20.00"), (INPUT, "6.31")],
            id="the-cent-is-the-largest-row's",
        ),
        pytest.param(
            mutation(Kind.BOUGHT, CRED, row(COST, "100", "VERL_INK", "21")),
            [(CRED, "-100.00"), (COST, "100.00"), (INPUT, "21.00"), (OTHER, "-21.00")],
            id="shifted",
        ),
        pytest.param(
            mutation(Kind.BOUGHT, CRED, row(COST, "100", "AFW", "3.50")),
            [(CRED, "-103.50"), (COST, "100.00"), (INPUT, "3.50")],
            id="entered-by-hand",
        ),
        pytest.param(
            mutation(Kind.SOLD, DEB, row(SALES, "100", "BI_EU_VERK_D")),
            [(DEB, "100.00"), (SALES, "-100.00")],
            id="sale-abroad",
        ),
        pytest.param(
            mutation(Kind.RECEIVED, BANK, row(None, "60"), row(None, "40")),
            [(BANK, "100.00"), (DEB, "-60.00"), (DEB, "-40.00")],
            id="received-for-two",
        ),
        pytest.param(
            mutation(Kind.PAID, BANK, row(None, "-40")),
            [(BANK, "40.00"), (CRED, "-40.00")],
            id="refund-of-a-supplier",
        ),
        pytest.param(
            mutation(Kind.MONEY_IN, BANK, row(SALES, "121", "HOOG_VERK_21"), including=True),
            [(BANK, "121.00"), (SALES, "-100.00"), (HIGH, "-21.00")],
            id="money-in",
        ),
        pytest.param(
            mutation(Kind.MONEY_OUT, BANK, row(COST, "121", "HOOG_INK_21"), including=True),
            [(BANK, "-121.00"), (COST, "100.00"), (INPUT, "21.00")],
            id="money-out",
        ),
        pytest.param(
            mutation(Kind.MEMORIAL, GOODS, row(COST, "30"), row(BANK, "-10")),
            [(GOODS, "20.00"), (COST, "-30.00"), (BANK, "10.00")],
            id="memorial",
        ),
        pytest.param(
            mutation(Kind.OPENING, None, row(BANK, "50"), row(GOODS, "-50")),
            [(BANK, "50.00"), (GOODS, "-50.00")],
            id="opening",
        ),
        pytest.param(
            mutation(Kind.SOLD, DEB, row(SALES, "0", "HOOG_VERK_21")),
            [(DEB, "0.00"), (SALES, "0.00")],
            id="of-nothing",
        ),
        pytest.param(
            mutation(9, BANK, row(COST, "1")),
            [(BANK, "1.00"), (COST, "-1.00")],
            id="of-a-type-nobody-knows",
        ),
    ],
)
def test_documents_become_double_entry(found: Mutation, expected: list[tuple[str, str]]) -> None:
    assert euros(found) == expected


def test_other_rules_turn_what_is_not_documented() -> None:
    memorial = mutation(Kind.MEMORIAL, GOODS, row(COST, "30"))
    assert euros(memorial, Rules(memorial=-1)) == [(GOODS, "-30.00"), (COST, "30.00")]
    shifted = mutation(Kind.BOUGHT, CRED, row(COST, "100", "VERL_INK"))
    assert euros(shifted, Rules(due="AF19"))[-1] == (HIGH, "-21.00")
    assert euros(shifted, Rules(due="")) == [(CRED, "-100.00"), (COST, "100.00")]


def test_an_invoice_is_told_with_its_term() -> None:
    sold = mutation(
        Kind.SOLD, DEB, row(SALES, "100", "HOOG_VERK_21"), term_days=14, invoice_number="7"
    )
    (invoice,) = [
        record for record in booked(sold, CHART, Rules()).records if isinstance(record, Invoice)
    ]
    assert (invoice.total_e4, invoice.tax_e4) == (1_210_000, 210_000)
    assert invoice.due_date == dt.date(2025, 3, 15)
    bought = mutation(Kind.BOUGHT, CRED, row(COST, "100", "VERL_INK"))
    (invoice,) = [
        record for record in booked(bought, CHART, Rules()).records if isinstance(record, Invoice)
    ]
    assert (invoice.total_e4, invoice.tax_e4, invoice.due_date) == (1_000_000, 0, None)


@given(
    st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=6),
    st.sampled_from(["HOOG_INK_21", "LAAG_INK_9", "GEEN", "VERL_INK"]),
    st.booleans(),
    st.one_of(st.none(), st.integers(-(10**6), 10**6)),
)
def test_lines_balance_and_keep_cents(
    cents: list[int], code: str, including: bool, total: int | None
) -> None:
    rows = [row(COST, f"{Decimal(value) / 100}", code) for value in cents]
    told = {} if total is None else {code: total * 100}
    found = mutation(
        Kind.BOUGHT, CRED, *rows, including=including and code != "VERL_INK", vat_e4=told
    )
    result = booked(found, CHART, Rules())
    assert sum(posting.amount_e4 for posting in result.postings) == 0
    assert all(posting.amount_e4 % 100 == 0 for posting in result.postings)
    if total and code in {"HOOG_INK_21", "LAAG_INK_9"}:
        claimed = [posting for posting in result.postings if posting.account_key == INPUT]
        assert sum(posting.amount_e4 for posting in claimed) == total * 100
    if including:
        gross = -sum(cents) * 100
        assert result.postings[0].amount_e4 == gross


@pytest.mark.parametrize(
    ("code", "day", "rate"),
    [
        ("HOOG_VERK_21", "2025-01-01", 2_100),
        ("HOOG_VERK", "2012-09-30", 1_900),
        ("HOOG_INK", "2012-10-01", 2_100),
        ("LAAG_VERK", "2018-12-31", 600),
        ("LAAG_INK", "2019-01-01", 900),
        ("LAAG_INK_9", "2018-12-31", 900),
        ("VERL_INK_L9", "2025-01-01", 900),
        ("VERL_INK_L", "2025-01-01", 600),
        ("VERL_INK", "2025-01-01", 2_100),
        ("BE_VERL_6_INK", "2025-01-01", 600),
        ("BE_IC_D_21_INK", "2025-01-01", 2_100),
        ("BE_12_VERK", "2025-01-01", 1_200),
    ],
)
def test_rates_follow_name_and_law(code: str, day: str, rate: int) -> None:
    assert rate_e4(code, dt.date.fromisoformat(day)) == rate


def test_every_code_of_the_list_has_a_rule() -> None:
    untaxed = {code for code in DUTCH + BELGIAN if rule_of(code).treatment is Treatment.NONE}
    assert untaxed == {
        "GEEN", "VERL_VERK", "VERL_VERK_L9", "BU_EU_VERK", "AFST_VERK", "BI_EU_VERK",
        "BI_EU_VERK_D", "BE_0_VERK", "BE_0_INK", "BE_IC_D_VERK", "BE_VERL_VERK", "BE_IC_VERK",
        "BE_EXP_VERK",
    }  # fmt: skip
    assert rule_of("NEVER_HEARD").treatment is Treatment.NONE


def test_amounts_keep_their_digits() -> None:
    told = rest_rows.MUTATION.decode(
        b'{"type":2,"date":"2025-03-01T00:00:00","ledgerId":2,"inExVat":"IN",'
        b'"rows":[{"ledgerId":8,"amount":121.00000000000001,"vatCode":"HOOG_VERK_21",'
        b'"vatAmount":null}],"vat":null,"unheard":[1]}'
    )
    found = rest_rows.mutation(told, 0)
    assert (found.number, found.date, found.rows[0].amount_e4) == (0, DAY, 1_210_000)
    assert euros(found) == [(DEB, "121.00"), (SALES, "-100.00"), (HIGH, "-21.00")]


# -- accounts of payments --------------------------------------------------------------------------


def test_payments_are_on_the_accounts_of_their_invoices() -> None:
    asked: list[tuple[int, str]] = []

    def ask(kind: int, number: str) -> set[int]:
        asked.append((kind, number))
        return {"1": {12}, "2": set(), "3": {2, 12}}[number]

    two = Chart((*CHART.ledgers, Ledger(12, "1299", "DEB")))
    accounts = InvoiceAccounts(ask)

    def filled(*numbers: str) -> list[str | None]:
        rows = [evolve(row(None, "1"), invoice_number=number) for number in numbers]
        found = accounts.filled_in(mutation(Kind.RECEIVED, BANK, *rows), two)
        return [one.account_key for one in found.rows]

    assert filled("1") == ["12"]
    assert filled("1", "2") == ["12", "12"]
    assert filled("2") == [None]
    assert filled("3") == [None]
    assert asked == [(Kind.SOLD, "1"), (Kind.SOLD, "2"), (Kind.SOLD, "3")]
    single = mutation(Kind.RECEIVED, BANK, row(None, "1"))
    assert accounts.filled_in(single, CHART) is single


# -- checksums and bookmarks -----------------------------------------------------------------------


def test_rules_are_changed_only_for_an_exact_fit() -> None:
    marks = Marks()
    found = [
        mutation(Kind.MEMORIAL, GOODS, row(COST, "30")),
        mutation(Kind.BOUGHT, CRED, row(COST, "100", "VERL_INK")),
        mutation(Kind.OPENING, None, row(BANK, "50"), row(GOODS, "-50")),
    ]
    for one in found:
        marks = with_lines(marks, one, booked(one, CHART, Rules()))
    for wanted in (Rules(-1, 1, "AF6"), Rules(1, -1, "AF19"), Rules(-1, -1, "")):
        total = sum(
            sums.of_postings(
                (p.account_key, p.amount_e4) for p in booked(one, CHART, wanted).postings
            )
            for one in found
        )
        assert better_rules(marks, Rules(), CHART, total % sums.MODULUS) == wanted
    assert better_rules(marks, Rules(), CHART, marks.total) is None
    assert better_rules(marks, Rules(), CHART, marks.total + 1) is None


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=3_000, unique=True))
def test_wider_blocks_say_the_same(numbers: list[int]) -> None:
    heads = [Head(number, f"2025{number % 12 + 1:02d}", number * 7) for number in numbers]
    fresh = gathered(heads, 8)
    held = {key: joined(value, value * 3) for key, value in fresh.items()}
    blocks = fitting(Blocks(held=held), heads)
    assert len(blocks.held) <= BLOCKS_MAX
    assert {key: split(text)[0] for key, text in blocks.held.items()} == gathered(
        heads, blocks.width
    )
    assert by_month(blocks.held) == by_month(held)


def test_the_fullest_bookmark_fits() -> None:
    blocks = {f"202512/{place:05d}": "x" * 16 for place in range(BLOCKS_MAX)}
    relations = {f"/{place:06d}": "x" * 16 for place in range(BLOCKS_MAX)}
    full = Bookmark(
        way=Way.REST,
        mode=Mode.CHANGES,
        stage=Stage.CHECK,
        started_at=1_800_000_000,
        ledgers=tuple(
            Ledger(21_000_000 + place, f"{place:010d}", "AFOVERIG") for place in range(LEDGERS_MAX)
        ),
        blocks=Blocks(width=4_096, held=blocks),
        relations=Blocks(width=4_096, held=relations),
        todo=tuple(range(10_000_000, 10_000_000 + PENDING_NUMBERS_MAX)),
        queue=tuple(f"2025{month:02d}" for month in range(1, 13)),
        apart={f"2025{place:02d}": sums.MODULUS - 1 for place in range(99)},
        told={f"2025{place:02d}": sums.MODULUS - 1 for place in range(99)},
        years=frozenset(range(2000, 2030)),
        touched=frozenset(range(2000, 2030)),
    )
    text = full.encoded()
    assert len(text) < BOOKMARK_CHARACTERS_MAX
    assert starting(text, way=Way.REST, now=0) == full


@pytest.mark.parametrize("text", ["", "start over", "{}", '{"v":9}'])
def test_a_bookmark_of_another_kind_starts_over(text: str) -> None:
    begun = starting(text, way=Way.REST, now=7)
    assert (begun.mode, begun.stage, begun.started_at) == (Mode.WHOLE, Stage.ACCOUNTS, 7)


def test_a_bookmark_of_the_other_interface_starts_over() -> None:
    done = Bookmark(way=Way.SOAP, mode=Mode.CHANGES, stage=Stage.DONE, started_at=1)
    assert starting(done.encoded(), way=Way.REST, now=7).mode is Mode.WHOLE
    assert starting(done.encoded(), way=Way.SOAP, now=7).mode is Mode.CHANGES
