"""A storage and a provider of which the n-th call fails, before or after it took effect."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from attrs import define, field

from core.ports.storage import Storage, UnitOfWork


class Killed(BaseException):
    """The process is gone at this very moment: nothing of ours runs any more."""


@define
class Faults:
    """Counts calls while ``armed``; the ``nth`` raises what ``make`` gives. 0: never."""

    nth: int = 0
    make: Callable[[], BaseException] = Killed
    lost_answer: bool = False
    """The call does its work, and then fails: a commit that was kept, say."""
    armed: bool = False
    calls: list[str] = field(factory=list)
    struck: str = ""
    """The call that failed."""

    def call(self, name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - any port's answer
        if not self.armed:
            return work()
        if self.struck and isinstance(self.make(), Killed):
            raise Killed
        self.calls.append(name)
        if len(self.calls) != self.nth:
            return work()
        self.struck = name
        if self.lost_answer:
            work()
        raise self.make()


@define
class _Counted:
    """A repository or unit whose every method call is counted."""

    _of: Any
    _name: str
    _faults: Faults

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has there
        found = getattr(self._of, name)
        called = f"{self._name}.{name}"
        if callable(found):
            return lambda *args, **named: self._faults.call(called, lambda: found(*args, **named))
        return found if isinstance(found, int) else _Counted(found, called, self._faults)


@define
class FaultyStorage:
    """Implements Storage over another one."""

    inner: Storage
    faults: Faults

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        self.faults.call("reading", lambda: None)
        with self.inner.reading() as unit:
            yield cast("UnitOfWork", _Counted(unit, "reading", self.faults))

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        self.faults.call("writing", lambda: None)
        with self.inner.writing() as unit:
            yield cast("UnitOfWork", _Counted(unit, "writing", self.faults))

    def close(self) -> None:
        self.inner.close()
