"""What front ends may start that is no service call: processes, servers, the sandbox, the demo.

The composition root implements it; front ends see only this.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from attrs import frozen

from core.domain.import_run import ImportRun
from core.services.services import Services


@frozen(kw_only=True)
class Diagnosis:
    """One thing the doctor looked at. ``advice`` is empty when it is well."""

    name: str
    well: bool
    found: str
    advice: str = ""


@frozen(kw_only=True)
class SandboxPlan:
    port: int
    seed: int
    lines: int


@frozen(kw_only=True)
class DemoRow:
    """One account of a trial balance. Amounts as decimal strings; ``balance`` debit positive."""

    code: str
    name: str
    debit: str
    credit: str
    balance: str


@frozen(kw_only=True)
class DemoEntity:
    """Amounts as decimal strings; ``proof`` is the verdict's words."""

    name: str
    status: str
    accounts: int
    entries: int
    lines: int
    debit: str
    credit: str
    proof: str
    trial_balance: tuple[DemoRow, ...] = ()


@frozen(kw_only=True)
class DemoResult:
    provider: str
    entities: tuple[DemoEntity, ...]
    calls: int
    seconds: float
    next_steps: tuple[str, ...] = ()
    """Commands to try now, for people; not part of the JSON object."""


@frozen(kw_only=True)
class DemoPlan:
    provider: str
    lines: int
    keep: Path | None
    """A data directory to leave behind; None: a temporary one."""


class Companion(Protocol):
    """The process that imports while a terminal UI is open."""

    @property
    def ours(self) -> bool:
        """Whether it is our child; else somebody else's ``monitr up`` was there before."""
        ...

    def alive(self) -> bool:
        """Asks the operating system for a child, the storage for somebody else's. May block."""
        ...

    def restart(self) -> None:
        """Start a child (again). Does nothing while one is alive."""
        ...


class Launcher(Protocol):
    """Made per command; opening ``services`` opens (and if need be creates) the data directory."""

    @property
    def data_dir(self) -> Path: ...

    @property
    def services(self) -> Services: ...

    @property
    def callback_base(self) -> str:
        """The address under which provider callbacks reach this machine, without a path."""
        ...

    def callbacks(self) -> AbstractContextManager[str]:
        """Answer provider callbacks while open; yields callback_base.

        Starts the HTTP shell in this process unless one is listening for this data directory.
        """
        ...

    def serve(self) -> None:
        """The HTTP shell, until a signal."""
        ...

    def work(self) -> None:
        """A worker with the scheduler, until a signal."""
        ...

    def up(self) -> None:
        """HTTP shell and worker, until a signal."""
        ...

    def companion(self) -> AbstractContextManager["Companion"]:
        """Make sure that imports run in another process while open.

        Starts ``monitr up`` on this data directory as a child unless a worker stands already; the
        child ends with the context.
        """
        ...

    def import_here(
        self,
        run_ids: Sequence[str],
        each: Callable[[ImportRun], None],
        *,
        stopping: Callable[[], bool],
    ) -> None:
        """Carry out runs in this process; ``each`` is told of every run as it ended its attempt.

        A run that has to wait is left Waiting. Called in a thread: once ``stopping`` answers True
        the run at hand ends after its batch, keeping its bookmark, and no other is begun.
        """
        ...

    def rotate_keys(self) -> int:
        """A new vault key, every secret sealed with it; returns how many were. Repeatable."""
        ...

    def diagnose(self) -> Sequence[Diagnosis]: ...

    def sandbox(self, plan: SandboxPlan) -> None:
        """The stand-in providers, until a signal."""
        ...

    def demo(self, plan: DemoPlan, tell: Callable[[str], None]) -> DemoResult:
        """Sandbox, connect, select, import, prove. ``tell`` narrates in sentences."""
        ...

    def close(self) -> None: ...
