"""Words and moments the screens share."""

from datetime import datetime, timedelta
from typing import Final

from core.domain.catalogue import AuthKind, CatalogueEntry
from core.domain.import_run import ImportRun, RunStatus
from core.domain.money import text_of
from core.domain.proof import Proof, Verdict

FILES: Final = "Files"
"""How providers that take files are grouped for a person, whatever books they bring."""

STATUS_STYLE: Final[dict[RunStatus, str]] = {
    RunStatus.WAITING: "$foreground-muted",
    RunStatus.IN_PROGRESS: "$accent",
    RunStatus.SUCCEEDED: "$success",
    RunStatus.FAILED: "bold $error",
}
STATUS_GLYPH: Final[dict[RunStatus, str]] = {
    RunStatus.WAITING: "○",
    RunStatus.IN_PROGRESS: "◐",
    RunStatus.SUCCEEDED: "✓",
    RunStatus.FAILED: "✗",
}


def category_of(entry: CatalogueEntry) -> str:
    """Bookkeeping, CRM, Subscriptions or Files."""
    return FILES if entry.auth is AuthKind.FILE_UPLOAD else entry.category.value


def moment(at: datetime | None) -> str:
    """In this machine's time zone, to the minute."""
    return "-" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M")


def clock_time(at: datetime) -> str:
    """In this machine's time zone, to the second."""
    return at.astimezone().strftime("%H:%M:%S")


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


def proof_words(proof: Proof | None, currency: str) -> str:
    """What the proof says, short and to the cent."""
    if proof is None:
        return "-"
    match proof.verdict:
        case Verdict.PROVEN:
            return f"proven on {proof.accounts} accounts"
        case Verdict.DIFFERS:
            return f"differs by {text_of(proof.difference_e4)} {currency}"
        case Verdict.MOVED:
            return f"moved while reading: {text_of(proof.difference_e4)} {currency}"
        case Verdict.NOT_OFFERED:
            return "no totals offered to compare with"


def run_words(run: ImportRun | None, currency: str, now: datetime) -> str:
    """How an import stands, in a line: progress and rate, proof, or what to do."""
    if run is None:
        return "never asked for"
    match run.status:
        case RunStatus.SUCCEEDED:
            return proof_words(run.proof, currency)
        case RunStatus.IN_PROGRESS:
            return progress_words(run, now)
        case RunStatus.FAILED:
            return run.trouble.sentence if run.trouble is not None else ""
        case RunStatus.WAITING:
            if run.trouble is None:
                return "queued"
            return f"{run.trouble.sentence} Continues at {moment(run.due_at)}."


def progress_words(run: ImportRun, now: datetime) -> str:
    """Stage, lines so far, of how many, and lines per second since it started."""
    progress = run.progress
    done = f"{progress.lines:,} lines"
    if progress.expected_lines:
        percent = min(100, progress.lines * 100 // progress.expected_lines)
        done = f"{progress.lines:,} of {progress.expected_lines:,} lines ({percent}%)"
    words = [progress.stage or "starting", done]
    seconds = (now - run.started_at).total_seconds() if run.started_at is not None else 0
    if seconds >= 1 and progress.lines:
        words.append(f"{progress.lines / seconds:,.0f}/s")
    return ", ".join(words)
