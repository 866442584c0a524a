"""The configuration: what wins over what, what is refused, and that no secret shows."""

import json
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings import Settings, derived, load_settings, mqtt, schedule
from fieldhouse.settings.model import TOML_KEYS, VARIABLES
from fieldhouse.settings.sqlserver import OPTIONS, SqlServerAddress

ROOT = Path(__file__).parents[1]
SECRET = "Hush-4711-Hush"


def load(
    folder: Path,
    toml: str | None = None,
    dotenv: str | None = None,
    overrides: dict[str, object] | None = None,
    **environ: str,
) -> Settings:
    if toml is not None:
        (folder / "fieldhouse.toml").write_text(toml, encoding="utf-8")
    if dotenv is not None:
        (folder / ".env").write_text(dotenv, encoding="utf-8")
    return load_settings(overrides, directory=folder, environ=environ)


def refusal(folder: Path, toml: str | None = None, dotenv: str | None = None, **more: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, toml, dotenv, **more)
    line = str(caught.value)
    assert line.isprintable()
    assert SECRET not in line
    return line


def test_without_any_configuration(tmp_path: Path) -> None:
    """Fieldhouse starts with nothing: a DuckDB file, ThingSpeak itself, one request a second."""
    settings = load(tmp_path)
    assert settings == Settings()
    assert settings.warehouse_url == "duckdb:///fieldhouse.duckdb"
    assert settings.base_url == "https://api.thingspeak.com"
    assert (settings.rate_limit_delay, settings.timeout, settings.page_size) == (1.0, 10.0, 8000)
    assert settings.look_back == settings.metadata_ttl == timedelta(hours=1)
    assert {source for _, _, source in settings.described()} == {"default"}


def test_importing_reads_nothing(tmp_path: Path) -> None:
    """Importing the settings neither reads a file nor loads a cloud's library."""
    (tmp_path / "fieldhouse.toml").write_text("broken", encoding="utf-8")
    code = "import sys, fieldhouse.settings; print('pydantic_settings' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_order_of_sources(tmp_path: Path) -> None:
    """Command line, environment, .env, secrets directory, fieldhouse.toml, default."""
    (tmp_path / "fieldhouse.toml").write_text("[thingspeak]\npage_size = 1\n", encoding="utf-8")
    assert told(tmp_path) == (1, "fieldhouse.toml")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "thingspeak_page_size").write_text("2\n", encoding="utf-8")
    kept = {"FIELDHOUSE_SECRETS_DIR": "secrets"}
    assert told(tmp_path, **kept) == (2, f"secrets directory {tmp_path / 'secrets'}")
    (tmp_path / ".env").write_text("THINGSPEAK_PAGE_SIZE=3\n", encoding="utf-8")
    assert told(tmp_path, **kept) == (3, ".env")
    kept["THINGSPEAK_PAGE_SIZE"] = "4"
    assert told(tmp_path, **kept) == (4, "environment THINGSPEAK_PAGE_SIZE")
    assert told(tmp_path, overrides={"page_size": 5}, **kept) == (5, "command line")
    assert told(tmp_path, overrides={"page_size": None}, **kept)[0] == 4


def told(folder: Path, **more: Any) -> tuple[int, str]:
    settings = load(folder, **more)
    return settings.page_size, settings.source_of("page_size")


def test_the_process_environment_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without arguments, the environment and the current directory are read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THINGSPEAK_CHANNEL_ID", "9")
    assert load_settings().channel_id == 9


def test_settings_are_frozen(tmp_path: Path) -> None:
    """Nothing changes a setting once it is read."""
    with pytest.raises(ValidationError):
        load(tmp_path).page_size = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("60s", 60), ("2 M", 120), ("1.5h", 5400), ("7", 7), ("0.5", 0.5), ("0", 0)],
)
def test_a_wait_may_have_a_unit(tmp_path: Path, given: str, seconds: float) -> None:
    """On the command line, in a variable, in the file as a text or a number."""
    assert load(tmp_path, FIELDHOUSE_WAIT=given).wait == seconds
    assert load(tmp_path, toml=f'[warehouse]\nwait = "{given}"\n').wait == seconds
    assert load(tmp_path, toml=f"[warehouse]\nwait = {seconds}\n").wait == seconds
    assert load_settings({"wait": given}, directory=tmp_path, environ={}).wait == seconds


@pytest.mark.parametrize("given", ["-1", "60x", "s", "nan", "inf", "1s2", "yes"])
def test_a_wait_that_is_none_is_refused(tmp_path: Path, given: str) -> None:
    """One line that says what would do."""
    with pytest.raises(ConfigurationError, match="FIELDHOUSE_WAIT must be a number of seconds"):
        load(tmp_path, FIELDHOUSE_WAIT=given)
    with pytest.raises(ConfigurationError, match="command line: wait must be"):
        load_settings({"wait": given}, directory=tmp_path, environ={})


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """A file named on the command line is read in place of fieldhouse.toml, and must exist."""
    other = tmp_path / "other.toml"
    with pytest.raises(ConfigurationError, match=r"other\.toml: there is no such file"):
        load_settings(config_file=other, directory=tmp_path, environ={})
    other.write_text("[thingspeak]\ntimeout = 3\n", encoding="utf-8")
    settings = load_settings(config_file=other, directory=tmp_path, environ={})
    assert (settings.timeout, settings.source_of("timeout")) == (3.0, str(other))


