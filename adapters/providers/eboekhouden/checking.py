"""The service's balances against checksums of derived lines, and rules that would fit better."""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator

from adapters.providers.eboekhouden import sums
from adapters.providers.eboekhouden.bookmark import Marks
from adapters.providers.eboekhouden.chart import INPUT_VAT, Chart
from adapters.providers.eboekhouden.documents import Kind, Mutation
from adapters.providers.eboekhouden.posting import DUE_CATEGORIES, ROW_SIDES, Booked, Rules


def lines_sum(result: Booked) -> int:
    return sums.of_postings((one.account_key, one.amount_e4) for one in result.postings)


def with_lines(marks: Marks, mutation: Mutation, result: Booked) -> Marks:
    """``marks`` with the lines of one mutation."""
    added = lines_sum(result)
    is_opening = mutation.kind == Kind.OPENING
    is_memorial = not is_opening and mutation.kind not in ROW_SIDES
    return Marks(
        total=(marks.total + added) % sums.MODULUS,
        memorial=(marks.memorial + added * is_memorial) % sums.MODULUS,
        opening=(marks.opening + added * is_opening) % sums.MODULUS,
        shifted_e4=marks.shifted_e4 + result.shifted_e4,
    )


def better_rules(marks: Marks, rules: Rules, chart: Chart, told: int) -> Rules | None:
    """Rules by which the lines would have the checksum ``told``; None: these do, or none would.

    Exact: that other rules give the same checksum by chance is as good as impossible.
    """
    if marks.total == told:
        return None
    for candidate in _candidates(rules, chart):
        total = marks.total
        if candidate.memorial != rules.memorial:
            total -= 2 * marks.memorial
        if candidate.opening != rules.opening:
            total -= 2 * marks.opening
        total += marks.shifted_e4 * (_shift(candidate, chart) - _shift(rules, chart))
        if total % sums.MODULUS == told:
            return candidate
    return None


def _candidates(rules: Rules, chart: Chart) -> Iterator[Rules]:
    for due in (rules.due, *DUE_CATEGORIES):
        if due and not chart.has(due):
            continue
        for memorial in (rules.memorial, -rules.memorial):
            for opening in (rules.opening, -rules.opening):
                yield Rules(memorial, opening, due)


def _shift(rules: Rules, chart: Chart) -> int:
    """What one unit of shifted VAT adds."""
    if not rules.due:
        return 0
    claimed = sums.weight(chart.category_key(INPUT_VAT))
    return claimed - sums.weight(chart.category_key(rules.due))


def span(period: str) -> tuple[dt.date, dt.date]:
    """First and last day of ``2025`` or ``202501``."""
    year = int(period[:4])
    if len(period) == len("2025"):
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    month = int(period[4:])
    return dt.date(year, month, 1), dt.date(year, month, monthrange(year, month)[1])


def month_of(day: dt.date) -> str:
    return f"{day.year:04d}{day.month:02d}"
