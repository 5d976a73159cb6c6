from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from tests.sandbox.exact_client import ExactClient


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, lines=1_500, providers=["exact-online"]) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[ExactClient]:
    with ExactClient(sandbox) as exact:
        yield exact


@pytest.fixture
def connected(client: ExactClient) -> ExactClient:
    return client.connect()