def test_the_example_files_are_valid(tmp_path: Path) -> None:
    """Both example files can be copied as they are, and set the defaults or say more."""
    toml = (ROOT / "fieldhouse.example.toml").read_text(encoding="utf-8")
    dotenv = (ROOT / ".env.example").read_text(encoding="utf-8")
    settings = load(tmp_path, toml, dotenv, KEY_OF_9=SECRET)
    assert settings.channel(9).ranges[2] == (Decimal(0), None)
    url = f"duckdb:///{tmp_path / 'fieldhouse.duckdb'}"
    expected = Settings(warehouse_url=url, daily_budget=8000, channels=settings.channels)
    assert settings.model_dump() == expected.model_dump()


def test_the_page_names_every_setting() -> None:
    """docs/configuration.md has each setting's name, variable and key, and no others."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for setting, variable in VARIABLES.items():
        assert f"| `{setting}` | `{variable}` |" in page
    for table, keys in TOML_KEYS.items():
        for key, setting in keys.items():
            assert f"| `{setting}` | `{VARIABLES[setting]}` | `[{table}] {key}` |" in page
    assert set(VARIABLES) == set(Settings.model_fields) - {
        "channels",
        "accounts",
        "alerts",
        "derived",
        "metrics",
        "mqtt",
        "schedule",
    }
    assert all(f"| `[mqtt] {key}`" in page or f", `{key}`" in page for key in mqtt.KEYS)
    assert all(f"| `[derived.NAME] {key}` |" in page for key in derived.KEYS)
    assert all(f"| `[schedule] {key}` |" in page for key in schedule.KEYS)
    for option in OPTIONS:
        assert f"| `{option}` |" in page
    assert set(OPTIONS) == {line.split("`")[1] for line in rows(page, "| Option |")}


def rows(page: str, head: str) -> list[str]:
    """The lines of the table that begins so, without its head."""
    return page.partition(f"\n{head}")[2].partition("\n\n")[0].splitlines()[2:]


# The warehouse

LOGIN = {"DB_USERNAME": "u@x", "DB_PASSWORD": SECRET}


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("db.example.org", "db.example.org"),
        ("db,1444", "db:1444"),
        ("tcp:db, 1444", "db:1444"),
        ("host\\SENSORS", "host%5CSENSORS"),
        ("TCP:[::1],1444", "[::1]:1444"),
    ],
)
def test_the_seeds_variables_name_sql_server(tmp_path: Path, server: str, address: str) -> None:
    """DB_SERVER in each of SQL Server's notations makes a URL, the password apart."""
    settings = load(tmp_path, DB_SERVER=server, DB_NAME="My DB", **LOGIN)
    assert settings.warehouse_url == f"sqlserver://u%40x@{address}/My%20DB"
    assert settings.source_of("warehouse_url") == "environment DB_SERVER"
    assert settings.db_password is not None
    assert settings.db_password.get_secret_value() == SECRET


TRUSTED = "sqlserver://db/IoTSensorDB?trusted_connection=yes"


def test_a_server_alone_is_enough(tmp_path: Path) -> None:
    """DB_SERVER and no login: the login is the account that runs Fieldhouse."""
    assert load(tmp_path, DB_SERVER="db").warehouse_url == TRUSTED


def test_a_trusted_connection_needs_no_login(tmp_path: Path) -> None:
    """DB_TRUSTED_CONNECTION=yes logs in as the account itself, even beside a login."""
    settings = load(tmp_path, DB_SERVER="db", DB_TRUSTED_CONNECTION="yes")
    assert settings.warehouse_url == TRUSTED
    beside = load(tmp_path, DB_SERVER="db", DB_TRUSTED_CONNECTION="yes", **LOGIN)
    assert beside.warehouse_url == TRUSTED


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"DB_ENCRYPT": "Strict"}, "u%40x@db/IoTSensorDB?encrypt=strict"),
        ({"DB_TRUST_SERVER_CERTIFICATE": "no"}, "u%40x@db/IoTSensorDB"),
        (
            {"DB_TRUST_SERVER_CERTIFICATE": "yes", "DB_PARTITIONS": "monthly"},
            "u%40x@db/IoTSensorDB?trust_server_certificate=yes&partitions=monthly",
        ),
        (
            {"DB_AUTHENTICATION": "activedirectorymsi"},
            "u%40x@db/IoTSensorDB?authentication=ActiveDirectoryMSI",
        ),
    ],
)
def test_what_is_given_stands_in_the_url(
    tmp_path: Path, variables: dict[str, str], url: str
) -> None:
    """The URL alone says how to connect: it has each DB_ value, in the driver's spelling."""
    assert (
        load(tmp_path, DB_SERVER="db", **LOGIN, **variables).warehouse_url == f"sqlserver://{url}"
    )


def test_another_way_to_log_in_requires_no_login(tmp_path: Path) -> None:
    """With DB_AUTHENTICATION neither a username nor a password is required; each may be there."""
    kept = {"DB_SERVER": "db", "DB_AUTHENTICATION": "ActiveDirectoryDefault"}
    url = "db/IoTSensorDB?authentication=ActiveDirectoryDefault"
    assert load(tmp_path, **kept).warehouse_url == f"sqlserver://{url}"
    assert load(tmp_path, **kept, DB_PASSWORD="x").warehouse_url == f"sqlserver://{url}"
    assert load(tmp_path, **kept, DB_USERNAME="u").warehouse_url == f"sqlserver://u@{url}"
    assert refusal(tmp_path, **kept, DB_TRUSTED_CONNECTION="yes") == (
        "environment DB_AUTHENTICATION is set, and DB_TRUSTED_CONNECTION=yes; set one of them"
    )


