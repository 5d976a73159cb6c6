"""What the HTTP interface says, as attrs types: OpenAPI is generated from these.

Names are those of the command line's JSON. Amounts are decimal strings, debit positive, in the
entity's currency; instants are ISO 8601 in UTC; no field is a secret unless it says so.
"""

import datetime as dt

from attrs import frozen


@frozen(kw_only=True)
class FieldError:
    """``key`` names the parameter or field, ``source`` where it was looked for."""

    message: str
    key: str | None = None
    source: str | None = None


@frozen(kw_only=True)
class Problem:
    """RFC 9457. ``detail`` is one sentence for people and says what to do; ``code`` is for programs
    and stable; ``action`` groups codes by what helps; ``retry_at`` when waiting does.
    """

    type: str
    title: str
    status: int
    code: str
    action: str
    detail: str | None = None
    retry_at: dt.datetime | None = None
    setting: str | None = None
    errors: list[FieldError] | None = None


@frozen(kw_only=True)
class FormField:
    """One value to connect with. ``choices`` empty: free text."""

    name: str
    label: str
    help: str
    secret: bool
    required: bool
    default: str | None
    choices: list[str]


@frozen(kw_only=True)
class Provider:
    """``auth``: its kind; ``connects_by``: what connecting it takes here, which may differ.
    ``refusal``: why it cannot be connected now; ``contract``: how far its wire is confirmed.
    """

    key: str
    name: str
    category: str
    auth: str
    connects_by: str
    note: str
    onboarding: bool
    contract: str
    available: bool
    refusal: str | None


@frozen(kw_only=True)
class ProviderList:
    items: list[Provider]


@frozen(kw_only=True)
class ConnectForm:
    preparation: str
    fields: list[FormField]


@frozen(kw_only=True)
class Organisation:
    """``step`` is where onboarding stands."""

    id: str
    name: str
    time_zone: str
    created_at: dt.datetime
    step: str
    onboarded: bool
    onboarding_integration_id: str | None


@frozen(kw_only=True)
class Trouble:
    code: str
    action: str
    sentence: str
    retry_at: dt.datetime | None
    setting: str | None


@frozen(kw_only=True)
class Account:
    key: str
    name: str
    email: str | None


@frozen(kw_only=True)
class Integration:
    """``awaits_confirmation``: a new consent is there, and counts once it is confirmed."""

    id: str
    provider: str
    status: str
    account: Account | None
    fields: dict[str, str]
    created_at: dt.datetime
    authorised_at: dt.datetime | None
    expires_at: dt.datetime | None
    checked_at: dt.datetime | None
    awaits_confirmation: bool
    trouble: Trouble | None


@frozen(kw_only=True)
class IntegrationPage:
    items: list[Integration]
    next_cursor: str | None


@frozen(kw_only=True)
class Administration:
    key: str
    name: str
    currency: str
    country: str | None
    importable: bool
    obstacle: str | None


@frozen(kw_only=True)
class AdministrationPage:
    items: list[Administration]
    next_cursor: str | None


@frozen(kw_only=True)
class Review:
    """What confirming a reconnect would change; nothing has changed yet."""

    account_before: str | None
    account_now: str
    lost: list[str]
    sentence: str


@frozen(kw_only=True)
class Connection:
    """``authorize_url``: a person opens it before ``authorize_until``; it works once."""

    integration: Integration
    authorize_url: str | None
    authorize_until: dt.datetime | None
    redirect_uri: str | None
    administrations: int
    warnings: list[str]
    review: Review | None


@frozen(kw_only=True)
class Authorisation:
    """The newest authorisation of an integration. ``outcome`` is a sentence once it ended."""

    expires_at: dt.datetime
    ended: bool
    failed: bool
    outcome: str | None


@frozen(kw_only=True)
class Affected:
    """Names of the entities that have no imports without this integration."""

    entities: list[str]


@frozen(kw_only=True)
class Link:
    id: str
    integration_id: str
    administration_key: str
    provider: str
    role: str


@frozen(kw_only=True)
class Progress:
    stage: str
    batches: int
    records: int
    lines: int
    expected_lines: int | None
    changed: int
    calls: int


@frozen(kw_only=True)
class Residual:
    """``period``: null where the provider tells whole fiscal years only."""

    account_key: str
    year: int
    period: int | None
    ours: str
    theirs: str


@frozen(kw_only=True)
class Finding:
    kind: str
    key: str
    amount: str


@frozen(kw_only=True)
class Proof:
    verdict: str
    cells: int
    accounts: int
    difference: str
    residuals: list[Residual]
    residual_count: int
    findings: list[Finding]
    finding_count: int


@frozen(kw_only=True)
class Run:
    id: str
    entity_id: str
    integration_id: str
    status: str
    cause: str
    late: bool
    attempt: int
    requested_at: dt.datetime
    due_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    progress: Progress
    trouble: Trouble | None
    proof: Proof | None


@frozen(kw_only=True)
class RunPage:
    items: list[Run]
    next_cursor: str | None


@frozen(kw_only=True)
class Generation:
    """One complete, numbered state of an entity's books."""

    number: int
    run_id: str
    published_at: dt.datetime
    counts: dict[str, int]
    added: int
    changed: int
    removed: int
    proof: Proof


@frozen(kw_only=True)
class GenerationPage:
    items: list[Generation]
    next_cursor: str | None


@frozen(kw_only=True)
class Entity:
    """``run`` is the newest import, ``published`` what readers of the books see."""

    id: str
    name: str
    currency: str
    time_zone: str | None
    links: list[Link]
    integration_status: str | None
    next_slot_at: dt.datetime
    run: Run | None
    published: Generation | None


@frozen(kw_only=True)
class EntityPage:
    items: list[Entity]
    next_cursor: str | None


@frozen(kw_only=True)
class EntitySettings:
    """``time_zone`` None: the organisation's. ``slots``: local times of the nightly imports."""

    time_zone: str | None
    slots: list[str]


@frozen(kw_only=True)
class Named:
    id: str
    name: str


@frozen(kw_only=True)
class Refused:
    administration_key: str
    name: str
    reason: str


@frozen(kw_only=True)
class Selection:
    created: list[Named]
    already: list[Named]
    refused: list[Refused]
    run_ids: list[str]


@frozen(kw_only=True)
class Requested:
    """What became of one entity's request: a run, or the reason there is none (or both: it waits
    already).
    """

    entity_id: str
    run: Run | None
    refusal: Trouble | None


@frozen(kw_only=True)
class RequestedList:
    items: list[Requested]
