"""What is checked of an upload before it may count."""

import datetime as dt
from collections.abc import Sequence
from typing import TypeAlias

import attrs

from core.domain.catalogue import AuthKind, entry_of
from core.domain.entity import Entity, Link
from core.domain.failures import CorrectRequest
from core.domain.file_import import (
    WRONG_COMPANY,
    WRONG_CURRENCY,
    Look,
    Remark,
    Upload,
    Weight,
)

Days: TypeAlias = tuple[dt.date, dt.date]
"""First and last day, inclusive."""


def file_link(entity: Entity) -> Link:
    """The primary link, if files are what it imports; CorrectRequest says what to do."""
    link = entity.primary
    if link is None or entry_of(link.provider).auth is not AuthKind.FILE_UPLOAD:
        held = "nothing" if link is None else entry_of(link.provider).name
        raise CorrectRequest(
            f"{entity.name} is imported from {held}, and an entity has one source of books: "
            "connect CSV Import, then select its company or link this entity to it.",
            code="not-from-files",
        )
    return link


def covering(look: Look, covers: Days | None) -> Look:
    if covers is None:
        return look
    first, last_day = covers
    if first > last_day:
        raise CorrectRequest(
            "The first day a file covers is not after the last.",
            code="outside-range",
            setting="covers",
        )
    return attrs.evolve(look, covers_first=first, covers_last=last_day)


def on_top(upload: Upload, active: Sequence[Upload]) -> bool:
    """Whether no later upload speaks of any of its days."""
    first, last_day = upload.summary.first, upload.summary.last_day
    later = list(active)[[one.id for one in active].index(upload.id) + 1 :]
    return not any(
        first is None
        or last_day is None
        or one.summary.first is None
        or one.summary.last_day is None
        or (one.summary.first <= last_day and first <= one.summary.last_day)
        for one in later
    )


def concerns(entity: Entity, upload: Upload, active: Sequence[Upload]) -> tuple[Remark, ...]:
    """What the file says about itself that does not fit the entity."""
    declared = upload.summary.declared
    found = []
    if declared.currency is not None and declared.currency != entity.currency:
        found.append(
            Remark(
                weight=Weight.WARNING,
                code=WRONG_CURRENCY,
                sentence=f"The file is in {declared.currency}, {entity.name} in {entity.currency}.",
            )
        )
    before = {one.summary.declared.company_id for one in active} - {None}
    if declared.company_id is not None and before and declared.company_id not in before:
        found.append(
            Remark(
                weight=Weight.WARNING,
                code=WRONG_COMPANY,
                sentence=(
                    f"The file is of {declared.company or 'a company'} ({declared.company_id}), "
                    f"earlier ones were of {', '.join(sorted(filter(None, before)))}."
                ),
            )
        )
    return tuple(found)


def require_answered(upload: Upload) -> None:
    if upload.summary.questions:
        raise CorrectRequest(
            f"{upload.name} leaves something open. {upload.summary.questions[0].sentence}",
            code="mapping-open",
            setting="mapping",
        )
    if not upload.summary.lines:
        raise CorrectRequest(
            f"{upload.name} holds no line that can be imported: look at its rejected rows.",
            code="nothing-to-import",
        )


def require_balance(upload: Upload) -> None:
    obstacles = upload.summary.obstacles
    if obstacles:
        raise CorrectRequest(
            f"{upload.name} is not imported yet: {'; '.join(obstacles)}. Correct it, or confirm it "
            "as it is.",
            code="preview-not-balanced",
        )
