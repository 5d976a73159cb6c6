"""The files of one entity: what was uploaded, what each covers, and the way to the next one."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from core.domain.failures import CorrectRequest
from core.domain.file_import import Upload, UploadStatus
from interfaces.tui.screen import MonitrScreen
from interfaces.tui.screens.upload import UploadScreen, covered
from interfaces.tui.widgets.columns import Column
from interfaces.tui.widgets.dialogs import AskText, Confirm
from interfaces.tui.widgets.list_table import ListTable
from interfaces.tui.widgets.pages import Cell, Row, row
from interfaces.tui.widgets.table import PagedTable
from interfaces.tui.widgets.words import moment

if TYPE_CHECKING:
    from core.services.services import Services
    from core.services.uploading import Received

CHUNK_BYTES: Final = 1_048_576
SHOWN_MAX: Final = 200

_COLUMNS: Final = (
    Column(title="File", width=16, share=2),
    Column(title="Status", width=10),
    Column(title="Covers", width=24),
    Column(title="Lines", width=9, right=True),
    Column(title="Rejected", width=9, right=True, from_width=90),
    Column(title="Uploaded", width=19, from_width=110),
)
_TONES: Final = {UploadStatus.STAGED: "warn", UploadStatus.CONFIRMED: "good"}


class UploadsScreen(MonitrScreen):
    """Every file of an entity, newest first."""

    HELP: ClassVar[str] = (
        "Files this entity's books come from. f uploads one: it is read through and shown, and "
        "nothing of it is imported before you confirm it. A file replaces the days it covers. u "
        "takes a file out again: the books become what they were without it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "upload", "Upload a file"),
        Binding("u", "undo", "Undo"),
    ]
    CSS = """
    UploadsScreen #files { height: 1fr; }
    """

    def __init__(self, entity_id: str, name: str) -> None:
        super().__init__()
        self.entity_id = entity_id
        self.entity_name = name
        self.found: dict[str, Upload] = {}

    def body(self) -> Iterable[Widget]:
        return [
            Static(f"Files of {self.entity_name}", classes="title", markup=False),
            ListTable(_COLUMNS, empty="No file was uploaded yet: f uploads one.", id="files"),
        ]

    def load(self) -> None:
        organisation_id, entity_id = self.organisation_id, self.entity_id
        self.named("files")
        self.ask(
            lambda services: services.uploading.uploads(
                organisation_id, entity_id, limit=SHOWN_MAX
            ),
            self._show,
        )

    def _show(self, found: Sequence[Upload]) -> None:
        self.found = {one.id: one for one in found}
        table = self.query_one("#files", ListTable)
        table.show_rows([_row(one) for one in found])
        table.focus()

    @on(PagedTable.Chosen, "#files")
    def _open(self, message: PagedTable.Chosen) -> None:
        message.stop()
        self.app.push_screen(UploadScreen(message.row.key))

    # Uploading

    def action_upload(self) -> None:
        self.app.push_screen(
            AskText(
                "Upload a file",
                "Which file? XAF and SAF-T audit files, or a general ledger as CSV or XLSX.",
                "",
                "the path of the file",
            ),
            self._path_given,
        )

    def _path_given(self, text: str | None) -> None:
        if not text:
            return
        path = Path(os.path.expandvars(text)).expanduser()
        organisation_id, entity_id = self.organisation_id, self.entity_id
        operator = self.monitr.operator
        self.notify(f"Reading {path.name}", markup=False)

        def question(services: "Services") -> "Received":
            return services.uploading.receive(
                organisation_id, entity_id, path.name, _chunks(path), operator=operator
            )

        self.ask(question, self._received, group="upload")

    def _received(self, received: "Received") -> None:
        if received.again:
            self.notify("The same file is in the books already.", markup=False)
        self.load()
        self.app.push_screen(UploadScreen(received.upload.id))

    # Undoing

    def action_undo(self) -> None:
        current = self.query_one("#files", ListTable).current
        upload = self.found.get(current.key) if current is not None else None
        if upload is None or not upload.active:
            self.notify("Only a confirmed file can be undone.", markup=False)
            return
        organisation_id, operator = self.organisation_id, self.monitr.operator

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - Textual's callback
            if yes:
                self.ask(
                    lambda services: services.uploading.undo(
                        organisation_id, upload.id, operator=operator
                    ),
                    lambda _: self.load(),
                    group="undo",
                )

        words = (
            f"Take {upload.name} out again? The books become what they were without it, as a new "
            "generation; the present one stays readable."
        )
        self.app.push_screen(Confirm("Undo", words), answered)


def _row(one: Upload) -> Row:
    return row(
        one.id,
        one.name,
        Cell(one.status.value, _TONES.get(one.status, "muted")),
        covered(one),
        f"{one.summary.lines:,}",
        f"{one.summary.rejected:,}",
        moment(one.created_at),
    )


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise CorrectRequest(
            f"{path} cannot be read ({error.strerror}): name another file.",
            code="file-unreadable",
        ) from error
