"""CSV Import against files exported from made-up books: what every source must do, and files too.

An operator stands in for the provider: a changed year is exported anew and uploaded over the old.
"""

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import openpyxl
import pytest

from adapters.files import audit_parts, csv_rows, table_parts
from adapters.providers.csv_import.source import key_of
from adapters.providers.kit.calls import Kit
from core.domain.failures import CorrectRequest, FixSettings, NotUnderstood
from core.domain.file_import import UploadStatus
from core.domain.integration import Administration
from core.domain.proof import Verdict, hold_against
from core.ports.provider import Source
from sandbox.books import Books
from sandbox.files import dutch_csv, saft_no, workbook, xaf
from sandbox.world import COMPANIES as ALL_COMPANIES
from tests.fakes import FakeClock
from tests.files.room import OPERATOR
from tests.providers.conformance import NOW
from tests.providers.csv_import.stand_in import COMPANIES, EMPTY, FilesOf, Masters
from tests.providers.folding import Ledger
from tests.providers.kit.scripted import FakeBudgets
from tests.providers.sandboxed import Connected, run, run_into_failure
from tests.providers.source_conformance import SourceConformance

PART_LINES = 100
"""In a part, so that small books have several."""


def name_of(number: int) -> str:
    return next(one.name for one in ALL_COMPANIES if one.number == number)


