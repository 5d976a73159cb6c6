"""What every storage promises about books."""

import base64

import pytest

from core.domain.books import RecordKind
from core.domain.failures import CorrectRequest
from core.domain.money import AMOUNT_E4_MAX
from core.domain.proof import Cell, Finding, FindingKind
from core.ports.books import LineFilter
from core.ports.storage import Storage
from tests.storage.contract_applying import ApplyContract
from tests.storage.contract_generations import GenerationContract
from tests.storage.contract_retention import RetentionContract
from tests.storage.makers import (
    ENT,
    account,
    batch,
    contact,
    day,
    entry,
    invoice,
    journal,
    line,
    pair,
    publish,
)
from tests.storage.views import all_lines


class ReadingContract:
    """Reading books."""

    def test_balances_are_exact_and_empty_cells_absent(self, storage: Storage) -> None:
        big = AMOUNT_E4_MAX
        publish(
            storage,
            1,
            batch(
                line("1", "e1", "1000", big),
                line("2", "e1", "8000", -big),
                line("3", "e1", "9", 5),
                line("4", "e1", "9", -5),
            ),
        )
        with storage.reading() as unit:
            assert unit.books.cells(ENT, 1) == {
                Cell(account_key="1000", year=2025, period=1): big,
                Cell(account_key="8000", year=2025, period=1): -big,
            }
            nine = next(r for r in unit.books.trial_balance(ENT, 1) if r.account_key == "9")
            assert (nine.debit_e4, nine.credit_e4, nine.lines) == (5, 5, 2)

    def test_trial_balance(self, storage: Storage) -> None:
        accounts = [account("k1", code="8000"), account("k2", code="1000"), account("k3")]
        lines = [
            line("1", "e1", "k1", -100, on=1),
            line("2", "e1", "k2", 100, on=1),
            line("3", "e2", "k1", -70, on=40),
            line("4", "e2", "unknown", 70, on=40),
            line("5", "e3", "k2", 1, on=70),
        ]
        publish(storage, 1, batch(*accounts, *lines))
        with storage.reading() as unit:
            rows = unit.books.trial_balance(ENT, 1, since=(2025, 2), until=(2025, 2))
            said = [
                (r.account_key, r.opening_e4, r.debit_e4, r.credit_e4, r.closing_e4, r.lines)
                for r in rows
            ]
            assert said == [
                ("k2", 100, 0, 0, 100, 0),
                ("k1", -100, 0, 70, -170, 1),
                ("unknown", 0, 70, 0, 70, 1),
            ]
            assert rows[0].account == accounts[1]
            assert rows[2].account is None
            whole = unit.books.trial_balance(ENT, 1)
            assert sum(row.closing_e4 for row in whole) == 1
            assert all(row.opening_e4 == 0 for row in whole)

    def test_findings(self, storage: Storage) -> None:
        publish(storage, 1, batch(account("1000"), *pair("e1"), line("x", "e2", "1000", 30)))
        unbalanced = Finding(kind=FindingKind.UNBALANCED_ENTRY, key="e2", amount_e4=30)
        unknown = Finding(kind=FindingKind.UNKNOWN_ACCOUNT, key="8000", amount_e4=-100)
        publish(storage, 2, batch(line("y", "e2", "1000", -30), account("8000")))
        with storage.reading() as unit:
            assert list(unit.books.findings(ENT, 1, limit=9)) == [unknown, unbalanced]
            assert list(unit.books.findings(ENT, 1, limit=1)) == [unknown]
            assert list(unit.books.findings(ENT, 2, limit=9)) == []

    def test_lines_come_in_order_page_by_page(self, storage: Storage) -> None:
        lines = [
            line("b", "e1", on=1, position=2),
            line("c", "e1", on=1, position=10),
            line("a", "e2", on=1, position=1),
            line("e", "e2", on=1, position=1),
            line("d", "e0", on=2),
        ]
        publish(storage, 1, batch(*reversed(lines), entry("e1")))
        with storage.reading() as unit:
            for limit in (1, 2, 5, 1_000_000):
                found = list(all_lines(unit.books, ENT, 1, LineFilter(), limit))
                assert [row.line for row in found] == lines
            assert found[0].entry == entry("e1")
            assert found[4].entry is None
            assert not unit.books.lines("ent_9", 1, where=LineFilter()).rows

    def test_line_filters_hold_together(self, storage: Storage) -> None:
        publish(
            storage,
            1,
            batch(
                journal("j1"),
                entry("e1", 1, journal_key="j1", description="Huur ÉTÉ"),
                line("1", "e1", "1000", on=1, contact_key="c1", description="100% Café"),
                line("2", "e1", "8000", on=2, description="snake_case"),
                line("3", "e2", "1000", on=40, contact_key="c1"),
            ),
        )
        cases = {
            "13": LineFilter(account_key="1000"),
            "12": LineFilter(entry_key="e1"),
            "1 2": LineFilter(journal_key="j1"),
            "1 3": LineFilter(contact_key="c1"),
            "23": LineFilter(date_from=day(2)),
            "1 2 ": LineFilter(date_to=day(2)),
            "2": LineFilter(date_from=day(2), date_to=day(2)),
            "3": LineFilter(year=2025, period=2),
            "": LineFilter(year=2024),
            "1": LineFilter(text="100%"),
            " 1": LineFilter(text="cAFÉ"),
            " 2": LineFilter(text="E_c"),
            "12 ": LineFilter(text="été"),
            "12  ": LineFilter(text="nE1"),
            "1  ": LineFilter(journal_key="j1", account_key="1000", contact_key="c1", year=2025),
            "  ": LineFilter(journal_key="j9"),
        }
        with storage.reading() as unit:
            for expected, where in cases.items():
                found = "".join(row.line.key for row in all_lines(unit.books, ENT, 1, where))
                assert found == expected.replace(" ", ""), where

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "nonsense",
            "é",
            base64.urlsafe_b64encode(b"[1]").decode(),
            base64.urlsafe_b64encode(b'["lines","2025-01-01","e",true,"k"]').decode(),
            base64.urlsafe_b64encode(b'["changes","k","x"]').decode(),
            base64.urlsafe_b64encode(b"[" * 3_000).decode(),
            "A" * 100_000,
        ],
    )
    def test_foreign_cursors_are_refused(self, storage: Storage, cursor: str) -> None:
        with storage.reading() as unit:
            with pytest.raises(CorrectRequest) as one:
                unit.books.lines(ENT, 1, where=LineFilter(), cursor=cursor)
            with pytest.raises(CorrectRequest) as other:
                unit.books.changed_lines(ENT, older=0, newer=1, cursor=cursor)
        assert (one.value.code, other.value.code) == ("bad-cursor", "bad-cursor")

    def test_an_entry_with_its_lines_by_position(self, storage: Storage) -> None:
        second, first = line("a", "e1", position=2), line("b", "e1", position=1)
        publish(storage, 1, batch(second, first, entry("e1"), line("c", "e2")))
        with storage.reading() as unit:
            held = unit.books.entry(ENT, 1, "e1")
            assert held is not None
            assert (held[0], list(held[1])) == (entry("e1"), [first, second])
            assert unit.books.entry(ENT, 1, "e2") is None

    def test_masters_and_pages(self, storage: Storage) -> None:
        contacts = [contact(key) for key in ("a", "b", "c")]
        publish(
            storage,
            1,
            batch(
                *reversed(contacts),
                account("k2", code="10"),
                account("k1", code="10"),
                account("k3", code="1"),
                invoice("i2"),
                invoice("i1"),
            ),
        )
        with storage.reading() as unit:
            books = unit.books
            assert [held.key for held in books.accounts(ENT, 1)] == ["k3", "k1", "k2"]
            assert list(books.contacts(ENT, 1)) == contacts
            assert list(books.contacts(ENT, 1, after="a", limit=1)) == contacts[1:2]
            assert [held.key for held in books.invoices(ENT, 1, limit=1)] == ["i1"]
            assert [held.key for held in books.invoices(ENT, 1, after="i1")] == ["i2"]
            assert books.counts(ENT, 1)[RecordKind.CONTACT] == 3
            assert set(books.counts("ent_9", 1)) == set(RecordKind)


class BooksContract(ApplyContract, GenerationContract, ReadingContract, RetentionContract):
    """All of it. Subclasses give the fixture ``storage``."""
