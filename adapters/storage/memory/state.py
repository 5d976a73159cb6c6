"""Everything the memory storage holds, as dictionaries of frozen values."""

from datetime import datetime

from attrs import define, field, frozen

from core.domain.access import ApiToken
from core.domain.books import Record, RecordKind
from core.domain.entity import Entity
from core.domain.file_import import ColumnMapping, Upload
from core.domain.import_run import ImportRun
from core.domain.integration import Administration, Integration
from core.domain.onboarding import Organisation
from core.domain.schedule import Slot, SlotRecord
from core.ports.access import Repeat
from core.ports.books import Generation
from core.ports.connections import OAuthAttempt, TokenRow
from core.ports.storage import Event


@frozen
class Version:
    """A record as it stood in ``since <= generation < until``; None: still stands."""

    since: int
    until: int | None
    record: Record

    def stands_in(self, generation: int) -> bool:
        return self.since <= generation and (self.until is None or generation < self.until)


@define
class Ledger:
    """The books of one entity: per kind and key the versions, oldest first, never overlapping."""

    kinds: dict[RecordKind, dict[str, tuple[Version, ...]]] = field(
        factory=lambda: {kind: {} for kind in RecordKind}
    )
    seen: dict[str, frozenset[str]] = field(factory=dict)
    """Per open coverage the keys seen so far."""
    generations: dict[int, Generation] = field(factory=dict)
    settled: int | None = None
    """The generation being built, once settled and not touched since."""
    retired: dict[int, datetime] = field(factory=dict)
    compacted: dict[int, bool] = field(factory=dict)
    """Generations that cannot be read any more, and whether their leftovers are gone."""

    def fork(self) -> "Ledger":
        return Ledger(
            kinds={kind: dict(rows) for kind, rows in self.kinds.items()},
            seen=dict(self.seen),
            generations=dict(self.generations),
            settled=self.settled,
            retired=dict(self.retired),
            compacted=dict(self.compacted),
        )


@define
class State:
    """All tables. ``fork`` copies the tables, not the (frozen) values in them."""

    organisations: dict[str, Organisation] = field(factory=dict)
    integrations: dict[str, Integration] = field(factory=dict)
    administrations: dict[str, tuple[Administration, ...]] = field(factory=dict)
    entities: dict[str, Entity] = field(factory=dict)
    runs: dict[str, ImportRun] = field(factory=dict)
    slots: dict[Slot, SlotRecord] = field(factory=dict)
    events: list[Event] = field(factory=list)
    secrets: dict[str, bytes] = field(factory=dict)
    tokens: dict[str, TokenRow] = field(factory=dict)
    attempts: dict[str, OAuthAttempt] = field(factory=dict)
    leases: dict[str, tuple[str, datetime]] = field(factory=dict)
    settings: dict[str, str] = field(factory=dict)
    api_tokens: dict[str, ApiToken] = field(factory=dict)
    repeats: dict[tuple[str, str], Repeat] = field(factory=dict)
    uploads: dict[str, Upload] = field(factory=dict)
    mappings: dict[tuple[str, str], ColumnMapping] = field(factory=dict)
    ledgers: dict[str, Ledger] = field(factory=dict)

    def fork(self) -> "State":
        return State(
            organisations=dict(self.organisations),
            integrations=dict(self.integrations),
            administrations=dict(self.administrations),
            entities=dict(self.entities),
            runs=dict(self.runs),
            slots=dict(self.slots),
            events=list(self.events),
            secrets=dict(self.secrets),
            tokens=dict(self.tokens),
            attempts=dict(self.attempts),
            leases=dict(self.leases),
            settings=dict(self.settings),
            api_tokens=dict(self.api_tokens),
            repeats=dict(self.repeats),
            uploads=dict(self.uploads),
            mappings=dict(self.mappings),
            ledgers=dict(self.ledgers),
        )
