"""What the HTTP interface says of nights, of what happened, and of API tokens."""

import datetime as dt

from attrs import field, frozen


@frozen(kw_only=True)
class ComingSlot:
    local_date: dt.date
    ordinal: int
    due_at: dt.datetime
    entities: int


@frozen(kw_only=True)
class ComingSlotList:
    items: list[ComingSlot]


@frozen(kw_only=True)
class SlotTally:
    ordinal: int
    late: bool
    status: str | None
    skipped: str | None
    count: int


@frozen(kw_only=True)
class Night:
    local_date: dt.date
    slots: list[SlotTally]


@frozen(kw_only=True)
class Slot:
    """What became of one slot: a run, or why it was skipped."""

    local_date: dt.date
    ordinal: int
    opened_at: dt.datetime
    late: bool
    run_id: str | None
    skipped: str | None


@frozen(kw_only=True)
class SlotList:
    items: list[Slot]


@frozen(kw_only=True)
class Budget:
    """What is left of one limit a provider sets, where least is left. ``free_at``: when calls may
    leave again; null when they may now.
    """

    provider: str
    limit: str
    calls: int
    seconds: int
    calls_left: int
    free_at: dt.datetime | None


@frozen(kw_only=True)
class BudgetList:
    items: list[Budget]


@frozen(kw_only=True)
class Event:
    sequence: int
    at: dt.datetime
    kind: str
    text: str
    actor: str
    integration_id: str | None
    entity_id: str | None
    run_id: str | None
    data: dict[str, str]


@frozen(kw_only=True)
class EventPage:
    """``next_cursor`` is there even when nothing follows yet: ask with it again later."""

    items: list[Event]
    next_cursor: str | None


@frozen(kw_only=True)
class Token:
    id: str
    name: str
    scope: str
    created_at: dt.datetime
    created_by: str
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


@frozen(kw_only=True)
class TokenPage:
    items: list[Token]
    next_cursor: str | None


@frozen(kw_only=True)
class MadeToken:
    """``token`` is the secret itself, shown this once."""

    id: str
    name: str
    scope: str
    token: str = field(repr=False)
