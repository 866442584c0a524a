"""ClickHouse's URLs, settings and the schema of a cluster: what is meant, and what is refused."""

from pathlib import Path

import pytest
from clickhouse_kit import InProcess

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings import load_settings
from fieldhouse.settings.clickhouse import ClickHouseAddress
from fieldhouse.warehouse import sqlfiles
from fieldhouse.warehouse.engines.clickhouse import binding, cluster


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("clickhouse://db.example.org", ("db.example.org", 8123, "iot", None, False)),
        ("clickhouse://loader@db:9000/iot2", ("db", 9000, "iot2", "loader", False)),
        ("clickhouse://a%40b@db?secure=yes", ("db", 8443, "iot", "a@b", True)),
        ("clickhouse://[::1]:8123/iot/", ("::1", 8123, "iot", None, False)),
    ],
)
def test_a_url_says_where_and_how(url: str, meant: tuple[object, ...]) -> None:
    """Host, port by whether it is secure, database, user: what is left out has its default."""
    found = ClickHouseAddress.parse(url)
    said = (found.host, found.port, found.database, found.username, found.secure)
    assert said == meant


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse://",
        "clickhouse://user:secret@host/iot",
        "clickhouse://user:se@cret@host/iot",
        "clickhouse://host:0/iot",
        "clickhouse://host:70000/iot",
        "clickhouse://host/io-t",
        "clickhouse://host/iot/more",
        "clickhouse://host/iot?cluster=a%20b",
        "clickhouse://host/iot?cluster=x&cluster=y",
        "clickhouse://host/iot?quorum=most",
        "clickhouse://host/iot?secur=yes",
        "clickhouse://host/iot#x",
        "chdb://folder",
        "chdb:///",
        "chdb:///folder?database=a;b",
    ],
)
def test_what_is_no_url_of_it_is_refused(url: str) -> None:
    """One line says what would be right; a password that stands in it is not said again."""
    with pytest.raises(ConfigurationError) as refused:
        ClickHouseAddress.parse(url)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value) and "cret" not in str(refused.value)


def test_the_section_goes_with_the_url(tmp_path: Path) -> None:
    """What `[warehouse.clickhouse]` says is said of the URL, unless that says otherwise itself."""
    file = tmp_path / "fieldhouse.toml"
    file.write_text(
        '[warehouse]\nurl = "clickhouse://loader@db/iot?quorum=2"\n'
        '[warehouse.clickhouse]\ncluster = "prod"\nsecure = true\nquorum = "auto"\n'
    )
    settings = load_settings(directory=tmp_path, environ={})
    address = ClickHouseAddress.parse(settings.warehouse_url)
    assert (address.cluster, address.secure, address.port, address.quorum) == (
        "prod",
        True,
        8443,
        "2",
    )
    assert ("clickhouse_cluster", "prod") in {each[:2] for each in settings.described()}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('cluster = "a b"', "cluster must be a cluster's name"),
        ("cluster = 5", "cluster must be a cluster's name"),
        ('secure = "yes"', "secure must be yes or no"),
        ('quorum = "most"', "quorum must be auto, or a number"),
        ('clustre = "prod"', "clustre is no setting; did you mean cluster?"),
    ],
)
def test_a_wrong_setting_of_it_is_one_line(tmp_path: Path, line: str, told: str) -> None:
    """It names the file, the table and the key, and says what would be right."""
    (tmp_path / "fieldhouse.toml").write_text(f"[warehouse.clickhouse]\n{line}\n")
    with pytest.raises(
        ConfigurationError, match=r"fieldhouse.toml: \[warehouse.clickhouse\]"
    ) as it:
        load_settings(directory=tmp_path, environ={})
    assert told in str(it.value)


def _schema() -> list[str]:
    return [
        each
        for folder in ("migrate", "migrations", "views", "procedures")
        for name in sqlfiles.names("clickhouse", folder)
        for each in binding.statements(sqlfiles.text("clickhouse", folder, name))
    ]


def test_a_clusters_schema_is_sql(in_process: InProcess) -> None:
    """Every statement for a cluster is one that ClickHouse's own parser takes."""
    for statement in _schema():
        for each in cluster.over(statement, "prod"):
            quoted = each.replace("\\", "\\\\").replace("'", "\\'")
            assert in_process.one(f"SELECT isNotNull(formatQueryOrNull('{quoted}'))") == "1", each


def test_a_clusters_tables_are_replicated_and_what_is_a_channels_is_sharded() -> None:
    """Each table is made on all servers, replicated; those of channels by shard."""
    made = [each for statement in _schema() for each in cluster.over(statement, "prod")]
    tables = [each for each in made if each.startswith("CREATE TABLE")]
    assert all(" ON CLUSTER prod " in each.split("\n")[0] for each in tables)
    fronts = [each for each in tables if "ENGINE = Distributed(prod, iot, " in each]
    assert len({each.split()[5] for each in fronts}) == len(cluster.SHARDED)
    assert all(each.endswith("_local, ChannelID)") for each in fronts)
    for each in set(tables) - set(fronts):
        assert "ENGINE = Replicated" in each
        assert ("_local " in each) == ("/{shard}/" in each)
        assert "non_replicated" not in each
    assert all(" ON CLUSTER prod" in each for each in made if "VIEW" in each or "DATABASE" in each)


def test_what_is_dropped_on_a_cluster_is_dropped_with_what_it_stands_before() -> None:
    """On every server, and at once: a table of its name is made after it."""
    assert list(cluster.over("-- Why.\nDROP TABLE IF EXISTS iot.Models", "prod")) == [
        "DROP TABLE IF EXISTS iot.Models ON CLUSTER prod SYNC",
        "DROP TABLE IF EXISTS iot.Models_local ON CLUSTER prod SYNC",
    ]
    assert list(cluster.over("DROP VIEW IF EXISTS iot.usp_Gone", "prod")) == [
        "DROP VIEW IF EXISTS iot.usp_Gone ON CLUSTER prod"
    ]
    assert list(cluster.over("DROP TABLE IF EXISTS iot.Scripts", "prod")) == [
        "DROP TABLE IF EXISTS iot.Scripts ON CLUSTER prod SYNC"
    ]


def test_what_is_deleted_on_a_cluster_is_deleted_in_every_shard() -> None:
    """A DELETE goes to the shards' own tables, as the one before them takes none."""
    (statement,) = cluster.over("DELETE FROM iot.Rows WHERE ChannelID = 9", "prod")
    assert statement == "DELETE FROM iot.Rows_local ON CLUSTER prod WHERE ChannelID = 9"
    assert list(cluster.over("DELETE FROM iot.Rows WHERE 1", None)) == [
        "DELETE FROM iot.Rows WHERE 1"
    ]
