"""Walking an audit file: journals, transactions and lines, whatever a format calls them.

XAF, CLAIR2 and SAF-T are built alike: a header, masters, and totals above journals that hold
transactions that hold lines. A ``Dialect`` says what the parts are called; what is done with them
is here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from adapters.files.audit_dialect import Dialect
from adapters.files.audit_masters import amount_e4_of
from adapters.files.audit_parts import OPENING_HELD_MAX, AuditParts
from adapters.files.audit_text import AuditText
from adapters.files.audit_totals import Section
from adapters.files.plain_lines import LINES_TOGETHER, TAX, FileLine, PlainLines
from adapters.files.values import read_year
from adapters.providers.kit.xml import Element, Reading, elements_together
from core.domain.books import Journal, JournalKind
from core.domain.failures import NotUnderstood
from core.domain.money import InexactAmount
from core.ports.files import FILE_BYTES_MAX, Part

NAMES_KEPT_MAX: Final = 10_000
NAME_CHARACTERS_MAX: Final = 200
UNNAMED_BYTES_MAX: Final = 2 * 1024 * 1024
"""The largest element of an audit file that is read whole; at worst thirty times that in memory."""

_CODES: Final[Mapping[str, str]] = {
    "xml-document-type": "dtd-refused",
    "xml-too-large": "too-large",
}


@frozen(kw_only=True)
class Format:
    """One family of audit files: its dialect, and what is done with the rest of its elements.

    ``others``: what else is wanted, by local name.
    """

    dialect: Dialect
    others: Mapping[str, "Callable[[AuditWalk, Element], None]"]
    amount: "Callable[[AuditWalk, dict[str, str | None], dict[str, Element]], Posted]"
    is_opening: "Callable[[AuditWalk, dict[str, str | None]], bool]"
    finish: "Callable[[AuditWalk], None]"


Posted = tuple[bool | None, str | None, str | None, str | None, str | None]
"""Of a line: whether debit, amount, currency, amount in it, tax code."""


_NOTHING: Final[dict[str, Element]] = {}


class LocalNames(dict[object, str]):
    """Names without their namespace, each looked at once."""

    def __missing__(self, tag: object) -> str:
        if len(self) >= NAMES_KEPT_MAX:
            self.clear()
        name = self[tag] = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        return name


@frozen
class Held:
    """A transaction whose lines wait."""

    journal_key: str
    words: Mapping[str, str | None]
    lines: list[FileLine]


@define
class AuditWalk:
    """One reading of one file."""

    format: Format
    parts: AuditParts = field(factory=AuditParts)
    names: LocalNames = field(factory=LocalNames)
    root: Element | None = None
    journal: Element | None = None
    transaction: Element | None = None
    container: Element | None = None
    """Of the transaction's lines: itself, or an element of it."""
    contact: str | None = None
    """Of the whole transaction."""
    plain: PlainLines = field(init=False)
    """Where lines wait to be taken many at a time."""
    line_elements: Collection[str] = field(init=False)
    takes_plain: bool = False
    """Whether lines that follow in the transaction may wait there."""
    journal_key: str = ""
    journal_type: str = ""
    held: list[Held] = field(factory=list)
    """Opening transactions, where the file also states an opening balance."""
    holding: bool = False
    held_lines: int = 0
    opening_e4: dict[str, int] = field(factory=dict)
    """Stated opening balances by account, debit positive."""
    notes: dict[str, str] = field(factory=dict)
    """What a format has to remember."""

    def __attrs_post_init__(self) -> None:
        dialect = self.format.dialect
        self.plain = PlainLines(dialect.line_names)
        self.line_elements = dialect.line_elements
        self.parts.plain = self.plain if dialect.side else None

    def run(self, text: AuditText, limit_bytes: int | None = None) -> Iterator[Part]:
        """The parts of a file, or of its beginning; failures in the words of files."""
        dialect = self.format.dialect
        take: dict[str, Callable[[Element], None]] = {
            dialect.journal: self._journal_ends,
            dialect.transaction: self._transaction_ends,
            **dict.fromkeys(dialect.lines, self._line),
            **dict.fromkeys(dialect.sections, self._section_ends),
            **dict.fromkeys(dialect.stated, self._stated),
        }
        for name, other in self.format.others.items():
            take[name] = _bound(other, self)
        ready, names = self.parts.ready, self.names
        waiting = self.plain.texts
        wanted = [f"{{*}}{name}" for name in take]
        for some in elements_together(text.chunks(limit_bytes), wanted, reading_of(text.path)):
            if self.root is None:
                self.root = some[0].getroottree().getroot()
            for element in some:
                take[names[element.tag]](element)
            if len(waiting) >= LINES_TOGETHER:
                self.parts.settle()
            if ready:
                yield from ready
                ready.clear()
        self.format.finish(self)
        self.parts.finish()
        yield from ready
        ready.clear()
        yield from text.remarks()

    # Elements

    def texts(self, element: Element, *, until: Collection[str] = ()) -> dict[str, str | None]:
        """Texts of the children by local name; the first of a name counts.

        ``until``: those before the first of these names.
        """
        names = self.names
        found: dict[str, str | None] = {}
        for child in element:
            name = names[child.tag]
            if name in until:
                break
            found.setdefault(name, child.text)
        return found

    def _section_ends(self, element: Element) -> None:
        self._section_seen(self.names[element.tag])

    def _section_seen(self, name: str) -> Section | None:
        what = self.format.dialect.sections.get(name)
        totals = self.parts.totals
        if what == "opening":
            totals.has_opening = True
            return totals.opening
        if what == "postings":
            totals.has_postings = True
            return totals.postings
        return None

    def _stated(self, element: Element) -> None:
        parent = element.getparent()
        if parent is None:
            return
        section = self._section_seen(self.names[parent.tag])
        if section is not None:
            section.state(self.format.dialect.stated[self.names[element.tag]], element.text)

    def _journal_begins(self, journal: Element) -> None:
        self.journal = journal
        dialect = self.format.dialect
        texts = self.texts(journal, until=(dialect.transaction,))
        self.journal_key = short(texts.get(dialect.journal_fields["key"]))
        self.journal_type = short(texts.get(dialect.journal_fields["type"])).upper()
        kind = dialect.journal_kinds.get(self.journal_type, JournalKind.OTHER)
        self.parts.journal_kind = kind
        self.parts.masters.journal(
            Journal(
                key=self.journal_key,
                code=self.journal_key,
                name=short(texts.get(dialect.journal_fields["name"])) or self.journal_key,
                journal_kind=kind,
            )
        )

    def _journal_ends(self, journal: Element) -> None:
        if journal is not self.journal:
            self._journal_begins(journal)
        self.journal = self.transaction = self.container = None

    def _transaction_begins(self, transaction: Element) -> None:
        self.transaction = transaction
        journal = transaction.getparent()
        if journal is not None and journal is not self.journal:
            self._journal_begins(journal)
        dialect = self.format.dialect
        texts = self.texts(transaction, until=self.line_elements)
        words = {ours: texts.get(theirs) for ours, theirs in dialect.entry_fields.items()}
        self.contact = self._contact(texts)
        opening = self.format.is_opening(self, words)
        self.holding = opening and bool(self.opening_e4) and self.held_lines < OPENING_HELD_MAX
        if self.holding:
            self.held.append(Held(self.journal_key, words, []))
        else:
            self.begin(words, opening=opening)
        self.takes_plain = (
            not self.holding
            and not self.parts.totals.closing_e4
            and self.parts.begin_plain(self.contact)
        )

    def begin(self, words: Mapping[str, str | None], *, opening: bool) -> None:
        """An entry with these words of a transaction."""
        self.parts.begin(
            journal=self.journal_key,
            number=words.get("number") or "",
            date=words.get("date"),
            period=words.get("period"),
            year=_year(words.get("year")),
            description=words.get("description"),
            opening=opening,
        )

    def _transaction_ends(self, transaction: Element) -> None:
        self.parts.totals.postings.entries += 1
        if transaction is not self.transaction:
            parent = transaction.getparent()
            if parent is not None and parent is not self.journal:
                self._journal_begins(parent)
        self.transaction = self.container = None

    def _enter(self, parent: Element | None) -> bool:
        """Whether lines in it are those of a transaction, which begins if it has not."""
        dialect, names = self.format.dialect, self.names
        if parent is None or names[parent.tag] not in dialect.line_parents:
            return False  # lines of something else: of a sales document, of a sub-ledger
        transaction = parent
        if names[parent.tag] != dialect.transaction:
            above = parent.getparent()
            if above is None or names[above.tag] != dialect.transaction:
                return False
            transaction = above
        if transaction is not self.transaction:
            self._transaction_begins(transaction)
        self.container = parent
        return True

    def _line(self, line: Element) -> None:
        parent = line.getparent()
        if parent is not self.container and not self._enter(parent):
            return
        dialect, names = self.format.dialect, self.names
        texts = {names[child.tag]: child.text for child in line}
        deeper = _NOTHING
        if not dialect.nested.isdisjoint(texts):
            deeper = {name: child for child in line if (name := names[child.tag]) in dialect.nested}
        elif self.takes_plain:
            self.plain.texts.append(texts)
            return
        debit, amount, currency, foreign, tax = self.format.amount(self, texts, deeper)
        if self.takes_plain and not foreign:
            texts[TAX] = tax
            self.plain.texts.append(texts)
            return
        self.takes_plain = False
        words = FileLine(
            texts.get(dialect.account), debit, amount, texts.get(dialect.number),
            self._contact(texts) or self.contact, tax, currency, foreign,
            texts.get(dialect.description),
        )  # fmt: skip
        if self.holding:
            self._hold(words)
        else:
            self.post(words)

    def _contact(self, texts: Mapping[str, str | None]) -> str | None:
        for name, kind in self.format.dialect.contacts:
            code = texts.get(name)
            if code:
                return kind + code.strip()
        return None

    def post(self, words: FileLine) -> None:
        """A line of the entry begun last, counted among the transactions' totals."""
        written_e4 = self.parts.line(words)
        section = self.parts.totals.postings
        section.lines += 1
        if words.debit:
            section.debit_e4 += written_e4
        else:
            section.credit_e4 += written_e4
        if self.parts.totals.closing_e4:
            account = (words.account or "").strip()
            reached_e4 = self.parts.totals.reached_e4
            signed_e4 = written_e4 if words.debit else -written_e4
            reached_e4[account] = reached_e4.get(account, 0) + signed_e4

    def _hold(self, words: FileLine) -> None:
        """Opening lines wait: once all are there, they may prove to repeat the balance."""
        self.held[-1].lines.append(words)
        self.held_lines += 1
        if self.held_lines >= OPENING_HELD_MAX:
            self.release()
            self.holding = False

    def release(self) -> None:
        """Held transactions count, as openings."""
        key = self.journal_key
        for one in self.held:
            self.journal_key = one.journal_key
            self.begin(one.words, opening=True)
            for words in one.lines:
                self.post(words)
        self.journal_key = key
        self.held.clear()

    def repeats_opening(self) -> bool:
        """Whether the held transactions say per account what the opening balance says."""
        sums_e4: dict[str, int] = {}
        for one in self.held:
            for words in one.lines:
                account = (words.account or "").strip()
                try:
                    amount_e4 = amount_e4_of(words.amount or "")
                except InexactAmount:
                    return False
                sign = 1 if words.debit is True else -1
                sums_e4[account] = sums_e4.get(account, 0) + sign * amount_e4
        stated = {code: sum_e4 for code, sum_e4 in self.opening_e4.items() if sum_e4}
        return stated == {code: sum_e4 for code, sum_e4 in sums_e4.items() if sum_e4}

    def drop_held(self) -> None:
        """Held transactions are read for the totals and not imported."""
        section = self.parts.totals.postings
        for one in self.held:
            for words in one.lines:
                section.add(amount_e4_of(words.amount or ""), debit=words.debit is True)
        self.held.clear()