def test_an_incomplete_login_is_refused(tmp_path: Path) -> None:
    """Half a login, or none where the account itself may not log in, is told at once."""
    both = "set both, or neither to log in as the account that runs Fieldhouse"
    assert refusal(tmp_path, DB_SERVER="db", DB_USERNAME="u") == (
        f"environment DB_USERNAME is set, DB_PASSWORD is not; {both}"
    )
    assert refusal(tmp_path, DB_SERVER="db", DB_PASSWORD=SECRET) == (
        f"environment DB_PASSWORD is set, DB_USERNAME is not; {both}"
    )
    assert refusal(tmp_path, DB_SERVER="db", DB_TRUSTED_CONNECTION="no") == (
        "environment DB_TRUSTED_CONNECTION is no; set DB_USERNAME and DB_PASSWORD, or "
        "DB_AUTHENTICATION"
    )


@pytest.mark.parametrize(
    ("variable", "value", "right"),
    [
        ("DB_TRUSTED_CONNECTION", "maybe", "yes or no"),
        ("DB_ENCRYPT", "true", "yes, no or strict"),
        ("DB_TRUST_SERVER_CERTIFICATE", "maybe", "yes or no"),
        ("DB_AUTHENTICATION", "Kerberos", "ActiveDirectoryDefault, ActiveDirectoryInteractive, "),
        ("DB_PARTITIONS", "daily", "monthly"),
        ("DB_NAME", "x" * 129, "a name of at most 128 characters"),
        ("DB_SERVER", "db,x", "host, host,port or host\\instance"),
        ("DB_SERVER", "db,0", "host, host,port or host\\instance"),
    ],
)
def test_a_wrong_db_value_names_its_own_variable(
    tmp_path: Path, variable: str, value: str, right: str
) -> None:
    """A wrong DB_ value is told by its variable, not by the URL that is made of it."""
    line = refusal(tmp_path, **{"DB_SERVER": "db", **LOGIN, variable: value})
    assert line.startswith(f"environment {variable} must be {right}")


def test_url_and_server(tmp_path: Path) -> None:
    """Of a URL and DB_SERVER the one whose source comes first is used; in one source, the URL."""
    toml = '[warehouse]\nurl = "duckdb:///a.duckdb"\n'
    assert load(tmp_path, toml, **LOGIN, DB_SERVER="db").warehouse_url.startswith("sqlserver://")
    both = load(tmp_path, toml, **LOGIN, DB_SERVER="db", FIELDHOUSE_WAREHOUSE="b.duckdb")
    assert both.warehouse_url == "b.duckdb"
    late = load(tmp_path, toml, "DB_SERVER=db\n", FIELDHOUSE_WAREHOUSE="b.duckdb")
    assert late.warehouse_url == "b.duckdb"


def test_the_url_to_read_from(tmp_path: Path) -> None:
    """read_url goes with the warehouse of its own or of a later source, not of an earlier one."""
    replica = "sqlserver://u@replica/d"
    toml = f'[warehouse]\nurl = "a.duckdb"\nread_url = "{replica}"\n'
    settings = load(tmp_path, toml)
    own = str(tmp_path / "a.duckdb")
    assert (settings.warehouse_url, settings.read_url) == (own, replica)
    assert load(tmp_path, toml, DB_SERVER="db").read_url is None
    assert load(tmp_path, toml, overrides={"warehouse_url": "b.duckdb"}).read_url is None
    first = load(tmp_path, toml, FIELDHOUSE_READ_URL="c.duckdb")
    assert (first.warehouse_url, first.read_url) == (own, "c.duckdb")
    same = load(tmp_path, DB_SERVER="db", FIELDHOUSE_READ_URL=replica)
    assert same.read_url == replica


def test_the_url_to_read_from_has_no_password(tmp_path: Path) -> None:
    """A password in read_url is refused wherever it stands, as whatever else is wrong in it."""
    url = f"sqlserver://u:{SECRET}@replica/d"
    line = refusal(tmp_path, FIELDHOUSE_READ_URL=url)
    assert line.startswith("environment FIELDHOUSE_READ_URL must be duckdb:///file.duckdb or ")
    assert line.endswith("its password apart in DB_PASSWORD")
    assert "read_url must be" in refusal(tmp_path, f'[warehouse]\nread_url = "{url}"\n')
    line = refusal(tmp_path, FIELDHOUSE_READ_URL="sqlserver://u@h/d?partitions=daily")
    assert line.endswith("READ_URL: sqlserver:// option partitions must be monthly")


def test_a_password_leaves_the_url(tmp_path: Path) -> None:
    """A password in a variable's URL is kept apart, unquoted, and wins over DB_PASSWORD."""
    url = f"sqlserver://u:%40{SECRET}@db:1444/iot"
    settings = load(tmp_path, FIELDHOUSE_WAREHOUSE=url, DB_PASSWORD="other")
    assert settings.warehouse_url == "sqlserver://u@db:1444/iot"
    assert settings.db_password is not None
    assert settings.db_password.get_secret_value() == f"@{SECRET}"
    assert settings.source_of("db_password") == "environment FIELDHOUSE_WAREHOUSE"


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://u:{SECRET}@h/d",
        f"sqlserver://u:12/{SECRET}@h/d",
        f"sqlserver://u:12#{SECRET}@h/d",
        f"duckdb:///md:x?motherduck_token={SECRET}",
        f"sqlserver://[u:{SECRET}@h/d",
    ],
)
def test_a_wrong_url_does_not_show(tmp_path: Path, url: str) -> None:
    """A URL that is refused is not repeated: whatever is in it may be a password."""
    assert "FIELDHOUSE_WAREHOUSE must be" in refusal(tmp_path, FIELDHOUSE_WAREHOUSE=url)


# The URL of SQL Server


