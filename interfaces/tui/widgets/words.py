"""Sentences and tones for what the services say: no rule here, only wording."""

from datetime import datetime, timedelta
from typing import Final

from core.domain.catalogue import AuthKind, CatalogueEntry
from core.domain.failures import Action, Trouble
from core.domain.import_run import ImportRun, RunStatus
from core.domain.integration import Integration, IntegrationStatus
from core.domain.money import text_of
from core.domain.proof import Proof, Verdict
from core.ports.books import Generation
from interfaces.tui.widgets.pages import Cell

NEVER: Final = "Never imported"

FILES: Final = "Files"
"""How providers that take files are grouped for a person, whatever books they bring."""

STATUS_TONES: Final[dict[RunStatus | None, str]] = {
    RunStatus.SUCCEEDED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.IN_PROGRESS: "busy",
    RunStatus.WAITING: "warn",
    None: "muted",
}
"""None: no run yet."""

STATUS_SIGNS: Final[dict[RunStatus | None, str]] = {
    RunStatus.SUCCEEDED: "✓",
    RunStatus.FAILED: "✗",
    RunStatus.IN_PROGRESS: "▶",
    RunStatus.WAITING: "…",
    None: "-",
}

MEND_WORDS: Final[dict[Action, str]] = {
    Action.RECONNECT: "Reconnect",
    Action.WAIT: "Wait",
    Action.FIX_SETTINGS: "Fix",
    Action.PROVIDER_DOWN: "Wait",
    Action.DATA_NOT_UNDERSTOOD: "Look",
    Action.REPORT_BUG: "Report",
    Action.CORRECT_REQUEST: "Fix",
    Action.TRY_AGAIN: "Wait",
}

_PERCENT_MAX: Final = 99
"""Until the run has ended, it is not all there."""


def category_of(entry: CatalogueEntry) -> str:
    """Bookkeeping, CRM, Subscriptions or Files."""
    return FILES if entry.auth is AuthKind.FILE_UPLOAD else entry.category.value


def fits(words: str, *texts: str) -> bool:
    """Whether every word typed occurs in one of the texts, any case."""
    held = " ".join(texts).casefold()
    return all(word in held for word in words.casefold().split())


def when(instant: datetime | None) -> str:
    """Local time of this machine, short: the year is left out (lists are of recent things)."""
    return instant.astimezone().strftime("%d %b %H:%M") if instant is not None else "-"


def moment(instant: datetime | None) -> str:
    """Local time of this machine, in full."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M:%S") if instant is not None else "-"


def ahead(at: datetime | None, now: datetime) -> str:
    """How far ahead a moment is, in the largest unit that tells."""
    if at is None:
        return "-"
    left = at - now
    if left <= timedelta(0):
        return "over"
    if left >= timedelta(days=2):
        return f"in {left.days} days"
    if left >= timedelta(hours=2):
        return f"in {int(left.total_seconds()) // 3600} h"
    return f"in {max(1, int(left.total_seconds()) // 60)} min"


def minutes_seconds(left: timedelta) -> str:
    minutes, seconds = divmod(max(0, int(left.total_seconds())), 60)
    return f"{minutes}:{seconds:02d}"


def amount(amount_e4: int) -> str:
    """Exact, with thousands set apart: 1,234,567.50."""
    sign, digits = ("-", text_of(-amount_e4)) if amount_e4 < 0 else ("", text_of(amount_e4))
    units, _, rest = digits.partition(".")
    return f"{sign}{int(units):,}.{rest}"


def count(number: int, one: str, many: str = "") -> str:
    """``1 entity``, ``1,234 entities``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(took: timedelta) -> str:
    """A duration: 42 s, 3 min 5 s, 1 h 02 min."""
    seconds = max(int(took.total_seconds()), 0)
    minutes, seconds_left = divmod(seconds, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left:02d} min"
    return f"{minutes} min {seconds_left} s" if minutes else f"{seconds} s"


def status_cell(run: ImportRun | None) -> Cell:
    status = run.status if run is not None else None
    words = status.value if status is not None else NEVER
    if run is not None and status is RunStatus.IN_PROGRESS:
        percent = percent_of(run)
        words = f"{words} {percent} %" if percent is not None else words
    return Cell(f"{STATUS_SIGNS[status]} {words}", STATUS_TONES[status])


