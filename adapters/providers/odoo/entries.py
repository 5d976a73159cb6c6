"""Pages of moves with their lines: nested where the server can, else apart; halved when lost."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import msgspec
import structlog
from attrs import define, frozen

from adapters.providers.kit.calls import NotSent
from adapters.providers.odoo import decoding
from adapters.providers.odoo.errors import METHOD_UNKNOWN
from adapters.providers.odoo.questions import (
    IDS_PER_PAGE,
    MOVES_PER_PAGE,
    MOVES_PER_PAGE_MIN,
)
from adapters.providers.odoo.rows import (
    LineRow,
    MoveGroup,
    MovePage,
    MoveRow,
    WrittenRow,
    id_of,
    text_of,
)
from adapters.providers.odoo.rpc import Question
from adapters.providers.odoo.session import Session
from core.domain.books import BATCH_RECORDS_MAX, Delta, Record, RecordKind
from core.domain.failures import Failure, NotUnderstood, ProviderDown
from core.ports.environment import Clock

PAUSE_BEFORE_LESS_SECONDS: Final = 2.0
"""A server that killed a worker gets a moment before it is asked for half."""

TOO_LARGE: Final = "answer-too-large"
"""The transport's code for a page beyond its limit of bytes."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("monitr.provider")

Written = dict[tuple[str, int], str]
"""(``m`` for the move itself or ``l`` for its lines, move id) and the newest time of writing."""


@frozen(kw_only=True)
class MovesPage:
    """Moves in order of id, any state. ``ended``: no further page follows."""

    moves: tuple[MoveRow, ...]
    ended: bool

    @property
    def partner_ids(self) -> set[int]:
        found: set[int] = set()
        for move in self.moves:
            if move.state == decoding.POSTED:
                found |= decoding.partner_ids(move)
        return found

    @property
    def written(self) -> list[tuple[str, int, str]]:
        """When each move, and the newest of its lines, was written."""
        found = []
        for move in self.moves:
            if (time := text_of(move.write_date)) is not None:
                found.append(("m", move.id, time))
            lines = [time for line in move.line_ids if (time := text_of(line.write_date))]
            if lines:
                found.append(("l", move.id, max(lines)))
        return found


@define
class Entries:
    """Reads moves of one company. ``page`` is how many are asked for at once by now."""

    session: Session
    company: int
    clock: Clock
    page: int = MOVES_PER_PAGE

    def posted_after(self, last: int) -> MovesPage:
        """The next page of posted moves by id."""
        while True:
            size = self.page
            try:
                ask = partial(self.session.questions.posted_moves, self.company, last, size)
                moves = self._moves(ask)
                return MovesPage(moves=moves, ended=len(moves) < size)
            except Failure as failure:
                self._ask_for_less(failure, size)

    def by_ids(self, ids: Sequence[int]) -> Iterator[MovesPage]:
        """Those moves in order, in whatever state they are now; deleted ones are absent."""
        at = 0
        while at < len(ids):
            size = self.page
            chunk = ids[at : at + size]
            try:
                ask = partial(self.session.questions.moves, self.company, chunk)
                moves = self._moves(ask)
            except Failure as failure:
                self._ask_for_less(failure, len(chunk))
                continue
            at += len(chunk)
            yield MovesPage(moves=moves, ended=at >= len(ids))

    def written_since(self, since: str) -> Written:
        """Moves that were written, and moves of which a line was, with the newest time of each."""
        questions = self.session.questions
        found: Written = {}
        last = 0
        while True:
            ask = partial(questions.written_moves, self.company, since, last)
            rows = self.session.ask(ask, tuple[WrittenRow, ...])
            for row in rows:
                found["m", row.id] = text_of(row.write_date) or since
            if len(rows) < IDS_PER_PAGE:
                break
            last = rows[-1].id
        ask_lines = partial(questions.written_lines, self.company, since)
        for group in self.session.ask(ask_lines, tuple[MoveGroup, ...]):
            number = id_of(group.move_id)
            if number is not None:
                found["l", number] = text_of(group.formatted or group.plain) or since
        return found

    def _moves(self, ask: Callable[[], Question]) -> tuple[MoveRow, ...]:
        questions = self.session.questions
        if questions.nested:
            try:
                return self.session.ask(ask, MovePage).records
            except NotUnderstood as failure:
                if failure.code != METHOD_UNKNOWN:
                    raise
                _log.info("odoo-reads-apart", version=str(questions.version))
                questions.nested = False
        moves = self.session.ask(ask, tuple[MoveRow, ...])
        if not moves:
            return ()
        ids = tuple(move.id for move in moves)
        lines: dict[int | None, list[LineRow]] = {}
        ask_lines = partial(questions.lines_of, self.company, ids)
        for line in self.session.ask(ask_lines, tuple[LineRow, ...]):
            lines.setdefault(id_of(line.move_id), []).append(line)
        return tuple(
            msgspec.structs.replace(move, line_ids=tuple(lines.get(move.id, ()))) for move in moves
        )

    def _ask_for_less(self, failure: Failure, size: int) -> None:
        """Halves the page when the server did not get done with it; else raises ``failure``."""
        lost = isinstance(failure, ProviderDown) and not isinstance(failure, NotSent)
        if not (lost or failure.code == TOO_LARGE) or size <= MOVES_PER_PAGE_MIN:
            raise failure
        self.page = max(size // 2, MOVES_PER_PAGE_MIN)
        _log.info("odoo-halves-page", moves=self.page, code=failure.code)
        self.clock.pause(PAUSE_BEFORE_LESS_SECONDS)


@frozen(kw_only=True)
class Piece:
    """Part of a page, small enough for one batch. ``last_id`` 0: not even one move is complete."""

    records: tuple[Record, ...]
    delta: Delta
    last_id: int


def split(page: MovesPage, currency: str) -> list[Piece]:
    """A page as pieces of at most BATCH_RECORDS_MAX records; an empty page is one empty piece.

    A posted move comes whole, any other is named as deleted. A single move too large for a batch
    is deleted and then sent in parts, the last of which completes it.
    """
    pieces: list[Piece] = []
    records: list[Record] = []
    whole: set[str] = set()
    gone: set[tuple[RecordKind, str]] = set()
    last_id = 0

    def cut() -> None:
        delta = Delta(deleted=frozenset(gone), whole_entries=frozenset(whole))
        pieces.append(Piece(records=tuple(records), delta=delta, last_id=last_id))
        records.clear()
        whole.clear()
        gone.clear()

    for move in page.moves:
        if move.state != decoding.POSTED:
            gone.add((RecordKind.ENTRY, str(move.id)))
            last_id = move.id
            continue
        found = decoding.move_records(move, currency)
        if records and len(records) + len(found) > BATCH_RECORDS_MAX:
            cut()
        if len(found) <= BATCH_RECORDS_MAX:
            records += found
            whole.add(str(move.id))
        else:
            gone.add((RecordKind.ENTRY, str(move.id)))
            while len(found) > BATCH_RECORDS_MAX:
                records += found[:BATCH_RECORDS_MAX]
                del found[:BATCH_RECORDS_MAX]
                cut()
            records += found
        last_id = move.id
    cut()
    return pieces
