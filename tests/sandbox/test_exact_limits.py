"""Rights, divisions, call budgets and the error block of the Exact Online stand-in."""

import pytest

from sandbox.server import Sandbox
from tests.sandbox.exact_client import EXACT, ExactClient

DAY_HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
MINUTE_HEADERS = {name.replace("Limit-", "Limit-Minutely-", 1) for name in DAY_HEADERS}


def families(headers: object) -> set[str]:
    present = {name.lower() for name in headers}  # type: ignore[attr-defined]
    return {name for name in DAY_HEADERS | MINUTE_HEADERS if name.lower() in present}


def test_divisions_show_their_oddities(connected: ExactClient) -> None:
    rows = {row["Code"]: row for row in connected.rows("999/system/Divisions")}
    assert {row["Status"] for row in rows.values()} == {0, 1, 2}
    assert [row["Code"] for row in rows.values() if row["BlockingStatus"]] == [700006]
    assert rows[700001]["Hid"] == "1"
    assert rows[700001]["Country"] == "NL "
    assert len({row["Customer"] for row in rows.values()}) == 2, "two licences"


def test_hrm_divisions_is_the_shorter_list(connected: ExactClient) -> None:
    own = [row["Code"] for row in connected.rows("700001/hrm/Divisions", _select="Code,HID")]
    others = [row["Code"] for row in connected.rows("700007/hrm/Divisions", _select="Code,HID")]
    assert others == [700007]
    assert 700007 not in own
    assert len(own) == 7


