"""What the HTTP interface says about uploaded files."""

import datetime as dt

from attrs import field, frozen


@frozen(kw_only=True)
class Remark:
    """``weight``: info, warning, or question (which a mapping must answer first)."""

    weight: str
    code: str
    sentence: str


@frozen(kw_only=True)
class SampleRow:
    line: int
    cells: list[str]


@frozen(kw_only=True)
class Mapping:
    """How a table is read. ``columns``: meaning to column number from 0."""

    columns: dict[str, int]
    encoding: str
    separator: str
    quote: str
    decimal: str
    date_order: str
    header_row: int
    entries_by: str
    fill_down: bool
    headings: bool
    preset: str
    sheet: str | None
    year_starts_in_month: int


@frozen(kw_only=True)
class Upload:
    """A file and what reading it through found. Amounts are decimal strings.

    ``obstacles``: why it is not imported unless asked to anyway; empty when it balances.
    ``mapping`` null: the format says itself what is what. ``covers_from`` to ``covers_to`` is what
    it replaces.
    """

    id: str
    entity_id: str
    name: str
    status: str
    size_bytes: int
    sha256: str
    created_at: dt.datetime
    confirmed_at: dt.datetime | None
    undone_at: dt.datetime | None
    format: str
    label: str
    columns: list[str]
    sample: list[SampleRow]
    mapping: Mapping | None
    covers_from: dt.date | None
    covers_to: dt.date | None
    lines: int
    entries: int
    accounts: int
    debit: str
    credit: str
    unbalanced_entries: int
    rejected: int
    balances: bool
    obstacles: list[str]
    remarks: list[Remark]


@frozen(kw_only=True)
class UploadPage:
    items: list[Upload]
    next_cursor: str | None


@frozen(kw_only=True)
class Decided:
    """``run_id``: the import that brings the books in line; null when there is nothing to do."""

    upload: Upload
    run_id: str | None


@frozen(kw_only=True)
class ReadSo:
    """``mapping``: only what changes; columns by number or by the word above them, null for none.

    Null reads the file as it seems to be. ``covers_from`` and ``covers_to`` belong together.
    """

    mapping: dict[str, object] | None = None
    covers_from: dt.date | None = None
    covers_to: dt.date | None = None


@frozen(kw_only=True)
class Confirm:
    """``anyway``: import it although the preview does not balance."""

    anyway: bool = field(default=False)