def test_a_url_is_taken_apart() -> None:
    """Each part of a URL and each option has its place in the address, percent codes decoded."""
    assert SqlServerAddress.parse(
        "sqlserver://DOM%5Cu%40x@Host%5CSENSORS:1444/My%20%2FDB?encrypt=strict"
        "&trust_server_certificate=yes&trusted_connection=no&authentication=sqlpassword"
        "&partitions=monthly&login_timeout=600&query_timeout=0"
    ) == SqlServerAddress(
        host="Host\\SENSORS",
        port=1444,
        database="My /DB",
        username="DOM\\u@x",
        encrypt="strict",
        trust_server_certificate=True,
        authentication="SqlPassword",
        partitions="monthly",
        login_timeout=600,
    )


def test_a_url_of_a_host_alone() -> None:
    """What a URL leaves out is the default: the database, encryption, the account itself."""
    address = SqlServerAddress.parse("sqlserver://db")
    assert address == SqlServerAddress("db", None, "IoTSensorDB", None, trusted_connection=True)
    assert (address.encrypt, address.login_timeout, address.query_timeout) == ("yes", 15, 0)


@pytest.mark.parametrize(
    ("authority", "server"),
    [
        ("db", "db"),
        ("u@db:1444", "db,1444"),
        ("host%5CSENSORS", "host\\SENSORS"),
        ("(localdb)%5CMSSQLLocalDB", "(localdb)\\MSSQLLocalDB"),
        ("u@[fe80::1]:1444", "fe80::1,1444"),
        ("[::1]", "::1"),
    ],
)
def test_a_server_as_a_connection_string_has_it(authority: str, server: str) -> None:
    """A port follows a comma, an instance a backslash; an IPv6 address has no brackets."""
    assert SqlServerAddress.parse(f"sqlserver://{authority}/d").server == server


@pytest.mark.parametrize(
    ("rest", "line"),
    [
        ("", "sqlserver:// names no server"),
        ("/d", "sqlserver:// names no server"),
        ("h;PWD=x/d", "sqlserver:// host must be a name, "),
        ("h%00/d", "a URL of SQL Server must be"),
        ("%ff/d", "a URL of SQL Server must be"),
        ("u@/d", "a URL of SQL Server must be"),
        ("h/d#e", "a URL of SQL Server must be"),
        ("h/d/", "sqlserver:// database ends at a /"),
        (f"h/{'x' * 129}", "sqlserver:// database must be a name of at most 128 characters"),
        ("h/d?enkrypt=no", "sqlserver:// has no option enkrypt; did you mean encrypt?"),
        ("h/d?x=1", "sqlserver:// has no option x; there is encrypt, "),
        ("h/d?encrypt", "sqlserver:// option encrypt must be yes, no or strict"),
        ("h/d?encrypt=optional", "sqlserver:// option encrypt must be yes, no or strict"),
        ("h/d?encrypt=no&encrypt=yes", "sqlserver:// option encrypt must be there only once"),
        ("h/d?trust_server_certificate=1", "sqlserver:// option trust_server_certificate must be "),
        ("h/d?authentication=x", "sqlserver:// option authentication must be ActiveDirectoryDef"),
        ("h/d?partitions=daily", "sqlserver:// option partitions must be monthly"),
        ("h/d?login_timeout=0", "sqlserver:// option login_timeout must be a whole number of sec"),
        ("h/d?login_timeout=601", "sqlserver:// option login_timeout must be"),
        ("h/d?query_timeout=-1", "sqlserver:// option query_timeout must be"),
        ("h/d?query_timeout=1.5", "sqlserver:// option query_timeout must be"),
        ("h/d?trusted_connection=no", "sqlserver:// needs one login: a user, authentication, or"),
        ("u@h/d?trusted_connection=yes", "sqlserver:// needs one login"),
    ],
)
def test_a_wrong_url_says_what_would_be_right(tmp_path: Path, rest: str, line: str) -> None:
    """Whatever is wrong in a URL of SQL Server is one line, with the place that it came from."""
    line = f"environment FIELDHOUSE_WAREHOUSE: {line}"
    assert refusal(tmp_path, FIELDHOUSE_WAREHOUSE=f"sqlserver://{rest}").startswith(line)


def test_a_port_is_a_port() -> None:
    """A port that no server can have is refused."""
    for port in ("0", "65536", "99999"):
        with pytest.raises(ConfigurationError, match="port must be from 1 to 65535"):
            SqlServerAddress.parse(f"sqlserver://h:{port}/d")


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(user=names, database=names.filter(lambda name: len(name) <= 128))
def test_any_name_passes_through_the_url(user: str, database: str) -> None:
    """A user and a database of any text come out of the URL as they went in."""
    url = f"sqlserver://{quote(user, safe='')}@h/{quote(database, safe='')}"
    address = SqlServerAddress.parse(url)
    assert (address.username, address.database) == (user, database)


@given(before=st.text(max_size=4), after=st.text(max_size=4))
def test_no_password_is_taken_or_shown(before: str, after: str) -> None:
    """A password in the URL, whatever is in it unquoted, is refused in a line without it."""
    with pytest.raises(ConfigurationError) as caught:
        SqlServerAddress.parse(f"sqlserver://u:{before}{SECRET}{after}@h/d")
    assert SECRET not in str(caught.value)
    assert str(caught.value).isprintable()


# Channels and their keys

NINE = '[channels.9]\napi_key = { env = "KEY_OF_9" }\n'


def key_of(settings: Settings, channel_id: int) -> str | None:
    key = settings.channel(channel_id).api_key
    return key.get_secret_value() if key else None


