"""One uploaded file: what it is, how it is read, what would be imported, and the decision."""

from collections.abc import Iterable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from core.domain.column_mapping import mapping_of
from core.domain.failures import CorrectRequest
from core.domain.file_import import (
    DateOrder,
    EntriesBy,
    Rejected,
    Target,
    Upload,
    UploadStatus,
    Weight,
)
from core.domain.money import text_of
from interfaces.rejected_rows import as_csv
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.dialogs import AskText, Choose, Confirm
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.widgets.pages import Row, row
from interfaces.tui.widgets.words import count

if TYPE_CHECKING:
    from core.services.services import Services
    from core.services.uploading import Decided

REJECTED_SHOWN: Final = 500
NOT_MAPPED: Final = "-1"

_REJECTED: Final = (
    Column(title="Line", width=8, right=True),
    Column(title="Why it is rejected", width=24, share=1),
    Column(title="Row", width=20, share=2),
)
_MEANINGS: Final = (
    Column(title="Meaning", width=18),
    Column(title="Column", width=20, share=1),
    Column(title="For example", width=16, share=1),
)
_CHOICES: Final = (Column(title="", width=20, share=1), Column(title="For example", width=20))
_MARKS: Final = {Weight.INFO: "·", Weight.WARNING: "!", Weight.QUESTION: "?"}


def covered(upload: Upload) -> str:
    first, last_day = upload.summary.first, upload.summary.last_day
    return "-" if first is None else f"{first} – {last_day}"  # noqa: RUF001 - a range


class UploadScreen(MonitrScreen):
    """The preview of a file, and its mapping to be edited."""

    FILTERS = True
    HELP: ClassVar[str] = (
        "What reading the file found. m says what a column means, d how dates are written, p which "
        "sign is the decimal, e what makes an entry. i imports it; what does not balance is asked "
        "about once more. w writes the rejected rows to a table, x drops the file."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "meaning", "Columns"),
        Binding("d", "set('date_order')", "Dates", show=False),
        Binding("p", "set('decimal')", "Decimal", show=False),
        Binding("e", "set('entries_by')", "Entries", show=False),
        Binding("i", "confirm", "Import"),
        Binding("w", "write", "Write rejected"),
        Binding("x", "discard", "Drop"),
    ]
    CSS = """
    UploadScreen #about, UploadScreen #found { height: auto; margin-bottom: 1; }
    UploadScreen #mapping { height: auto; max-height: 12; margin-bottom: 1; }
    UploadScreen #rejected { height: 1fr; }
    """

    def __init__(self, upload_id: str) -> None:
        super().__init__()
        self.upload_id = upload_id
        self.upload: Upload | None = None

    def body(self) -> Iterable[Widget]:
        return [
            Static("", id="about"),
            ListTable(_MEANINGS, empty="The format says itself what is what.", id="mapping"),
            Static("", id="found"),
            ListTable(_REJECTED, empty="No row is rejected.", id="rejected"),
        ]

    def load(self) -> None:
        organisation_id, upload_id = self.organisation_id, self.upload_id

        def question(services: "Services") -> tuple[Upload, list[Rejected]]:
            found = services.uploading.get(organisation_id, upload_id)
            if found.status is UploadStatus.DISCARDED:
                return found, []
            rows = services.uploading.rejected(organisation_id, upload_id)
            return found, list(islice(rows, REJECTED_SHOWN))

        self.ask(question, self._show)

    def _show(self, answer: tuple[Upload, list[Rejected]]) -> None:
        upload, rejected = answer
        self.upload = upload
        self.named(upload.name)
        self._put("#about", _about(upload))
        self._put("#found", _found(upload))
        self.query_one("#mapping", ListTable).show_rows(meaning_rows(upload))
        self.query_one("#rejected", ListTable).show_rows(
            [row(str(one.line), str(one.line), one.reason, one.text) for one in rejected]
        )

    def _put(self, selector: str, words: Content) -> None:
        line = self.query_one(selector, Static)
        if line.content != words:
            line.update(words)

    # The mapping

    def _open(self) -> Upload | None:
        """The upload while it can still be read another way."""
        upload = self.upload
        if upload is None or upload.look.mapping is None:
            self.notify("There is nothing to map in this file.", markup=False)
            return None
        if upload.status is not UploadStatus.STAGED:
            self.notify(f"This file is {upload.status.value}.", markup=False)
            return None
        return upload

    def action_meaning(self) -> None:
        upload = self._open()
        if upload is not None:
            rows = meaning_rows(upload)
            self.app.push_screen(
                Choose("Columns", "What do you want to say the column of?", _MEANINGS, rows),
                self._meaning_chosen,
            )

    def _meaning_chosen(self, meaning: str | None) -> None:
        upload = self.upload
        if meaning is None or upload is None:
            return
        rows = [
            row(str(at), name, _example(upload, at)) for at, name in enumerate(upload.look.columns)
        ]
        rows.append(row(NOT_MAPPED, "(no column)", ""))
        self.app.push_screen(
            Choose("Columns", f"Which column is the {meaning}?", _CHOICES, rows),
            partial(self._column_chosen, meaning),
        )

    def _column_chosen(self, meaning: str, at: str | None) -> None:
        if at is not None:
            self._read_so({"columns": {meaning: None if at == NOT_MAPPED else int(at)}})

    def action_set(self, name: str) -> None:
        if self._open() is None:
            return
        words, values = _SETTINGS[name]
        rows = [row(value, value, example) for value, example in values]

        def chosen(value: str | None) -> None:
            if value is not None:
                self._read_so({name: value})

        self.app.push_screen(Choose("How it is read", words, _CHOICES, rows), chosen)

    def _read_so(self, changes: dict[str, object]) -> None:
        upload = self._open()
        if upload is None:
            return
        organisation_id, look = self.organisation_id, upload.look
        covers = None
        if look.covers_first is not None and look.covers_last is not None:
            covers = (look.covers_first, look.covers_last)

        def question(services: "Services") -> Upload:
            wanted = mapping_of(changes, look.mapping, look.columns)
            return services.uploading.remap(
                organisation_id, upload.id, mapping=wanted, covers=covers
            )

        self.ask(question, lambda _: self.load(), group="map")

    # Deciding

    def action_confirm(self) -> None:
        upload = self.upload
        if upload is None or upload.status is not UploadStatus.STAGED:
            return
        if upload.summary.balances:
            self._confirm(anyway=False)
            return

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - Textual's callback
            if yes:
                self._confirm(anyway=True)

        words = f"Import it anyway? {'; '.join(upload.summary.obstacles).capitalize()}."
        self.app.push_screen(Confirm("It does not balance", words), answered)

    def _confirm(self, *, anyway: bool) -> None:
        organisation_id, upload_id = self.organisation_id, self.upload_id
        operator = self.monitr.operator
        self.ask(
            lambda services: services.uploading.confirm(
                organisation_id, upload_id, operator=operator, anyway=anyway
            ),
            self._decided,
            group="decide",
        )

    def _decided(self, decided: "Decided") -> None:
        said = "is being imported" if decided.run is not None else "was imported already"
        self.notify(f"{decided.upload.name} {said}.", markup=False)
        self.load()

    def action_discard(self) -> None:
        upload = self.upload
        if upload is None or upload.status is not UploadStatus.STAGED:
            return
        organisation_id, operator = self.organisation_id, self.monitr.operator
        self.ask(
            lambda services: services.uploading.discard(
                organisation_id, upload.id, operator=operator
            ),
            lambda _: self.leave(),
            group="decide",
        )

    def action_write(self) -> None:
        upload = self.upload
        if upload is None or not upload.summary.rejected:
            self.notify("No row is rejected.", markup=False)
            return
        self.app.push_screen(
            AskText(
                "Rejected rows",
                "Write the rejected rows, with line number and reason, to which new CSV file?",
                f"{Path(upload.name).stem}-rejected.csv",
                "the path of a new file",
            ),
            self._write_to,
        )

    def _write_to(self, text: str | None) -> None:
        if not text:
            return
        path = Path(text).expanduser()
        organisation_id, upload_id = self.organisation_id, self.upload_id

        def question(services: "Services") -> Path:
            try:
                with path.open("x", encoding="utf-8", newline="") as out:
                    out.writelines(as_csv(services.uploading.rejected(organisation_id, upload_id)))
            except OSError as error:
                raise CorrectRequest(
                    f"{path} cannot be written ({error.strerror}): name another file.",
                    code="output-unwritable",
                ) from error
            return path

        self.ask(
            question,
            lambda written: self.notify(f"Written to {written}.", markup=False),
            group="write",
        )


