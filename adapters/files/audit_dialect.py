"""What a format of audit files calls things."""

from collections.abc import Collection, Mapping

from attrs import frozen

from adapters.files.plain_lines import Names
from core.domain.books import JournalKind


@frozen(kw_only=True)
class Dialect:
    """What a format calls things: local names, each tried in turn where there are several.

    ``entry`` and ``line`` map our word to theirs. ``sections``: the element that states totals, and
    what it states them for. ``stated``: names of the totals.
    """

    journal: str
    transaction: str
    lines: tuple[str, ...]
    line_parents: frozenset[str]
    sections: Mapping[str, str]
    stated: Mapping[str, str]
    journal_fields: Mapping[str, str]
    journal_kinds: Mapping[str, JournalKind]
    entry_fields: Mapping[str, str]
    account: str
    number: str
    description: str
    contacts: tuple[tuple[str, str], ...]
    """Of lines and transactions, each with what tells its kind's codes from another kind's."""
    nested: frozenset[str]
    """Elements of a line that hold elements themselves."""
    side: str = ""
    """What says D or C, where the amount is a text beside it (``amount``) and the tax code the only
    thing that may be told in a nested element. Such lines are taken many at a time."""
    amount: str = ""

    @property
    def line_elements(self) -> Collection[str]:
        """Lines, or what they stand in below a transaction."""
        return {*self.lines, *self.line_parents} - {self.transaction}

    @property
    def line_names(self) -> Names:
        return Names(
            account=self.account,
            amount=self.amount,
            side=self.side,
            number=self.number,
            contact=self.contacts[0][0],
            description=self.description,
        )
