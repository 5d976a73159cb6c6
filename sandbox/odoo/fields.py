"""What a field of a model is, and the context in which its value is read."""

from collections.abc import Callable
from typing import Any

from attrs import field, frozen

from sandbox.odoo.people import User
from sandbox.odoo.store import Store

MANY2ONE, ONE2MANY, MANY2MANY = "many2one", "one2many", "many2many"
INTEGER, FLOAT, MONETARY = "integer", "float", "monetary"
CHAR, SELECTION, BOOLEAN = "char", "selection", "boolean"
DATE, DATETIME = "date", "datetime"


@frozen
class Context:
    """``company``: the current one; ``allowed``: whose rows are visible; ``version``: 14 to 19."""

    store: Store
    user: User
    company: int
    allowed: tuple[int, ...]
    version: int
    active_test: bool = True


@frozen
class Field:
    """``get`` gives the raw value: ids for relations, epoch ms for times, a date for dates, cents
    for money (``cents`` True), and None for empty.
    """

    type: str
    get: Callable[[Any, Context], Any]
    relation: str = ""
    cents: bool = False
    since: int = 0
    until: int = 99


@frozen
class Model:
    """``records`` come by id; ``hint`` is an id below which nothing is wanted."""

    name: str
    label: str
    fields: dict[str, Field]
    records: Callable[[Context, int], Any]
    browse: Callable[[Context, int], Any]
    title: Callable[[Any, Context], str]
    accounting: bool = False
    """Only users with an accounting, sales or portal role may read it at all."""
    _by_version: dict[int, dict[str, Field]] = field(factory=dict, init=False, repr=False)

    def known(self, version: int) -> dict[str, Field]:
        """The fields that exist in a version."""
        found = self._by_version.get(version)
        if found is None:
            found = self._by_version[version] = {
                name: known
                for name, known in self.fields.items()
                if known.since <= version <= known.until
            }
        return found
