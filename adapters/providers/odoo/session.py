"""One user on one server, once connected."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import structlog
from attrs import define

from adapters.providers.odoo.errors import (
    FIELD_UNKNOWN,
    METHOD_UNKNOWN,
    READER_GROUP,
    REFUSED,
    RIGHTS_MISSING,
    unknown_field,
)
from adapters.providers.odoo.questions import OPTIONAL_FIELDS, READER_GROUPS, Questions
from adapters.providers.odoo.rpc import Question, Rpc
from core.domain.failures import FixSettings, NotUnderstood

T = TypeVar("T")

_log: structlog.stdlib.BoundLogger = structlog.get_logger("monitr.provider")


@define(kw_only=True)
class Session:
    """Asks questions; what belongs to one question is in ``questions``."""

    rpc: Rpc
    origin: str
    database: str
    uid: int
    questions: Questions
    asked_otherwise: bool = False

    def ask(self, question: Callable[[], Question], into: type[T]) -> T:
        """The answer to ``question()``, made anew after each optional field the server lacks."""
        lacking = self.questions.lacking
        while True:
            try:
                return self.rpc.ask(question(), into)
            except NotUnderstood as failure:
                named = unknown_field(failure.detail) if failure.code == FIELD_UNKNOWN else None
                # Each round leaves out one more of a fixed set, so this comes to an end.
                if named is None or named in lacking:
                    raise
                model, name = named
                if name not in OPTIONAL_FIELDS.get(model, frozenset()):
                    raise
                _log.info("odoo-field-absent", model=model, field=name)
                lacking.add(named)

    def require_rights(self) -> None:
        """FixSettings unless the user may read all of the books; nothing else finds that out."""
        if any(self._has_group(group) for group in READER_GROUPS):
            return
        raise FixSettings(
            "This Odoo user sees only part of the books: have an administrator give it the group "
            f"'{READER_GROUP}' ({READER_GROUPS[0]}).",
            detail=f"has_group was false for {', '.join(READER_GROUPS)}",
            code=RIGHTS_MISSING,
            setting="rights",
        )

    def _has_group(self, group: str) -> bool:
        ask = partial(self.questions.has_group, self.uid, group)
        try:
            return self.ask(ask, bool)
        except NotUnderstood as failure:
            if failure.code not in {REFUSED, METHOD_UNKNOWN} or self.asked_otherwise:
                raise
        # In which version the call began to take ids is not confirmed: try the other form once.
        self.asked_otherwise = True
        self.questions.group_of_ids = not self.questions.group_of_ids
        return self.ask(ask, bool)
