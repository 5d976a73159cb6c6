"""dlt's own way with a CSV file: ``python dlt_csv.py FILE FOLDER`` loads it into SQLite.

Its filesystem source and its own CSV reader (pandas, ten thousand rows at a time), told the
separator; everything else as it comes. Lines are appended, not merged: cheaper than what Monitr
does. Prints seconds, processor seconds and rows as JSON; start-up is not timed.
"""

import json
import resource
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import dlt
from dlt.sources.filesystem import filesystem, read_csv


def main(name: str, folder: str) -> None:
    path = Path(name)
    lines = filesystem(bucket_url=path.parent.as_uri(), file_glob=path.name) | read_csv(sep=";")
    file = Path(folder) / "dlt.sqlite3"
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(Path(folder) / "pipelines"),
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{file}"),
        dataset_name="main",
    )
    began = time.perf_counter()
    pipeline.run(lines.with_name("lines"))
    seconds = time.perf_counter() - began
    cpu = sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute("SELECT count(*) FROM lines").fetchone()[0]
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "lines": rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
