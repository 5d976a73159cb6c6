"""What every command works with: the launcher, opened late, and who is at the keyboard."""

import contextlib
import getpass
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import typer
from attrs import define, field

from core.domain.failures import Failure
from core.services.services import Services
from interfaces.launcher import Launcher

MakeLauncher: TypeAlias = Callable[[Path | None], Launcher]


@define
class Session:
    """One command's view of Monitr. Nothing is opened before ``launcher`` is asked for."""

    make_launcher: MakeLauncher
    data_dir: Path | None
    _launcher: Launcher | None = field(default=None, init=False)
    _organisation_id: str | None = field(default=None, init=False)

    @property
    def launcher(self) -> Launcher:
        if self._launcher is None:
            self._launcher = self.make_launcher(self.data_dir)
        return self._launcher

    @property
    def services(self) -> Services:
        return self.launcher.services

    @property
    def organisation_id(self) -> str:
        """The organisation the command line works in; set up at the first command."""
        if self._organisation_id is None:
            self._organisation_id = self.services.onboarding.only_or_new().id
        return self._organisation_id

    @property
    def operator(self) -> str:
        """Who is named in the audit trail."""
        try:
            return f"cli:{getpass.getuser()}"
        except (OSError, KeyError, ImportError):
            return "cli"

    def close(self) -> None:
        if self._launcher is not None:
            with contextlib.suppress(Failure):
                self._launcher.close()


def session_of(context: typer.Context) -> Session:
    session = context.find_root().obj
    assert isinstance(session, Session), "set by the root callback"
    return session
