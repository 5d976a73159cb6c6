"""A launcher over a House: nothing is started, everything is counted."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

from attrs import define, field

from core.domain.failures import Failure
from core.domain.import_run import ImportRun
from core.services.services import Services
from interfaces.launcher import DemoPlan, DemoResult, Diagnosis, SandboxPlan
from tests.services.house import BASE, House


@define
class FakeCompanion:
    """Implements Companion."""

    ours: bool = True
    living: bool = True
    restarts: int = 0
    entered: int = 0
    left: int = 0

    def __enter__(self) -> Self:
        self.entered += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.left += 1

    def alive(self) -> bool:
        return self.living

    def restart(self) -> None:
        self.restarts += 1
        self.living = True


@define
class FakeLauncher:
    """Implements Launcher over a house. ``failures`` are raised by opening, one per time."""

    house: House
    failures: list[Failure] = field(factory=list)
    child: FakeCompanion = field(factory=FakeCompanion)
    callbacks_open: int = 0
    callbacks_opened: int = 0
    callback_failures: list[Exception] = field(factory=list)
    closed: bool = False

    @property
    def data_dir(self) -> Path:
        return Path("/nowhere")

    @property
    def services(self) -> Services:
        if self.failures:
            raise self.failures.pop(0)
        return self.house.services

    @property
    def callback_base(self) -> str:
        return BASE

    @contextlib.contextmanager
    def callbacks(self) -> Iterator[str]:
        if self.callback_failures:
            raise self.callback_failures.pop(0)
        self.callbacks_open += 1
        self.callbacks_opened += 1
        try:
            yield BASE
        finally:
            self.callbacks_open -= 1

    def companion(self) -> FakeCompanion:
        return self.child

    def serve(self) -> None:
        raise NotImplementedError

    def work(self) -> None:
        raise NotImplementedError

    def up(self) -> None:
        raise NotImplementedError

    def import_here(
        self,
        run_ids: Sequence[str],
        each: Callable[[ImportRun], None],
        *,
        stopping: Callable[[], bool],
    ) -> None:
        raise NotImplementedError

    def rotate_keys(self) -> int:
        raise NotImplementedError

    def diagnose(self) -> Sequence[Diagnosis]:
        return ()

    def sandbox(self, plan: SandboxPlan) -> None:
        raise NotImplementedError

    def demo(self, plan: DemoPlan, tell: Callable[[str], None]) -> DemoResult:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True
