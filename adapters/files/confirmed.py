"""What the csv provider reads from: confirmed uploads as stored, and the shelf."""

from collections.abc import Sequence

from attrs import frozen

from core.domain.file_import import Upload
from core.ports.files import Shelf
from core.ports.storage import Storage


@frozen
class StoredUploads:
    """Implements core.ports.files.ConfirmedUploads."""

    storage: Storage
    shelf: Shelf

    def active(self, integration_id: str, administration_key: str) -> Sequence[Upload]:
        with self.storage.reading() as uow:
            return uow.uploads.active(integration_id, administration_key)
