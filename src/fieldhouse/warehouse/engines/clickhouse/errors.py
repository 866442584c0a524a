"""ClickHouse's errors, told as ours: one line that names the warehouse and says what would help."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from fieldhouse.errors import (
    ConfigurationError,
    FieldhouseError,
    WarehouseError,
    WarehouseLocked,
    WarehouseUnavailable,
    WarehouseUnusable,
)

__all__ = ["NO_SCHEMA", "told", "translated"]

_UNAVAILABLE = {
    202: "it has too many statements to answer: come again later",
    203: "it has no connection free: come again later",
    209: "the network was too slow",
    210: "the network broke off",
    225: "it has lost its Keeper: nothing can be written until that is back",
    241: "it has no memory left for this: come again later, or ask for less",
    242: "its table takes no writes, since it has lost its Keeper",
    252: "it has more parts than it can merge: load less often, or wait",
    285: "too few of its replicas are there for the quorum",
    286: "the quorum did not confirm the insert in time",
    289: "its replica is too far behind",
    319: "it does not know what became of the insert: it can be offered again",
    999: "its Keeper failed",
}
_UNUSABLE = {
    192: "there is no such user there: check the URL",
    193: "it does not accept the login: check the user and DB_PASSWORD",
    194: "it wants a password: set DB_PASSWORD",
    516: "it does not accept the login: check the user and DB_PASSWORD",
    243: "no space left on its disk: free some, then run again",
    497: "the user lacks a right there ({})",
}
_FAULTS: dict[int | None, tuple[type[FieldhouseError], str]] = {
    **{code: (WarehouseUnavailable, meaning) for code, meaning in _UNAVAILABLE.items()},
    **{code: (WarehouseUnusable, meaning) for code, meaning in _UNUSABLE.items()},
    164: (ConfigurationError, "only one statement that reads is answered: a SELECT"),
}
NO_SCHEMA = "its schema is not there yet"
_NO_SCHEMA = (60, 81)
_CANCELLED = (159, 394)
_REFUSED = re.compile(r"\bConfigurationError: (.+?)(?:: while executing |\Z)", re.DOTALL)
"""What a file of ours refuses itself."""
_CODE = re.compile(r"[Cc]ode: (\d+)[.,] ")
_NOISE = re.compile(
    r"(?:Code: \d+\. )?DB::Exception: |Streaming (?:query|insert \w+) failed: "
    r"|Received ClickHouse exception, code: \d+, server response: "
)
_END = re.compile(
    r"\s*(?:\. Expected one of: .*|\((?:[A-Z][A-Z0-9_]+)\)\s*(?:\((?:version|for url) .*)?)$",
    re.DOTALL,
)


@contextmanager
def translated(where: str, *, statement: str | None = None) -> Iterator[None]:
    """Raise ours for the engine's; with ``statement``, what is wrong with it is its author's."""
    try:
        yield
    except FieldhouseError:
        raise
    except (RuntimeError, OSError, pa.ArrowException) as error:
        raise told(where, str(error), statement=statement) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("clickhouse_connect", "urllib3"):
            raise
        raise told(where, str(error), statement=statement, remote=True) from error


def told(
    where: str, said: str, *, statement: str | None = None, remote: bool = False
) -> FieldhouseError:
    """Our error for what the engine said."""
    if "Cannot lock file" in said:
        holder = "another process"
        return WarehouseLocked(f"{where} is in use by {holder}; wait for it or end it", holder)
    if refused := _REFUSED.search(_END.sub("", said.strip())):
        return ConfigurationError(refused[1])
    found = _CODE.search(said)
    return _by_code(where, int(found[1]) if found else None, _first_line(said), statement, remote)


def _by_code(
    where: str, code: int | None, line: str, statement: str | None, remote: bool
) -> FieldhouseError:
    if code in _FAULTS:
        kind, meaning = _FAULTS[code]
        return kind(f"{where}: {meaning.format(line)}")
    if statement is not None and code is not None and code not in _CANCELLED:
        return ConfigurationError(line)
    if code in _NO_SCHEMA:
        return WarehouseUnusable(f"{where}: {NO_SCHEMA}: migrate it first ({line})")
    if remote and code is None:
        return WarehouseUnavailable(f"{where}: no answer ({line})")
    return WarehouseError(f"{where}: {line}")


def _first_line(said: str) -> str:
    """What went wrong, without the engine's ways of saying so."""
    bare = _END.sub("", _NOISE.sub("", said.strip()))
    return " ".join(bare.split())[:400] or "it says nothing"
