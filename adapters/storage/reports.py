"""Reports computed from balances, the same for every storage."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from core.domain.books import JournalLine, LedgerAccount
from core.domain.failures import OurBug
from core.domain.proof import Cell
from core.ports.books import CellChange, Generation, LineChange, TrialBalanceRow


class Sums(NamedTuple):
    """What the lines of one cell add up to; both sides positive."""

    debit_e4: int = 0
    credit_e4: int = 0
    lines: int = 0

    def plus(self, other: "Sums") -> "Sums":
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def sums_of(amount_e4: int) -> Sums:
    """One line's contribution."""
    return Sums(max(amount_e4, 0), max(-amount_e4, 0), 1)


def trial_balance(
    balances: Iterable[tuple[str, int, int, int, int, int]],
    accounts: Iterable[LedgerAccount],
    *,
    since: tuple[int, int] | None,
    until: tuple[int, int] | None,
) -> list[TrialBalanceRow]:
    """The rows core.ports.books.Books.trial_balance promises. Keys no account has come last.

    ``balances``: (account key, year, period, debit, credit, lines) of every cell.
    """
    opening: dict[str, int] = {}
    within: dict[str, list[int]] = {}
    for account_key, year, period, debit_e4, credit_e4, lines in balances:
        if not lines or (until is not None and (year, period) > until):
            continue
        held = within.get(account_key)
        if held is None:
            held = within[account_key] = [0, 0, 0]
        if since is not None and (year, period) < since:
            opening[account_key] = opening.get(account_key, 0) + debit_e4 - credit_e4
        else:
            held[0] += debit_e4
            held[1] += credit_e4
            held[2] += lines
    known = {account.key: account for account in accounts}
    rows = [
        TrialBalanceRow(
            account_key=key,
            account=known.get(key),
            opening_e4=opening.get(key, 0),
            debit_e4=sums[0],
            credit_e4=sums[1],
            lines=sums[2],
        )
        for key, sums in within.items()
    ]
    return sorted(
        rows,
        key=lambda row: (
            row.account is None,
            row.account.code if row.account is not None else "",
            row.account_key,
        ),
    )


def cell_of(line: JournalLine) -> Cell:
    return Cell(account_key=line.account_key, year=line.year, period=line.period)


class Tally(NamedTuple):
    """Lines of one cell that differ between two generations."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    closed: int = 0


def count_change(
    tallies: dict[Cell, Tally], change: LineChange, closed_through: dt.date | None = None
) -> None:
    """Count one line's change; a move between cells is a removal here and an addition there."""
    before = None if change.before is None else cell_of(change.before)
    after = None if change.after is None else cell_of(change.after)
    was_closed = change.before is not None and _is_closed(change.before, closed_through)
    is_closed = change.after is not None and _is_closed(change.after, closed_through)
    if before is not None and before == after:
        held = tallies.get(before, Tally())
        closed = held.closed + (was_closed or is_closed)
        tallies[before] = held._replace(changed=held.changed + 1, closed=closed)
        return
    if before is not None:
        held = tallies.get(before, Tally())
        closed = held.closed + was_closed
        tallies[before] = held._replace(removed=held.removed + 1, closed=closed)
    if after is not None:
        held = tallies.get(after, Tally())
        closed = held.closed + is_closed
        tallies[after] = held._replace(added=held.added + 1, closed=closed)


def _is_closed(line: JournalLine, closed_through: dt.date | None) -> bool:
    return closed_through is not None and line.date <= closed_through


def cell_changes(
    tallies: Mapping[Cell, Tally], before_e4: Mapping[Cell, int], after_e4: Mapping[Cell, int]
) -> list[CellChange]:
    """By (year, period, account)."""
    cells = sorted(tallies, key=lambda cell: (cell.year, cell.period, cell.account_key))
    return [
        CellChange(
            cell=cell,
            added=tallies[cell].added,
            changed=tallies[cell].changed,
            removed=tallies[cell].removed,
            before_e4=before_e4.get(cell, 0),
            after_e4=after_e4.get(cell, 0),
            closed=tallies[cell].closed,
        )
        for cell in cells
    ]


def require_settled(generation: Generation, settled: int | None) -> None:
    """Publishing what was not settled would show balances that are not those of the lines."""
    if settled != generation.number:
        raise OurBug(
            "Books were about to be published before they were settled: report this.",
            detail=f"{generation.entity_id}: publishing {generation.number}, settled {settled}",
            code="not-settled",
        )


def require_unpublished(entity_id: str, generation: int, newest: int) -> None:
    """Published generations never change."""
    if generation <= newest:
        raise OurBug(
            "An import was about to change books that are already published: report this.",
            detail=f"{entity_id}: writing {generation}, published {newest}",
            code="generation-published",
        )


def require_not_newest(entity_id: str, numbers: Collection[int], newest: int) -> None:
    """The books readers see by default are never let go."""
    if newest in numbers:
        raise OurBug(
            "The published books were about to be let go: report this.",
            detail=f"{entity_id}: retiring {newest}",
            code="generation-newest",
        )


def require_all_retired(entity_id: str, numbers: Collection[int], retired: Collection[int]) -> None:
    """Who reads a generation is given time: it retires first."""
    if not set(numbers) <= set(retired):
        raise OurBug(
            "Books that are still listed were about to be removed: report this.",
            detail=f"{entity_id}: compacting {sorted(set(numbers) - set(retired))}",
            code="generation-listed",
        )
