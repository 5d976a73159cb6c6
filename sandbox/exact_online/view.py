"""One division as its rows are written: ids, padded codes, the books behind it."""

from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from sandbox.books import Books
from sandbox.exact_online.versions import DivisionVersions
from sandbox.identity import Identities, Kind
from sandbox.records import Company, Trait

FIRST_DIVISION: Final = 700_000
NO_GUID: Final = "00000000-0000-0000-0000-000000000000"

STATUS_ACTIVE, STATUS_INACTIVE, STATUS_ARCHIVED = 1, 0, 2
BLOCKED_BY_CONVERSION = 2


@frozen
class User:
    """Someone who can log in. Without rights every list is empty, and nothing says why."""

    serial: int
    username: str
    full_name: str
    rights: bool = True


USERS: Final = (
    User(1, "boekhouder@sandbox.test", "Bea Boekhouder"),
    User(2, "controller@sandbox.test", "Cor Controller"),
    User(3, "zonderrechten@sandbox.test", "Zeno Zonderrechten", rights=False),
)


@define(eq=False)
class View:
    """A division: its books under Exact's number, with the ids of small masters remembered."""

    books: Books
    identities: Identities
    versions: DivisionVersions
    base_url: str = ""
    _guids: dict[tuple[int, int], str] = field(factory=dict)

    @property
    def company(self) -> Company:
        return self.books.company

    @property
    def code(self) -> int:
        return FIRST_DIVISION + self.company.number

    @property
    def licence(self) -> int:
        """Which customer of Exact owns the division; the accountant has access to both."""
        return 2 if self.company.trait is Trait.OTHER_LICENCE else 1

    @property
    def status(self) -> int:
        special = {Trait.INACTIVE: STATUS_INACTIVE, Trait.ARCHIVED: STATUS_ARCHIVED}
        return special.get(self.company.trait, STATUS_ACTIVE)

    @property
    def blocking_status(self) -> int:
        return BLOCKED_BY_CONVERSION if self.company.trait is Trait.BLOCKED else 0

    def guid(self, kind: Kind, serial: int) -> str:
        """For records there are many of: worked out each time."""
        return self.identities.guid(self.company.number, kind, serial)

    def known_guid(self, kind: Kind, serial: int) -> str:
        """For masters, which many rows point at: worked out once."""
        guid = self._guids.get((kind, serial))
        if guid is None:
            guid = self._guids[(kind, serial)] = self.guid(kind, serial)
        return guid

    def serial(self, kind: Kind, guid: str) -> int | None:
        return self.identities.serial(self.company.number, kind, guid)


def always(value: object) -> Callable[[View, object], object]:
    """A field that says the same in every row."""
    return lambda _view, _record: value


NO: Final = always(value=False)
YES: Final = always(value=True)
UNSET: Final = always(None)


def padded_left(number: int) -> str:
    return str(number).rjust(18)


def padded_right(code: str) -> str:
    return code.ljust(3)
