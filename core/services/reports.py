"""Reports: profit and loss, balance sheet and ageing, as of any generation or date."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

import attrs
from attrs import frozen

from core.domain.ageing import AgeingRow, Bucket, Method, OpenItem, aged, open_invoice, unmatched
from core.domain.books import InvoiceDirection, TradeSide
from core.domain.statements import BalanceSheet, By, PeriodOf, ProfitAndLoss
from core.domain.statements import balance_sheet as balance_sheet_of
from core.domain.statements import profit_and_loss as profit_and_loss_of
from core.ports.books import PAGE_MAX
from core.ports.storage import UnitOfWork
from core.services.ports import Ports
from core.services.viewing import BooksView, day_at, view_of

_DIRECTIONS: Final = {
    TradeSide.RECEIVABLE: InvoiceDirection.SALES,
    TradeSide.PAYABLE: InvoiceDirection.PURCHASE,
}


@frozen(kw_only=True)
class ProfitAndLossReport:
    view: BooksView
    statement: ProfitAndLoss


@frozen(kw_only=True)
class BalanceSheetReport:
    view: BooksView
    statement: BalanceSheet


@frozen(kw_only=True)
class Ageing:
    """``on``: the day the items' lateness is counted to. Rows by contact name, then key."""

    view: BooksView
    side: TradeSide
    method: Method
    on: dt.date
    rows: tuple[AgeingRow, ...]

    @property
    def totals_e4(self) -> tuple[int, ...]:
        """Per bucket."""
        sums = [0] * len(Bucket)
        for row in self.rows:
            for at, amount_e4 in enumerate(row.amounts_e4):
                sums[at] += amount_e4
        return tuple(sums)


@frozen
class ReportsService:
    ports: Ports

    def profit_and_loss(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        as_of: str | None = None,
        by: By = By.PERIOD,
        since: PeriodOf | None = None,
        until: PeriodOf | None = None,
    ) -> ProfitAndLossReport:
        """``since`` and ``until`` are (fiscal year, period), inclusive."""
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            cells_e4 = uow.books.cells(entity_id, view.generation.number)
            accounts = uow.books.accounts(entity_id, view.generation.number)
        return ProfitAndLossReport(
            view=view,
            statement=profit_and_loss_of(cells_e4, accounts, by=by, since=since, until=until),
        )

    def balance_sheet(
        self,
        organisation_id: str,
        entity_id: str,
        *,
        as_of: str | None = None,
        by: By = By.PERIOD,
        since: PeriodOf | None = None,
        until: PeriodOf | None = None,
    ) -> BalanceSheetReport:
        """At the end of every period (or year) within since and until."""
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            cells_e4 = uow.books.cells(entity_id, view.generation.number)
            accounts = uow.books.accounts(entity_id, view.generation.number)
        return BalanceSheetReport(
            view=view,
            statement=balance_sheet_of(cells_e4, accounts, by=by, since=since, until=until),
        )

    def ageing(
        self,
        organisation_id: str,
        entity_id: str,
        side: TradeSide,
        *,
        as_of: str | None = None,
        on: dt.date | None = None,
    ) -> Ageing:
        """Open items per contact. ``on`` None: the day the books were published.

        Open amounts are those of the generation, also for an earlier ``on``: what was paid
        meanwhile is not brought back; read an earlier generation for that.
        """
        with self.ports.storage.reading() as uow:
            view = view_of(uow, organisation_id, entity_id, as_of)
            day = on or day_at(uow, view.entity, view.generation.published_at)
            method, items = _open_items(uow, view, side, day)
            by_lines = method is Method.LINES and side is TradeSide.PAYABLE
            rows = aged(items, day, credit_positive=by_lines)
            names = _names(uow, view, {row.contact_key for row in rows if row.contact_key})
        named = [
            attrs.evolve(row, contact=names.get(row.contact_key) if row.contact_key else None)
            for row in rows
        ]
        named.sort(key=lambda row: (row.contact or "", row.contact_key or ""))
        return Ageing(view=view, side=side, method=method, on=day, rows=tuple(named))


def _open_items(
    uow: UnitOfWork, view: BooksView, side: TradeSide, on: dt.date
) -> tuple[Method, Iterator[OpenItem]]:
    """Invoices where the provider tells what is open of any, else the lines."""
    entity_id, number = view.entity.id, view.generation.number
    if uow.books.has_open_amounts(entity_id, number, _DIRECTIONS[side]):
        return Method.INVOICES, _open_invoices(uow, view, side, on)
    keys = [
        account.key for account in uow.books.accounts(entity_id, number) if account.trade is side
    ]
    if not keys:
        return Method.NOT_POSSIBLE, iter(())
    return Method.LINES, unmatched(uow.books.postings(entity_id, number, keys, until=on))


def _open_invoices(
    uow: UnitOfWork, view: BooksView, side: TradeSide, on: dt.date
) -> Iterator[OpenItem]:
    after = None
    while True:  # ends: each page begins after the one before
        page = uow.books.invoices(
            view.entity.id,
            view.generation.number,
            direction=_DIRECTIONS[side],
            after=after,
            limit=PAGE_MAX,
        )
        for invoice in page:
            item = open_invoice(invoice, on)
            if item is not None:
                yield item
        if len(page) < PAGE_MAX:
            return
        after = page[-1].key


def _names(uow: UnitOfWork, view: BooksView, keys: set[str]) -> dict[str, str]:
    """Names of these contacts, read page by page."""
    found: dict[str, str] = {}
    after = None
    while keys - found.keys():  # ends: each page begins after the one before
        page = uow.books.contacts(
            view.entity.id, view.generation.number, after=after, limit=PAGE_MAX
        )
        found.update((one.key, one.name) for one in page if one.key in keys)
        if len(page) < PAGE_MAX:
            break
        after = page[-1].key
    return found