def reading_of(path: Path) -> Reading:
    size_bytes = path.stat().st_size
    return Reading(
        sender="The file",
        what="audit file",
        document_bytes_max=max(2 * size_bytes, FILE_BYTES_MAX) + 64,
        unnamed_bytes_max=UNNAMED_BYTES_MAX,
        sentence="The audit file is damaged or no well-formed XML: export it again.",
    )


def in_words_of_files(error: NotUnderstood) -> NotUnderstood:
    """A failure of the XML reading as the readers' port names it."""
    code = _CODES.get(error.code, "malformed" if error.code.startswith("xml-") else error.code)
    sentence = error.sentence
    if code == "dtd-refused":
        sentence = (
            "The file declares a document type, which audit files never need and attacks do: "
            "export it again, without one."
        )
    elif code == "too-large":
        sentence = (
            "The file holds an element or text far larger than any audit file has: export it again."
        )
    return NotUnderstood(sentence, detail=error.detail, code=code)


def _bound(
    other: "Callable[[AuditWalk, Element], None]", walk: AuditWalk
) -> Callable[[Element], None]:
    return lambda element: other(walk, element)


def short(text: str | None) -> str:
    """As a code or name of a master."""
    return "" if text is None else text.strip()[:NAME_CHARACTERS_MAX]


def _year(text: str | None) -> int | None:
    return None if text is None else read_year(text)
