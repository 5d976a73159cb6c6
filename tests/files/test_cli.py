"""Files at the command line: import, preview, mapping, rejected rows, undo."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from interfaces.cli.app import main_with
from interfaces.cli.ending import ExitCode
from tests.files.audit_files import small
from tests.files.room import FileRoom
from tests.files.test_uploading import HEADER, YEAR, sale
from tests.services.house import House
from tests.tui.launching import FakeLauncher


class Here(FakeLauncher):
    """Carries imports out where they are asked for."""

    def import_here(self, run_ids: Any, each: Any, *, stopping: Any) -> None:  # noqa: ANN401 - as its base
        del stopping
        room = cast("FileRoom", self.house)
        room.doorbell.rung = list(run_ids)
        for run in room.work():
            each(run)


class Line:
    def __init__(self, room: FileRoom, capsys: pytest.CaptureFixture[str]) -> None:
        self.room = room
        self.capsys = capsys

    def run(self, *words: str | Path) -> tuple[int, str, str]:
        launcher = Here(cast("House", self.room))
        code = main_with(lambda _: launcher, [str(word) for word in words])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def json(self, *words: str | Path) -> dict[str, Any]:
        code, out, err = self.run(*words, "--json")
        assert code == ExitCode.DONE, err
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(FileRoom(tmp_path / "uploads"), capsys)


def test_a_file_is_imported_seen_through_listed_and_undone(line: Line, tmp_path: Path) -> None:
    entity = line.room.entity("Roos")
    path = tmp_path / "jaar.csv"
    path.write_text(YEAR)
    code, out, err = line.run("import-file", "Roos", path)
    assert (code, out) == (ExitCode.DONE, ""), err
    assert "6 lines in 3 entries" in err
    assert "proven" in err
    assert line.room.balances(entity)["1300"] == 350
    again = line.json("import-file", "Roos", path)
    assert again["run"] is None
    (listed,) = line.json("uploads", "Roos")["items"]
    assert (listed["status"], listed["covers"]) == ("confirmed", ["2024-01-15", "2024-12-31"])
    assert line.json("undo-upload", listed["id"])["run"]["status"] == "Succeeded"
    assert line.room.balances(entity) == {}


def test_preview_imports_nothing_and_tells_how_to_read_it(line: Line, tmp_path: Path) -> None:
    line.room.entity("Roos")
    path = tmp_path / "vreemd.csv"
    path.write_text("Dag,Rek,Eur,Nr\n01/02/2024,1000,1.00,1\n01/02/2024,2000,-1.00,1\n")
    shown = line.json("import-file", "Roos", path, "--preview")
    assert [one["code"] for one in shown["remarks"] if one["weight"] == "question"]
    assert line.run("import-file", "Roos", path, "--yes")[0] == ExitCode.USAGE
    words = ("--column", "date=dag", "--column", "account=rek", "--column", "amount=2")
    read = (*words, "--column", "entry number=nr", "--date-order", "dmy", "--decimal", ".")
    told = line.json("import-file", "Roos", path, "--preview", *read)
    assert (told["lines"], told["covers"]) == (2, ["2024-02-01", "2024-02-01"])
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(told))
    done = line.json("import-file", "Roos", path, "--mapping", mapping, "--covers", "2024")
    assert done["covers"] == ["2024-01-01", "2024-12-31"]
    assert done["run"]["status"] == "Succeeded"


def test_a_preview_leaves_what_somebody_else_uploaded(line: Line, tmp_path: Path) -> None:
    entity = line.room.entity("Roos")
    waiting = line.room.receive(entity, YEAR).upload
    path = tmp_path / "jaar.csv"
    path.write_text(YEAR)
    assert line.json("import-file", "Roos", path, "--preview")["id"] == waiting.id
    assert line.room.services.uploading.get(line.room.org, waiting.id) == waiting


def test_what_does_not_balance_needs_a_yes(line: Line, tmp_path: Path) -> None:
    entity = line.room.entity("Roos")
    path, rejected = tmp_path / "scheef.csv", tmp_path / "rejected.csv"
    path.write_text(HEADER + sale("2024-01-15", 1, 5) + "=kapot;70;2;1300;x;1,00;\n")
    code, _, err = line.run("import-file", "Roos", path, "--rejected", rejected)
    assert code == ExitCode.USAGE
    assert "1 rows are rejected" in err
    assert rejected.read_text().splitlines()[1].endswith(',"\'=kapot;70;2;1300;x;1,00;"')
    assert line.room.balances(entity) == {}
    assert line.run("import-file", "Roos", path, "--yes")[0] == ExitCode.DONE
    assert line.room.balances(entity)["1300"] == 5


def test_an_audit_file_needs_no_mapping(line: Line, tmp_path: Path) -> None:
    line.room.entity("Roos")
    path = tmp_path / "jaar.xaf"
    path.write_text(small())
    preview = line.json("import-file", "Roos", path, "--preview")
    assert preview["mapping"] is None
    code, _, err = line.run("import-file", "Roos", path)
    assert code == ExitCode.DONE, err
    assert "XML Auditfile Financieel 3.2" in err
    assert "proven" in err
