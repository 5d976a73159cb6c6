"""Files as a source of books: what was uploaded, how its columns are read, what it covers.

An upload is stored, read through once (staged) and shown; it counts only once confirmed. What an
administration's books are is a pure function of its confirmed uploads: for each day the newest of
them that covers the day speaks, and no other. So an upload replaces what it covers and never
appends, and undoing one brings back exactly what stood there before.
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import attrs
from attrs import field, frozen

from core.domain.failures import CorrectRequest
from core.domain.proof import Cell

ACTIVE_UPLOADS_MAX: Final = 400
"""Confirmed uploads of one administration: monthly files of thirty years."""

REJECTED_KEPT_MAX: Final = 100_000
"""Rejected rows kept word for word; more are counted."""

REMARKS_MAX: Final = 50

TOTALS_DIFFER: Final = "control-total-mismatch"
WRONG_COMPANY: Final = "wrong-company"
WRONG_CURRENCY: Final = "wrong-currency"
BLOCKING: Final[Mapping[str, str]] = {
    TOTALS_DIFFER: "totals in the file are not the sums of its lines",
    WRONG_COMPANY: "the file is of another company than those before it",
    WRONG_CURRENCY: "the file is in another currency than the entity",
}
"""Codes of remarks that keep a file from being imported unless the operator says so."""


class FileFormat(StrEnum):
    """What a file is by its content, never by its name."""

    CSV = "CSV"
    XLSX = "XLSX"
    XAF = "XAF"
    SAFT = "SAF-T"


class Target(StrEnum):
    """What a column can mean. One of amount, or debit and credit, must be there."""

    DATE = "date"
    ACCOUNT = "account"
    ACCOUNT_NAME = "account name"
    AMOUNT = "amount"
    DEBIT = "debit"
    CREDIT = "credit"
    SIDE = "side"
    """D or C (or their words), beside an unsigned amount."""
    ENTRY = "entry number"
    JOURNAL = "journal"
    DESCRIPTION = "description"
    ACCOUNT_TYPE = "account type"
    """Balance sheet or profit and loss, or the class of the account, in words."""
    CONTACT = "contact"
    CONTACT_NAME = "contact name"
    TAX_CODE = "tax code"
    YEAR = "fiscal year"
    PERIOD = "period"
    CURRENCY = "currency"
    FOREIGN = "foreign amount"


class DateOrder(StrEnum):
    YMD = "year month day"
    DMY = "day month year"
    MDY = "month day year"
    UNDECIDED = "undecided"
    """Both day-month orders fit every row: a person has to say which."""


class EntriesBy(StrEnum):
    """What makes lines one journal entry."""

    NUMBER = "number"
    """Journal and entry number; its date is that of its first line."""
    DATE = "date"
    """Journal and date: for exports without entry numbers."""


@frozen(kw_only=True)
class ColumnMapping:
    """How a table file is read. Column numbers count from 0; rows as the file's lines, from 1.

    ``header_row`` 0: the file has no header. ``decimal`` is ``,`` or ``.``; the other one, spaces
    and apostrophes group thousands. ``sheet`` is for workbooks only.
    """

    columns: Mapping[Target, int]
    encoding: str = "utf-8"
    separator: str = ","
    quote: str = '"'
    decimal: str = "."
    date_order: DateOrder = DateOrder.YMD
    header_row: int = 1
    entries_by: EntriesBy = EntriesBy.NUMBER
    fill_down: bool = False
    """Date, entry number and the like stand on an entry's first row only."""
    headings: bool = False
    """The account stands on a row of its own, above its lines."""
    preset: str = ""
    """The export it was recognised as; empty: by its words."""
    sheet: str | None = None
    year_starts_in_month: int = 1
    """Of the fiscal year, where the file names no year: 1 is January."""


class Weight(StrEnum):
    INFO = "info"
    WARNING = "warning"
    QUESTION = "question"
    """A person has to decide before anything can be imported."""


@frozen(kw_only=True)
class Remark:
    """Something seen in a file, as a sentence; ``code`` is stable, for programs."""

    weight: Weight
    code: str
    sentence: str


@frozen(kw_only=True)
class Rejected:
    """A row that is not imported. ``line`` counts from 1, the header included."""

    line: int
    reason: str
    text: str
    """The row as it stands, cut where it is long."""


@frozen(kw_only=True)
class Look:
    """A first look at a file. ``mapping`` None: the format says itself what is what.

    ``columns`` are the header's words, ``sample`` rows as texts with their line numbers.
    """

    format: FileFormat
    label: str
    """In words: ``XML Auditfile Financieel 3.2``, ``CSV, semicolons, UTF-8``."""
    mapping: ColumnMapping | None = None
    columns: tuple[str, ...] = ()
    sample: tuple[tuple[int, tuple[str, ...]], ...] = ()
    remarks: tuple[Remark, ...] = ()
    covers_first: dt.date | None = None
    covers_last: dt.date | None = None
    """The days it replaces, where the operator says more than the entries' own dates."""


@frozen(kw_only=True)
class Declared:
    """What a file says about itself; None where it does not. Amounts in 1/10,000, as written.

    The reader holds them against what it read, side by side as written (a negative debit is a
    debit), and tells a difference by a remark with the code TOTALS_DIFFER: to be shown, not
    compared again.

    ``first`` and ``last_day`` are the dates it covers whole; where a file does not say, those of
    its entries are taken.
    """

    lines: int | None = None
    entries: int | None = None
    debit_e4: int | None = None
    credit_e4: int | None = None
    first: dt.date | None = None
    last_day: dt.date | None = None
    fiscal_year: str | None = None
    company: str | None = None
    company_id: str | None = None
    currency: str | None = None


