"""The same schema over a cluster: tables replicated in each shard, and one in front of them (pure).

What belongs to a channel is sharded by it, so that a load of a channel is one block of one shard,
and its readings meet their aggregates where they are. What belongs to none every server holds.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from fieldhouse.settings.clickhouse import ClickHouseAddress

__all__ = ["over", "settings_of"]

SHARDED: Final = ("Rows", "Periods", "Judgements", "Models", "Findings", "Runs")
_TABLE = re.compile(
    r"CREATE TABLE IF NOT EXISTS (?P<database>\S+?)\.(?P<name>\w+) (?P<columns>\(.*\))\n"
    r"ENGINE = (?P<engine>\w+)(?:\((?P<arguments>[^)]*)\))?\n"
    r"(?P<order>ORDER BY [^\n]+?)(?:\nSETTINGS (?P<settings>[^\n]+))?\Z",
    re.DOTALL,
)
_DROP = re.compile(r"DROP TABLE IF EXISTS (?P<database>\S+?)\.(?P<name>\w+)")
_VIEW = re.compile(r"((?:CREATE OR REPLACE|DROP) VIEW (?:IF EXISTS )?\S+)")
_DATABASE = re.compile(r"(CREATE DATABASE IF NOT EXISTS \S+)")
_DELETE = re.compile(rf"\b(\S+?)\.({'|'.join(SHARDED)})\b")
_OWN_WINDOW = re.compile(r"non_replicated_deduplication_window = \d+, ")
_COMMENTS = re.compile(r"\A(?:\s*--[^\n]*\n)+")


def over(statement: str, cluster: str | None) -> Iterator[str]:
    """A statement of the schema's, or one that deletes, for every server of a cluster.

    Without a cluster it is the same.
    """
    bare = _COMMENTS.sub("", statement)
    if cluster is None:
        yield statement
    elif table := _TABLE.fullmatch(bare):
        yield from _tables(table, cluster)
    elif dropped := _DROP.fullmatch(bare):
        yield from _dropped(dropped, cluster)
    elif bare.startswith("DELETE FROM "):
        local, condition = _DELETE.sub(r"\1.\2_local", bare).split("WHERE", 1)
        yield f"{local.rstrip()} ON CLUSTER {cluster} WHERE{condition}"
    else:
        on_all = _DATABASE.sub(rf"\1 ON CLUSTER {cluster}", bare)
        yield _VIEW.sub(rf"\1 ON CLUSTER {cluster}", on_all)


def settings_of(address: ClickHouseAddress) -> Mapping[str, str]:
    """What statements are asked with on a cluster, beside what they always are."""
    if address.cluster is None:
        return {}
    return {
        "distributed_product_mode": "local",
        "distributed_foreground_insert": "1",
        "insert_quorum": address.quorum,
        "insert_quorum_parallel": "0",
        "select_sequential_consistency": "0" if address.quorum == "0" else "1",
        "allow_nondeterministic_mutations": "1",
        "distributed_ddl_task_timeout": "180",
    }


def _dropped(table: re.Match[str], cluster: str) -> Iterator[str]:
    """Both a table and what it stands in front of, gone for good: one of their name may follow."""
    name = table["name"]
    for each in (name, f"{name}_local") if name in SHARDED else (name,):
        yield f"DROP TABLE IF EXISTS {table['database']}.{each} ON CLUSTER {cluster} SYNC"


def _tables(table: re.Match[str], cluster: str) -> Iterator[str]:
    name, database = table["name"], table["database"]
    sharded = name in SHARDED
    place = "{shard}" if sharded else "all"
    replica = "{replica}" if sharded else "{shard}-{replica}"
    arguments = [f"'/clickhouse/tables/{place}/{database.strip('`')}/{name}'", f"'{replica}'"]
    arguments += [table["arguments"]] if table["arguments"] else []
    settings = _OWN_WINDOW.sub("", table["settings"] or "")
    held = f"{name}_local" if sharded else name
    yield (
        f"CREATE TABLE IF NOT EXISTS {database}.{held} ON CLUSTER {cluster} {table['columns']}\n"
        f"ENGINE = Replicated{table['engine']}({', '.join(arguments)})\n{table['order']}"
        + (f"\nSETTINGS {settings}" if settings else "")
    )
    if sharded:
        yield (
            f"CREATE TABLE IF NOT EXISTS {database}.{name} ON CLUSTER {cluster}"
            f" AS {database}.{held}\n"
            f"ENGINE = Distributed({cluster}, {database}, {held}, ChannelID)"
        )
