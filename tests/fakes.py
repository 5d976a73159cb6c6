"""Ports small enough to fake by hand: time that passes only when told, ids that count."""

from datetime import UTC, datetime, timedelta

from attrs import define, field

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@define
class FakeClock:
    """Implements Clock; ``pause`` advances it, ``pauses`` lists the seconds asked for."""

    instant: datetime = START
    pauses: list[float] = field(factory=list)

    def now(self) -> datetime:
        return self.instant

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.instant += timedelta(seconds=seconds)

    def advance(self, delta: timedelta) -> None:
        self.instant += delta


@define
class CountingIds:
    """Implements Ids: run_000000000001, run_000000000002 ..."""

    count: int = 0

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}_{self.count:012d}"

    def secret(self) -> str:
        self.count += 1
        return f"secret-{self.count:036d}"


@define
class RecordingDoorbell:
    """Implements Doorbell: remembers rings, wakes nobody."""

    rung: list[str] = field(factory=list)

    def ring(self, run_id: str) -> None:
        self.rung.append(run_id)
