"""Uploading a file at the terminal: preview, mapping, decision, undo."""

from pathlib import Path
from typing import cast

from interfaces.tui.screens.entity.screen import EntityScreen
from interfaces.tui.widgets.list_table import ListTable
from tests.files.audit_files import small, stated
from tests.files.room import FileRoom
from tests.files.test_uploading import HEADER, YEAR, sale
from tests.services.house import House
from tests.tui.driving import Driven, at_terminal, driven
from tests.tui.launching import FakeLauncher


def texts(drive: Driven, selector: str) -> list[list[str]]:
    table = drive.app.screen.query_one(selector, ListTable)
    found = [table.row_at(index) for index in range(table.row_count)]
    return [[cell.text for cell in one.cells] for one in found if one is not None]


def shown(drive: Driven) -> str:
    """The screen on top."""
    return type(drive.app.screen).__name__


@at_terminal
async def test_a_file_goes_from_the_entity_to_the_books_and_out_again(tmp_path: Path) -> None:
    room = FileRoom(tmp_path / "uploads")
    entity = room.entity("Blom")
    good, sloppy = tmp_path / "jaar.csv", tmp_path / "slordig.csv"
    good.write_text(YEAR)
    sloppy.write_text(
        HEADER.replace("Rekening", "Nummertje")
        + sale("2024-03-01", 4, 10)
        + "kapot;70;5;1300;x;1,00;\n"
    )
    launcher = FakeLauncher(cast("House", room))  # has what the launcher asks of a house
    async with driven(launcher, size=(120, 40)) as drive:
        drive.app.push_screen(EntityScreen(entity.id))
        await drive.rest()
        await drive.press("f")
        assert shown(drive) == "UploadsScreen"
        await drive.press("f")
        await drive.type("Input", str(good))
        await drive.press("enter")
        assert shown(drive) == "UploadScreen"
        assert "6 lines in 3 entries" in drive.said("#found")
        assert "It balances." in drive.said("#found")
        assert ["date", "Datum", "2024-01-15"] in texts(drive, "#mapping")
        await drive.press("i")
        room.succeed()
        assert room.balances(entity)["1300"] == 350

        await drive.press("escape", "f")
        await drive.type("Input", str(sloppy))
        await drive.press("enter")
        assert "? No column is known to be the ledger account" in drive.said("#found")
        await drive.press("m", "slash")
        await drive.type("#narrow", "account name")
        await drive.press("escape", "m", "slash")
        await drive.type("#narrow", "account")
        await drive.press("enter", "enter", "slash")
        await drive.type("#narrow", "nummertje")
        await drive.press("enter", "enter")
        assert "2 lines in 1 entry" in drive.said("#found")
        assert texts(drive, "#rejected")[0][0] == "4"
        await drive.press("w")
        await drive.type("Input", str(tmp_path / "rejected.csv"))
        await drive.press("enter")
        assert "no date" in (tmp_path / "rejected.csv").read_text()
        await drive.press("i", "y")
        room.succeed()
        assert room.balances(entity)["1300"] == 360

        await drive.press("escape", "u", "y")
        room.succeed()
        assert room.balances(entity)["1300"] == 350
        assert texts(drive, "#files")[0][1] == "undone"


@at_terminal
async def test_an_audit_file_is_shown_and_imported_without_a_mapping(tmp_path: Path) -> None:
    room = FileRoom(tmp_path / "uploads")
    entity = room.entity("Blom")
    path = tmp_path / "jaar.xaf"
    path.write_text(small(totals=stated(2, "12.10", "12.10")))
    launcher = FakeLauncher(cast("House", room))
    async with driven(launcher, size=(120, 40)) as drive:
        drive.app.push_screen(EntityScreen(entity.id))
        await drive.rest()
        await drive.press("f", "f")
        await drive.type("Input", str(path))
        await drive.press("enter")
        assert "It balances." in drive.said("#found")
        assert "12.10 debit and 12.10 credit" in drive.said("#found")
        await drive.press("m")
        assert shown(drive) == "UploadScreen"
        await drive.press("i")
        room.succeed()
    assert room.balances(entity) == {"1300": 12, "8000": -13}
