"""The contract, held by the storage in memory."""

import pytest

from adapters.storage.memory import MemoryStorage
from core.ports.storage import Storage
from tests.storage.contract_access import AccessContract
from tests.storage.contract_books import BooksContract
from tests.storage.contract_coverage import CoverageContract
from tests.storage.contract_runs import RunContract
from tests.storage.contract_units import RepositoryContract, UnitContract
from tests.storage.contract_uploads import UploadContract


class TestMemory(
    UnitContract,
    RepositoryContract,
    RunContract,
    BooksContract,
    CoverageContract,
    AccessContract,
    UploadContract,
):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()