def test_a_key_belongs_to_its_channel(tmp_path: Path) -> None:
    """THINGSPEAK_API_KEY is for THINGSPEAK_CHANNEL_ID; a channel's own key comes first."""
    one = {"THINGSPEAK_CHANNEL_ID": "9", "THINGSPEAK_API_KEY": " mine\r"}
    settings = load(tmp_path, **one)
    assert (key_of(settings, 9), key_of(settings, 10)) == ("mine", None)
    assert key_of(load(tmp_path, NINE, **one, KEY_OF_9="own"), 9) == "own"


def test_a_reference_to_a_variable(tmp_path: Path) -> None:
    """A reference is looked up in the environment, then in .env."""
    assert key_of(load(tmp_path, NINE, "KEY_OF_9='a$b${HOME}'\n"), 9) == "a$b${HOME}"
    assert key_of(load(tmp_path, NINE, KEY_OF_9="env"), 9) == "env"


def test_a_reference_to_a_file(tmp_path: Path) -> None:
    """A file is seen from the directory of the configuration, its last line break left out."""
    (tmp_path / "key9").write_text("from file\n", encoding="utf-8")
    assert key_of(load(tmp_path, '[channels.9]\napi_key = { file = "key9" }'), 9) == "from file"


@pytest.mark.parametrize("reference", ['env = "KEY_OF_9"', 'file = "key9"'])
def test_a_missing_key_stops_its_channel_alone(tmp_path: Path, reference: str) -> None:
    """A key that is not there is an error when its channel is used; the others go on."""
    settings = load(tmp_path, f"[channels.9]\napi_key = {{ {reference} }}\n[channels.10]\n")
    assert key_of(settings, 10) is None
    with pytest.raises(ConfigurationError, match=r"^fieldhouse.toml: \[channels.9\] api_key: the "):
        settings.channel(9)


@pytest.mark.parametrize(
    "written",
    [f'"{SECRET}"', "1", '{ env = "" }', "{}", '{ env = "A", file = "B" }', "{ env = 1 }"],
)
def test_a_key_is_never_written_in_the_file(tmp_path: Path, written: str) -> None:
    """Whatever is not a reference is refused, unseen."""
    line = refusal(tmp_path, f"[channels.9]\napi_key = {written}\n")
    assert line.startswith("fieldhouse.toml: [channels.9] api_key must be a reference")


def test_no_secret_shows(tmp_path: Path) -> None:
    """Neither a repr nor the description has a secret; the description says set or not set."""
    secrets = ("DB_PASSWORD", "THINGSPEAK_API_KEY", "THINGSPEAK_USER_API_KEY", "KEY_OF_9")
    settings = load(tmp_path, NINE, **dict.fromkeys(secrets, SECRET))
    assert SECRET not in repr(settings) + str(settings) + repr(settings.channel(9))
    assert SECRET not in str(settings.described())
    assert ("channels.9.api_key", "set", "fieldhouse.toml") in settings.described()
    assert ("user_api_key", "set", "environment THINGSPEAK_USER_API_KEY") in settings.described()


def test_described_agrees_with_source_of(tmp_path: Path) -> None:
    """Each line of the description has the source that source_of gives; an unknown one is none."""
    settings = load(tmp_path, f"{NINE}ranges.field2 = [-inf, 1.5]\n", KEY_OF_9="k")
    lines = {key: (text, source) for key, text, source in settings.described()}
    assert lines["channels.9.ranges.field2"] == ("-inf, 1.5", "fieldhouse.toml")
    assert all(settings.source_of(key) == source for key, (_, source) in lines.items())
    with pytest.raises(KeyError):
        settings.source_of("page_sise")


# What is refused


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (
            "[thingspeak]\nrate_limit_dely = 1",
            "[thingspeak] rate_limit_dely is no setting; did you mean rate_limit_delay?",
        ),
        ("[warehouse]\nx = 1", "[warehouse] x is no setting; there is url"),
        ("[thingspeek]", "thingspeek is no setting; did you mean thingspeak?"),
        ("[channels.9]\ncolour = 1", "[channels.9] colour is no setting; there is api_key, "),
        (
            "[channels.9]\nranges.field9 = [1, 2]",
            "[channels.9.ranges] field9 is no setting; did you mean field8?",
        ),
        ("thingspeak = 3", "thingspeak must be a table, as in [thingspeak]"),
        ("channels = 3", "channels must be a table"),
        ("[channels]\n9 = 3", "channels.9 must be a table, as in [channels.9]"),
        ("[channels.porch]", "[channels.porch] is no channel"),
        ("[channels.0]", "[channels.0] is no channel"),
        ("[channels.-1]", "[channels.-1] is no channel"),
        ("[channels.09]", "[channels.09] is no channel"),
        ("[channels.2147483648]", "[channels.2147483648] is no channel"),
        ("[channels.9]\ndecimal_comma = 1", "[channels.9] decimal_comma must be true or false"),
        ("[thingspeak]\npage_size = 9000", "[thingspeak] page_size must be a whole number of rows"),
        ("[thingspeak]\npage_size = 0", "[thingspeak] page_size must be"),
        ("[thingspeak]\npage_size = '8'", "[thingspeak] page_size must be"),
        ("[thingspeak]\npage_size = true", "[thingspeak] page_size must be"),
        ("[thingspeak]\npage_size = 1.5", "[thingspeak] page_size must be"),
        ("[thingspeak]\ndaily_budget = 0", "[thingspeak] daily_budget must be"),
        ("[thingspeak]\nrate_limit_delay = -1", "[thingspeak] rate_limit_delay must be"),
        ("[thingspeak]\nrate_limit_delay = nan", "[thingspeak] rate_limit_delay must be"),
        ("[thingspeak]\ntimeout = inf", "[thingspeak] timeout must be"),
        ("[thingspeak]\ntimeout = 0", "[thingspeak] timeout must be"),
        ("[thingspeak]\ntimeout = 1e300", "[thingspeak] timeout must be"),
        ("[thingspeak]\nrate_limit_delay = 1e9", "[thingspeak] rate_limit_delay must be"),
        (f"[thingspeak]\ndaily_budget = {10**20}", "[thingspeak] daily_budget must be"),
        ("[thingspeak]\nlook_back = 9e12", "[thingspeak] look_back must be"),
        ("[thingspeak]\nlook_back = -1", "[thingspeak] look_back must be"),
        ("[thingspeak]\nlook_back = inf", "[thingspeak] look_back must be"),
        ("[thingspeak]\nlook_back = true", "[thingspeak] look_back must be"),
        ("[thingspeak]\nlook_back = []", "[thingspeak] look_back must be"),
        ("[thingspeak]\nmetadata_ttl = 1e300", "[thingspeak] metadata_ttl must be"),
        ("[thingspeak]\nbase_url = 1", "[thingspeak] base_url must be an address"),
        ("[thingspeak]\nbase_url = 'ftp://h'", "[thingspeak] base_url must be an address"),
        ("[thingspeak]\nbase_url = 'http://'", "[thingspeak] base_url must be an address"),
        (f"[thingspeak]\nbase_url = 'http://u:{SECRET}@h'", "[thingspeak] base_url must be"),
        (f"[warehouse]\nurl = 'sqlserver://u:{SECRET}@h/d'", "[warehouse] url must be"),
        ("[warehouse]\nurl = ''", "[warehouse] url must be"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, toml: str, line: str) -> None:
    """A wrong key, type or value names the file, the key, and what would be right."""
    assert refusal(tmp_path, toml).startswith(f"fieldhouse.toml: {line}")


