"""The stages of a pull on scripted pages: their order, deletions, and what leaves the ledger."""

from collections.abc import Mapping

import pytest

from adapters.providers.exact_online.bookmark import Bookmark, Mode, Stage
from adapters.providers.exact_online.pulling import Pull
from adapters.providers.exact_online.reader import Reader
from adapters.providers.exact_online.rows import Page, Row
from adapters.providers.exact_online.wire import (
    ACCOUNTS,
    CONTACTS,
    DELETED,
    JOURNALS,
    LINES,
    TAX_CODES,
    Resource,
)
from adapters.providers.kit.decoding import JsonPage
from core.domain.books import Delta, Everything, RecordKind
from core.domain.failures import NotUnderstood
from core.domain.integration import Administration
from tests.providers.exact_online.test_rows import ENTRY, line_json, page
from tests.providers.folding import Ledger

COMPANY = Administration(key="700001", name="Company", currency="EUR")
EMPTY = b'{"d":{"results":[]}}'


class ScriptedReader(Reader):
    """Answers one page per resource; remembers what was asked."""

    def __init__(self, pages: Mapping[Resource, bytes]) -> None:
        self.asked: list[str] = []
        self._pages = pages

    def page(
        self, resource: Resource, decoder: JsonPage[Page[Row]], path: str, *, division: str
    ) -> tuple[list[Row], str | None]:
        self.asked.append(path)
        return decoder.decode(self._pages.get(resource, EMPTY)).rows, None

    def require_rights(self, endpoint: str, about: str, *, division: str) -> None:
        """The user may read everything."""


def bookmark(mode: Mode, stage: Stage = Stage.ACCOUNTS) -> Bookmark:
    cursors = {} if mode is not Mode.CHANGES else {Stage.LINES: 20_000_000_000}
    return Bookmark(epoch="", mode=mode, stage=stage, started_at=1, cursors=cursors)


def pulled(ledger: Ledger, mode: Mode, pages: Mapping[Resource, bytes]) -> ScriptedReader:
    reader = ScriptedReader(pages)
    for batch in Pull(reader, COMPANY, bookmark(mode)).batches():
        ledger.apply(batch)
    ledger.settle()
    return reader


def held(kind: RecordKind, ledger: Ledger) -> set[str]:
    return set(ledger.records[kind])


def deleted_json(key: str, version: int, kind: int = 1) -> str:
    return f'{{"ID":"e1","Timestamp":"{version}","EntityKey":"{key}","EntityType":{kind}}}'


KEY = "d1000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(("version", "alive"), [(20_000_000_001, False), (20_000_000_009, True)])
def test_a_deletion_older_than_the_record_just_read_is_left_alone(
    version: int, alive: bool
) -> None:
    ledger = Ledger()
    line = line_json(1, "5", Type="90", Timestamp=f'"{version}"')
    deletion = page(deleted_json(KEY.upper(), 20_000_000_005))
    pulled(ledger, Mode.CHANGES, {LINES: page(line), DELETED: deletion})
    assert (KEY in held(RecordKind.LINE, ledger)) == alive


def test_deletions_of_kinds_we_do_not_hold_are_ignored() -> None:
    ledger = Ledger()
    pulled(ledger, Mode.FIRST, {LINES: page(line_json(1, "5", Type="90"))})
    gone = page(deleted_json(KEY, 20_000_000_500, kind=6))
    pulled(ledger, Mode.CHANGES, {DELETED: gone})
    assert held(RecordKind.LINE, ledger) == {KEY}


def test_a_posting_that_became_a_remark_leaves_the_ledger() -> None:
    ledger = Ledger()
    pulled(ledger, Mode.FIRST, {LINES: page(line_json(1, "5", Type="90"))})
    assert held(RecordKind.LINE, ledger) == {KEY}
    remark = line_json(1, "0", Type="90", GLAccount="null", Timestamp='"20000000099"')
    pulled(ledger, Mode.CHANGES, {LINES: page(remark)})
    assert held(RecordKind.LINE, ledger) == set()


def test_a_reload_removes_what_is_not_read_again() -> None:
    ledger = Ledger()
    both = page(line_json(0, "5"), line_json(1, "-5"))
    pulled(ledger, Mode.FIRST, {LINES: both})
    assert held(RecordKind.INVOICE, ledger) == {ENTRY.lower()}
    rebooked = page(line_json(0, "5", Type="90"))
    pulled(ledger, Mode.RELOAD, {LINES: rebooked})
    assert held(RecordKind.INVOICE, ledger) == set()
    assert len(held(RecordKind.LINE, ledger)) == 1


def test_coverage_says_no_more_than_was_read() -> None:
    def coverage(mode: Mode) -> list[tuple[object, ...]]:
        pull = Pull(ScriptedReader({}), COMPANY, bookmark(mode))
        return [batch.coverage for batch in pull.batches()]

    for mode in (Mode.FIRST, Mode.CHANGES):
        accounts, contacts, journals, taxes, lines, deleted = coverage(mode)
        assert accounts == contacts == lines == deleted == (Delta(),)
        assert journals == (Everything(kind=RecordKind.JOURNAL, first=True),)
        assert taxes == (Everything(kind=RecordKind.TAX_CODE, first=True),)
    reloaded = coverage(Mode.RELOAD)
    assert reloaded[0] == (Everything(kind=RecordKind.ACCOUNT, first=True),)
    assert reloaded[4] == (
        Everything(kind=RecordKind.LINE, first=True),
        Everything(kind=RecordKind.INVOICE, first=True),
    )


def test_the_order_of_reading_and_its_cursors() -> None:
    pages = {LINES: page(line_json(1, "5", Type="90", Timestamp='"20000000042"'))}
    reader = ScriptedReader(pages)
    pull = Pull(reader, COMPANY, bookmark(Mode.CHANGES))
    last = list(pull.batches())[-1]
    assert [path.split("?")[0].removeprefix("/api/v1/700001/") for path in reader.asked] == [
        resource.path for resource in (ACCOUNTS, CONTACTS, JOURNALS, TAX_CODES, LINES, DELETED)
    ]
    assert "Timestamp%20gt%201&" in reader.asked[0]
    assert "Timestamp%20gt%2020000000000L&" in reader.asked[4]
    assert all("$top" not in path and "$select=" in path for path in reader.asked)
    assert last.last
    assert pull.at.cursors[Stage.LINES] == 20_000_000_042
    assert pull.at.years == pull.at.touched == {2025}


def test_a_bad_value_names_the_stage_and_takes_nothing_over() -> None:
    pages = {LINES: page(line_json(1, "5", Date='"yesterday"'))}
    pull = Pull(ScriptedReader(pages), COMPANY, bookmark(Mode.FIRST, Stage.LINES))
    with pytest.raises(NotUnderstood, match="journal lines"):
        next(pull.batches())
    assert pull.at.stage is Stage.LINES
