"""Uploads and saved mappings, in SQL: one row each, the rest of it as a document."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from adapters.storage.sql.documents import from_json, to_json
from adapters.storage.sql.rows import get, put, rows
from adapters.storage.sql.tables import FileMappingRow, UploadRow
from core.domain.file_import import ACTIVE_UPLOADS_MAX, ColumnMapping, Upload, UploadStatus


class SqlUploads:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, upload_id: str) -> Upload | None:
        row = get(self._session, UploadRow, upload_id, lock=True)
        return None if row is None else from_json(row.upload_json, Upload)

    def save(self, upload: Upload) -> None:
        put(
            self._session,
            UploadRow(
                id=upload.id,
                entity_id=upload.entity_id,
                integration_id=upload.integration_id,
                administration_key=upload.administration_key,
                sha256=upload.sha256,
                status=upload.status.value,
                confirmed_at=upload.confirmed_at,
                upload_json=to_json(upload),
            ),
        )

    def of(
        self, entity_id: str, *, before: str | None = None, limit: int = 100
    ) -> Sequence[Upload]:
        query = select(UploadRow).where(col(UploadRow.entity_id) == entity_id)
        if before is not None:
            query = query.where(col(UploadRow.id) < before)
        query = query.order_by(col(UploadRow.id).desc()).limit(limit)
        return [from_json(row.upload_json, Upload) for row in rows(self._session, query)]

    def active(self, integration_id: str, administration_key: str) -> Sequence[Upload]:
        query = (
            select(UploadRow)
            .where(
                col(UploadRow.integration_id) == integration_id,
                col(UploadRow.administration_key) == administration_key,
                col(UploadRow.status) == UploadStatus.CONFIRMED.value,
            )
            .order_by(col(UploadRow.confirmed_at), col(UploadRow.id))
            .limit(ACTIVE_UPLOADS_MAX)
        )
        return [from_json(row.upload_json, Upload) for row in rows(self._session, query)]

    def uses(self, sha256: str) -> int:
        query = (
            select(func.count())
            .select_from(UploadRow)
            .where(
                col(UploadRow.sha256) == sha256,
                col(UploadRow.status) != UploadStatus.DISCARDED.value,
            )
        )
        return self._session.exec(query).one()

    def mapping(self, organisation_id: str, source: str) -> ColumnMapping | None:
        row = get(self._session, FileMappingRow, (organisation_id, source))
        return None if row is None else from_json(row.mapping_json, ColumnMapping)

    def save_mapping(self, organisation_id: str, source: str, mapping: ColumnMapping) -> None:
        put(
            self._session,
            FileMappingRow(
                organisation_id=organisation_id, source=source, mapping_json=to_json(mapping)
            ),
        )
