"""Browse answers as rows of texts, as they arrive, with the refusal and the row count looked at.

All rows come in one answer: ``total`` is how many there are, and anything less than that is no
whole answer. Cells are told by their field name; where a row's cells stand in the order of the
heading, as they do, that name is not looked up again for each.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from adapters.providers.kit.xml import Element, local_name
from adapters.providers.twinfield.questions import Slice, browse
from adapters.providers.twinfield.refusals import check_result
from adapters.providers.twinfield.session import Session, not_understood

Row = tuple[str, ...]
"""Trimmed texts in the order of the asked fields, then office, daybook, number, line of the key."""

KEY_FIELDS: Final = ("office", "code", "number", "line")
WANTED: Final = ("th", "tr", "browse")


def browsed(
    session: Session,
    code: str,
    fields: Sequence[str],
    part: Slice,
    *,
    office: str,
    about: str,
    modified: tuple[str, str] | None = None,
    lost_is_final: bool = False,
) -> Iterator[Row]:
    """Every row of a browse query. Failures as the session's; FixSettings when refused."""
    answer = session.stream(
        browse(code, fields, part, modified),
        WANTED,
        office=office,
        about=about,
        lost_is_final=lost_is_final,
    )
    return rows_of(answer, fields, about)


def rows_of(answer: Iterator[Element], fields: Sequence[str], about: str) -> Iterator[Row]:
    """The rows of the WANTED elements; NotUnderstood when fewer came than were announced."""
    layout = _Layout(fields, about)
    count = 0
    whole = False
    for element in answer:
        if element.tag == "tr":
            count += 1
            yield layout.row(element)
        elif element.tag == "th":
            layout.learn(element)
        else:
            check_result(element, about)
            whole = True
            total = element.get("total")
            if total is not None and total != str(count):
                raise not_understood(about, f"{count} rows of {total[:20]}")
    if not whole:
        raise not_understood(about, "no browse document")


class _Layout:
    """Where the asked fields stand in a row."""

    def __init__(self, fields: Sequence[str], about: str) -> None:
        self._fields = tuple(fields)
        self._about = about
        self._places: list[int] = []
        self._cells = -1
        self._first = self._last = ""

    def learn(self, heading: Element) -> None:
        names = [(cell.text or "").strip() for cell in heading]
        if not names or not set(self._fields) <= set(names):
            return
        self._places = [names.index(field) for field in self._fields]
        self._cells = len(names)
        self._first, self._last = names[0], names[-1]

    def row(self, element: Element) -> Row:
        children = list(element)
        cells = self._cells
        if (
            len(children) == cells + 1
            and children[0].get("field") == self._first
            and children[cells - 1].get("field") == self._last
            and children[cells].tag == "key"
        ):
            texts = [children[place].text for place in self._places]
            key: Element | None = children[cells]
        else:
            texts, key = self._by_name(children)
        named = {part.tag: part.text for part in key} if key is not None else {}
        texts.extend(named.get(name) for name in KEY_FIELDS)
        return tuple([text.strip() if text else "" for text in texts])

    def _by_name(self, children: list[Element]) -> tuple[list[str | None], Element | None]:
        named = {cell.get("field"): cell.text for cell in children if local_name(cell) == "td"}
        missing = [field for field in self._fields if field not in named]
        if missing:
            raise not_understood(self._about, f"a row without {missing[0]}")
        key = next((one for one in children if local_name(one) == "key"), None)
        return [named[field] for field in self._fields], key
