"""Short ways to make records and other values for storage tests."""

import datetime as dt

from core.domain.books import (
    AccountClass,
    Batch,
    Contact,
    Coverage,
    Delta,
    Invoice,
    InvoiceDirection,
    Journal,
    JournalEntry,
    JournalKind,
    JournalLine,
    LedgerAccount,
    Record,
    Statement,
    TaxCode,
    TaxUse,
)
from core.domain.import_run import ImportRun, RunCause, RunStatus
from core.domain.proof import Proof, Verdict
from core.domain.schedule import Slot
from core.ports.books import Generation
from core.ports.storage import Storage

NOW = dt.datetime(2026, 3, 10, 12, 0, 0, 123456, tzinfo=dt.UTC)
ENT = "ent_1"


def later(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def day(number: int) -> dt.date:
    return dt.date(2025, 1, 1) + dt.timedelta(days=number - 1)


def account(key: str, name: str = "Bank", code: str | None = None) -> LedgerAccount:
    return LedgerAccount(
        key=key,
        code=key if code is None else code,
        name=name,
        account_class=AccountClass.ASSET,
        statement=Statement.BALANCE_SHEET,
    )


def journal(key: str, name: str = "Sales") -> Journal:
    return Journal(key=key, code=key, name=name, journal_kind=JournalKind.SALES)


def contact(key: str, name: str = "Jansen") -> Contact:
    return Contact(key=key, code=None, name=name, is_customer=True, is_supplier=False)


def tax_code(key: str, rate_e4: int | None = 2100) -> TaxCode:
    return TaxCode(key=key, code=key, name="VAT", use=TaxUse.SALES, rate_e4=rate_e4)


def entry(
    key: str, on: int = 1, *, journal_key: str | None = None, description: str | None = None
) -> JournalEntry:
    date = day(on)
    return JournalEntry(
        key=key,
        number=f"N{key}",
        journal_key=journal_key,
        date=date,
        year=date.year,
        period=date.month,
        description=description,
    )


def line(
    key: str,
    entry_key: str,
    account_key: str = "1000",
    amount_e4: int = 100,
    *,
    on: int = 1,
    position: int = 1,
    contact_key: str | None = None,
    description: str | None = None,
) -> JournalLine:
    date = day(on)
    return JournalLine(
        key=key,
        entry_key=entry_key,
        position=position,
        account_key=account_key,
        date=date,
        year=date.year,
        period=date.month,
        amount_e4=amount_e4,
        contact_key=contact_key,
        description=description,
    )


def pair(entry_key: str, amount_e4: int = 100, on: int = 1) -> tuple[Record, ...]:
    """A balanced entry: header, a line to 1000 and one to 8000."""
    return (
        entry(entry_key, on),
        line(f"{entry_key}-1", entry_key, "1000", amount_e4, on=on, position=1),
        line(f"{entry_key}-2", entry_key, "8000", -amount_e4, on=on, position=2),
    )


def invoice(key: str, entry_key: str | None = None, total_e4: int = 100) -> Invoice:
    return Invoice(
        key=key,
        direction=InvoiceDirection.SALES,
        number=key,
        contact_key=None,
        date=day(1),
        due_date=None,
        currency=None,
        total_e4=total_e4,
        entry_key=entry_key,
    )


def batch(*records: Record, coverage: tuple[Coverage, ...] = (Delta(),)) -> Batch:
    return Batch(bookmark="b", records=records, coverage=coverage)


def generation(number: int, entity_id: str = ENT, at: dt.datetime | None = None) -> Generation:
    return Generation(
        entity_id=entity_id,
        number=number,
        run_id=f"run_{number}",
        link_id="lnk_1",
        published_at=at if at is not None else later(number * 3600),
        bookmark=f"mark {number}",
        counts={},
        added=number,
        changed=0,
        removed=0,
        proof=Proof(verdict=Verdict.NOT_OFFERED),
    )


def publish(storage: Storage, number: int, *batches: Batch, entity_id: str = ENT) -> None:
    """Apply each batch in a unit of its own, settle and publish."""
    for one in batches:
        with storage.writing() as unit:
            unit.books.apply(entity_id, number, one)
            unit.commit()
    with storage.writing() as unit:
        unit.books.settle(entity_id, number)
        unit.books.publish(generation(number, entity_id))
        unit.commit()


def import_run(
    run_id: str,
    *,
    link_id: str = "lnk_1",
    entity_id: str = ENT,
    organisation_id: str = "org_1",
    due_at: dt.datetime = NOW,
    slot: Slot | None = None,
) -> ImportRun:
    return ImportRun(
        id=run_id,
        organisation_id=organisation_id,
        entity_id=entity_id,
        link_id=link_id,
        integration_id="int_1",
        status=RunStatus.WAITING,
        cause=RunCause.MANUAL,
        requested_at=NOW,
        due_at=due_at,
        slot=slot,
    )
