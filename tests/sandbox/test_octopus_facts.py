"""What the stand-in answers, against the facts of Octopus' own document."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from sandbox.octopus.quotas import PER_DAY
from sandbox.server import Sandbox
from tests.providers.conformance import NOW
from tests.sandbox.octopus_client import OCTOPUS, OctopusClient
from tests.sandbox.octopus_facts import ANSWERS, EVER, QUOTAS, SCHEMAS


def _is(kind: str, value: object) -> bool:
    if kind == "date":
        return isinstance(value, str) and date.fromisoformat(value) is not None
    if kind == "number":
        return isinstance(value, float | int) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    return isinstance(value, {"string": str, "boolean": bool}[kind])


def faults(kind: str, value: Any) -> set[str]:  # noqa: ANN401 - a document of any shape
    """Every member that the document does not know, knows otherwise, or misses."""
    if kind.startswith("["):
        if not isinstance(value, list):
            return {f"{kind} is {type(value).__name__}"}
        return {found for row in value for found in faults(f"{{{kind[1:-1]}}}", row)}
    if not kind.startswith("{"):
        return set() if _is(kind, value) else {f"{value!r} is no {kind}"}
    name = kind[1:-1]
    schema = SCHEMAS[name]
    found = {f"{name} has no {member}" for member in value if member not in schema}
    for member, told in schema.items():
        if member in value:
            found |= {
                f"{name}.{member}: {each}" for each in faults(told.rstrip("!"), value[member])
            }
        elif told.endswith("!"):
            found.add(f"{name}.{member} is missing")
    return found


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7, lines=600, providers=[OCTOPUS], frozen_at=NOW) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[OctopusClient]:
    sandbox.settings(OCTOPUS, limits=False)
    with OctopusClient(sandbox) as octopus:
        assert octopus.sign_in().status_code == 200
        assert octopus.open().status_code == 200
        yield octopus


@pytest.mark.parametrize(("path", "schema"), ANSWERS.items())
def test_answers_have_the_documents_shape(client: OctopusClient, path: str, schema: str) -> None:
    told = client.rows(path)
    assert told
    assert faults(schema, told) == set()


def test_a_misspelling_would_be_found(client: OctopusClient) -> None:
    """``bookyearPeriodeNr`` on bookings is no slip of ours, and the other spelling would be."""
    row = client.rows(f"bookyears/3/bookings/modified?journalTypeId=2&{EVER}")["modifiedBookings"][
        0
    ]
    row["bookyearPeriodNr"] = row.pop("bookyearPeriodeNr")
    assert faults("{BookingReportData}", row) == {"BookingReportData has no bookyearPeriodNr"}


def test_deleted_documents_have_the_documents_shape(
    sandbox: Sandbox, client: OctopusClient
) -> None:
    sandbox.edit(OCTOPUS, {"kind": "delete-entry"})
    told = client.rows(
        "bookyears/-1/bookings/modified?journalTypeId=-1"
        "&modifiedTimeStamp=2026-11-01%2000:00:00.000"
    )
    assert told["deletedBookings"]
    assert faults("{SyncBookings}", told) == set()


def test_tokens_and_dossiers_have_the_documents_shape(client: OctopusClient) -> None:
    assert faults("{AuthenticationToken}", client.sign_in().json()) == set()
    assert faults("{DossierTokenResult}", client.open().json()) == set()
    assert faults("[DossierServiceData]", client.dossiers().json()) == set()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        # Nothing there: the first bookyear has no booking.
        (f"bookyears/1/bookings/modified?journalTypeId=1&{EVER}", 404),
        (f"buysellbookings/modified?bookyearId=1&{EVER}", 404),
        # Left out, misspelt, in another form.
        ("accounts/modified", 400),
        (f"buysellbookings/modified?bookyearKeyId=1&{EVER}", 400),
        (f"bookyears/3/bookings/modified?{EVER}", 400),
        ("accounts/modified?modifiedTimeStamp=1980-01-01", 400),
        # The first load is per bookyear and type.
        (f"bookyears/-1/bookings/modified?journalTypeId=1&{EVER}", 400),
        (f"bookyears/3/bookings/modified?journalTypeId=-1&{EVER}", 400),
        (f"buysellbookings/modified?bookyearId=-1&{EVER}", 400),
    ],
)
def test_refusals_are_error_results(client: OctopusClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert faults("{ErrorResult}", answer.json()) == set()


def test_a_session_of_one_dossier_opens_no_other(client: OctopusClient) -> None:
    answer = client.get("bookyears", dossier="45002")
    assert answer.status_code == 401
    assert faults("{ErrorResult}", answer.json()) == set()


def test_sessions_live_for_ten_minutes() -> None:
    with (
        Sandbox(seed=7, lines=0, providers=[OCTOPUS], frozen_at=NOW) as running,
        OctopusClient(running) as octopus,
    ):
        octopus.sign_in()
        octopus.open()
        running.advance(599)
        assert octopus.get("bookyears").status_code == 200
        running.advance(1)
        assert octopus.get("bookyears").status_code == 401
        assert octopus.open().status_code == 401


def test_failed_sign_ins_are_counted_and_lock_the_user() -> None:
    with (
        Sandbox(seed=7, lines=0, providers=[OCTOPUS], frozen_at=NOW) as running,
        OctopusClient(running) as octopus,
    ):
        for _ in range(5):
            answer = octopus.sign_in("wrong")
            assert answer.status_code == 401
            assert set(answer.json()) == {"technicalInfo"}
        assert octopus.sign_in().status_code == 401


def test_financial_documents_are_one_sided_and_bookings_are_not(client: OctopusClient) -> None:
    """What comes in is positive there, and debits the bank in the ledger."""
    documents = client.rows(f"financialdiversbookings/modified?bookyearId=3&{EVER}")
    banked = {
        row["documentSequenceNr"]: sum(line["amount"] for line in row["bookingLines"])
        for row in documents
        if row["journalKey"] == "F2" and row["exchangeRate"] == 1
    }
    account = client.rows("bookyears/3/journals/F/2")["account"]
    lines = client.rows(f"bookyears/3/bookings/modified?journalTypeId=3&{EVER}")["modifiedBookings"]
    moved: dict[int, float] = {}
    for line in lines:
        if line["journalNr"] == 2 and line["accountKey"] == account:
            number = line["documentSequenceNr"]
            moved[number] = moved.get(number, 0) + line["bookingAmount"]
    assert banked
    assert {n: round(amount, 2) for n, amount in banked.items()} == {
        n: round(amount, 2) for n, amount in moved.items() if n in banked
    }
    assert round(sum(line["bookingAmount"] for line in lines), 2) == 0


def test_quotas_are_the_documents() -> None:
    assert {name: PER_DAY[name] for name in QUOTAS} == QUOTAS


def test_quotas_begin_anew_at_midnight() -> None:
    with (
        Sandbox(seed=7, lines=0, providers=[OCTOPUS], frozen_at=NOW) as running,
        OctopusClient(running) as octopus,
    ):
        octopus.sign_in()
        octopus.open()
        assert [octopus.get("vatcodes").status_code for _ in range(3)] == [200, 200, 403]
        running.advance(24 * 3600)
        octopus.sign_in()
        octopus.open()
        assert octopus.get("vatcodes").status_code == 200