@pytest.mark.parametrize(
    "bounds",
    ["3", "[1]", "[2, 1]", "[nan, 1]", "['1', 2]", "[true, 2]", "[1e12, inf]", "[0.0000001, 1]"],
)
def test_a_range_is_two_numbers_in_order(tmp_path: Path, bounds: str) -> None:
    """Bounds are numbers that the warehouse holds exactly, the least first."""
    line = refusal(tmp_path, f"[channels.9]\nranges.field1 = {bounds}\n")
    assert line.startswith("fieldhouse.toml: [channels.9] ranges.field1 must be [least, greatest]")


def test_a_range_by_default_is_that_of_the_other_fields(tmp_path: Path) -> None:
    """ranges.default holds for every field without a range of its own; else they have none."""
    toml = "[channels.9.ranges]\ndefault = [0, inf]\nfield2 = [-40, 60]\n[channels.8]\n"
    settings = load(tmp_path, f"{toml}ranges.field3 = [1, 2]")
    wanted = dict.fromkeys(range(1, 9), (Decimal(0), None)) | {2: (Decimal(-40), Decimal(60))}
    assert settings.ranges_of(9) == wanted
    assert settings.ranges_of(8) == {3: (Decimal(1), Decimal(2))}
    assert settings.ranges_of(7) == {}
    lines = {key: (text, source) for key, text, source in settings.described()}
    assert lines["channels.9.ranges.default"] == ("0, inf", "fieldhouse.toml")
    assert "channels.8.ranges.default" not in lines
    line = refusal(tmp_path, "[channels.9]\nranges.default = [2, 1]\n")
    assert line.startswith("fieldhouse.toml: [channels.9] ranges.default must be [least, greatest]")


def test_bounds_are_exact_and_may_be_open(tmp_path: Path) -> None:
    """A bound is the decimal that was written; infinity is an open end; equal ends are a range."""
    toml = "[channels.9.ranges]\nfield1 = [-0.1, inf]\nfield8 = [5, 5]\n"
    ranges = load(tmp_path, toml).channel(9).ranges
    assert ranges == {1: (Decimal("-0.1"), None), 8: (Decimal(5), Decimal(5))}


@pytest.mark.parametrize(
    ("toml", "where"),
    [
        ("a = 1 b", "(at line 1, column 7)"),
        ('\n\na = "', "(at line 3, column 6)"),
        ("a = 1\na = 2", "line 2"),
        ("a = 1e99999999999999999999", "a value too large"),
    ],
)
def test_what_is_not_toml_names_its_place(tmp_path: Path, toml: str, where: str) -> None:
    """A slip in the syntax is told with its line and column."""
    line = refusal(tmp_path, toml)
    assert line.startswith("fieldhouse.toml: not TOML: ")
    assert where in line


