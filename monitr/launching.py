"""The Launcher of a machine: opens the data directory, starts servers, workers, sandbox, demo."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from core.domain.failures import FixSettings
from core.domain.import_run import ImportRun
from core.services.secrets import reseal_all
from core.services.services import Services
from interfaces.launcher import DemoPlan, DemoResult, Diagnosis, SandboxPlan
from monitr.bootstrap import Monitr, open_monitr
from monitr.companion import ChildUp
from monitr.doctor import diagnose
from monitr.logs import STANDING, configure_logs
from monitr.probing import answering_identity
from monitr.settings import Settings
from monitr.working import import_here, work

if TYPE_CHECKING:
    from litestar import Litestar

    from interfaces.http.server import BackgroundServer


@define
class LocalLauncher:
    """Implements interfaces.launcher.Launcher."""

    settings: Settings
    environ: Mapping[str, str] = field(factory=lambda: dict(os.environ), repr=False)
    _monitr: Monitr | None = field(default=None, init=False)

    @property
    def data_dir(self) -> Path:
        return self.settings.data_dir

    @property
    def monitr(self) -> Monitr:
        if self._monitr is None:
            self._monitr = open_monitr(self.settings, self.environ)
        return self._monitr

    @property
    def services(self) -> Services:
        return self.monitr.services

    @property
    def callback_base(self) -> str:
        return self.settings.callback_base

    @contextlib.contextmanager
    def callbacks(self) -> Iterator[str]:
        held = answering_identity(self.settings.http_host, self.settings.http_port)
        if held == self.settings.identity:
            yield self.callback_base
            return
        if held is not None:
            raise self._port_taken()
        with self._server():
            yield self.callback_base

    def serve(self) -> None:
        from interfaces.http.server import serve  # noqa: PLC0415 - only servers need it

        configure_logs(STANDING)
        serve(self._shell(), self.settings.http_host, self.settings.http_port)

    def work(self) -> None:
        configure_logs(STANDING)
        work(self.monitr)

    def up(self) -> None:
        configure_logs(STANDING)
        with self._server():
            work(self.monitr)

    def companion(self) -> ChildUp:
        return ChildUp(self.settings, self.environ, self.services)

    def import_here(
        self,
        run_ids: Sequence[str],
        each: Callable[[ImportRun], None],
        *,
        stopping: Callable[[], bool],
    ) -> None:
        import_here(self.monitr, run_ids, each, stopping)

    def rotate_keys(self) -> int:
        key_file = self.monitr.vault.key_file
        if key_file is None:
            # The environment's first key is the new one: only the re-sealing is ours.
            return reseal_all(self.monitr.ports)
        key_file.add_new()
        changed = reseal_all(self.monitr.ports)
        key_file.drop_old()
        return changed

    def diagnose(self) -> Sequence[Diagnosis]:
        return list(diagnose(self.settings, self.environ))

    def sandbox(self, plan: SandboxPlan) -> None:
        from sandbox.server import serve_forever  # noqa: PLC0415 - only this command needs it

        serve_forever(port=plan.port, seed=plan.seed, lines=plan.lines)

    def demo(self, plan: DemoPlan, tell: Callable[[str], None]) -> DemoResult:
        from monitr.demo import run_demo  # noqa: PLC0415 - only this command needs the sandbox

        return run_demo(plan, self.environ, tell)

    def close(self) -> None:
        if self._monitr is not None:
            self._monitr.close()
            self._monitr = None

    def _server(self) -> "BackgroundServer":
        from interfaces.http.server import BackgroundServer  # noqa: PLC0415 - only servers need it

        return BackgroundServer(self._shell(), self.settings.http_host, self.settings.http_port)

    def _shell(self) -> "Litestar":
        from interfaces.http.app import build_http  # noqa: PLC0415 - only servers need it

        return build_http(
            self.services,
            identity=self.settings.identity,
            callback_base=self.settings.callback_base,
        )

    def _port_taken(self) -> FixSettings:
        return FixSettings(
            f"Port {self.settings.http_port} is used by something else, so the provider's answer "
            "could not reach Monitr: set MONITR_HTTP_PORT to a free port.",
            code="port-taken",
            setting="MONITR_HTTP_PORT",
        )
