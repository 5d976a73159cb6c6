"""A person at a browser, for tests and the demo: logs in, ticks companies, allows or denies.

Written with the standard library alone. It does what a browser does with the stand-ins' pages: it
opens the authorise address, submits the forms, and follows redirects, the last of which leads to
the redirect address of whoever asked for consent.
"""

import http.client
from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from attrs import frozen

TIMEOUT_SECONDS = 30.0
STEPS_MAX = 10
PAGE_BYTES_MAX = 1_000_000


@frozen(kw_only=True)
class Landing:
    """Where the dance ended: the redirect address with its query, and the page shown there.

    ``status`` and ``page`` are 0 and empty when the address was not opened.
    """

    url: str
    status: int = 0
    page: str = ""


class _Form(HTMLParser):
    """The hidden fields of a page's first form."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "input" and attributes.get("type") == "hidden":
            self.hidden[attributes.get("name") or ""] = attributes.get("value") or ""


def consent(
    authorize_url: str,
    *,
    username: str | None = None,
    divisions: Sequence[str] | None = None,
    deny: bool = False,
    follow: bool = True,
) -> Landing:
    """Give (or refuse) consent. ``divisions`` None leaves every company ticked.

    ``follow`` False stops before the redirect address is opened, as a person would who copies it.
    """
    parts = urlsplit(authorize_url)
    redirect_uri = dict(parse_qsl(parts.query))["redirect_uri"]
    status, _, page = _request("GET", authorize_url)
    if status != http.client.OK:
        raise RuntimeError(f"The authorise page answered {status}.")
    login = _Form()
    login.feed(page)
    fields = [*dict(parse_qsl(parts.query)).items(), *login.hidden.items()]
    if username is not None:
        fields.append(("username", username))
    fields.append(("action", "deny" if deny else "allow"))
    if divisions is not None:
        fields += [("companies_shown", "1"), *(("division", code) for code in divisions)]
    target = urljoin(authorize_url, parts.path)
    status, location, page = _request("POST", target, urlencode(_each_once(fields)))
    for _ in range(STEPS_MAX):
        if location is None:
            raise RuntimeError(f"The consent page answered {status} without a redirect.")
        target = urljoin(target, location)
        if not target.startswith(redirect_uri):
            status, location, page = _request("GET", target)
            continue
        if not follow:
            return Landing(url=target)
        status, _, page = _request("GET", target)
        return Landing(url=target, status=status, page=page)
    raise RuntimeError("Too many redirects.")


def _each_once(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each field once, the first value counting; ``division`` may repeat."""
    seen: set[str] = set()
    kept = []
    for name, value in fields:
        if name == "division" or name not in seen:
            kept.append((name, value))
        seen.add(name)
    return kept


def _request(method: str, url: str, body: str = "") -> tuple[int, str | None, str]:
    parts = urlsplit(url)
    assert parts.hostname is not None, "an absolute address"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    try:
        connection.request(method, target, body=body or None, headers=headers)
        answer = connection.getresponse()
        page = answer.read(PAGE_BYTES_MAX).decode(errors="replace")
        return answer.status, answer.getheader("Location"), page
    finally:
        connection.close()