@frozen(kw_only=True)
class Summary:
    """What reading a file through found. Counts and sums are ours; ``declared`` are the file's.

    ``unbalanced`` counts entries whose lines do not add up to zero. ``first`` to ``last_day`` is
    what the upload replaces; both None when the file holds no line.
    """

    entries: int = 0
    lines: int = 0
    accounts: int = 0
    journals: int = 0
    contacts: int = 0
    invoices: int = 0
    debit_e4: int = 0
    credit_e4: int = 0
    """As a positive number."""
    unbalanced: int = 0
    rejected: int = 0
    first: dt.date | None = None
    last_day: dt.date | None = None
    declared: Declared = Declared()
    remarks: tuple[Remark, ...] = ()

    @property
    def difference_e4(self) -> int:
        return self.debit_e4 - self.credit_e4

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why it is not imported unless the operator says so; empty when it balances."""
        found = []
        if self.lines == 0:
            found.append("it holds no line that can be imported")
        if self.difference_e4:
            found.append("debit and credit differ")
        if self.unbalanced:
            found.append(f"{self.unbalanced} entries do not balance")
        if self.rejected:
            found.append(f"{self.rejected} rows are rejected")
        codes = {one.code for one in self.remarks}
        found += [phrase for code, phrase in BLOCKING.items() if code in codes]
        return tuple(found)

    @property
    def balances(self) -> bool:
        return not self.obstacles

    @property
    def questions(self) -> tuple[Remark, ...]:
        """What must be answered, by a mapping, before it can be imported at all."""
        return tuple(one for one in self.remarks if one.weight is Weight.QUESTION)


class UploadStatus(StrEnum):
    STAGED = "staged"
    """Read and shown; nothing of it is in the books."""
    CONFIRMED = "confirmed"
    UNDONE = "undone"
    DISCARDED = "discarded"
    """Never confirmed, and its bytes are gone."""


@frozen(kw_only=True)
class Upload:
    """One file for one entity. ``sha256`` is of its bytes, ``reading_sha256`` of how it is read.

    ``integration_id`` and ``administration_key`` name the link it belongs to.
    """

    id: str
    organisation_id: str
    entity_id: str
    integration_id: str
    administration_key: str
    name: str
    sha256: str
    size_bytes: int
    status: UploadStatus
    created_at: dt.datetime
    created_by: str
    look: Look
    reading_sha256: str
    summary: Summary = Summary()
    confirmed_at: dt.datetime | None = None
    undone_at: dt.datetime | None = None

    @property
    def active(self) -> bool:
        return self.status is UploadStatus.CONFIRMED

    def confirmed(self, now: dt.datetime) -> "Upload":
        self._require(UploadStatus.STAGED, "confirmed")
        return attrs.evolve(self, status=UploadStatus.CONFIRMED, confirmed_at=now)

    def undone(self, now: dt.datetime) -> "Upload":
        self._require(UploadStatus.CONFIRMED, "undone")
        return attrs.evolve(self, status=UploadStatus.UNDONE, undone_at=now)

    def discarded(self) -> "Upload":
        self._require(UploadStatus.STAGED, "discarded")
        return attrs.evolve(self, status=UploadStatus.DISCARDED)

    def _require(self, status: UploadStatus, what: str) -> None:
        if self.status is not status:
            raise CorrectRequest(
                f"{self.name} is {self.status.value}: it cannot be {what}.", code="upload-state"
            )


@frozen(kw_only=True, order=True)
class Span:
    """What one upload says about the days ``first`` to ``last_day``, inclusive.

    ``opening``: its opening balances count too. They do for the earliest days only: after another
    year they would count that year's balances twice.
    """

    first: dt.date
    last_day: dt.date
    upload_id: str
    opening: bool = False

    def overlaps(self, other: "Span") -> bool:
        return self.first <= other.last_day and other.first <= self.last_day

    def holds(self, other: "Span") -> bool:
        """Whether the other says nothing that this does not."""
        return (
            self.upload_id == other.upload_id
            and self.first <= other.first
            and other.last_day <= self.last_day
            and self.opening == other.opening
        )

    def without(self, other: "Span") -> tuple["Span", ...]:
        """What is left beside the other's days."""
        if not self.overlaps(other):
            return (self,)
        left = []
        # Days before the first or after the last there is are never asked for.
        if self.first < other.first:
            left.append(attrs.evolve(self, last_day=other.first - dt.timedelta(days=1)))
        if other.last_day < self.last_day:
            left.append(attrs.evolve(self, first=other.last_day + dt.timedelta(days=1)))
        return tuple(left)


def without_any(spans: tuple[Span, ...], gone: Span) -> tuple[Span, ...]:
    """The spans less the days of ``gone``."""
    return tuple(left for span in spans for left in span.without(gone))


def effective(uploads: tuple[Upload, ...]) -> tuple[Span, ...]:
    """Which upload speaks for which days, by date. ``uploads`` in the order they were confirmed."""
    spans: tuple[Span, ...] = ()
    for upload in uploads:
        first, last_day = upload.summary.first, upload.summary.last_day
        if first is None or last_day is None:
            continue
        whole = Span(first=first, last_day=last_day, upload_id=upload.id)
        spans = (*without_any(spans, whole), whole)
    ordered = sorted(spans)
    if ordered:
        earliest = ordered[0]
        starts_file = any(
            upload.id == earliest.upload_id and upload.summary.first == earliest.first
            for upload in uploads
        )
        ordered[0] = attrs.evolve(earliest, opening=starts_file)
    return tuple(ordered)


@frozen(kw_only=True)
class StagedTotals:
    """Sums of a staged file per account and period, opening balances apart."""

    postings_e4: Mapping[Cell, int] = field(factory=dict)
    opening_e4: Mapping[Cell, int] = field(factory=dict)
