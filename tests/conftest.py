"""One seed for everything random in a test session: the order of tests and Hypothesis.

It is printed at the top; ``make test SEED=...`` (or ``MONITR_TEST_SEED``) brings a session back.
Hypothesis keeps the examples that failed in ``.hypothesis/``, and replays those without a seed.
"""

import os
import random
from collections.abc import Generator, Iterator
from itertools import groupby
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from adapters.storage.sql import dialect, storage

SEED_NAME = "MONITR_TEST_SEED"
SEED_MAX = 2**31 - 1

TOLD_LINES_MAX = 40

CANARY = "canary-"
"""Every made-up secret of the suite begins with it (or holds it)."""

# The machine of a test is not ours to judge by: time is measured in bench/.
settings.register_profile("monitr", deadline=None, print_blob=True)
settings.load_profile("monitr")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Settle the seed before xdist starts its workers: they inherit it with the environment."""
    seed = os.environ.get(SEED_NAME) or str(random.SystemRandom().randint(1, SEED_MAX))
    os.environ[SEED_NAME] = seed
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = seed
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(ToldAtOnce(config))


class ToldAtOnce:
    """What failed is told when it fails as well: a run that is cut short has said what it found."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and reporter is not None:
            reporter.write_line("")
            reporter.write_line(f"FAILED {report.nodeid} ({report.when})")
            reporter.write_line("\n".join(report.longreprtext.splitlines()[-TOLD_LINES_MAX:]))


def pytest_report_header() -> str:
    return f"seed: {os.environ[SEED_NAME]} (the same again: make test SEED={os.environ[SEED_NAME]})"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shuffle files, and tests within each file, so that none comes to need another's traces."""
    order = random.Random(os.environ[SEED_NAME])  # noqa: S311 - an order, not a secret
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    order.shuffle(files)
    for tests in files:
        order.shuffle(tests)
    items[:] = [test for tests in files for test in tests]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test passes only if no planted secret was written: not printed, not logged, not warned."""
    report = yield
    if report.passed:
        for name, text in report.sections:
            if CANARY in text:
                at = text.index(CANARY)
                report.outcome = "failed"
                report.longrepr = (
                    f"a planted secret is in the {name}: ...{text[at - 200 : at + 60]}"
                )
    return report


class Compiled(LRUCache[Any, Any]):
    """Statements compiled for one engine, used by all: their dialects are alike, and the dialect is
    what SQLAlchemy's keys begin with.
    """

    def get(self, key: Any, default: Any = None) -> Any:  # noqa: ANN401 - whatever is kept
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401 - whatever is kept
        super().__setitem__((type(key[0]), *key[1:]), value)


@pytest.fixture(scope="session", autouse=True)
def _statements_are_compiled_once() -> Iterator[None]:
    """Thousands of tests open a database of their own, and compiled the same statements anew."""
    compiled = Compiled(2_000)
    opened = dialect.open_engine

    def remembering(*args: Any, **named: Any) -> Engine:  # noqa: ANN401 - as the one it stands for
        engine = opened(*args, **named)
        engine.update_execution_options(compiled_cache=compiled)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "open_engine", remembering)
        yield