_SETTINGS: Final[dict[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "date_order": (
        "In which order are dates written?",
        (
            (DateOrder.DMY.value, "31-12-2026"),
            (DateOrder.MDY.value, "12/31/2026"),
            (DateOrder.YMD.value, "2026-12-31"),
        ),
    ),
    "decimal": ("Which sign is the decimal?", ((",", "1.234,56"), (".", "1,234.56"))),
    "entries_by": (
        "What makes lines one journal entry?",
        (
            (EntriesBy.NUMBER.value, "journal and entry number"),
            (EntriesBy.DATE.value, "journal and date"),
        ),
    ),
}


def meaning_rows(upload: Upload) -> list[Row]:
    """A row per meaning: the column that has it, and what stands there."""
    mapping = upload.look.mapping
    if mapping is None:
        return []
    rows = []
    for target in Target:
        at = mapping.columns.get(target)
        name = "-" if at is None else _column_name(upload, at)
        rows.append(
            row(target.value, target.value, name, "" if at is None else _example(upload, at))
        )
    return rows


def _column_name(upload: Upload, at: int) -> str:
    columns = upload.look.columns
    return columns[at] if at < len(columns) else f"column {at + 1}"


def _example(upload: Upload, at: int) -> str:
    return next(
        (cells[at] for _, cells in upload.look.sample if at < len(cells) and cells[at].strip()), ""
    )


def _about(upload: Upload) -> Content:
    mapping = upload.look.mapping
    words = [
        Content.assemble((upload.name, "bold $primary"), f"  {upload.status.value}"),
        Content(upload.look.label),
    ]
    if mapping is not None:
        words.append(
            Content(
                f"dates: {mapping.date_order.value}; decimal: {mapping.decimal}; entries by "
                f"{mapping.entries_by.value}; header in row {mapping.header_row or '-'}"
            )
        )
    return Content("\n").join(words)


def _found(upload: Upload) -> Content:
    summary = upload.summary
    style = "$success" if summary.balances else "$warning"
    verdict = "It balances." if summary.balances else f"{'; '.join(summary.obstacles)}."
    lines = [
        Content(
            f"{count(summary.lines, 'line')} in {count(summary.entries, 'entry', 'entries')} on "
            f"{count(summary.accounts, 'account')}, {covered(upload)}; debit "
            f"{text_of(summary.debit_e4)}, credit {text_of(summary.credit_e4)}"
        ),
        Content.styled(verdict, style),
        *(Content(f"{_MARKS[one.weight]} {one.sentence}") for one in summary.remarks),
    ]
    return Content("\n").join(lines)
