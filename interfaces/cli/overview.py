"""Bare ``monitr``: where things stand and what to do next, in a few lines."""

from collections import Counter

from core.domain.catalogue import entry_of
from core.domain.import_run import RunStatus
from core.domain.integration import IntegrationStatus
from core.domain.onboarding import OnboardingStep
from interfaces.cli.lists import every_entity
from interfaces.cli.output import console, plain, when
from interfaces.cli.session import Session


def overview(session: Session) -> None:
    """Says the step of the onboarding, or how the entities are and what needs a hand."""
    organisation = session.services.onboarding.only_or_new()
    integration_id = organisation.onboarding_integration_id
    match organisation.step:
        case OnboardingStep.CHOOSE_SOFTWARE:
            _tell(
                "Nothing is connected yet.",
                "See what can be connected:   monitr providers",
                "Connect your bookkeeping:    monitr connect exact-online",
                "Or look at made-up books:    monitr demo",
            )
        case OnboardingStep.AUTHORISE:
            _tell(
                "A connection was begun but not authorised.",
                f"Go on with it:               monitr reconnect {integration_id}",
                "Or choose other software:    monitr providers",
            )
        case OnboardingStep.SELECT_ENTITIES:
            _tell(
                "Connected. Choose which administrations to follow.",
                f"See them:                    monitr select {integration_id}",
                f"Follow all of them:          monitr select {integration_id} --all",
            )
        case OnboardingStep.FIRST_IMPORTS | OnboardingStep.DONE:
            _standing(session)


def _standing(session: Session) -> None:
    found = list(every_entity(session))
    counts = Counter(one.run.status if one.run else None for one in found)
    said = ", ".join(f"{counts[status]} {status.value}" for status in RunStatus if counts[status])
    _tell(f"{len(found)} entities: {said or 'nothing imported yet'}.")
    published = [one.published.published_at for one in found if one.published is not None]
    if published:
        _tell(
            f"The oldest books are of {when(min(published))}, the newest of {when(max(published))}."
        )
    slots = session.services.nights.tonight(session.organisation_id)
    if slots:
        _tell(f"Next import at night: {when(slots[0].due_at)}.")
    connecting = session.services.connecting
    for integration_id in sorted(connecting.awaiting_confirmation(session.organisation_id)):
        _tell(f"A new consent waits for you:  monitr reconnect {integration_id} --confirm")
    for integration in connecting.integrations(session.organisation_id):
        if integration.status is IntegrationStatus.NEEDS_RECONNECT:
            name = entry_of(integration.provider).name
            _tell(f"{name} needs a hand:  monitr reconnect {integration.id}")
    if counts[RunStatus.WAITING] and not session.services.importing.worker_standing():
        _tell(
            "Imports are waiting and no worker is running:  monitr up, "
            "or monitr import --all --wait"
        )
    if counts[RunStatus.FAILED]:
        _tell("See what failed, and why:  monitr entities")
    elif published:
        _tell("Read the books:  monitr books trial-balance ENTITY")


def _tell(*lines: str) -> None:
    out = console()
    for line in lines:
        out.print(plain(line), soft_wrap=True)
