"""A person without a browser: answers a stand-in's consent page in one form post.

Every stand-in with a consent page takes the fields of the authorise URL plus ``action`` posted
back to the address of that URL, so this works for all of them.
"""

from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from urllib.parse import parse_qsl, urlencode, urlsplit


class NoConsent(Exception):
    """The stand-in answered the form with something else than a redirect."""


def decide(
    authorise_url: str,
    action: str = "allow",
    fields: Mapping[str, str | Sequence[str]] | None = None,
) -> str:
    """Posts the decision and returns the address the browser would be sent to, not followed.

    ``fields`` are further form fields of that stand-in's page (user name, ticked companies).
    """
    address = urlsplit(authorise_url)
    if address.scheme != "http" or address.hostname is None:
        raise NoConsent(f"{authorise_url} is no address of a stand-in")
    form: dict[str, object] = dict(parse_qsl(address.query, keep_blank_values=True))
    body = urlencode(form | {"action": action} | dict(fields or {}), doseq=True)
    connection = HTTPConnection(address.hostname, address.port, timeout=10)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", address.path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    location = answer.getheader("Location")
    if answer.status not in {302, 303} or location is None:
        raise NoConsent(f"{answer.status}: {said[:300].decode('utf-8', 'replace')}")
    return location
