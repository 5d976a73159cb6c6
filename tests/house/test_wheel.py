"""What is shipped works alone: the wheel, installed into an empty environment, runs the demo."""

import json
import os
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 300
INSTALL_SECONDS = 600
DEMO_SECONDS = 300
ROOMS = {"core", "adapters", "interfaces", "monitr", "sandbox"}

pytestmark = [
    pytest.mark.fire,
    pytest.mark.timeout(BUILD_SECONDS + INSTALL_SECONDS + DEMO_SECONDS),
]


def run(*command: str | Path, cwd: Path, seconds: int, **environ: str) -> str:
    """Standard output. Nothing of this session's Python or Monitr settings is passed on."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "MONITR_", "VIRTUAL_ENV", "PYTEST_", "COVERAGE"))
    }
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=inherited | environ,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", built)
    run(*build, ROOT, cwd=built, seconds=BUILD_SECONDS)
    (wheel,) = built.glob("monitr-*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment with the runtime lock and the wheel, and nothing else."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", home / "venv", cwd=home, seconds=INSTALL_SECONDS)
    commands = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = (commands / "python", "-m", "pip", "install", "--quiet")
    lock = ROOT / "requirements.lock"
    run(*pip, "--require-hashes", "-r", lock, cwd=home, seconds=INSTALL_SECONDS)
    run(*pip, "--no-deps", wheel, cwd=home, seconds=INSTALL_SECONDS)
    run(commands / "python", "-m", "pip", "check", cwd=home, seconds=INSTALL_SECONDS)
    return commands


def test_the_wheel_holds_every_room_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as contents:
        names = contents.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == ROOMS
    missing = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } - set(names)
    assert not missing


def test_the_installed_demo_connects_imports_and_proves(installed: Path, tmp_path: Path) -> None:
    empty, home = tmp_path / "empty", tmp_path / "home"
    empty.mkdir()
    home.mkdir()
    said = run(
        installed / "monitr",
        *("demo", "--headless", "--json"),
        cwd=empty,
        seconds=DEMO_SECONDS,
        HOME=str(home),
        XDG_DATA_HOME=str(home / "data"),
    )
    answer = json.loads(said)
    assert answer.keys() == {"provider", "entities", "calls", "seconds"}
    assert answer["calls"] > 0
    assert answer["seconds"] < DEMO_SECONDS
    assert len(answer["entities"]) >= 2
    for entity in answer["entities"]:
        assert entity.keys() == {
            *("name", "status", "accounts", "entries", "lines"),
            *("debit", "credit", "proof"),
        }
        assert entity["lines"] >= 2 * entity["entries"] > 0
        assert entity["accounts"] > 0
        assert Decimal(entity["debit"]) == Decimal(entity["credit"]) > 0
        assert isinstance(entity["debit"], str)
        assert isinstance(entity["credit"], str)
    assert list(empty.iterdir()) == []
