"""What customers and suppliers owe: Yuki's own lists of items that are open, and nothing else.

No list of invoices exists. An open item names the document it was booked from, and so do the lines;
what is in neither list is paid. To find what changed without remembering every item, a bookmark
keeps a digest of the items of each month: months whose digest differs are read again.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from attrs import define, field, frozen

from adapters.providers.kit.decoding import guid_or_none
from adapters.providers.kit.xml import Element, local_name
from adapters.providers.yuki import questions
from adapters.providers.yuki.session import Session, not_understood, text_of
from core.domain.books import TradeSide
from core.domain.money import parse_e4

ITEMS_MAX: Final = 200_000
"""Of one administration, held while its lines are read: some eighty megabytes."""
DIGEST_BYTES: Final = 6
NO_DAY: Final = date.min
"""``0001-01-01`` is how the service writes that there is none."""
_E4_PER_CENT: Final = 100


@frozen(kw_only=True)
class Owed:
    """What is open of a document, and of how much; signs as they came."""

    dated: date
    due: date | None
    open_e4: int
    original_e4: int

    def plus(self, other: "Owed") -> "Owed":
        """Of the same document, which may be due in parts: the first of them counts."""
        due = min((one for one in (self.due, other.due) if one), default=None)
        return Owed(
            dated=min(self.dated, other.dated),
            due=due,
            open_e4=self.open_e4 + other.open_e4,
            original_e4=self.original_e4 + other.original_e4,
        )

    def of(self, total_e4: int, foreign_e4: int) -> int:
        """What is open of an invoice of that total, positive where it is owed.

        Creditors' amounts are positive in the vendor's examples and negative for one client, so
        the sign is that of the original amount against the invoice's. No field tells the currency:
        where the original amount is the invoice's in its own currency, what is open is converted
        at the invoice's rate (assumed); else it is taken to be in the administration's.
        """
        original_e4 = self.original_e4
        is_foreign = abs(total_e4) != abs(original_e4) == abs(foreign_e4)
        if is_foreign and original_e4:
            cents = round(Fraction(self.open_e4 * total_e4, original_e4 * _E4_PER_CENT))
            return cents * _E4_PER_CENT
        is_turned = (original_e4 < 0) != (total_e4 < 0)
        return -self.open_e4 if original_e4 and is_turned else self.open_e4


@define
class OpenItems:
    """By side, and by document, or where an item names none by contact and reference."""

    _owed: dict[tuple[TradeSide, str], Owed] = field(factory=dict)
    shifted: set[tuple[str, str]] = field(factory=set)
    """Months of items, and of the invoices found for them where that is another."""

    def add(self, side: TradeSide, element: Element) -> None:
        """ValueError for what cannot be read."""
        document = guid_or_none(text_of(element, "DocumentID"))
        contact = guid_or_none(text_of(element, "ContactID"))
        key = document or _by_reference(contact, text_of(element, "Reference"))
        if key is None:
            return  # nothing that a line could be found by
        due = text_of(element, "DueDate")
        owed = Owed(
            dated=_day(text_of(element, "Date")),
            due=None if due is None or _day(due) == NO_DAY else _day(due),
            open_e4=parse_e4(text_of(element, "OpenAmount") or ""),
            original_e4=parse_e4(text_of(element, "OriginalAmount") or ""),
        )
        known = self._owed.get((side, key))
        self._owed[side, key] = owed if known is None else known.plus(owed)

    def __len__(self) -> int:
        return len(self._owed)

    def find(
        self,
        side: TradeSide,
        document: str | None,
        contact: str | None,
        reference: str | None,
        on: date,
    ) -> Owed | None:
        """What is open of an invoice booked on that day."""
        for key in (document, _by_reference(contact, reference)):
            if key is not None and (found := self._owed.get((side, key))) is not None:
                months = (month_of(found.dated), month_of(on))
                if months[0] != months[1]:
                    self.shifted.add(months)
                return found
        return None

    def months(self) -> dict[str, str]:
        """A digest of the items of each month (``2025-03``)."""
        texts: defaultdict[str, list[str]] = defaultdict(list)
        for (side, key), owed in self._owed.items():
            told = (side, key, owed.due, owed.open_e4, owed.original_e4)
            texts[month_of(owed.dated)].append("|".join(map(str, told)))
        return {month: _digest(sorted(told)) for month, told in sorted(texts.items())}


def ask_open_items(session: Session, administration: str, domain_id: str) -> OpenItems:
    """Two questions; each answer is read while it arrives."""
    found = OpenItems()
    for side in TradeSide:
        question = questions.open_items(administration, side)
        result = f"{question.operation}Result"
        is_whole = False
        for element in session.read(
            question, ("{*}Item", f"{{*}}{result}"), domain_id, lost_is_final=False
        ):
            if local_name(element) == result:
                is_whole = True
                continue
            found.add(side, element)
            if len(found) > ITEMS_MAX:
                raise not_understood(question.about, f"more than {ITEMS_MAX} items")
        if not is_whole:
            raise not_understood(question.about, "no result element")
    return found


def changed_months(
    before: Mapping[str, str], now: Mapping[str, str], shifted: Collection[tuple[str, str]] = ()
) -> Iterator[date]:
    """The first day of each month whose items are not what they were.

    That an item is dated as its invoice was booked is assumed: ``shifted`` are months where it was
    seen to be otherwise, with the months to read then.
    """
    changed = {month for month in before.keys() | now.keys() if before.get(month) != now.get(month)}
    changed |= {booked for dated, booked in shifted if dated in changed}
    for month in sorted(changed):
        yield date.fromisoformat(f"{month}-01")


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def _by_reference(contact: str | None, reference: str | None) -> str | None:
    return f"{contact}/{reference}" if contact and reference else None


def _digest(texts: list[str]) -> str:
    return hashlib.blake2s("\n".join(texts).encode(), digest_size=DIGEST_BYTES).hexdigest()


def _day(text: str | None) -> date:
    return date.fromisoformat((text or "")[:10])