class FileConformance(SourceConformance[FilesOf]):
    """Subclasses say how the books are exported."""

    key: ClassVar[str] = "csv"
    administration_key: ClassVar[str] = key_of(name_of(1))
    ending: ClassVar[str]
    dated: ClassVar[bool] = True
    masters: ClassVar[Masters] = Masters.ALL
    numbers: ClassVar[tuple[int, ...]] = COMPANIES

    # -- hooks -------------------------------------------------------------------------------------

    def export(self, books: Books, year: int) -> bytes:
        raise NotImplementedError

    def with_more(self, content: bytes) -> bytes:
        """The same with columns or elements nobody knows."""
        raise NotImplementedError

    def malformed(self, content: bytes) -> bytes:
        """What no program writes."""
        raise NotImplementedError

    @pytest.fixture
    def kit(self) -> Kit:
        clock = FakeClock(NOW)
        return Kit(clock=clock, budgets=FakeBudgets(clock))

    @pytest.fixture
    def sandbox(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FilesOf:
        for module in (audit_parts, table_parts):
            monkeypatch.setattr(module, "POSTINGS_LINES_MAX", PART_LINES)
        monkeypatch.setattr(csv_rows, "CHUNK_ROWS", PART_LINES)
        return FilesOf.begin(
            tmp_path,
            self.export,
            self.ending,
            dated=self.dated,
            masters=self.masters,
            numbers=self.numbers,
        )

    def connect(self, sandbox: FilesOf, kit: Kit) -> Connected:
        return sandbox.connected(kit)

    def small_pages(self, sandbox: FilesOf) -> None:
        """Parts are small from the beginning on."""
        books = sandbox.companies[self.administration_key].books
        assert sum(1 for _ in books.live_lines()) > 3 * PART_LINES

    def asked(self, sandbox: FilesOf) -> list[str]:
        return sandbox.log

    def assert_proven(self, source: Source, administration: Administration, ledger: Ledger) -> None:
        """Of a company without files nothing is said, so that nothing can be held against it."""
        if administration.key != key_of(name_of(EMPTY)):
            super().assert_proven(source, administration, ledger)
            return
        proof = hold_against(ledger.cells, source.control_totals(administration))
        assert proof.verdict is Verdict.NOT_OFFERED

    # -- what only files have ----------------------------------------------------------------------

    def test_it_is_not_offered_before_onboarding_is_done(self, sandbox: FilesOf) -> None:
        services = sandbox.room.services
        fresh = services.onboarding.start("Nieuw").id
        choice = next(
            one for one in services.onboarding.choices(fresh) if one.entry.key == self.key
        )
        assert choice.refusal
        assert not choice.entry.onboarding
        with pytest.raises(CorrectRequest) as refused:
            services.connecting.connect(
                fresh, self.key, {"companies": "A"}, operator=OPERATOR, redirect_base="http://x"
            )
        assert refused.value.code == "not-during-onboarding"
        offered = services.onboarding.choices(sandbox.room.org)
        assert [one.refusal for one in offered if one.entry.key == self.key] == [None]

    def test_the_same_file_again_changes_nothing(
        self, sandbox: FilesOf, source: Source, administration: Administration
    ) -> None:
        ledger, bookmark = self.imported(source, administration)
        company = sandbox.companies[self.administration_key]
        year = max(company.contents)
        received = sandbox.receive(self.administration_key, year, company.contents[year])
        assert received.again
        assert received.upload == sandbox.room.services.uploading.get(
            sandbox.room.org, company.uploads[year].id
        )
        before = ledger.writes
        run(source, administration, bookmark, ledger)
        assert ledger.writes == before
        self.assert_true(sandbox, ledger)

    def test_undoing_an_upload_brings_back_what_was_there(
        self, sandbox: FilesOf, source: Source, administration: Administration
    ) -> None:
        ledger, bookmark = self.imported(source, administration)
        before = {kind: dict(held) for kind, held in ledger.records.items()}
        company = sandbox.companies[self.administration_key]
        stood = dict(company.uploads)
        sandbox.edit(self.key, {"administration": self.administration_key, "kind": "night"})
        bookmark = run(source, administration, bookmark, ledger)
        assert ledger.records != before
        newer = [one for year, one in company.uploads.items() if one != stood.get(year)]
        assert newer
        for upload in newer:
            sandbox.room.undo(upload)
        run(source, administration, bookmark, ledger)
        assert ledger.records == before
        self.assert_proven(source, administration, ledger)

    def test_undoing_everything_leaves_nothing(
        self, sandbox: FilesOf, source: Source, administration: Administration
    ) -> None:
        ledger, bookmark = self.imported(source, administration)
        for upload in sandbox.companies[self.administration_key].uploads.values():
            sandbox.room.undo(upload)
        run(source, administration, bookmark, ledger)
        assert not any(ledger.records.values())
        assert source.control_totals(administration) is None

    def test_a_company_without_files_is_no_error(self, sandbox: FilesOf, source: Source) -> None:
        administration = self.find(source, key_of(name_of(EMPTY)))
        ledger, bookmark = self.imported(source, administration)
        self.assert_true(sandbox, ledger, administration.key)
        assert not any(ledger.records.values())
        self.assert_proven(source, administration, ledger)
        run(source, administration, bookmark, ledger)
        assert ledger.writes == 0

    @pytest.mark.parametrize("damage", ["half", "malformed", "empty"])
    def test_a_damaged_file_is_refused_and_changes_nothing(
        self, sandbox: FilesOf, source: Source, administration: Administration, damage: str
    ) -> None:
        ledger, bookmark = self.imported(source, administration)
        company = sandbox.companies[self.administration_key]
        year = max(company.contents)
        content = company.contents[year]
        damaged = {
            "half": content[: len(content) // 2],
            "malformed": self.malformed(content),
            "empty": b"",
        }[damage]
        with pytest.raises((CorrectRequest, NotUnderstood)) as refused:
            sandbox.room.confirm(sandbox.receive(self.administration_key, year, damaged).upload)
        assert refused.value.sentence.endswith(".")
        before = ledger.writes
        run(source, administration, bookmark, ledger)
        assert ledger.writes == before
        self.assert_true(sandbox, ledger)

    def test_columns_and_elements_nobody_announced_are_ignored(
        self, sandbox: FilesOf, source: Source, administration: Administration
    ) -> None:
        company = sandbox.companies[self.administration_key]
        for year, content in company.contents.items():
            more = self.with_more(content)
            assert more != content
            received = sandbox.receive(self.administration_key, year, more)
            assert not received.held
            sandbox.room.confirm(received.upload)
        ledger, _ = self.imported(source, administration)
        self.assert_true(sandbox, ledger)
        self.assert_proven(source, administration, ledger)

    @pytest.mark.parametrize("loss", ["cut", "garbled", "gone"])
    def test_a_damaged_staged_form_is_told_and_mended_by_the_same_file(
        self, sandbox: FilesOf, source: Source, administration: Administration, loss: str
    ) -> None:
        company = sandbox.companies[self.administration_key]
        year = max(company.contents)
        folder = sandbox.room.folder / "staged" / company.uploads[year].id
        damage(folder / "postings", loss)
        ledger = Ledger()
        failure, bookmark = run_into_failure(source, administration, ledger)
        assert isinstance(failure, FixSettings)
        assert "upload" in failure.sentence
        received = sandbox.receive(self.administration_key, year, company.contents[year])
        assert received.upload.status is UploadStatus.CONFIRMED
        run(source, administration, bookmark, ledger)
        self.assert_true(sandbox, ledger)
        self.assert_proven(source, administration, ledger)

    def test_a_file_that_comes_while_an_import_is_stopped_counts(
        self, sandbox: FilesOf, connected: Connected, administration: Administration
    ) -> None:
        """A file that comes while an import stopped half way is taken for what it covers."""
        whole = len(list(connected.open().pull(administration, None)))
        for stop in sorted({1, whole // 3, whole // 2, whole - 1}):
            ledger = Ledger()
            with closing(connected.open()) as first:
                bookmark = run(first, administration, None, ledger, stop_after=stop)
            sandbox.edit(
                self.key, {"administration": self.administration_key, "kind": "delete-entry"}
            )
            with closing(connected.open()) as second:
                run(second, administration, bookmark, ledger)
                self.assert_proven(second, administration, ledger)
            self.assert_true(sandbox, ledger)

    def test_what_a_stopped_import_had_seen_goes_with_its_upload(
        self, sandbox: FilesOf, connected: Connected, administration: Administration
    ) -> None:
        whole = len(list(connected.open().pull(administration, None)))
        stopped: list[tuple[Ledger, str]] = []
        for stop in range(1, whole):
            ledger = Ledger()
            with closing(connected.open()) as first:
                bookmark = run(first, administration, None, ledger, stop_after=stop)
            stopped.append((ledger, bookmark))
        for upload in sandbox.companies[self.administration_key].uploads.values():
            sandbox.room.undo(upload)
        for ledger, bookmark in stopped:
            with closing(connected.open()) as second:
                run(second, administration, bookmark, ledger)
            assert not any(ledger.records.values())


def damage(path: Path, loss: str) -> None:
    content = path.read_bytes()
    if loss == "gone":
        for one in path.parent.iterdir():
            one.unlink()
        path.parent.rmdir()
    elif loss == "cut":
        path.write_bytes(content[:-7])
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes(8) + content[middle + 8 :])


class TestAuditFile(FileConformance):
    ending: ClassVar[str] = "xaf"

    def export(self, books: Books, year: int) -> bytes:
        return xaf(books, year)

    def with_more(self, content: bytes) -> bytes:
        more = content.replace(b"<trLine>", b'<trLine kind="x"><unknown>1</unknown>')
        return more.replace(b"</header>", b"<news><of>1</of></news></header>")

    def malformed(self, content: bytes) -> bytes:
        return content.replace(b"</trLine>", b"<trLine>", 1)


class TestSaft(FileConformance):
    ending: ClassVar[str] = "xml"
    masters: ClassVar[Masters] = Masters.SIDES_APART
    numbers: ClassVar[tuple[int, ...]] = (1, EMPTY)

    def export(self, books: Books, year: int) -> bytes:
        return saft_no(books, year)

    def with_more(self, content: bytes) -> bytes:
        more = content.replace(b"<Line>", b'<Line kind="x"><Unknown>1</Unknown>')
        return more.replace(b"</Header>", b"<News><Of>1</Of></News></Header>")

    def malformed(self, content: bytes) -> bytes:
        return content.replace(b"</Line>", b"<Line>", 1)


class TestCsv(FileConformance):
    ending: ClassVar[str] = "csv"
    dated: ClassVar[bool] = False
    masters: ClassVar[Masters] = Masters.NAMED

    def export(self, books: Books, year: int) -> bytes:
        return dutch_csv(books, year)

    def with_more(self, content: bytes) -> bytes:
        rows = content.split(b"\r\n")
        return b"\r\n".join(
            row + (b";Vrij veld" if at == 2 else b";x" if row and at > 2 else b"")
            for at, row in enumerate(rows)
        )

    def malformed(self, content: bytes) -> bytes:
        return content.replace(b",", b"?")


class TestWorkbook(FileConformance):
    ending: ClassVar[str] = "xlsx"
    dated: ClassVar[bool] = False
    masters: ClassVar[Masters] = Masters.NAMED_WITHOUT_CONTACTS
    numbers: ClassVar[tuple[int, ...]] = (1, EMPTY)

    def export(self, books: Books, year: int) -> bytes:
        return workbook(books, year)

    def with_more(self, content: bytes) -> bytes:
        return changed(content, lambda at, row: [*row, "Free" if at == 0 else "x"])

    def malformed(self, content: bytes) -> bytes:
        return content.replace(b"PK\x01\x02", b"PK\x00\x00")


def changed(content: bytes, change: Callable[[int, list[object]], list[object]]) -> bytes:
    """The workbook with its rows changed."""
    rows = openpyxl.load_workbook(io.BytesIO(content))["Ledger"]
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Ledger")
    for at, row in enumerate(rows.iter_rows(values_only=True)):
        sheet.append(change(at, list(row)))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
