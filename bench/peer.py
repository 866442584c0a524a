"""dlt's `rest_api` source into DuckDB, at its best settings.

Chosen for it, each because it was faster than, or as fast as, what it replaces: Parquet load files,
field columns hinted as decimals (so that nothing is inferred), no nesting, large write buffers,
files rotated so that both cores normalise, no telemetry, an empty database. Its start-up, and a
first page that creates the tables, are not counted.
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
    "NORMALIZE__WORKERS": "2",
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
    url: str, channel_id: int, folder: Path, rows: int, disposition: Disposition
) -> float:
    """Rows a second from HTTP to a finished load; ``merge`` deduplicates on the primary key."""
    os.environ |= _SETTINGS
    import dlt

    pipeline = dlt.pipeline(
        "bench_" + disposition,
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / f"dlt-{disposition}.duckdb")),
        dataset_name="iot",
    )
    first = _oldest(pipeline, _source(url, channel_id, 1, None, disposition))
    began = time.perf_counter()
    _run(pipeline, _source(url, channel_id, rows // PAGE, before(first), disposition))
    took = time.perf_counter() - began
    loaded = _ask(pipeline, "SELECT count(*) FROM sensor_readings") - PAGE
    if loaded != rows // PAGE * PAGE:
        raise AssertionError(f"dlt loaded {loaded} rows, not {rows}")
    return loaded / took


def _oldest(pipeline: Any, source: Any) -> str:
    """Load the first page, which pays for start-up and tables; when its oldest row was made."""
    _run(pipeline, source)
    oldest: str = _ask(pipeline, "SELECT min(created_at) FROM sensor_readings").isoformat()
    return oldest


def _run(pipeline: Any, source: Any) -> None:
    pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()


def _ask(pipeline: Any, statement: str) -> Any:
    with pipeline.sql_client() as client:
        return client.execute_sql(statement)[0][0]


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
