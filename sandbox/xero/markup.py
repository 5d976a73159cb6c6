"""The same answer in XML, which is what a caller gets who does not ask for JSON."""

import re
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from sandbox.wire import WireResponse

_DATE: Final = re.compile(r"/Date\((-?\d+)(?:\+0000)?\)/")


def xml_response(value: dict[str, object]) -> WireResponse:
    body = f"<Response>{''.join(_element(name, each) for name, each in value.items())}</Response>"
    return WireResponse(200, (("Content-Type", "text/xml; charset=utf-8"),), body.encode())


def _element(name: str, value: object) -> str:
    return f"<{name}>{_content(name, value)}</{name}>"


def _content(name: str, value: object) -> str:
    if isinstance(value, dict):
        return "".join(_element(str(key), each) for key, each in value.items())
    if isinstance(value, list):
        return "".join(_element(name.removesuffix("s"), each) for each in value)
    text = "" if value is None else str(value)
    dated = _DATE.fullmatch(text)
    if dated is not None:
        text = datetime.fromtimestamp(int(dated[1]) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return escape(text)
