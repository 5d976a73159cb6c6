"""The contract, held by the SQL storage on a SQLite file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ports.storage import Storage
from tests.storage.contract_access import AccessContract
from tests.storage.contract_books import BooksContract
from tests.storage.contract_coverage import CoverageContract
from tests.storage.contract_runs import RunContract
from tests.storage.contract_units import RepositoryContract, UnitContract
from tests.storage.contract_uploads import UploadContract
from tests.storage.sql_files import fresh_sql


class TestSql(
    UnitContract,
    RepositoryContract,
    RunContract,
    BooksContract,
    CoverageContract,
    AccessContract,
    UploadContract,
):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[Storage]:
        storage = fresh_sql(tmp_path)
        yield storage
        storage.close()
