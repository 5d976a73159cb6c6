"""Uploads: nothing counts before it is confirmed, an upload replaces, undo brings back."""

from pathlib import Path

import pytest

from core.domain.failures import CorrectRequest
from core.domain.file_import import UploadStatus
from core.domain.proof import Verdict
from tests.files.room import OPERATOR, FileRoom

HEADER = "Datum;Dagboek;Boekstuk;Rekening;Omschrijving;Debet;Credit\n"


def sale(day: str, number: int, euros: int, *, account: str = "8000") -> str:
    return (
        f"{day};70;{number};1300;Klant;{euros},00;\n{day};70;{number};{account};Omzet;;{euros},00\n"
    )


YEAR = HEADER + sale("2024-01-15", 1, 100) + sale("2024-02-15", 2, 200) + sale("2024-12-31", 3, 50)


@pytest.fixture
def room(tmp_path: Path) -> FileRoom:
    return FileRoom(tmp_path / "uploads")


def test_csv_is_never_the_first_integration(room: FileRoom) -> None:
    with pytest.raises(CorrectRequest) as refused:
        room.services.connecting.connect(
            room.org, "csv", {"companies": "Blom"}, operator=OPERATOR, redirect_base="http://x"
        )
    assert refused.value.code == "not-during-onboarding"


def test_each_company_named_becomes_an_administration(room: FileRoom) -> None:
    room.onboard()
    connection = room.services.connecting.connect(
        room.org,
        "csv",
        {"companies": "Blom; Roos ;blom", "currency": "NOK"},
        operator=OPERATOR,
        redirect_base="http://x",
    )
    found = [(one.name, one.currency) for one in connection.administrations]
    assert found == [("Blom", "NOK"), ("Roos", "NOK")]


def test_nothing_is_imported_before_it_is_confirmed_and_then_it_is_proven(room: FileRoom) -> None:
    entity = room.entity()
    upload = room.receive(entity, YEAR).upload
    assert upload.status is UploadStatus.STAGED
    assert (upload.summary.lines, upload.summary.entries) == (6, 3)
    assert room.doorbell.rung == []
    assert room.balances(entity) == {}
    decided = room.confirm(upload)
    assert decided.upload.active
    run = room.succeed()
    assert run.proof is not None
    assert run.proof.verdict is Verdict.PROVEN
    assert run.proof.cells > 0
    assert room.balances(entity) == {"1300": 350, "8000": -350}


def test_the_same_file_again_is_a_no_op(room: FileRoom) -> None:
    entity = room.entity()
    first = room.bring(entity, YEAR)
    again = room.receive(entity, YEAR, "other name.csv")
    assert again.again
    assert again.upload.id == first.id
    assert room.confirm(again.upload).run is None
    assert room.doorbell.rung == []


def test_a_file_replaces_the_days_it_covers_and_leaves_the_others(room: FileRoom) -> None:
    entity = room.entity()
    room.bring(entity, YEAR)
    february = HEADER + sale("2024-02-01", 7, 20) + sale("2024-02-29", 8, 30)
    room.bring(entity, february)
    assert room.balances(entity) == {"1300": 200, "8000": -200}
    room.bring(entity, YEAR, "again.csv")
    assert room.balances(entity) == {"1300": 350, "8000": -350}


def test_undo_is_one_action_and_brings_back_exactly_what_was(room: FileRoom) -> None:
    entity = room.entity()
    room.bring(entity, YEAR)
    before = room.books(entity)
    changed = YEAR.replace("200,00", "220,00").replace("8000", "8010")
    upload = room.bring(entity, changed)
    assert room.books(entity) != before
    assert room.undo(upload).run is not None
    run = room.succeed()
    assert room.books(entity) == before
    assert run.proof is not None
    assert run.proof.verdict is Verdict.PROVEN
    generations = room.services.reading.generations(room.org, entity.id)
    assert len(generations) == 4  # empty, the year, the changed year, the year again


def test_undoing_the_only_upload_leaves_empty_books(room: FileRoom) -> None:
    entity = room.entity()
    empty = room.books(entity)
    upload = room.bring(entity, YEAR)
    room.undo(upload)
    room.succeed()
    assert room.books(entity) == empty


def test_what_does_not_balance_waits_for_the_operator(room: FileRoom) -> None:
    entity = room.entity()
    upload = room.receive(entity, YEAR + "2024-03-01;70;9;1300;los;5,00;\n").upload
    assert upload.summary.unbalanced == 1
    with pytest.raises(CorrectRequest) as refused:
        room.confirm(upload)
    assert refused.value.code == "preview-not-balanced"
    room.confirm(upload, anyway=True)
    run = room.succeed()
    assert run.proof is not None
    assert run.proof.finding_count == 1
    assert room.balances(entity)["1300"] == 355


def test_a_night_without_new_files_changes_nothing(room: FileRoom) -> None:
    entity = room.entity()
    room.bring(entity, YEAR)
    room.services.importing.request(room.org, [entity.id], operator=OPERATOR)
    run = room.succeed()
    assert run.progress.changed == 0
    assert run.progress.batches == 1
    assert run.proof is not None
    assert run.proof.verdict is Verdict.PROVEN


def test_an_entity_of_another_provider_takes_no_files(room: FileRoom) -> None:
    other = room.onboard()
    with pytest.raises(CorrectRequest) as refused:
        room.receive(other, YEAR)
    assert refused.value.code == "not-from-files"
