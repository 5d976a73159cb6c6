"""Asks the stand-in as its document says, without any of our own code in between."""

from types import TracebackType
from typing import Any, Self

import httpx

from sandbox.octopus import SANDBOX_FIELDS, SANDBOX_USER
from sandbox.server import Sandbox

OCTOPUS = "octopus"
API = "/octopus-rest-api/v1"
DOSSIER = "45001"


class OctopusClient:
    """Signs in as the sandbox's user; answers are ``httpx`` responses."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._http = httpx.Client(base_url=sandbox.url(OCTOPUS) + API)
        self.user_token = ""
        self.dossier_token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def sign_in(self, password: str = SANDBOX_FIELDS["password"]) -> httpx.Response:
        answer = self._http.post(
            "/authentication",
            headers={"softwareHouseUuid": SANDBOX_FIELDS["software_house"]},
            json={"user": SANDBOX_USER, "password": password},
        )
        self.user_token = answer.json().get("token", "")
        return answer

    def open(self, dossier: str = DOSSIER) -> httpx.Response:
        answer = self._http.post(
            "/dossiers", params={"dossierId": dossier}, headers={"Token": self.user_token}
        )
        self.dossier_token = answer.json().get("Dossiertoken", "")
        return answer

    def dossiers(self) -> httpx.Response:
        return self._http.get("/dossiers", headers={"Token": self.user_token})

    def get(self, path: str, dossier: str = DOSSIER) -> httpx.Response:
        headers = {"dossierToken": self.dossier_token}
        return self._http.get(f"/dossiers/{dossier}/{path}", headers=headers)

    def rows(self, path: str) -> Any:  # noqa: ANN401 - a document of any shape
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()
