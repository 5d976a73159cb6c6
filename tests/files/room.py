"""A Monitr with a connected bookkeeping provider, CSV Import beside it, and files to upload."""

from pathlib import Path
from typing import Final, cast

from attrs import define, field

from adapters.files.confirmed import StoredUploads
from adapters.files.shelf import DiskShelf
from adapters.providers.csv_import import CsvImport
from adapters.providers.csv_import.provider import FilesKit
from adapters.storage.memory.storage import MemoryStorage
from core.domain.entity import Entity
from core.domain.file_import import ColumnMapping, Upload
from core.domain.import_run import ImportRun, RunStatus
from core.ports.books import LineFilter
from core.ports.budget import Budgets
from core.ports.provider import Providers
from core.ports.storage import Storage
from core.services.import_engine import ImportEngine
from core.services.ports import Ports
from core.services.services import Services
from core.services.upload_checks import Days
from core.services.uploading import Decided, Received
from tests.fake_provider import GOOD_KEY, FakeProvider, providers_of
from tests.fakes import CountingIds, FakeClock, RecordingDoorbell
from tests.services.house import PlainVault

OPERATOR: Final = "tests"


@define
class FileRoom:
    folder: Path
    storage: Storage = field(factory=MemoryStorage)
    clock: FakeClock = field(factory=FakeClock)
    doorbell: RecordingDoorbell = field(factory=RecordingDoorbell)
    ids: CountingIds = field(factory=CountingIds)
    ports: Ports = field(init=False)
    org: str = field(init=False)
    odoo: FakeProvider = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.odoo = FakeProvider.keyed(clock=self.clock)
        shelf = DiskShelf(self.folder)
        kit = FilesKit(
            clock=self.clock,
            budgets=cast("Budgets", None),  # files cost no calls
            uploads=StoredUploads(self.storage, shelf),
        )
        exact = FakeProvider.with_oauth(clock=self.clock)
        providers: Providers = {**providers_of(self.odoo, exact), "csv": CsvImport(kit)}
        self.ports = Ports(
            storage=self.storage,
            vault=PlainVault(),
            doorbell=self.doorbell,
            clock=self.clock,
            ids=self.ids,
            providers=providers,
            shelf=shelf,
        )
        self.org = self.services.onboarding.start("Bakkerij Blom").id

    @property
    def services(self) -> Services:
        return Services(self.ports)

    def onboard(self) -> Entity:
        """The entity of another provider, with which every organisation begins."""
        connection = self.services.connecting.connect(
            self.org, "odoo", {"api_key": GOOD_KEY}, operator=OPERATOR, redirect_base="http://x"
        )
        selection = self.services.linking.select(
            self.org, connection.integration.id, None, operator=OPERATOR
        )
        self.work()
        return selection.created[0]

    def entity(self, name: str = "Blom") -> Entity:
        """An entity that is imported from files."""
        if not self.services.onboarding.organisation(self.org).onboarded:
            self.onboard()
        connection = self.services.connecting.connect(
            self.org, "csv", {"companies": name}, operator=OPERATOR, redirect_base="http://x"
        )
        selection = self.services.linking.select(
            self.org, connection.integration.id, None, operator=OPERATOR
        )
        self.work()
        return selection.created[0]

    def work(self) -> list[ImportRun | None]:
        """Answer every ring so far."""
        rung, self.doorbell.rung = list(dict.fromkeys(self.doorbell.rung)), []
        self.services.importing.beat("worker", standing=False)
        return [ImportEngine(self.ports, "worker").run(run_id) for run_id in rung]

    def receive(
        self,
        entity: Entity,
        content: bytes | str,
        name: str = "books.csv",
        *,
        mapping: ColumnMapping | None = None,
        covers: Days | None = None,
    ) -> Received:
        data = content.encode() if isinstance(content, str) else content
        self.clock.pause(1)
        return self.services.uploading.receive(
            self.org,
            entity.id,
            name,
            [data[:100], data[100:]],
            operator=OPERATOR,
            mapping=mapping,
            covers=covers,
        )

    def confirm(self, upload: Upload, *, anyway: bool = False) -> Decided:
        self.clock.pause(1)
        return self.services.uploading.confirm(
            self.org, upload.id, operator=OPERATOR, anyway=anyway
        )

    def bring(self, entity: Entity, content: bytes | str, name: str = "books.csv") -> Upload:
        """Upload, confirm, import."""
        upload = self.receive(entity, content, name).upload
        self.confirm(upload)
        self.succeed()
        return upload

    def undo(self, upload: Upload) -> Decided:
        self.clock.pause(1)
        return self.services.uploading.undo(self.org, upload.id, operator=OPERATOR)

    def succeed(self) -> ImportRun:
        """Carry the waiting import out."""
        (run,) = self.work()
        assert run is not None
        assert run.status is RunStatus.SUCCEEDED, run.trouble
        return run

    def books(self, entity: Entity) -> dict[str, object]:
        """Everything in the published books, comparable across generations."""
        number = self.services.reading.entity(self.org, entity.id).entity.published_generation
        with self.storage.reading() as uow:
            page = uow.books.lines(entity.id, number, where=LineFilter(), limit=1_000)
            return {
                "lines": [row.line for row in page.rows],
                "entries": [row.entry for row in page.rows],
                "accounts": list(uow.books.accounts(entity.id, number)),
                "journals": list(uow.books.journals(entity.id, number)),
                "contacts": list(uow.books.contacts(entity.id, number, limit=1_000)),
                "cells": uow.books.cells(entity.id, number),
                "counts": uow.books.counts(entity.id, number),
            }

    def balances(self, entity: Entity) -> dict[str, int]:
        balance = self.services.reading.trial_balance(self.org, entity.id)
        return {row.account_key: row.closing_e4 // 10_000 for row in balance.rows}
