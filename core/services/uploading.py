"""Files as a source of books: receive, look, confirm, undo.

Nothing of an upload is in the books before it is confirmed, and confirming asks for an ordinary
import: what the books become follows from the uploads confirmed (core.domain.file_import).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs
from attrs import frozen

from core.domain.column_mapping import applied, reading_sha256, source_of
from core.domain.entity import Entity, Link
from core.domain.failures import CorrectRequest, FixSettings, Unknown
from core.domain.file_import import (
    ACTIVE_UPLOADS_MAX,
    ColumnMapping,
    Look,
    Rejected,
    Remark,
    Upload,
    UploadStatus,
    Weight,
)
from core.domain.import_run import ImportRun, RunCause, RunStatus
from core.ports.files import Shelf, Stored
from core.ports.storage import UnitOfWork
from core.services.importing import unusable, waiting_run
from core.services.ports import Ports, entity_of
from core.services.upload_checks import (
    Days,
    concerns,
    covering,
    file_link,
    on_top,
    require_answered,
    require_balance,
)

NAME_CHARACTERS_MAX: Final = 200
UPLOADS_PAGE_MAX: Final = 500
LOOKED_BACK_MAX: Final = 200
"""Uploads of the entity looked through for one that is the same."""


@frozen(kw_only=True)
class Received:
    """``again``: the same file, read the same way, is in the books already; nothing is to be done.

    ``held``: it was uploaded before, whether it is in the books or still waits for a decision.
    """

    upload: Upload
    again: bool = False
    held: bool = False


@frozen(kw_only=True)
class Decided:
    """``run``: the import that brings the books in line; None when they are already."""

    upload: Upload
    run: ImportRun | None


@frozen
class UploadingService:
    ports: Ports

    def receive(
        self,
        organisation_id: str,
        entity_id: str,
        name: str,
        chunks: Iterable[bytes],
        *,
        operator: str,
        mapping: ColumnMapping | None = None,
        covers: Days | None = None,
    ) -> Received:
        """Store a file, read it through and show what it is. Nothing of it is in the books yet.

        ``mapping``: how to read it; None: as it was read last time, or as it seems to be.
        ``covers``: the days it replaces, where that is more than the dates of its entries.
        """
        with self.ports.storage.reading() as uow:
            entity = entity_of(uow, organisation_id, entity_id)
            link = file_link(entity)
        shelf = self._shelf
        with shelf.receive() as receiving:
            for chunk in chunks:
                receiving.write(chunk)
            stored = receiving.done()
        try:
            look = self._look(organisation_id, stored.sha256, name, mapping, covers)
            same = self._same(entity, stored.sha256, reading_sha256(look))
            if same is not None:
                self._mend(same)
                return Received(upload=same, again=same.active, held=True)
            upload = self._new(entity, link, name, stored, look, operator)
            upload = self._staged(entity, upload, look)
        except BaseException:
            self._forget_unless_used(stored.sha256)
            raise
        return Received(upload=upload)

    def remap(
        self,
        organisation_id: str,
        upload_id: str,
        *,
        mapping: ColumnMapping | None,
        covers: Days | None = None,
    ) -> Upload:
        """Read a staged upload another way; None: as it seems to be."""
        upload = self.get(organisation_id, upload_id)
        if upload.status is not UploadStatus.STAGED:
            raise CorrectRequest(
                f"{upload.name} is {upload.status.value}: upload it again to read it another way.",
                code="upload-state",
            )
        with self.ports.storage.reading() as uow:
            entity = entity_of(uow, organisation_id, upload.entity_id)
        look = covering(self._shelf.look(upload.sha256, upload.name, mapping), covers)
        return self._staged(entity, upload, look)

    def confirm(
        self, organisation_id: str, upload_id: str, *, operator: str, anyway: bool = False
    ) -> Decided:
        """Let it count, and ask for the import. ``anyway``: although it does not balance."""
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            upload = self._own(uow, organisation_id, upload_id)
            if upload.active:
                return Decided(upload=upload, run=None)
            require_answered(upload)
            if not anyway:
                require_balance(upload)
            entity = entity_of(uow, organisation_id, upload.entity_id)
            link = self._link_of(uow, entity, upload)
            active = uow.uploads.active(upload.integration_id, upload.administration_key)
            if len(active) >= ACTIVE_UPLOADS_MAX:
                raise CorrectRequest(
                    f"{entity.name} has {ACTIVE_UPLOADS_MAX} uploads: upload whole years in their "
                    "place, after undoing some.",
                    code="too-many-uploads",
                )
            upload = upload.confirmed(now)
            uow.uploads.save(upload)
            source = source_of(upload.look)
            if source is not None and upload.look.mapping is not None:
                uow.uploads.save_mapping(organisation_id, source, upload.look.mapping)
            run = self._run(uow, entity, link)
            self._tell(uow, upload, "upload.confirmed", "is imported", operator)
            uow.commit()
        self.ports.doorbell.ring(run.id)
        return Decided(upload=upload, run=run)

    def undo(self, organisation_id: str, upload_id: str, *, operator: str) -> Decided:
        """Take a confirmed upload out again: the books become what they were without it."""
        now = self.ports.clock.now()
        with self.ports.storage.writing() as uow:
            upload = self._own(uow, organisation_id, upload_id)
            if upload.status is UploadStatus.UNDONE:
                return Decided(upload=upload, run=None)
            entity = entity_of(uow, organisation_id, upload.entity_id)
            upload = upload.undone(now)
            link = self._link_of(uow, entity, upload)
            uow.uploads.save(upload)
            run = self._run(uow, entity, link)
            self._tell(uow, upload, "upload.undone", "is undone", operator)
            uow.commit()
        self.ports.doorbell.ring(run.id)
        return Decided(upload=upload, run=run)

    def discard(self, organisation_id: str, upload_id: str, *, operator: str) -> Upload:
        """Drop a staged upload and its bytes."""
        with self.ports.storage.writing() as uow:
            upload = self._own(uow, organisation_id, upload_id).discarded()
            uow.uploads.save(upload)
            last = uow.uploads.uses(upload.sha256) == 0
            self._tell(uow, upload, "upload.discarded", "is discarded", operator)
            uow.commit()
        self._shelf.forget(upload.id, upload.sha256 if last else None)
        return upload

    def uploads(
        self, organisation_id: str, entity_id: str, *, before: str | None = None, limit: int = 100
    ) -> Sequence[Upload]:
        """Newest first; continues below the id ``before``."""
        with self.ports.storage.reading() as uow:
            entity_of(uow, organisation_id, entity_id)
            return uow.uploads.of(entity_id, before=before, limit=min(limit, UPLOADS_PAGE_MAX))

    def get(self, organisation_id: str, upload_id: str) -> Upload:
        with self.ports.storage.reading() as uow:
            return self._own(uow, organisation_id, upload_id)

    def rejected(self, organisation_id: str, upload_id: str) -> Iterator[Rejected]:
        """Rows that are not imported, by line."""
        upload = self.get(organisation_id, upload_id)
        return self._shelf.staged(upload.id).rejected()

    # How

    @property
    def _shelf(self) -> Shelf:
        if self.ports.shelf is None:
            raise FixSettings(
                "This Monitr was started without a place for uploads: use the monitr command.",
                code="no-uploads",
            )
        return self.ports.shelf

    def _look(
        self,
        organisation_id: str,
        sha256: str,
        name: str,
        mapping: ColumnMapping | None,
        covers: Days | None,
    ) -> Look:
        look = self._shelf.look(sha256, name, mapping)
        source = source_of(look)
        if mapping is None and source is not None and look.mapping is not None:
            with self.ports.storage.reading() as uow:
                saved = uow.uploads.mapping(organisation_id, source)
            if saved is not None:
                look = self._shelf.look(sha256, name, applied(saved, look.mapping))
                used = Remark(
                    weight=Weight.INFO,
                    code="saved-mapping",
                    sentence="Read as the last file with this header was.",
                )
                look = attrs.evolve(look, remarks=(*look.remarks, used))
        return covering(look, covers)

    def _same(self, entity: Entity, sha256: str, reading: str) -> Upload | None:
        """An upload of these bytes, read this way, that waits or that nothing came over since."""
        with self.ports.storage.reading() as uow:
            for held in uow.uploads.of(entity.id, limit=LOOKED_BACK_MAX):
                if (held.sha256, held.reading_sha256) != (sha256, reading):
                    continue
                if held.status is UploadStatus.STAGED:
                    return held
                if held.active:
                    active = uow.uploads.active(held.integration_id, held.administration_key)
                    return held if on_top(held, active) else None
        return None

    def _new(
        self, entity: Entity, link: Link, name: str, stored: Stored, look: Look, operator: str
    ) -> Upload:
        shown = "".join(letter for letter in name if letter.isprintable())
        return Upload(
            id=self.ports.ids.new("upl"),
            organisation_id=entity.organisation_id,
            entity_id=entity.id,
            integration_id=link.integration_id,
            administration_key=link.administration_key,
            name=shown[-NAME_CHARACTERS_MAX:] or "file",
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            status=UploadStatus.STAGED,
            created_at=self.ports.clock.now(),
            created_by=operator,
            look=look,
            reading_sha256=reading_sha256(look),
        )

    def _staged(self, entity: Entity, upload: Upload, look: Look) -> Upload:
        """The upload read through as ``look`` says, and stored so."""
        summary = self._shelf.stage(upload.id, upload.sha256, look)
        with self.ports.storage.writing() as uow:
            held = uow.uploads.get(upload.id)
            if held is not None and held.status is not UploadStatus.STAGED:
                raise CorrectRequest(
                    f"{upload.name} was {held.status.value} meanwhile: upload it again.",
                    code="upload-state",
                )
            told = concerns(
                entity,
                attrs.evolve(upload, summary=summary),
                uow.uploads.active(upload.integration_id, upload.administration_key),
            )
            upload = attrs.evolve(
                upload,
                look=look,
                reading_sha256=reading_sha256(look),
                summary=attrs.evolve(summary, remarks=(*told, *summary.remarks)),
            )
            uow.uploads.save(upload)
            uow.commit()
        return upload

    def _mend(self, upload: Upload) -> None:
        """Stage it anew where its staged form was lost: that is what it came again for."""
        shelf = self._shelf
        try:
            staged = shelf.staged(upload.id)
            for _ in staged.postings():
                pass
            staged.masters()
            staged.totals()
        except FixSettings:
            shelf.stage(upload.id, upload.sha256, upload.look)

    def _forget_unless_used(self, sha256: str) -> None:
        with self.ports.storage.reading() as uow:
            used = uow.uploads.uses(sha256)
        if not used:
            self._shelf.forget("upl_none", sha256)

    def _own(self, uow: UnitOfWork, organisation_id: str, upload_id: str) -> Upload:
        found = uow.uploads.get(upload_id)
        if found is None or found.organisation_id != organisation_id:
            raise Unknown(
                f"There is no upload {upload_id[:60]!r} in this organisation: list them to see "
                "their ids.",
                code="unknown-upload",
            )
        return found

    def _link_of(self, uow: UnitOfWork, entity: Entity, upload: Upload) -> Link:
        """The entity's link, still the one the file was uploaded for, and able to import now."""
        link = file_link(entity)
        if (link.integration_id, link.administration_key) != (
            upload.integration_id,
            upload.administration_key,
        ):
            raise CorrectRequest(
                f"{entity.name} was linked elsewhere since {upload.name} was uploaded: upload it "
                "again.",
                code="link-gone",
            )
        obstacle = unusable(uow, link)
        if obstacle is not None:
            raise obstacle
        return link

    def _run(self, uow: UnitOfWork, entity: Entity, link: Link) -> ImportRun:
        """A run that has not begun: it will see the uploads as they are now."""
        held = uow.runs.unfinished(link.id)
        if held is None:
            held = waiting_run(self.ports, entity, link, RunCause.MANUAL)
            added = uow.runs.add(held)
            assert added, "a writing unit is exclusive"
            return held
        if held.status is RunStatus.IN_PROGRESS:
            raise CorrectRequest(
                f"An import of {entity.name} is running: do this when that has ended.",
                code="import-under-way",
            )
        due = attrs.evolve(held, due_at=min(held.due_at, self.ports.clock.now()))
        uow.runs.replace(held, due)
        return due

    def _tell(self, uow: UnitOfWork, upload: Upload, kind: str, what: str, operator: str) -> None:
        self.ports.event(
            uow,
            upload.organisation_id,
            kind,
            f"The file {upload.name} {what}.",
            actor=operator,
            integration_id=upload.integration_id,
            entity_id=upload.entity_id,
            upload=upload.id,
            sha256=upload.sha256,
        )