def percent_of(run: ImportRun) -> int | None:
    """How far, where the provider counts its lines. An import of changes reads fewer of them."""
    expected = run.progress.expected_lines
    if not expected:
        return None
    return min(100 * run.progress.lines // expected, _PERCENT_MAX)


def progress_words(run: ImportRun, now: datetime) -> str:
    """What an import is doing, how much it did and how fast."""
    done = run.progress
    parts = [done.stage] if done.stage else []
    parts.append(count(done.lines, "line"))
    seconds = (now - run.started_at).total_seconds() if run.started_at is not None else 0.0
    if done.lines and seconds >= 1:
        parts.append(f"{done.lines / seconds:,.0f} lines/s")
    parts.append(count(done.calls, "call"))
    return ", ".join(parts)


def proof_words(proof: Proof | None, currency: str) -> str:
    """What the proof says, to the cent."""
    if proof is None:
        return "-"
    match proof.verdict:
        case Verdict.PROVEN:
            words = f"proven: {count(proof.accounts, 'account')} equal the provider's to the cent"
        case Verdict.DIFFERS:
            words = (
                f"differs by {amount(proof.difference_e4)} {currency} "
                f"in {count(proof.residual_count, 'place')}"
            )
        case Verdict.MOVED:
            words = (
                f"moved while reading: {amount(proof.difference_e4)} {currency} apart, "
                "because the provider's books changed meanwhile"
            )
        case Verdict.NOT_OFFERED:
            words = "the provider offers no totals to compare with"
    if proof.finding_count:
        words += f"; {count(proof.finding_count, 'thing')} in the books not adding up"
    return words


def proof_cell(proof: Proof | None) -> Cell:
    if proof is None:
        return Cell("-", "muted")
    match proof.verdict:
        case Verdict.PROVEN:
            cell = Cell("✓ proven", "good")
        case Verdict.DIFFERS:
            cell = Cell(f"✗ {amount(proof.difference_e4)}", "bad")
        case Verdict.MOVED:
            cell = Cell("~ moved", "warn")
        case Verdict.NOT_OFFERED:
            cell = Cell("- no totals", "muted")
    return cell if not proof.finding_count else Cell(f"{cell.text} !", "warn")


def changes_words(generation: Generation) -> str:
    if not (generation.added or generation.changed or generation.removed):
        return "nothing changed"
    return (
        f"{generation.added:,} added, {generation.changed:,} changed, "
        f"{generation.removed:,} removed"
    )


def trouble_words(trouble: Trouble, until: datetime | None) -> str:
    """The sentence that says what to do, and when it goes on by itself."""
    return f"{trouble.sentence} Continues {when(until)}." if until else trouble.sentence


def outcome_words(run: ImportRun | None, published: Generation | None, now: datetime) -> str:
    """One line on where an entity's import stands, ending with what to do where there is something.

    A failed import never hides that earlier books are still there.
    """
    if run is None:
        return "Import it to have its books."
    if run.status is RunStatus.IN_PROGRESS:
        return progress_words(run, now)
    if run.trouble is not None:
        waits = run.status is RunStatus.WAITING
        words = trouble_words(run.trouble, run.due_at if waits else None)
        kept = f" Books of {when(published.published_at)} are still good." if published else ""
        return words + kept
    if run.status is RunStatus.WAITING:
        return "Waits for a worker."
    return changes_words(published) if published is not None else "-"


def run_words(run: ImportRun, currency: str) -> str:
    """What became of a run."""
    if run.trouble is not None:
        return trouble_words(run.trouble, None if run.finished else run.due_at)
    if run.status is RunStatus.SUCCEEDED:
        return proof_words(run.proof, currency)
    return run.progress.stage or "waits for a worker"


def duration_words(run: ImportRun, now: datetime) -> str:
    if run.started_at is None:
        return "-"
    return span((run.finished_at or now) - run.started_at)


def integration_cell(integration: Integration | None) -> Cell:
    if integration is None:
        return Cell("not linked", "bad")
    tones = {
        IntegrationStatus.ACTIVE: "good",
        IntegrationStatus.NEEDS_RECONNECT: "bad",
        IntegrationStatus.DISCONNECTED: "bad",
        IntegrationStatus.PENDING: "warn",
    }
    return Cell(integration.status.value, tones[integration.status])
