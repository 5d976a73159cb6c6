"""The audit file export: asked for, prepared for a while, then fetched within thirty seconds."""

from random import Random
from typing import Final

from attrs import define, field

from sandbox.clock import SandboxClock
from sandbox.moneybird.errors import not_found, refusal
from sandbox.moneybird.paging import paged
from sandbox.moneybird.rows import moment
from sandbox.moneybird.view import WITHOUT_NUMBER, View
from sandbox.wire import WireRequest, WireResponse, json_response

LINK_SECONDS: Final = 30
POLLS_BEFORE_READY: Final = 2
NAMESPACE: Final = "http://www.auditfiles.nl/XAF/3.2"


@define(eq=False)
class _Export:
    id: str
    administration: str
    year: str
    asked_ms: int
    polls: int = 0
    downloaded: bool = False

    @property
    def ready(self) -> bool:
        return self.polls > POLLS_BEFORE_READY


@define
class Exports:
    """``unique_numbers`` False: some account has no number, and Moneybird refuses the export."""

    clock: SandboxClock
    random: Random
    unique_numbers: bool = False
    _exports: list[_Export] = field(factory=list)
    _links: dict[str, tuple[_Export, int]] = field(factory=dict)

    def ask(self, view: View, request: WireRequest) -> WireResponse:
        """``POST reports/export/auditfile``: 204, also while the same is being prepared."""
        try:
            body = request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or "year" not in body:
            raise refusal(400, "Year is required", {"year": "required"})
        if str(body.get("version", "3.2")) not in {"3.2", "4.0"}:
            raise refusal(400, "version does not have a valid value")
        if not self.unique_numbers and any(a.kind in WITHOUT_NUMBER for a in view.books.accounts):
            symbolic = {"base": "missing_or_duplicate_account_ids"}
            raise refusal(400, "Missing or duplicate account IDs", symbolic)
        year = str(body["year"])
        if not any(month.startswith(year) for month in view.months()):
            symbolic = {"period": "contains_no_journal_entries"}
            raise refusal(400, "Period contains no journal entries", symbolic)
        if not any(e.year == year and not e.ready for e in self._of(view)):
            number = str(497_000_000_000_000_000 + len(self._exports))
            self._exports.append(_Export(number, view.id, year, self.clock.now_ms()))
        return WireResponse(204)

    def downloads(self, view: View, request: WireRequest) -> WireResponse:
        """``GET downloads``: an export shows up only after it was looked for twice in vain."""
        found = []
        for export in self._of(view):
            export.polls += 1
            if export.ready:
                found.append(export)
        return paged(request, found[::-1], _download, default=100)

    def link(self, view: View, request: WireRequest, download_id: str) -> WireResponse:
        """``POST downloads/{id}/download``: a redirect to an address that soon ends."""
        export = next((e for e in self._of(view) if e.id == download_id and e.ready), None)
        if export is None:
            raise not_found()
        key = "".join(self.random.choices("abcdefghijkmnpqrstuvwxyz23456789", k=24))
        self._links[key] = (export, self.clock.now_ms() + LINK_SECONDS * 1000)
        export.downloaded = True
        body = json_response({"message": "Use the Location header to download the file"}, 302)
        return body.with_headers(("Location", f"{request.base_url}/storage/{key}"))

    def file(self, key: str) -> WireResponse:
        """What the link leads to: no token is looked at. Only the outline of an audit file."""
        export, ends_ms = self._links.get(key, (None, 0))
        if export is None or self.clock.now_ms() > ends_ms:
            return WireResponse(403)
        year = export.year
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<auditfile xmlns="{NAMESPACE}"><header><fiscalYear>{year}</fiscalYear>'
            f"<startDate>{year}-01-01</startDate><endDate>{year}-12-31</endDate>"
            "<curCode>EUR</curCode></header></auditfile>"
        )
        return WireResponse(200, (("Content-Type", "application/xml"),), body.encode())

    def _of(self, view: View) -> list[_Export]:
        return [export for export in self._exports if export.administration == view.id]


def _download(export: _Export) -> dict[str, object]:
    return {
        "id": export.id,
        "user_id": None,
        "download_type": "auditfile",
        "filename": f"auditfile-{export.year}.xaf",
        "content_type": "application/xml",
        "failed": False,
        "downloaded": export.downloaded,
        "created_at": moment(export.asked_ms),
        "updated_at": moment(export.asked_ms),
    }
