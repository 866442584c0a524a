"""dlt's `rest_api` source into DuckDB, at its best settings.

Chosen for it, each because it was faster than, or as fast as, what it replaces: Parquet load files,
field columns hinted as decimals (so that nothing is inferred), no nesting, large write buffers,
files rotated so that several workers can normalise, no telemetry, an empty database; and of one
worker and two the better. What is given is its steady rate: start-up, the creation of tables and
the fixed cost of a run are taken off.
"""

import os
import time
from pathlib import Path
from typing import Any, Literal

from bench.sizes import PAGE
from bench.walk import before

Disposition = Literal["append", "merge"]

_SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "40000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
}
_NUMBER = {"data_type": "decimal", "precision": 18, "scale": 6}
_COLUMNS: dict[str, Any] = {
    "entry_id": {"data_type": "bigint"},
    "created_at": {"data_type": "timestamp"},
    **{f"field{n}": _NUMBER for n in range(1, 9)},
    **dict.fromkeys(("latitude", "longitude", "elevation"), _NUMBER),
    "status": {"data_type": "text"},
}


def rows_per_second(
    url: str, channel_id: int, folder: Path, rows: int, disposition: Disposition, workers: int
) -> float:
    """Rows a second from HTTP to a finished load; ``merge`` deduplicates on the primary key."""
    os.environ |= _SETTINGS | {"NORMALIZE__WORKERS": str(workers)}
    import dlt

    name = f"dlt_{disposition}_{workers}"
    pipeline = dlt.pipeline(
        name,
        pipelines_dir=str(folder / name),
        destination=dlt.destinations.duckdb(str(folder / f"{name}.duckdb")),
        dataset_name="iot",
    )
    count, end = rows // PAGE, None
    took: list[float] = []
    for pages in (1, 1, count):  # start-up and tables; what any run costs; the run to be measured
        began = time.perf_counter()
        _run(pipeline, _source(url, channel_id, pages, end, disposition))
        took.append(time.perf_counter() - began)
        end = before(_ask(pipeline, "min(created_at)").isoformat())
    if (loaded := _ask(pipeline, "count(*)")) != (count + 2) * PAGE:
        raise AssertionError(f"dlt holds {loaded} rows, not {count + 2} pages")
    return (count - 1) * PAGE / max(took[2] - took[1], took[2] / 2)


def _run(pipeline: Any, source: Any) -> None:
    pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()


def _ask(pipeline: Any, what: str) -> Any:
    with pipeline.sql_client() as client:
        return client.execute_sql(f"SELECT {what} FROM sensor_readings")[0][0]


def _source(
    url: str, channel_id: int, count: int, end: str | None, disposition: Disposition
) -> Any:
    from dlt.sources.rest_api import rest_api_source

    query = {"results": PAGE, "timezone": "Etc/UTC", "location": "true", "status": "true"}
    source = rest_api_source(
        {
            "client": {"base_url": url},
            "resources": [
                {
                    "name": "sensor_readings",
                    "write_disposition": disposition,
                    "primary_key": "entry_id",
                    "columns": _COLUMNS,
                    "max_table_nesting": 0,
                    "endpoint": {
                        "path": f"channels/{channel_id}/feeds.json",
                        "params": query | ({"end": end} if end else {}),
                        "data_selector": "feeds",
                        "paginator": _backwards(count),
                    },
                }
            ],
        }
    )
    source.max_table_nesting = 0
    return source


def _backwards(count: int) -> Any:
    """A paginator that asks for ``count`` pages, each ending before the one seen."""
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

    class Backwards(BasePaginator):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.end = count, ""

        def update_state(self, response: Any, data: list[Any] | None = None) -> None:
            self.left -= 1
            self._has_next_page = bool(self.left and data)
            if data:
                self.end = before(data[0]["created_at"])

        def update_request(self, request: Any) -> None:
            request.params["end"] = self.end

    return Backwards()
