"""Uploads and saved mappings, in memory."""

from collections.abc import Sequence

from adapters.storage.memory.state import State
from core.domain.file_import import ColumnMapping, Upload, UploadStatus


class MemoryUploads:
    def __init__(self, state: State) -> None:
        self._rows = state.uploads
        self._mappings = state.mappings

    def get(self, upload_id: str) -> Upload | None:
        return self._rows.get(upload_id)

    def save(self, upload: Upload) -> None:
        self._rows[upload.id] = upload

    def of(
        self, entity_id: str, *, before: str | None = None, limit: int = 100
    ) -> Sequence[Upload]:
        mine = [
            row
            for row in self._rows.values()
            if row.entity_id == entity_id and (before is None or row.id < before)
        ]
        return sorted(mine, key=lambda row: row.id, reverse=True)[:limit]

    def active(self, integration_id: str, administration_key: str) -> Sequence[Upload]:
        mine = [
            row
            for row in self._rows.values()
            if row.active
            and (row.integration_id, row.administration_key) == (integration_id, administration_key)
        ]
        return sorted(mine, key=lambda row: (row.confirmed_at, row.id))

    def uses(self, sha256: str) -> int:
        return sum(
            row.sha256 == sha256 and row.status is not UploadStatus.DISCARDED
            for row in self._rows.values()
        )

    def mapping(self, organisation_id: str, source: str) -> ColumnMapping | None:
        return self._mappings.get((organisation_id, source))

    def save_mapping(self, organisation_id: str, source: str, mapping: ColumnMapping) -> None:
        self._mappings[organisation_id, source] = mapping
