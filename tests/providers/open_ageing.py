"""Ageing as an operator sees it, held against what the stand-in's books say is open."""

import datetime as dt

from core.domain.ageing import Bucket, Method, bucket_of
from core.domain.books import InvoiceDirection, TradeSide
from core.domain.import_run import RunStatus
from sandbox.books import Books
from sandbox.records import Entry
from tests.providers.open_play import OpenPlay

_DIRECTIONS = {
    TradeSide.RECEIVABLE: InvoiceDirection.SALES,
    TradeSide.PAYABLE: InvoiceDirection.PURCHASE,
}


def aged_by_hand(play: OpenPlay, side: TradeSide, on: dt.date) -> dict[Bucket, int]:
    """Buckets of what the books have open, by due date."""
    sums = dict.fromkeys(Bucket, 0)
    for one in play.invoices_of(play.sandbox, play.code).values():
        if one.open_e4 and one.direction is _DIRECTIONS[side] and one.date <= on:
            sums[bucket_of((on - (one.due_date or one.date)).days)] += one.open_e4
    return sums


def assert_aged(play: OpenPlay, books: Books) -> None:
    """After a night: per bucket, to the cent, and in all what the control accounts hold."""
    run = play.night(wild=False)
    assert run.status is RunStatus.SUCCEEDED, run.trouble
    play.assert_true(run)
    for side in TradeSide:
        report = play.services.reports.ageing(play.organisation_id, play.entity_id, side)
        assert report.method is Method.INVOICES
        by_hand = aged_by_hand(play, side, report.on)
        assert dict(zip(Bucket, report.totals_e4, strict=True)) == by_hand
        assert all(row.contact for row in report.rows)
        held = [
            row
            for row in play.services.reading.trial_balance(
                play.organisation_id, play.entity_id
            ).rows
            if books.account(row.account_key.rpartition(" ")[2]).kind.value == side.value
        ]
        sign = 1 if side is TradeSide.RECEIVABLE else -1
        assert sum(report.totals_e4) == sign * sum(row.closing_e4 for row in held)


def assert_paid_the_next_night(play: OpenPlay, books: Books) -> None:
    """A payment in part, then the rest: the open amount goes down, and then the item is gone."""

    def unpaid(entry: Entry) -> bool:
        return bool(entry.invoice_number) and entry.open_cents == entry.lines[0].cents > 1_000

    invoice = next(entry for entry in books.live_entries() if unpaid(entry))
    before = _open_e4(play)
    what = {"administration": play.code, "kind": "pay-entry", "entry": invoice.number}
    for told, paid in (({**what, "delta": 700}, 70_000), (what, invoice.open_cents * 100)):
        play.sandbox.advance(20 * 3_600)
        play.sandbox.edit(play.key, told)
        assert_aged(play, books)
        assert before - _open_e4(play) == paid


def _open_e4(play: OpenPlay) -> int:
    """Of customers."""
    report = play.services.reports.ageing(
        play.organisation_id, play.entity_id, TradeSide.RECEIVABLE
    )
    return sum(report.totals_e4)