def test_division_lists_page_by_code(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.settings(EXACT, page_single=3)
    pages = list(connected.pages("1/system/Divisions", _select="Code"))
    assert [len(page) for page in pages] == [3, 3, 2]


def test_the_empty_division_has_accounts_but_no_lines(connected: ExactClient) -> None:
    assert connected.lines("700004") == []
    assert (
        connected.rows("700004/financial/ReportingBalance", _filter="ReportingYear eq 2026") == []
    )
    assert connected.rows("700004/sync/Financial/GLAccounts", _select="ID")


def test_a_user_without_rights_sees_empty_lists_and_no_error(client: ExactClient) -> None:
    client.connect(username="zonderrechten@sandbox.test")
    for path in ("sync/Financial/GLAccounts", "financial/Journals", "sync/Deleted"):
        answer = client.get(f"700001/{path}", _select="ID")
        assert answer.status_code == 200
        assert answer.json() == {"d": {"results": []}}
    probe = {"endpoint": "'financial/GLAccounts'", "action": "'GET'"}
    asked = client.get("700001/users/UserHasRights", **probe)
    assert asked.json()["d"]["UserHasRights"] is False
    client.connect()
    assert client.get("700001/users/UserHasRights", **probe).json()["d"]["UserHasRights"] is True


def test_rights_can_be_taken_from_everybody(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.settings(EXACT, rights="none")
    assert connected.rows("700001/financial/Journals") == []
    sandbox.settings(EXACT, rights="full")
    assert connected.rows("700001/financial/Journals")


def test_refusals_name_their_reason(sandbox: Sandbox, connected: ExactClient) -> None:
    def reason(division: str) -> tuple[int, str | None]:
        answer = connected.get(f"{division}/financial/Journals")
        return answer.status_code, answer.headers.get("Reason")

    assert reason("700006") == (403, "DivisionBlocked")
    assert reason("123") == (403, "NoDivisionAccess")
    sandbox.settings(EXACT, refused={"700002": "LicenseExpired"})
    assert reason("700002") == (403, "LicenseExpired")
    sandbox.settings(EXACT, refused={"700002": ""})
    assert reason("700002") == (200, None)
    sandbox.settings(EXACT, granted=["700002"])
    assert reason("700001") == (403, "NoDivisionAccess")
    assert [row["Code"] for row in connected.rows("1/system/Divisions")] == [700002]


def test_a_missing_scope_area_is_a_403_with_its_text(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.settings(EXACT, denied_areas=["Crm accounts"])
    answer = connected.get("700001/sync/CRM/Accounts", _select="ID")
    assert answer.status_code == 403
    assert "Application Scope Violated. Cannot read" in answer.text
    assert connected.get("700001/financial/Journals").status_code == 200


def test_the_minute_is_refused_with_its_own_headers_only(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.settings(EXACT, per_minute=3)
    path = "700001/financial/Journals"
    first = connected.get(path)
    assert families(first.headers) == DAY_HEADERS | MINUTE_HEADERS
    assert first.headers["X-RateLimit-Minutely-Remaining"] == "2"
    assert first.headers["X-RateLimit-Remaining"] == "4999"
    assert int(first.headers["X-RateLimit-Minutely-Reset"]) % 60_000 == 0
    assert [connected.get(path).status_code for _ in range(3)] == [200, 200, 429]
    refused = connected.get(path)
    assert refused.content == b""
    assert families(refused.headers) == MINUTE_HEADERS
    assert connected.get("700002/financial/Journals").status_code == 200, "an own budget"
    sandbox.advance(61)
    assert connected.get(path).status_code == 200
    sandbox.settings(EXACT, limits=False)
    assert {connected.get(path).status_code for _ in range(6)} == {200}


def test_the_day_is_refused_with_its_own_headers_only(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    sandbox.settings(EXACT, per_day=2)
    path = "700001/financial/Journals"
    assert [connected.get(path).status_code for _ in range(3)] == [200, 200, 429]
    refused = connected.get(path)
    assert families(refused.headers) == DAY_HEADERS
    assert int(refused.headers["X-RateLimit-Reset"]) % 86_400_000 == 0
    sandbox.advance(86_400)
    connected.keep(connected.refresh())
    assert connected.get(path).status_code == 200


@pytest.mark.parametrize(
    ("kind", "present"), [("too-many", MINUTE_HEADERS), ("daily-budget", DAY_HEADERS)]
)
def test_limits_as_faults_look_the_same(
    sandbox: Sandbox, connected: ExactClient, kind: str, present: set[str]
) -> None:
    sandbox.add_fault(EXACT, {"kind": kind})
    answer = connected.get("current/Me")
    assert (answer.status_code, answer.content) == (429, b"")
    assert families(answer.headers) == present


def test_eleven_client_errors_block_the_endpoint_for_an_hour(
    sandbox: Sandbox, connected: ExactClient
) -> None:
    wrong = "700001/bulk/Financial/GLAccounts"
    statuses = [connected.get(wrong).status_code for _ in range(11)]
    assert set(statuses) == {400}
    assert connected.get(wrong, _select="ID").status_code == 429
    assert connected.get("700001/financial/Journals").status_code == 200
    sandbox.advance(3_601)
    connected.keep(connected.refresh())
    assert connected.get(wrong, _select="ID").status_code == 200


def test_the_gateway_hiccup_has_its_words(sandbox: Sandbox, connected: ExactClient) -> None:
    sandbox.add_fault(EXACT, {"kind": "gateway", "path": "/oauth2/token"})
    fault = connected.refresh().json()["fault"]
    assert fault["faultstring"].startswith("Unable to identify proxy for host")
    assert fault["detail"]["errorcode"] == "messaging.adaptors.http.flow.ApplicationNotFound"


def test_without_the_accept_header_everything_is_xml(connected: ExactClient) -> None:
    address = "/api/v1/current/Me"
    answer = connected.http.get(address, headers={"Accept": "*/*"})
    assert "xml" in answer.headers["Content-Type"]
    assert connected.http.post(address).status_code == 405
    assert connected.get("700001/nothing/Here").status_code == 404
    anonymous = connected.http.get(address, headers={"Authorization": ""})
    assert anonymous.status_code == 401
    assert "Authentication Required" in anonymous.text
