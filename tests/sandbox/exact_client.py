"""A small client of Exact Online for these tests: it dances, pages and adds up, nothing more."""

import ssl
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from sandbox.exact_online import SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET
from sandbox.server import Sandbox

EXACT = "exact-online"
CALLBACK = "http://127.0.0.1:8123/oauth/exact-online"
Row = dict[str, Any]
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the usual ones takes longer than a test, and nothing here speaks TLS."""

LINE_FIELDS = (
    "ID,Timestamp,EntryID,LineNumber,Type,Status,Date,FinancialYear,FinancialPeriod,GLAccount,"
    "GLAccountCode,AmountDC,AmountFC,Currency,Account,AccountCode,Description,VATCode,Modified"
)


def authorise_fields(**changes: str) -> dict[str, str]:
    return {
        "client_id": SANDBOX_CLIENT_ID,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": "st/ate 1",
    } | changes


class ExactClient:
    """One user's connection, with the calls a test wants to make in one line."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(
            base_url=sandbox.url(EXACT),
            headers={"Accept": "application/json"},
            timeout=20,
            verify=NO_CERTIFICATES,
        )
        self.tokens: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    # -- OAuth -------------------------------------------------------------------------------------

    def consent(self, **form: str | list[str]) -> dict[str, str]:
        """Posts the consent form; the query of the redirect, decoded."""
        data = authorise_fields() | {"action": "allow"} | form
        answer = self.http.post("/api/oauth2/auth", data=data)
        assert answer.status_code == 302, answer.text
        location = answer.headers["Location"]
        assert location.startswith(CALLBACK)
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def token(self, **form: str) -> httpx.Response:
        client = {"client_id": SANDBOX_CLIENT_ID, "client_secret": SANDBOX_CLIENT_SECRET}
        return self.http.post("/api/oauth2/token", data=client | form)

    def exchange(self, code: str, redirect_uri: str = CALLBACK) -> httpx.Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=redirect_uri)

    def refresh(self, token: str | None = None) -> httpx.Response:
        held = self.tokens["refresh_token"] if token is None else token
        return self.token(grant_type="refresh_token", refresh_token=held)

    def keep(self, answer: httpx.Response) -> Self:
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        self.http.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"
        return self

    def connect(self, **form: str | list[str]) -> Self:
        return self.keep(self.exchange(self.consent(**form)["code"]))

    # -- reading -----------------------------------------------------------------------------------

    def get(self, path: str, **options: str) -> httpx.Response:
        params = {name.replace("_", "$", 1): value for name, value in options.items()}
        return self.http.get(f"/api/v1/{path}", params=params)

    def pages(self, path: str, **options: str) -> Iterator[list[Row]]:
        answer = self.get(path, **options)
        while True:
            assert answer.status_code == 200, (answer.status_code, answer.text)
            document = answer.json()["d"]
            if isinstance(document, list):
                yield document
                return
            yield document["results"]
            if "__next" not in document:
                return
            answer = self.http.get(document["__next"])

    def rows(self, path: str, **options: str) -> list[Row]:
        return [row for page in self.pages(path, **options) for row in page]

    def lines(self, division: str = "700001", cursor: int = 1) -> list[Row]:
        return self.rows(
            f"{division}/sync/Financial/TransactionLines",
            _filter=f"Timestamp gt {cursor}L",
            _select=LINE_FIELDS,
        )


Balances = dict[tuple[str, int, int], Decimal]


def balances_of(rows: list[Row]) -> Balances:
    """Sums per account code, year and period."""
    result: Balances = {}
    for row in rows:
        if row["GLAccountCode"] is not None:
            place = (row["GLAccountCode"], row["FinancialYear"], row["FinancialPeriod"])
            result[place] = result.get(place, Decimal(0)) + Decimal(str(row["AmountDC"]))
    return result


def truth_of(sandbox: Sandbox, division: str = "700001") -> Row:
    return next(known for known in sandbox.truth(EXACT) if known["code"] == division)


def true_balances(sandbox: Sandbox, division: str = "700001") -> Balances:
    return {
        (cell["account"], cell["year"], cell["period"]): Decimal(cell["amount"])
        for cell in truth_of(sandbox, division)["balances"]
    }
