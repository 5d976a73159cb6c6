"""The street, the stage of the command line, and a client that no rate limits.

The application is built once: it holds no state but counts, so each test only puts its own services
behind it.
"""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from interfaces.http.app import build_http
from tests.http.street import IDENTITY, UNLIMITED, Street
from tests.interfaces.stage import Stage


@pytest.fixture(scope="session")
def _behind() -> list[Street]:
    return []


@pytest.fixture(scope="session")
def _shared(_behind: list[Street]) -> Iterator[TestClient[Litestar]]:
    app = build_http(
        lambda: _behind[-1].services,
        identity=IDENTITY,
        token_rate=UNLIMITED,
        refusal_rate=UNLIMITED,
    )
    with TestClient(app) as client:
        yield client


@pytest.fixture
def stage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(capsys, monkeypatch)


@pytest.fixture
def street() -> Street:
    return Street()


@pytest.fixture
def client(
    street: Street, _behind: list[Street], _shared: TestClient[Litestar]
) -> TestClient[Litestar]:
    _behind[:] = [street]
    return _shared
