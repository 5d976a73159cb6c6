"""A pull: stage after stage, each answer turned into batches.

The ledger is read by date, a few months at a time: more while answers stay small, less where they
are large or do not come. At night the list of changes says which months to read again; every month
read is compared as a set with what is held of it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
from attrs import define, field

from adapters.providers.kit.calls import NotSent
from adapters.providers.kit.decoding import guid_or_none
from adapters.providers.kit.xml import Element, local_name
from adapters.providers.yuki import questions, rows
from adapters.providers.yuki.batching import RECORDS_PER_BATCH, in_parts
from adapters.providers.yuki.bookmark import (
    CODES_MAX,
    DAYS_MAX,
    MONTHS_MAX,
    NAMES_MAX,
    Bookmark,
    Digest,
    Mode,
    Stage,
    months_after,
)
from adapters.providers.yuki.contact_pages import ContactPages
from adapters.providers.yuki.declaration import FAULT, RIGHT_MISSING
from adapters.providers.yuki.fiscal_years import ask_years
from adapters.providers.yuki.open_items import OpenItems, ask_open_items, changed_months
from adapters.providers.yuki.questions import Question
from adapters.providers.yuki.session import Session, not_understood, text_of
from adapters.providers.yuki.years import (
    Span,
    first_reading,
    months_of,
    whole_years,
    without,
)
from core.domain.books import (
    Batch,
    Contact,
    Coverage,
    Delta,
    Everything,
    Record,
    RecordKind,
    Window,
)
from core.domain.failures import FixSettings, ProviderDown
from core.domain.integration import Administration

CONTACT_PAGES_MAX: Final = 2_000
DIGEST_PAGES_MAX: Final = 40
"""Pages of changes; beyond them reading everything again costs less."""
OVERLAP: Final = timedelta(hours=24)
"""Times of changes come without a zone."""
BATCHES_MAX: Final = 100_000

_LINE: Final = "TransactionInfo"
_RESULT: Final = "GetTransactionDetailsResult"


@define
class Pull:
    """One pull of one administration; ``at`` moves on with each batch."""

    session: Session
    administration: Administration
    at: Bookmark
    now: Callable[[], datetime]
    start_date: Callable[[], date | None]
    pages: ContactPages
    connection: str
    """Whose pages of contacts may be shared; empty: nobody's."""
    records_max: int = RECORDS_PER_BATCH
    _items: OpenItems | None = field(default=None, init=False)

    def batches(self) -> Iterator[Batch]:
        stages: dict[Stage, Callable[[], Iterator[Batch]]] = {
            Stage.ACCOUNTS: self._accounts,
            Stage.YEARS: self._years,
            Stage.CONTACTS: self._contacts,
            Stage.TAX_CODES: self._tax_codes,
            Stage.CHANGED: self._changed,
            Stage.OPEN_ITEMS: self._open_items,
            Stage.LEDGER: self._ledger,
        }
        for _ in range(BATCHES_MAX):
            stage = self.at.stage
            try:
                yield from stages[stage]()
            except ValueError as error:
                raise not_understood(stage.value, str(error)[:100]) from None
            if self.at.stage is Stage.DONE:
                return

    # -- master data -------------------------------------------------------------------------------

    def _accounts(self) -> Iterator[Batch]:
        found = list(self._ask(questions.scheme(self._key)).iterfind("{*}GlAccount"))
        if not found:
            # No company is without one: whoever sees none may not see them, or a wrong company.
            raise FixSettings(
                "Yuki shows no ledger account of this administration: give the access key the "
                "right AccountingInfo for it, or make a key of the type Domain.",
                detail="an empty scheme",
                code=RIGHT_MISSING,
                setting="access_key",
            )
        at = self._with_controls(found) if self.at.reads_masters else self.at
        controls = _controls(at)
        country = self.administration.country
        records = [rows.account(one, country, controls) for one in found]
        if at.start_date is None:
            at = msgspec.structs.replace(at, start_date=self.start_date())
        whole = Everything(kind=RecordKind.ACCOUNT, first=True)
        yield self._batch(records, (whole,), _turned(at))

    def _with_controls(self, found: Sequence[Element]) -> Bookmark:
        """Where customers, suppliers and money are kept; unknown where no scheme tells."""
        codes = [rows.required(one, "code") for one in found]
        if self.administration.country == rows.BELGIUM:
            controls = rows.controls_from_codes(codes)
        else:
            try:
                told = self._ask(questions.reference_scheme(self._key))
            except ProviderDown as refused:
                if refused.code != FAULT:
                    raise
                controls = rows.Controls()
            else:
                controls = rows.controls_from_scheme(list(told.iterfind("{*}RGSEntry")))
        return msgspec.structs.replace(
            self.at,
            receivable=tuple(sorted(controls.receivable))[:CODES_MAX],
            payable=tuple(sorted(controls.payable))[:CODES_MAX],
            liquid=tuple(sorted(controls.liquid))[:CODES_MAX],
        )

    def _years(self) -> Iterator[Batch]:
        """One question a year. The journals, which are no provider's, come along."""
        years = ask_years(self.session, self.administration, self.at.start_date, self._today)
        at = msgspec.structs.replace(_turned(self.at), years=years)
        if self.at.mode is Mode.WHOLE:
            at = msgspec.structs.replace(at, spans=first_reading(years, self._today))
        whole = Everything(kind=RecordKind.JOURNAL, first=True)
        yield self._batch(rows.JOURNALS, (whole,), at)

    def _contacts(self) -> Iterator[Batch]:
        """One page. They are the domain's; which of them an administration uses nothing tells."""
        is_whole = self.at.reads_masters
        since = datetime.fromtimestamp(self.at.since, tz=UTC) - OVERLAP
        after = questions.LONG_AGO if is_whole else f"{since:%Y-%m-%dT00:00:00}"
        records = self._contacts_of(after, self.at.page)
        # The vendor's end is an empty page. Where nothing is removed a short one will do.
        is_end = not records or (not is_whole and len(records) < questions.CONTACTS_PER_PAGE)
        if self.at.page >= CONTACT_PAGES_MAX and not is_end:
            raise not_understood(Stage.CONTACTS.value, f"more than {CONTACT_PAGES_MAX} pages")
        coverage: Coverage = Delta()
        if is_whole:
            coverage = Everything(kind=RecordKind.CONTACT, first=self.at.page == 1, last=is_end)
        following = msgspec.structs.replace(self.at, page=self.at.page + 1)
        yield self._batch(records, (coverage,), _turned(self.at) if is_end else following)

    def _contacts_of(self, after: str, page: int) -> tuple[Contact, ...]:
        domain_id = self._domain_id or ""
        place = (self.connection, domain_id, after, page)
        now = self.now().timestamp()
        found = self.pages.get(place, now) if self.connection else None
        if found is None:
            answer = self._ask(questions.contacts(domain_id, after, page))
            found = tuple(rows.contact(one) for one in answer.iterfind("{*}Contacts/{*}Contact"))
            self.pages.put(place, now, found)
        return found

    def _tax_codes(self) -> Iterator[Batch]:
        answer = self._ask(questions.tax_codes(self._key))
        taxes = [(one, rows.tax_code(one, self._today)) for one in answer.iterfind(".//{*}VATCode")]
        named: dict[str, set[str]] = {}
        for _, tax in taxes:
            named.setdefault(tax.name, set()).add(tax.key)
        known = {name: min(keys) for name, keys in named.items() if len(keys) == 1}
        at = msgspec.structs.replace(
            _turned(self.at), taxes=dict(sorted(known.items())[:NAMES_MAX])
        )
        whole = Everything(kind=RecordKind.TAX_CODE, first=True)
        yield self._batch([tax for _, tax in taxes], (whole,), at)

    # -- changes -----------------------------------------------------------------------------------

    def _changed(self) -> Iterator[Batch]:
        """One page of what changed; after the last one it is known on which days.

        Where the list is refused, pages repeat or do not end, everything is read again.
        """
        at = self.at
        since = datetime.fromtimestamp(at.since, tz=UTC) - OVERLAP
        question = questions.changes(self._key, since, at.started + OVERLAP, at.digest.start)
        try:
            answer = self._ask(question)
        except FixSettings as refused:
            if refused.code != RIGHT_MISSING:
                raise
            yield self._batch([], (Delta(),), self._everything())
            return
        found = list(answer.iterfind(".//{*}UpdatedTransaction"))
        ids = [guid_or_none(text_of(one, "id")) or "" for one in found]
        days = {rows.day(rows.required(one, "transactionDate")) for one in found}
        gone = {
            key
            for key, one in zip(ids, found, strict=True)
            if key and (text_of(one, "deleted") or "").lower() == "true"
        }
        days |= set(at.digest.days)
        digest = Digest(
            start=at.digest.start + len(found),
            days=tuple(sorted(days)),
            last_id=ids[-1] if ids else "",
        )
        is_repeated = bool(ids) and at.digest.last_id == ids[-1]
        is_endless = len(days) > DAYS_MAX or digest.start > DIGEST_PAGES_MAX * questions.DIGEST_ROWS
        if is_repeated or is_endless:
            following = self._everything()
        elif len(found) < questions.DIGEST_ROWS_SEEN:
            following = _turned(msgspec.structs.replace(at, digest=Digest(days=digest.days)))
        else:
            following = msgspec.structs.replace(at, digest=digest)
        deleted = frozenset((RecordKind.LINE, key) for key in gone)
        yield self._batch([], (Delta(deleted=deleted),), following)

    def _open_items(self) -> Iterator[Batch]:
        """What is open now; then it is known what to read: months with changes of either kind."""
        at = self.at
        items = self._owed_now()
        months = None if items is None else items.months()
        spans = at.spans
        if not spans and at.owed is None and months is not None:
            spans = first_reading(at.years, self._today)
        elif not spans:
            changed = changed_months(at.owed or {}, months or {}, at.shifted)
            spans = self._planned((*at.digest.days, *changed))
        at = msgspec.structs.replace(at, spans=spans, digest=Digest(), owed=months)
        yield self._batch([], (Delta(),), _turned(at))

    def _planned(self, days: Sequence[date]) -> tuple[Span, ...]:
        """Months with changes, and years to be read again."""
        at = self.at
        again = whole_years(at.years, frozenset(at.again)) if at.again else ()
        spans = (*again, *without(months_of(days, at.years, at.months), again))
        return tuple(sorted(spans, key=lambda span: span.first))

    def _owed_now(self) -> OpenItems | None:
        """Held while lines are read, so a pull that goes on asks again; None: never told."""
        if self._items is None:
            try:
                self._items = ask_open_items(self.session, self._key, self._domain_id or "")
            except ProviderDown as refused:
                # Of a service that told them before it is a trouble that passes.
                if refused.code != FAULT or self.at.owed is not None:
                    raise
                return None
        return self._items

    def _everything(self) -> Bookmark:
        spans = first_reading(self.at.years, self._today)
        return _turned(msgspec.structs.replace(self.at, spans=spans, digest=Digest()))

    # -- the ledger --------------------------------------------------------------------------------

    def _ledger(self) -> Iterator[Batch]:
        """The first part of the days that are left; less of it, where its answer does not come."""
        assert self.at.spans
        items = None if self.at.owed is None else self._owed_now()
        asked, rest = self.at.spans[0].divided(self.at.months)
        is_least = asked.cut and self.at.months == 1
        try:
            collected = self._collected(asked, lost_is_final=not is_least)
        except NotSent:
            raise
        except ProviderDown:
            if is_least:
                raise
            self._ask_for_less()
            return
        yield from self._read_span(asked, rest, collected, items)

    def _ask_for_less(self) -> None:
        first, *others = self.at.spans
        months = self.at.months // 2 if first.cut else MONTHS_MAX
        spans = (Span(first.first, first.last), *others)
        self.at = msgspec.structs.replace(self.at, spans=spans, months=max(months, 1))

    def _collected(self, asked: Span, *, lost_is_final: bool) -> rows.Collected:
        collected = rows.Collected(
            years=self.at.years, taxes=self.at.taxes, controls=_controls(self.at)
        )
        question = questions.lines(self._key, asked.first, asked.last, self.at.books)
        is_whole = False
        for element in self.session.read(
            question,
            (f"{{*}}{_LINE}", f"{{*}}{_RESULT}"),
            self._domain_id or "",
            lost_is_final=lost_is_final,
        ):
            if local_name(element) == _RESULT:
                is_whole = True
            else:
                collected.add(element)
        if not is_whole:
            raise not_understood(question.about, "no result element")
        return collected

    def _read_span(
        self, asked: Span, rest: Span | None, collected: rows.Collected, items: OpenItems | None
    ) -> Iterator[Batch]:
        """Batches of whole entries; the last of them ends the span."""
        at = self.at
        groups = list(collected.groups.values())
        years = {group.entry.year for group in groups} | set(at.touched)
        left = (*((rest,) if rest else ()), *at.spans[1:])
        after = msgspec.structs.replace(
            at,
            spans=left,
            months=months_after(at.months, collected.count) if asked.cut else at.months,
            touched=tuple(sorted(years | self._years_of(asked))),
            latest=max(filter(None, (at.latest, collected.latest)), default=None),
        )
        if not left:
            after = _turned(after)
        stage = f"{at.stage.value}, {asked.first:%Y-%m} to {asked.last:%Y-%m}"
        for part in in_parts(groups, self.records_max, items):
            coverage = (
                part.coverage,
                Window(first=asked.first, last_day=asked.last, last=part.is_last),
            )
            following = after.noting(items.shifted if items else ()) if part.is_last else at
            yield self._batch(part.records, coverage, following, stage)

    def _years_of(self, asked: Span) -> set[int]:
        """A span whose lines are all gone still bears on its years."""
        if not asked.cut:
            return {self.at.years[0].id} if asked.first < self.at.years[0].first else set()
        return {
            year.id
            for year in self.at.years
            if year.first <= asked.last and asked.first <= year.last
        }

    # -- within ------------------------------------------------------------------------------------

    @property
    def _key(self) -> str:
        return self.administration.key

    @property
    def _domain_id(self) -> str | None:
        return self.administration.parent_key

    @property
    def _today(self) -> date:
        return self.now().date()

    def _ask(self, question: Question) -> Element:
        return self.session.ask(question, self._domain_id)

    def _batch(
        self,
        records: Sequence[Record],
        coverage: tuple[Coverage, ...],
        at: Bookmark,
        stage: str | None = None,
    ) -> Batch:
        stage = stage or self.at.stage.value
        self.at = at
        return Batch(
            bookmark=at.encoded(),
            records=tuple(records),
            coverage=coverage,
            stage=stage,
            last=at.stage is Stage.DONE,
        )


def _turned(at: Bookmark) -> Bookmark:
    """The bookmark at the next stage."""
    return msgspec.structs.replace(at, stage=at.next_stage)


def _controls(at: Bookmark) -> rows.Controls:
    return rows.Controls(
        receivable=frozenset(at.receivable),
        payable=frozenset(at.payable),
        liquid=frozenset(at.liquid),
    )
