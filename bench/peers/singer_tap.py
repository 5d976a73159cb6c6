"""A Singer tap of the same pages: ``python singer_tap.py --config FILE`` writes Singer messages.

The config holds ``origin``, ``path`` of the first page, and ``columns`` with their JSON types.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import ParseResult

from requests import PreparedRequest, Request, Response
from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseHATEOASPaginator

TYPES = {"integer": th.IntegerType, "number": th.NumberType, "string": th.StringType}


class Links(BaseHATEOASPaginator):
    """The address of the next page is in the page."""

    def get_next_url(self, response: Response) -> str | None:
        url: str | None = response.json()["d"].get("__next")
        return url


class Lines(RESTStream[Any]):
    name = "lines"
    primary_keys = ("ID",)
    records_jsonpath = "$.d.results[*]"

    url_base = ""

    @property
    def path(self) -> str:
        return str(self.config["path"])

    @path.setter
    def path(self, path: str) -> None:
        """Known from the config only."""

    @property
    def schema(self) -> dict[str, Any]:
        columns = self.config["columns"]
        return th.PropertiesList(
            *(th.Property(name, TYPES[kind]) for name, kind in columns.items())
        ).to_dict()

    def get_new_paginator(self) -> Links:
        return Links()

    @property
    def authenticator(self) -> Callable[[PreparedRequest], PreparedRequest]:
        """None is needed here, and the default one encodes the address anew."""
        return lambda request: request

    def prepare_request(
        self, context: object, next_page_token: ParseResult | None
    ) -> PreparedRequest:
        """The address as the provider gave it: taken apart and encoded anew it is another one."""
        url = next_page_token.geturl() if next_page_token else self.config["origin"] + self.path
        return self.requests_session.prepare_request(Request("GET", url))


class TapLines(Tap):
    name = "tap-lines"
    config_jsonschema = th.PropertiesList(
        th.Property("origin", th.StringType, required=True),
        th.Property("path", th.StringType, required=True),
        th.Property("columns", th.ObjectType(additional_properties=th.StringType), required=True),
    ).to_dict()

    def discover_streams(self) -> list[Lines]:
        return [Lines(self, schema={}, path="")]


if __name__ == "__main__":
    TapLines.cli()
