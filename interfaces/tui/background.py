"""What goes on beside the screens: following the activity, and keeping a process that imports."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from core.domain.failures import Failure, ProviderDown, TryAgain

if TYPE_CHECKING:
    from core.ports.storage import Event
    from core.services.services import Services
    from interfaces.launcher import Companion, Launcher

EVENTS_MAX: Final = 200
"""Taken per look; the next look takes the rest."""

RESTARTS_MAX: Final = 3
"""Times in a row a process that imports is started again by itself; then ``w`` does."""

WELL_LOOKS: Final = 30
"""Looks in a row that find it alive before earlier restarts are forgotten."""


STOPPED: Final = "Imports stopped: w starts them"


@frozen(kw_only=True)
class News:
    """What one look found. ``notice``: a few words for the bar when something is amiss."""

    events: "Sequence[Event]" = ()
    notice: str = ""
    failure: Failure | None = None


@define
class Follower:
    """Reads the activity from where it was left. Its methods block: call them in a thread."""

    services: "Services"
    organisation_id: str
    after: int = 0
    """Sequence number of the last event seen."""

    def look(self) -> "Sequence[Event]":
        """What happened since the last look, oldest first."""
        events = self.services.reading.activity(
            self.organisation_id, after=self.after, limit=EVENTS_MAX
        )
        if events:
            self.after = events[-1].sequence
        return events


@define
class Imports:
    """The process that imports, kept alive while the app runs. Its methods block."""

    launcher: "Launcher"
    _held: contextlib.ExitStack = field(factory=contextlib.ExitStack, init=False)
    _companion: "Companion | None" = field(default=None, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _closed: bool = field(default=False, init=False)
    _restarts: int = field(default=0, init=False)
    _well: int = field(default=0, init=False)

    def start(self) -> None:
        """Make sure one runs. Does nothing the second time, or after ``close``."""
        with self._lock:
            if self._closed or self._companion is not None:
                return
            self._companion = self._held.enter_context(self.launcher.companion())

    def look(self) -> str:
        """A few words when it is gone; it is then started again, a few times by itself."""
        with self._lock:
            if self._closed or self._companion is None:
                return ""
            if self._companion.alive():
                self._well += 1
                if self._well >= WELL_LOOKS:
                    self._restarts = 0
                return ""
            self._well = 0
            if self._restarts >= RESTARTS_MAX:
                return STOPPED
            self._restarts += 1
            self._companion.restart()
            return "Imports had stopped: starting them again"

    def restart(self) -> None:
        """The operator asks for it."""
        self.start()
        with self._lock:
            if not self._closed and self._companion is not None:
                self._restarts = 0
                self._companion.restart()

    def close(self) -> None:
        """End our child, if it is ours."""
        with self._lock:
            self._closed = True
            self._held.close()


@define
class Answers:
    """The address provider answers come to, open while a consent is waited for."""

    launcher: "Launcher"
    tell: Callable[[Callable[[], None]], None]
    """Runs something in a thread of the app."""
    _held: contextlib.ExitStack | None = field(default=None, init=False)
    _wanted: bool = field(default=False, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def want(self, otherwise: Callable[[Failure], None]) -> None:
        """Open it in a thread; ``otherwise`` is told, on that thread, when it cannot be."""
        self._wanted = True

        def work() -> None:
            try:
                self.settle()
            except Failure as failure:
                otherwise(failure)
            except OSError as error:
                otherwise(
                    ProviderDown(
                        "The provider's answer cannot reach Monitr by itself "
                        f"({error.strerror or error}): paste the address you are sent to.",
                        code="cannot-listen",
                    )
                )

        self.tell(work)

    def unwant(self) -> None:
        """Close it in a thread."""
        self._wanted = False
        self.tell(self.settle)

    def settle(self) -> None:
        """Open or closed, as last wanted. Blocks while a server starts or stops."""
        with self._lock:
            if self._wanted and self._held is None:
                held = contextlib.ExitStack()
                held.enter_context(self.launcher.callbacks())
                self._held = held
            elif not self._wanted and self._held is not None:
                self._held.close()
                self._held = None

    def close(self) -> None:
        """For good, at the end of the app."""
        self._wanted = False
        self.settle()


def look(follower: Follower | None, imports: Imports) -> News:
    """One look at everything, in a thread. A locked database is no news: the next look sees."""
    try:
        notice = imports.look()
        events = follower.look() if follower is not None else ()
    except TryAgain:
        return News(notice="The database is busy")
    except Failure as failure:
        return News(notice="Something is wrong", failure=failure)
    return News(events=events, notice=notice)