@pytest.mark.parametrize("name", [".env", "fieldhouse.toml"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """What is not UTF-8, or cannot be opened, is one line that names the file."""
    path = tmp_path / name
    path.write_bytes(b"# \xff\n")
    assert refusal(tmp_path) == f"{name}: not UTF-8 at byte 3"
    path.unlink()
    path.mkdir()
    assert refusal(tmp_path).startswith(f"{name}: cannot be read: ")


def test_files_of_a_windows_editor(tmp_path: Path) -> None:
    """A byte order mark and carriage returns do no harm."""
    mark = b"\xef\xbb\xbf"
    (tmp_path / ".env").write_bytes(mark + b"THINGSPEAK_CHANNEL_ID=9\r\nDB_NAME=x\r\n")
    (tmp_path / "fieldhouse.toml").write_bytes(mark + b"[thingspeak]\r\ntimeout = 3\r\n")
    settings = load(tmp_path)
    assert (settings.channel_id, settings.db_name, settings.timeout) == (9, "x", 3.0)


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    """A wrong value of a variable names the variable and its source, not the value."""
    right = "must be a channel's number, a whole number of 1 or more"
    line = refusal(tmp_path, THINGSPEAK_CHANNEL_ID=SECRET)
    assert line == f"environment THINGSPEAK_CHANNEL_ID {right}"
    line = refusal(tmp_path, dotenv="THINGSPEAK_CHANNEL_ID=0\n")
    assert line == f".env: THINGSPEAK_CHANNEL_ID {right} (it is 0)"


def test_a_slip_in_dotenv_is_told(tmp_path: Path) -> None:
    """A name a letter away from a setting's is refused; other programs' names are left alone."""
    assert refusal(tmp_path, dotenv="DB_SEVER=x\n") == (
        ".env: DB_SEVER is no setting; did you mean DB_SERVER?"
    )
    others = "PATH=x\nDB_HOST=x\nTHINGSPEAK_WRITE_API_KEY=x\nTHINGSPEAK_API_KEY_2=x\n"
    load(tmp_path, dotenv=others)
    load(tmp_path, NINE.replace("KEY_OF_9", "THINGSPEAK_API_KEYS"), "THINGSPEAK_API_KEYS=x\n")
    assert refusal(tmp_path, dotenv="A=1\n=x\n") == ".env: line 2 is not NAME=value"


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("page_sise", 1, "page_sise is no setting; did you mean page_size?"),
        ("page_size", "x", "page_size must be a whole number of rows from 1 to 8000"),
        ("api_key", 4711, "api_key must be text"),
        ("channels", 3, "channels must be channels by number"),
    ],
)
def test_a_wrong_argument_is_named(tmp_path: Path, key: str, value: object, line: str) -> None:
    """What the command line passes is checked in the same way."""
    assert refusal(tmp_path, overrides={key: value}).startswith(f"command line: {line}")


toml_values = st.recursive(
    st.sampled_from(["1", "-1", "1.5", "inf", "true", '"x"', "[1, 2]", "2020-01-01"]),
    lambda inner: inner.map(lambda value: f"{{ env = {value} }}") | inner.map(lambda v: f"[{v}]"),
    max_leaves=3,
)
toml_lines = st.one_of(
    st.sampled_from(["[warehouse]", "[thingspeak]", "[channels.9]", "[channels.9.ranges]"]),
    st.tuples(
        st.sampled_from(
            [
                "url",
                "timeout",
                "base_url",
                "look_back",
                "api_key",
                "decimal_comma",
                "field1",
                "ranges",
                "page_size",
                "channels",
                '"a\\nb"',
            ]
        ),
        toml_values,
    ).map(" = ".join),
    st.text(max_size=10),
)


