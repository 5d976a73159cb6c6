"""Lines of audit files that say what nearly all say, many at a time and column by column.

Whatever is out of the ordinary in them (an amount in words, no account, neither debit nor credit)
leaves them to the reading one by one, which says what is wrong with which. Both come to the same; a
test holds them against each other.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress, repeat
from operator import not_, sub
from typing import Final, NamedTuple, TypeAlias, TypeVar

from attrs import define, field, frozen

from adapters.files.audit_masters import amount_e4_of
from adapters.files.kept import Kept
from adapters.files.keys import KeyColumns
from adapters.files.lines import CODE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, StagedEntry, StagedLine
from adapters.files.values import side_of
from core.domain.books import JournalKind
from core.domain.money import InexactAmount

LINES_TOGETHER: Final = 900
"""With those that end in the same step of the reading they are no more than a part may have."""
AMOUNTS_KEPT_MAX: Final = 50_000
DEBIT: Final = "D"
SIDES: Final = frozenset({DEBIT, "C"})

TAX: Final = "/tax"
"""What a line's tax code is put beside its texts as; no element is called so."""

_T = TypeVar("_T")

Texts: TypeAlias = Mapping[str, str | None]
"""Of a line, by local name."""


class FileLine(NamedTuple):
    """A line in the file's own words. ``debit``: on which side; None where it does not say."""

    account: str | None = None
    debit: bool | None = None
    amount: str | None = None
    number: str | None = None
    contact: str | None = None
    tax: str | None = None
    currency: str | None = None
    foreign: str | None = None
    description: str | None = None


def text_or_none(text: str | None) -> str | None:
    """As a description: without spaces around it, cut where it is long."""
    return None if text is None else text.strip()[:TEXT_CHARACTERS_MAX] or None


def cut(text: str) -> str:
    """As a code."""
    return text.strip()[:CODE_CHARACTERS_MAX]


class Run(NamedTuple):
    """Lines of one entry, from the one with number ``start`` of those that wait."""

    entry: StagedEntry
    line_date: dt.date
    kind: JournalKind
    contact: str | None
    """Of the whole transaction."""
    start: int


@frozen
class Names:
    """What a format calls the parts of a line, where each is a text of its own."""

    account: str
    amount: str
    side: str
    """``D`` or ``C``."""
    number: str
    contact: str
    description: str


@frozen
class Columns:
    """Lines as columns."""

    runs: Sequence[Run]
    lengths: Sequence[int]
    accounts: list[str]
    signed_e4: list[int]
    debits_e4: list[int]
    """As written, of the lines on that side."""
    credits_e4: list[int]
    numbers: list[str | None]
    contacts: Iterable[str | None]
    roles: Collection[tuple[str, JournalKind]]
    """Contacts with the kinds of the journals they stand in."""
    taxes: list[str | None]
    descriptions: list[str | None]

    def lines(self, keys: KeyColumns) -> Iterable[StagedLine]:
        nothing = repeat(None)
        entries = [run.entry for run in self.runs]
        return map(
            StagedLine, keys.keys, keys.entry_keys, keys.positions, self.accounts,
            _each([run.line_date for run in self.runs], self.lengths),
            _each([entry.year for entry in entries], self.lengths),
            _each([entry.period for entry in entries], self.lengths),
            self.signed_e4, nothing, nothing, self.contacts, self.taxes, self.descriptions,
        )  # fmt: skip


def _each(values: Sequence[_T], lengths: Sequence[int]) -> Iterator[_T]:
    return chain.from_iterable(map(repeat, values, lengths))


def _amounts_kept() -> Kept[str | None, int]:
    return Kept(lambda text: amount_e4_of(text or ""), AMOUNTS_KEPT_MAX)


@define
class PlainLines:
    """Lines that wait to be taken together."""

    names: Names
    texts: list[Texts] = field(factory=list)
    """Of the lines, each of the run begun last when it was put here."""
    _runs: list[Run] = field(factory=list)
    _amounts: Kept[str | None, int] = field(factory=_amounts_kept)

    def begin(
        self, entry: StagedEntry, line_date: dt.date, kind: JournalKind, contact: str | None
    ) -> None:
        """Lines that follow are of this entry."""
        self._runs.append(Run(entry, line_date, kind, contact, len(self.texts)))

    def taken(self) -> tuple[list[Run], list[Texts]]:
        """Those that waited; none do now, and what follows is of the same entry still."""
        texts, runs = self.texts.copy(), self._runs
        self.texts.clear()
        self._runs = [runs[-1]._replace(start=0)] if runs else []
        ends = [*_starts(runs)[1:], len(texts)]
        return [run for run, end in zip(runs, ends, strict=False) if run.start < end], texts

    def columns(self, runs: Sequence[Run], texts: Sequence[Texts]) -> Columns | None:
        """None when one is out of the ordinary."""
        names = self.names
        sides = [one.get(names.side) for one in texts]
        accounts = [(one.get(names.account) or "").strip() for one in texts]
        if not SIDES.issuperset(sides) or not _are_codes(accounts):
            return None
        try:
            written = [one.get(names.amount) for one in texts]
            written_e4 = list(map(self._amounts.__getitem__, written))
        except InexactAmount:
            return None
        are_debit = list(map(DEBIT.__eq__, sides))
        lengths = list(map(sub, [*_starts(runs)[1:], len(texts)], _starts(runs)))
        contacts = self._contacts(runs, lengths, texts)
        kinds = _each([run.kind for run in runs], lengths)
        return Columns(
            runs=runs,
            lengths=lengths,
            accounts=accounts,
            signed_e4=[
                amount_e4 if is_debit else -amount_e4
                for amount_e4, is_debit in zip(written_e4, are_debit, strict=True)
            ],
            debits_e4=list(compress(written_e4, are_debit)),
            credits_e4=list(compress(written_e4, map(not_, are_debit))),
            numbers=[one.get(names.number) for one in texts],
            contacts=contacts or repeat(None),
            roles={(code, kind) for code, kind in zip(contacts, kinds, strict=False) if code},
            taxes=[one.get(TAX) for one in texts],
            descriptions=[text_or_none(one.get(names.description)) for one in texts],
        )

    def _contacts(
        self, runs: Sequence[Run], lengths: Sequence[int], texts: Sequence[Texts]
    ) -> list[str | None]:
        """The line's own, else its transaction's; empty where no line has any."""
        own = [one.get(self.names.contact) for one in texts]
        whole = [run.contact for run in runs]
        if not any(own) and not any(whole):
            return []
        each = zip(own, _each(whole, lengths), strict=True)
        return [cut(cut(code or "") or (other or "")) or None for code, other in each]

    def words(self, texts: Texts, run: Run) -> FileLine:
        """The line as it is read one by one."""
        names = self.names
        return FileLine(
            account=texts.get(names.account),
            debit=side(texts.get(names.side)),
            amount=texts.get(names.amount),
            number=texts.get(names.number),
            contact=(texts.get(names.contact) or "").strip() or run.contact,
            tax=texts.get(TAX),
            description=texts.get(names.description),
        )


def _starts(runs: Sequence[Run]) -> list[int]:
    return [run.start for run in runs]


def _are_codes(texts: Sequence[str]) -> bool:
    return "" not in texts and max(map(len, texts)) <= CODE_CHARACTERS_MAX


def side(text: str | None) -> bool | None:
    """Whether D or C, in their words too; None for neither."""
    if text in SIDES:
        return text == DEBIT
    found = None if text is None else side_of(text)
    return None if found is None else found > 0
