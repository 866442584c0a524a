"""Where metrics go: an answer over HTTP, a file for node_exporter, a push gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.watch.metrics import Metrics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

__all__ = ["MEDIA_TYPE", "listening", "pushed", "text_of", "written"]

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PATIENCE = 10.0


def _registry(metrics: Metrics) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    return registry


def text_of(metrics: Metrics) -> bytes:
    """The metrics as Prometheus reads them."""
    from prometheus_client import generate_latest

    return generate_latest(_registry(metrics))


def written(metrics: Metrics, path: Path) -> None:
    """Write a file for node_exporter's textfile collector, whole or not at all.

    Raises ConfigurationError for a path that cannot be written.
    """
    from prometheus_client import write_to_textfile

    try:
        write_to_textfile(str(path), _registry(metrics))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None


def pushed(metrics: Metrics, url: str) -> None:
    """Send the metrics to a push gateway, as the job ``fieldhouse``. Raises FieldhouseError."""
    from prometheus_client import push_to_gateway

    try:
        push_to_gateway(url, job="fieldhouse", registry=_registry(metrics), timeout=_PATIENCE)
    except OSError as error:
        why = getattr(error, "reason", None) or error
        raise FieldhouseError(f"the push gateway {url} does not take metrics: {why}") from None


@contextmanager
def listening(metrics: Metrics, port: int, host: str = "127.0.0.1") -> Iterator[int]:
    """Answer ``/metrics`` at a port, for processes that serve nothing else; the port (0: any).

    Raises ConfigurationError where it cannot be listened at.
    """
    from prometheus_client import start_http_server

    try:
        server, thread = start_http_server(port, host, _registry(metrics))
    except OSError as error:
        raise ConfigurationError(
            f"{host} port {port} cannot be listened at: {error.strerror}"
        ) from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
