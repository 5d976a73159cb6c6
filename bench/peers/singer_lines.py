"""A Singer tap of the same pages: ``python singer_lines.py --config FILE`` writes Singer messages.

The config holds ``origin``, ``path`` of the first page, and ``columns`` with their JSON types.
"""

from typing import Any
from urllib.parse import ParseResult, urlsplit

from requests import Response
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

    @property
    def url_base(self) -> str:
        return str(self.config["origin"])

    @property
    def path(self) -> str:
        return urlsplit(self.config["path"]).path

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

    def get_url_params(self, context: object, next_page_token: ParseResult | None) -> str:
        return next_page_token.query if next_page_token else urlsplit(self.config["path"]).query


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