@given(lines=st.lists(toml_lines, max_size=5))
def test_any_file_is_read_or_refused_in_a_line(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    """Whatever stands in fieldhouse.toml, the outcome is settings or one printable line."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        load_settings(config_file=path, directory=path.parent / "nowhere", environ={})
    except ConfigurationError as error:
        assert str(error).isprintable()


# The stores of secrets


def test_a_secrets_directory(tmp_path: Path) -> None:
    """Files named as the variables, in either case, are settings; the directory must be there."""
    (tmp_path / "db_password").write_text(SECRET + "\n", encoding="utf-8")
    (tmp_path / "THINGSPEAK_API_KEY").write_text("k\n", encoding="utf-8")
    settings = load(tmp_path, FIELDHOUSE_SECRETS_DIR=str(tmp_path))
    assert settings.db_password is not None
    assert settings.db_password.get_secret_value() == SECRET
    assert settings.source_of("api_key") == f"secrets directory {tmp_path}"
    assert "is not a directory" in refusal(tmp_path, FIELDHOUSE_SECRETS_DIR="nowhere")


@pytest.mark.parametrize(
    ("variable", "library", "extra"),
    [
        ("FIELDHOUSE_AZURE_KEY_VAULT_URL", "azure.identity", "azure"),
        ("FIELDHOUSE_AWS_SECRET_ID", "boto3", "aws"),
    ],
)
def test_a_missing_extra_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, library: str, extra: str
) -> None:
    """A cloud's store without its library is one line with the command that installs it."""
    monkeypatch.setitem(sys.modules, library, None)
    line = refusal(tmp_path, **{variable: "https://vault.example.org"})
    assert line.endswith(f"its library is missing; pip install '.[{extra}]' in a checkout")


def library(monkeypatch: pytest.MonkeyPatch, name: str, **names: object) -> None:
    """Stand in for a cloud's library, which these tests cannot reach."""
    module = ModuleType(name)
    for key, value in names.items():
        setattr(module, key, value)
    monkeypatch.setitem(sys.modules, name, module)


class Vault:
    """Azure's SecretClient, as far as it is used."""

    def __init__(self, **_: object) -> None:
        pass

    def list_properties_of_secrets(self) -> list[Any]:
        return [Named("DB-PASSWORD"), Named("something-else")]

    def get_secret(self, name: str) -> Any:
        assert name == "DB-PASSWORD"
        return Named(name)


class Named:
    def __init__(self, name: str) -> None:
        self.name, self.enabled, self.value = name, True, SECRET


def test_azure_key_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vault's DB-PASSWORD is DB_PASSWORD, and what nobody asked for is not read."""
    for package in ("azure", "azure.core", "azure.keyvault"):
        library(monkeypatch, package)
    library(monkeypatch, "azure.identity", DefaultAzureCredential=object)
    library(monkeypatch, "azure.core.credentials", TokenCredential=object)
    library(monkeypatch, "azure.core.exceptions", ResourceNotFoundError=LookupError)
    library(monkeypatch, "azure.keyvault.secrets", SecretClient=Vault)
    settings = load(tmp_path, FIELDHOUSE_AZURE_KEY_VAULT_URL="https://v.example.org")
    assert settings.db_password is not None
    assert settings.db_password.get_secret_value() == SECRET
    assert settings.source_of("db_password") == "Azure Key Vault https://v.example.org"


class Manager:
    """The client of AWS Secrets Manager, as far as it is used."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 (AWS's name)
        if SecretId != "sensors":
            raise RuntimeError(SECRET)
        return {"SecretString": json.dumps({"DB_PASSWORD": SECRET, "unrelated": "x"})}


def test_aws_secrets_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret's JSON object holds settings; a failure is one line without AWS's own words."""
    library(monkeypatch, "boto3", client=Manager)
    settings = load(tmp_path, FIELDHOUSE_AWS_SECRET_ID="sensors")
    assert settings.db_password is not None
    assert settings.db_password.get_secret_value() == SECRET
    assert settings.source_of("db_password") == "AWS secret sensors"
    line = refusal(tmp_path, FIELDHOUSE_AWS_SECRET_ID="other")
    assert line == "AWS secret other: cannot be read (RuntimeError)"


# The broker


def test_a_broker_and_its_device(tmp_path: Path) -> None:
    """The section is read, its secrets by reference; `config` shows them as set or not set."""
    toml = """[mqtt]
broker = "wss://broker.example.org:9443/deep/mqtt"
username = { env = "DEVICE" }
password = { file = "secret" }
topic = "sensors/{channel}"
poll = "30m"
"""
    (tmp_path / "secret").write_text(SECRET + "\n")
    settings = load(tmp_path, toml, DEVICE="me")
    assert settings.mqtt
    assert (settings.mqtt.secret("username"), settings.mqtt.secret("password")) == ("me", SECRET)
    assert settings.mqtt.secret("client_id") is None
    assert (settings.mqtt.topic, settings.mqtt.poll) == ("sensors/{channel}", 1800)
    assert mqtt.broker_of(settings.mqtt.broker) == (
        "broker.example.org", 9443, True, True, "/deep/mqtt",
    )  # fmt: skip
    shown = [(name, text) for name, text, _ in settings.described() if name.startswith("mqtt")]
    assert ("mqtt.password", "set") in shown and ("mqtt.client_id", "not set") in shown
    assert SECRET not in repr(settings) + str(settings.described())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('broker = "http://x"', "broker must be an address as mqtts://mqtt3.thingspeak.com; "),
        (f'broker = "mqtt://u:{SECRET}@x"', "broker must be an address as "),
        ('broker = "mqtt://x/path"', "broker must be an address as "),
        ('topic = "channels/+/subscribe"', "topic must be a topic with {channel} once"),
        ('topic = "{channel}/{channel}"', "topic must be a topic with {channel} once"),
        ("poll = true", "poll must be a number of seconds, 0 or more"),
        (f'password = "{SECRET}"', "password must be a reference to a secret, not the secret"),
        ("brokre = 1", "brokre is no setting; did you mean broker?"),
    ],
)
def test_a_broker_that_is_none(tmp_path: Path, line: str, said: str) -> None:
    """What is wrong in [mqtt] is one line that names the key and what would be right."""
    assert refusal(tmp_path, f"[mqtt]\n{line}").startswith(f"fieldhouse.toml: [mqtt] {said}")


# The schedule


def test_the_schedule_and_its_place_of_leases(tmp_path: Path) -> None:
    """Times with units, a Redis, its password by reference; `config` shows it as set or not set."""
    toml = """[schedule]
shortest = "90s"
longest = 7200
hands = 16
leases = "redis://cache.example.org:6380/2"
lease = "2min"
redis_password = { env = "PASS" }
"""
    settings = load(tmp_path, toml, PASS=SECRET)
    found = settings.schedule
    assert (found.shortest.total_seconds(), found.longest.total_seconds()) == (90, 7200)
    assert (found.hands, found.lease.total_seconds(), found.password) == (16, 120, SECRET)
    shown = {name: text for name, text, _ in settings.described() if name.startswith("schedule")}
    assert shown["schedule.redis_password"] == "set" and shown["schedule.shortest"] == "90"
    assert SECRET not in repr(settings) + str(settings.described())
    assert Settings().schedule.leases is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('shortest = "often"', " shortest must be a number of seconds, or a time as 90s"),
        ("shortest = true", " shortest must be a number of seconds"),
        ('longest = "1mo"', " longest must be a number of seconds"),
        ('shortest = "2d"', ": shortest must be 1 second or more, longest no shorter"),
        ("shortest = 0", ": shortest must be 1 second or more"),
        ("lease = 1", ": lease must be from 3 seconds to an hour"),
        ("hands = 1", " hands must be a whole number from 2 to 256"),
        ('leases = "http://x"', ' leases must be "warehouse", or an address as'),
        (f'leases = "redis://:{SECRET}@x"', ' leases must be "warehouse", or an address as'),
        (f'redis_password = "{SECRET}"', " redis_password must be a reference to a secret"),
        ("longset = 1", " longset is no setting; did you mean longest?"),
    ],
)
def test_a_schedule_that_is_none(tmp_path: Path, line: str, said: str) -> None:
    """What is wrong in [schedule] is one line that says where and what would be right."""
    assert refusal(tmp_path, f"[schedule]\n{line}").startswith(f"fieldhouse.toml: [schedule]{said}")
