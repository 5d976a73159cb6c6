"""The lock files: exact, hashed, and the same for whoever installs from whichever index."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"([a-z0-9][a-z0-9._-]*)==([0-9][^ ;]*)(?: ; (.+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def requirements(lock: str) -> dict[str, list[str]]:
    """Each logical line: the pin, then its hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [re.split(r"\s+(?=--hash)", line.strip()) for line in text.splitlines() if line]
    return {pin: hashes for pin, *hashes in lines}


def versions(lock: str) -> set[str]:
    return {pin.split(" ; ")[0] for pin in requirements(lock)}


def names(lock: str) -> set[str]:
    return {pin.split("==")[0] for pin in versions(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_one_exact_version_with_hashes(lock: str) -> None:
    found = requirements(lock)
    assert len(found) > 20
    for pin, hashes in found.items():
        assert PIN.fullmatch(pin), pin
        assert hashes, pin
        assert all(HASH.fullmatch(each) for each in hashes), pin


@pytest.mark.parametrize("lock", LOCKS)
def test_no_index_host_path_or_option_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    for trace in ("://", "--index", "--extra-index", "--find-links", "--trusted-host", "@", "/"):
        assert trace not in text, trace


def test_everything_that_is_needed_is_locked_and_the_same_for_developers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = project["project"]["dependencies"]
    tools = project["dependency-groups"]["dev"]
    assert {_name(line) for line in needed} <= names("requirements.lock")
    assert {_name(line) for line in tools} <= names("requirements-dev.lock")
    assert versions("requirements.lock") <= versions("requirements-dev.lock")


def _name(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name.group()).lower()
