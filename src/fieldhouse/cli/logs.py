"""Lines of the log as JSON, for those who collect them: ``FIELDHOUSE_LOG=json``."""

import json
import logging
import secrets
from datetime import UTC, datetime

__all__ = ["VARIABLE", "JSONLines"]

VARIABLE = "FIELDHOUSE_LOG"
RUN = secrets.token_hex(6)
"""This process's own word, on each of its lines: one run of a command, or of a server."""


class JSONLines(logging.Formatter):
    """A record as one JSON object: time (UTC), level, logger, message, run, error if there is."""

    def format(self, record: logging.LogRecord) -> str:
        """The record in one line."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "run": RUN,
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)
