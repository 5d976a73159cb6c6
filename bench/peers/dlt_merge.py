"""dlt's own way: ``python dlt_merge.py ORIGIN PATH FOLDER`` merges every page into SQLite.

REST client with the link paginator, pages yielded whole as its performance guide asks, merge on the
primary key, everything else as it comes. Prints seconds and rows as JSON; start-up is not timed.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator


def main(origin: str, path: str, folder: str) -> None:
    client = RESTClient(
        base_url=origin,
        paginator=JSONLinkPaginator(next_url_path="d.__next"),
        data_selector="d.results",
    )

    @dlt.resource(name="lines", write_disposition="merge", primary_key="ID")
    def lines() -> Iterator[Any]:
        yield from client.paginate(path)

    file = Path(folder) / "dlt.sqlite3"
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(Path(folder) / "pipelines"),
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{file}"),
        dataset_name="main",
    )
    began = time.perf_counter()
    pipeline.run(lines())
    seconds = time.perf_counter() - began
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute("SELECT count(*) FROM lines").fetchone()[0]
    print(json.dumps({"seconds": seconds, "lines": rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
