"""Sentences the commands share."""

from core.domain.import_run import ImportRun, RunStatus
from core.domain.money import text_of
from core.domain.proof import Proof, Verdict
from core.ports.books import Generation
from interfaces.cli.output import when


def proof_sentence(proof: Proof | None, currency: str) -> str:
    """What the proof says, in words and to the cent."""
    if proof is None:
        return "-"
    match proof.verdict:
        case Verdict.PROVEN:
            words = f"proven: {proof.accounts} accounts equal the provider's to the cent"
        case Verdict.DIFFERS:
            words = (
                f"differs by {text_of(proof.difference_e4)} {currency} "
                f"in {proof.residual_count} places"
            )
        case Verdict.MOVED:
            words = (
                f"moved while reading: {text_of(proof.difference_e4)} {currency} apart, "
                "because the provider's books changed meanwhile"
            )
        case Verdict.NOT_OFFERED:
            words = "the provider offers no totals to compare with"
    if proof.finding_count:
        words += f"; {proof.finding_count} things in the books do not add up"
    return words


def changes_sentence(generation: Generation | None) -> str:
    if generation is None:
        return "-"
    if not (generation.added or generation.changed or generation.removed):
        return "nothing changed"
    return f"{generation.added} added, {generation.changed} changed, {generation.removed} removed"


def outcome_sentence(run: ImportRun, currency: str) -> str:
    """What became of a run, ending with what to do where something is to be done."""
    if run.status is RunStatus.SUCCEEDED:
        return proof_sentence(run.proof, currency)
    if run.trouble is None:
        return "queued" if run.status is RunStatus.WAITING else run.progress.stage
    if run.status is RunStatus.WAITING:
        return f"{run.trouble.sentence} Continues at {when(run.due_at)}."
    return run.trouble.sentence
