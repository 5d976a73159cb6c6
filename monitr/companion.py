"""``monitr up`` as a child process: how the terminal UI and the demo get their imports done."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from attrs import define, field

from core.domain.failures import OurBug
from core.services.services import Services
from monitr.probing import answering_identity
from monitr.settings import Settings

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.1
LOG_FILE_NAME: Final = "up.log"


@define
class ChildUp:
    """Implements interfaces.launcher.Companion; a context manager that ends its child.

    ``always`` starts a child whether or not a worker stands (the demo's own directory).
    """

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)
    services: Services
    always: bool = False
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log: IO[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        if self.always or not self.services.importing.worker_standing():
            self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def ours(self) -> bool:
        return self._child is not None

    @property
    def log_path(self) -> Path:
        return self.settings.data_dir / LOG_FILE_NAME

    def alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return self.services.importing.worker_standing()

    def restart(self) -> None:
        if self.alive():
            return
        self._stop()
        self._start()

    def await_answer(self) -> None:
        """Until the child's HTTP shell answers; OurBug with the place of its log otherwise."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.alive():
            held = answering_identity(self.settings.http_host, self.settings.http_port)
            if held == self.settings.identity:
                return
            time.sleep(POLL_SECONDS)
        raise OurBug(f"Monitr's own process did not start: see {self.log_path}.")

    def _start(self) -> None:
        child_environ = {
            **self.environ,
            "MONITR_DATA_DIR": str(self.settings.data_dir),
            "MONITR_HTTP_HOST": self.settings.http_host,
            "MONITR_HTTP_PORT": str(self.settings.http_port),
        }
        self._log = self.log_path.open("ab")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "monitr", "up"],
            env=child_environ,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,  # a Ctrl-C in the terminal is the front end's to answer
        )

    def _stop(self) -> None:
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None
        if self._log is not None:
            self._log.close()
            self._log = None
