"""Onboarding: choose software, authorise, select entities, first imports, done."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from attrs import frozen

from core.domain.catalogue import CATALOGUE, CatalogueEntry, Category
from core.domain.failures import CorrectRequest

_DATA = {
    Category.BOOKKEEPING: "bookkeeping",
    Category.SUBSCRIPTIONS: "subscription",
    Category.CRM: "CRM",
}
"""What each category adds, within a sentence."""

DEFAULT_TIME_ZONE = "Europe/Amsterdam"


class OnboardingStep(StrEnum):
    CHOOSE_SOFTWARE = "choose software"
    AUTHORISE = "authorise"
    SELECT_ENTITIES = "select entities"
    FIRST_IMPORTS = "first imports"
    DONE = "done"


@frozen(kw_only=True)
class Organisation:
    """Who uses Monitr. ``onboarding_integration_id`` lets an abandoned onboarding be resumed."""

    id: str
    name: str
    time_zone: str
    created_at: datetime
    step: OnboardingStep = OnboardingStep.CHOOSE_SOFTWARE
    onboarding_integration_id: str | None = None

    @property
    def onboarded(self) -> bool:
        """Whether the restrictions of onboarding are over (entities were selected once)."""
        return self.step in {OnboardingStep.FIRST_IMPORTS, OnboardingStep.DONE}

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.time_zone)

    def at(self, step: OnboardingStep, integration_id: str | None = None) -> "Organisation":
        """This organisation at that step; a finished onboarding never goes back."""
        if self.onboarded and step not in {OnboardingStep.FIRST_IMPORTS, OnboardingStep.DONE}:
            return self
        if self.step is OnboardingStep.DONE:
            return self
        return attrs.evolve(
            self,
            step=step,
            onboarding_integration_id=integration_id or self.onboarding_integration_id,
        )


def zone_of(name: str) -> ZoneInfo:
    """The time zone with that IANA name; CorrectRequest when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CorrectRequest(
            f"There is no time zone {name!r}: use a name such as Europe/Amsterdam.",
            code="unknown-time-zone",
        ) from error


def refusal(entry: CatalogueEntry, *, onboarded: bool) -> str | None:
    """Why this provider may not be connected now, in words for a person; None when it may."""
    if onboarded or entry.onboarding:
        return None
    if entry.category is not Category.BOOKKEEPING:
        return (
            f"{entry.name} adds {_DATA[entry.category]} data to entities that already "
            "exist: connect your accounting software first, then add it."
        )
    return (
        f"{entry.name} has no connection that can be checked or repeated every night, so it "
        "cannot be your first integration: connect your accounting software first, then add files."
    )


def choices(*, onboarded: bool) -> tuple[tuple[CatalogueEntry, str | None], ...]:
    """Every catalogue entry with the reason it may not be chosen now, or None."""
    return tuple((entry, refusal(entry, onboarded=onboarded)) for entry in CATALOGUE)


def require_allowed(entry: CatalogueEntry, *, onboarded: bool) -> None:
    """CorrectRequest with the reason when the provider may not be connected now."""
    reason = refusal(entry, onboarded=onboarded)
    if reason is not None:
        raise CorrectRequest(reason, code="not-during-onboarding")
