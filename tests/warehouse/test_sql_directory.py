"""The SQL directory and the ledger: a file is what its name says, and is applied once."""

import re
import shutil
import subprocess
import sys
import textwrap
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from warehouse_kit import opened, rows_of

import fieldhouse.warehouse
from fieldhouse.errors import WarehouseUnusable
from fieldhouse.warehouse import Warehouse, migrations, open_warehouse, sqlfiles
from fieldhouse.warehouse.engines.sqlserver import schema, standin
from fieldhouse.warehouse.engines.sqlserver.session import call_text, procedure_name

SQL = Path(fieldhouse.warehouse.__file__).parent / "sql"
FILES = sorted(SQL.rglob("*.sql"))
OBJECT = re.compile(
    r"^CREATE OR (?:REPLACE|ALTER) (?:MACRO|VIEW|PROCEDURE|FUNCTION) iot\.(\w+)", re.MULTILINE
)
T_SQL = SQL / "sqlserver"
CALLABLE = ("queries", "calls", "procedures")
OBJECTS = [
    file
    for file in FILES
    if file.parent.name in ("views", "procedures", "functions")
    or (T_SQL in file.parents and file.parent.name in CALLABLE)
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SQL)))
def test_every_file_says_what_it_is(file: Path) -> None:
    """A file begins with its intent and ends with one line end; a query's intent names it."""
    text = file.read_text(encoding="utf-8")
    assert text.startswith("-- ") and text.endswith("\n") and not text.endswith("\n\n")
    # SQL Server's formatter keeps an index in one line; ClickHouse's parameters carry their types
    wide = 150 if {"sqlserver", "clickhouse"}.intersection(file.parts) else 120
    if {"sqlserver", "migrations"}.issubset(file.parts):
        wide = 180  # an index is one line to its formatter
    assert "\t" not in text and max(map(len, text.splitlines())) <= wide
    if file.parent.name in ("queries", "calls"):
        assert text.startswith(f"-- {file.stem}(")


@pytest.mark.parametrize("file", OBJECTS, ids=lambda f: str(f.relative_to(SQL)))
def test_a_files_name_is_its_objects(file: Path) -> None:
    """A file of an object makes one object, of the file's name."""
    assert OBJECT.findall(file.read_text(encoding="utf-8")) == [file.stem]


def test_the_ledger_names_what_was_applied(fresh_url: str) -> None:
    """The first migration applies everything, in order; the next one nothing."""
    warehouse = opened(fresh_url)
    applied = warehouse.migrate()
    assert applied[0] == "migrations/0001_tables"
    assert list(applied).index("views/CurrentReadings") < list(applied).index(
        "procedures/usp_DetectAnomalies"
    )
    assert warehouse.migrate() == []
    ledger = rows_of(warehouse, "SELECT ScriptName FROM iot.SchemaMigrations")
    assert sorted(entry["ScriptName"] for entry in ledger) == sorted(applied)
    warehouse.close()


def test_the_tables_are_the_architectures(warehouse: Warehouse) -> None:
    """The tables, procedures and columns that the architecture names exist under its names."""
    columns = rows_of(warehouse, "SELECT table_name, column_name FROM information_schema.columns")
    held = {(column["table_name"], column["column_name"]) for column in columns}
    for table, names in {
        "Channels": "ChannelID ChannelName Description Latitude Longitude Field1Name Field8Name"
        " CreatedAt UpdatedAt IsActive",
        "SensorReadings": "ReadingID ChannelID EntryID CreatedAt Field1 Field8 Latitude Longitude"
        " Elevation Status ImportedAt",
        "AggregatedData": "AggregationID ChannelID AggregationType PeriodStart PeriodEnd Field1Avg"
        " Field1Min Field1Max Field1StdDev Field4Avg Field8Avg Field8Count ReadingCount CreatedAt",
        "DataQuality": "QualityID ChannelID CheckDate TotalReadings MissingReadings"
        " OutOfRangeReadings AnomaliesDetected QualityScore Notes CreatedAt",
    }.items():
        assert {(table, name) for name in names.split()} <= held


def test_a_changed_object_is_made_again() -> None:
    """An object whose text differs from the one applied is run again; a migration is not."""
    applied = {script.name: script.checksum for script in migrations.pending("duckdb", {})}
    assert migrations.pending("duckdb", applied) == []
    changed = migrations.pending("duckdb", {**applied, "views/CurrentReadings": "other"})
    assert [script.name for script in changed] == ["views/CurrentReadings"]


LEFT = {
    "duckdb": {
        "views": "VIEW iot.{name} AS SELECT 1 AS One",
        "functions": "MACRO iot.{name}() AS 1",
        "procedures": "MACRO iot.{name}() AS TABLE SELECT 1 AS One",
    },
    "sqlserver": {
        "views": "VIEW iot.{name} AS SELECT 1 AS One",
        "functions": "FUNCTION iot.{name}() RETURNS INT AS BEGIN RETURN 1; END",
        **dict.fromkeys(CALLABLE, "PROCEDURE iot.{name} AS SELECT 1 AS One"),
    },
    "clickhouse": dict.fromkeys(("views", "procedures"), "VIEW iot.{name} AS SELECT 1 AS One"),
}
"""An object of each kind that an engine has, by the folder of its file."""
HELD = {
    "duckdb": "SELECT function_name AS Name FROM duckdb_functions()"
    " UNION ALL SELECT view_name FROM duckdb_views()",
    "sqlserver": "SELECT name AS Name FROM sys.objects",
    "clickhouse": "SELECT name AS Name FROM system.tables",
}


def test_what_has_no_file_any_more_is_dropped(
    warehouse: Warehouse, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects of an earlier version's files go with the first migration, whatever their kind.

    One that has moved to another folder stays. If a file comes back, so does its object.
    """
    earlier = shutil.copytree(SQL / engine, tmp_path / engine)
    word = "ALTER" if engine == "sqlserver" else "REPLACE"
    for folder, made in LEFT[engine].items():
        text = f"-- Left.\nCREATE OR {word} {made.format(name=f'left_{folder}')};\n"
        (earlier / folder / f"left_{folder}.sql").write_text(text)
    names = {f"left_{folder}" for folder in LEFT[engine]}

    def held() -> set[str]:
        return {row["Name"] for row in rows_of(warehouse, HELD[engine])} & names

    def migrated(folder: Path) -> list[str]:
        with monkeypatch.context() as patch:
            patch.setattr(sqlfiles, "_folder", lambda _, name: folder / name)
            for cached in (sqlfiles.names, sqlfiles.text):
                patch.setattr(sqlfiles, cached.__name__, cached.__wrapped__)
            return list(warehouse.migrate())

    scripts = sorted(f"{folder}/left_{folder}" for folder in LEFT[engine])
    for _ in range(2):
        assert sorted(migrated(earlier)) == scripts and held() == names
        assert sorted(migrated(SQL / engine)) == scripts and held() == set()
        assert migrated(SQL / engine) == []


def test_an_object_may_move_to_another_folder() -> None:
    """What the ledger knows of another folder is dropped only if no folder has it."""
    applied = {script.name: script.checksum for script in migrations.pending("sqlserver", {})}
    moved = {"calls/usp_Status": "x", "queries/usp_Tag]s": "x", "load/usp_Gone": "x"}
    assert migrations.pending("sqlserver", {**applied, **moved}) == []
    (gone,) = migrations.pending("sqlserver", {**applied, "queries/usp_Anomalies": "x"})
    assert gone.text == "DROP PROCEDURE IF EXISTS iot.usp_Anomalies;\n"


def test_a_changed_migration_is_refused() -> None:
    """A migration that has another text than was applied stops, and names itself."""
    with pytest.raises(WarehouseUnusable, match="x: migrations/0001_tables is not the text"):
        migrations.check("duckdb", {"migrations/0001_tables": "other"}, where="x")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A file that a newer Fieldhouse migrated is neither opened nor touched, and says why."""
    import duckdb

    file = tmp_path / "x.duckdb"
    warehouse = open_warehouse(str(file))
    warehouse.migrate()
    warehouse.close()
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "INSERT INTO iot.SchemaMigrations (ScriptName, Checksum)"
            " VALUES ('migrations/9999_later', 'x')"
        )
    for read_only in (False, True):
        with pytest.raises(WarehouseUnusable, match=r"x\.duckdb: a newer Fieldhouse"):
            open_warehouse(str(file), read_only=read_only)


def test_line_ends_do_not_matter() -> None:
    """A checkout with other line ends has the same checksums."""
    unix, windows = (
        migrations.Script("x", f"SELECT 1;{end}SELECT 2;{end}") for end in ("\n", "\r\n")
    )
    assert unix.checksum == windows.checksum


def test_every_include_is_there() -> None:
    """No include is left over in any text, and none names a file that is not there."""
    for file in FILES:
        engine, folder = file.relative_to(SQL).parts[:2]
        assert "-- include" not in sqlfiles.text(engine, folder, file.stem)


def test_what_is_written_once_stands_there_for_each_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A marked line or block comes eight times, or once, with its number; all else stays."""
    for folder, name, text in (
        ("queries", "q", QUESTION),
        ("fragments", "part", "    min(r.Field#) AS Least#, -- each field\n"),
    ):
        (tmp_path / "sql" / "x" / folder).mkdir(parents=True)
        (tmp_path / "sql" / "x" / folder / f"{name}.sql").write_text(text)
    monkeypatch.setattr(sqlfiles, "files", lambda _: tmp_path)
    least = [f"    min(r.Field{n}) AS Least{n}," for n in range(1, 9)]
    cases = [f"        {word}{n}" for n in range(1, 9) for word in ("WHEN ", "THEN r.Field")]
    either = [f"    r.Field{n} > 0{' OR' * (n < 8)}" for n in range(1, 9)]
    last = [f"    r.Field{n}{',' * (n < 8)}" for n in range(1, 9)]
    wanted = ["-- q(): #1", "SELECT", *least, least[0]]
    wanted += ["    CASE @n", *cases, "    END", "FROM #r AS r"]
    wanted += ["WHERE", *either, "ORDER BY", *last, ";"]
    assert sqlfiles.text("x", "queries", "q").splitlines() == wanted


QUESTION = """-- q(): #1
SELECT
    -- include part
    -- include part of one field
    CASE @n
        -- each field
        WHEN #
        THEN r.Field#
        -- end
    END
FROM #r AS r
WHERE
    r.Field# > 0 -- each field, OR between
ORDER BY
    r.Field# -- each field, comma between
;
"""


def test_no_field_is_left_without_its_number() -> None:
    """No mark is left over in any text, nor a name that waits for a number."""
    for file in FILES:
        engine, folder = file.relative_to(SQL).parts[:2]
        text = sqlfiles.text(engine, folder, file.stem)
        assert "-- each field" not in text and not re.search("^ *-- end$", text, re.MULTILINE)
        assert not re.search(r"\w#", text)


# T-SQL: what can be told without a server


def maxdop(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Microsoft's own grammar, as the dev dependency maxdop has it."""
    program = shutil.which("maxdop", path=str(Path(sys.executable).parent))
    assert program, "maxdop is not installed: pip install --group dev"
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


def test_t_sql_is_parsed_and_laid_out_as_it_stands() -> None:
    """SQL Server 2019's grammar takes every file, and each is laid out as the formatter has it."""
    checked = maxdop("--check", "--parser-version", 2019, T_SQL)
    assert checked.returncode == 0, checked.stderr


def test_t_sql_is_parsed_with_its_includes(tmp_path: Path) -> None:
    """What is sent to the server, fragments included and batch by batch, is parsed as well."""
    for file in T_SQL.rglob("*.sql"):
        if (folder := file.parent.name) != "fragments":
            for number, part in enumerate(
                sqlfiles.batches(sqlfiles.text("sqlserver", folder, file.stem))
            ):
                (tmp_path / f"{folder}_{file.stem}_{number}.sql").write_text(part)
    (tmp_path / "z_broken.sql").write_text("SELECT 1 FRM x WHERE;")
    checked = maxdop("--check", "--parser-version", 2019, tmp_path)
    refused = [line for line in checked.stderr.splitlines() if "could not be parsed" in line]
    assert [line for line in refused if "z_broken.sql" not in line] == []
    assert len(refused) == 1  # or nothing was looked at


NEWER = re.compile(
    r"""
    \b(?: GREATEST | LEAST | DATE_BUCKET | DATETRUNC | GENERATE_SERIES | PRODUCT | UNISTR
        | JSON_(?:OBJECT|ARRAY)(?:AGG)? | JSON_CONTAINS | JSON_PATH_EXISTS
        | APPROX_PERCENTILE_(?:CONT|DISC) | BIT_COUNT | GET_BIT | SET_BIT
        | LEFT_SHIFT | RIGHT_SHIFT | REGEXP_\w+ | BASE64_(?:EN|DE)CODE
        | EDIT_DISTANCE\w* | JARO_WINKLER\w* | VECTOR\w* )\s*\(
    | \bCURRENT_DATE\b
    | \bTRIM\s*\(\s*(?:LEADING|TRAILING|BOTH)\b
    | \bSTRING_SPLIT\s*\([^(),]*,[^(),]*,
    | \bISJSON\s*\([^(),]*,
    | \bWINDOW\s+\w+\s+AS\s*\(
    | \bIS\s+(?:NOT\s+)?DISTINCT\s+FROM\b
    | \b(?:IGNORE|RESPECT)\s+NULLS\b
    | \|\| | << | >>
    | \bMERGE\b(?!\s+JOIN\b)     # old, and with a history of its own
    | \bCURSOR\b                  # row by row
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What SQL Server 2019 does not have, and what we do not use."""


def bare(text: str) -> str:
    """T-SQL without comments, and with nothing in its texts and quoted names."""
    shapes = r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\[(?:[^\]]|\]\])*\]|\"(?:[^\"]|\"\")*\""
    kept = {"'": "''", "[": "[]", '"': '""'}
    return re.sub(shapes, lambda found: kept.get(found[0][0], ""), text, flags=re.DOTALL)


@pytest.mark.parametrize("file", sorted(T_SQL.rglob("*.sql")), ids=lambda f: f.stem)
def test_t_sql_is_that_of_2019(file: Path) -> None:
    """No function and no syntax newer than SQL Server 2019, no MERGE and no cursor."""
    assert NEWER.findall(bare(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT GREATEST(a, b)",
        "SELECT least (a, b)",
        "SELECT DATETRUNC(DAY, x)",
        "SELECT DATE_BUCKET(HOUR, 1, x)",
        "SELECT value FROM GENERATE_SERIES(1, 9)",
        "SELECT SUM(x) OVER w FROM t WINDOW w AS (ORDER BY y)",
        "SELECT 1 WHERE a IS NOT DISTINCT FROM b",
        "SELECT 1 WHERE a IS DISTINCT FROM b",
        "SELECT * FROM STRING_SPLIT(x, N',', 1)",
        "SELECT TRIM(LEADING N'0' FROM x)",
        "SELECT JSON_OBJECT(N'a': 1), JSON_ARRAY(1)",
        "SELECT JSON_ARRAY(1)",
        "SELECT ISJSON(x, OBJECT)",
        "SELECT APPROX_PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)",
        "SELECT BIT_COUNT(x)",
        "SELECT LEFT_SHIFT(x, 2)",
        "SELECT x << 2",
        "SELECT REGEXP_LIKE(x, N'a')",
        "SELECT a || b",
        "SELECT BASE64_ENCODE(x)",
        "SELECT FIRST_VALUE(x) IGNORE NULLS OVER (ORDER BY y)",
        "SELECT PRODUCT(x)",
        "MERGE iot.Channels AS c USING #x AS x ON 1 = 1",
        "DECLARE period_cursor CURSOR FOR SELECT 1",
    ],
)
def test_what_is_newer_is_told(text: str) -> None:
    """The lint sees each of the newer things, and none of them in comments and texts."""
    assert NEWER.search(bare(text))
    assert not NEWER.search(bare(f"-- {text}\n/* {text} */ SELECT N'it''s {text}'"))


def test_what_is_of_2019_is_let_through() -> None:
    """What 2019 has, and names that only look like something newer, are not refused."""
    text = "SELECT TRIM(x), STRING_AGG(x, N','), ISJSON(x) FROM STRING_SPLIT(@a, N',') AS #least"
    text += " OPTION (MERGE JOIN); SELECT [GREATEST(], MergedAt FROM #least AS x ORDER BY x.Window"
    assert not NEWER.search(bare(text))


FOLDED = re.compile(r"\b(?:UPPER|LOWER)\s*\((?![^()]*\bCOLLATE\b)([^()]*)\)", re.IGNORECASE)
WITHOUT_I = {"@Method": "its words, ZSCORE and MAD, have no I"}
TEMPORARY = re.compile(r"CREATE TABLE #\w+ \((.*?)\n *\);", re.DOTALL)
TEXT_COLUMN = re.compile(r"^ *\w+ N?(?:VAR)?CHAR\(")
WRITES = re.compile(r"^ *(?:INSERT INTO iot\.|UPDATE \w|DELETE )", re.MULTILINE)
IN_STEPS = {
    "usp_CloseStaging": "what is staged is nothing yet, and may be forgotten in parts",
    "usp_Forget": "some thousands of rows a transaction, each by itself",
    "usp_OpenStaging": "as usp_CloseStaging",
}
FAR_AWAY = re.compile(r"\b(?:ON|AND|WHERE)\s+DATEDIFF(?:_BIG)?\(\w+, [\w.]+, \w+\.CreatedAt\)")
INDEXED_LATER = re.compile(r"CREATE [A-Z ]*INDEX \w+ ON (#\w+)", re.IGNORECASE)


@pytest.mark.parametrize("file", sorted(T_SQL.rglob("*.sql")), ids=lambda f: f.stem)
def test_t_sql_does_not_depend_on_a_collation(file: Path) -> None:
    """Capitals are those of a fixed collation: in Turkish the capital of i is another letter."""
    found = FOLDED.findall(bare(file.read_text(encoding="utf-8")))
    assert [each for each in found if each.strip() not in WITHOUT_I] == []


@pytest.mark.parametrize("file", sorted(T_SQL.rglob("*.sql")), ids=lambda f: f.stem)
def test_temporary_tables_have_their_keys_at_once(file: Path) -> None:
    """No index is made on a temporary table later: the server would not keep the table then."""
    found = INDEXED_LATER.findall(bare(file.read_text(encoding="utf-8")))
    assert found == []


@pytest.mark.parametrize("file", sorted(T_SQL.rglob("*.sql")), ids=lambda f: f.stem)
def test_texts_of_temporary_tables_have_the_collation_of_the_database(file: Path) -> None:
    """A text of a temporary table may be compared with ours, whatever the server's collation.

    As it stands a column has that of tempdb, and SQL Server refuses to compare the two (468).
    """
    for made in TEMPORARY.findall(bare(file.read_text(encoding="utf-8"))):
        texts = [line for line in made.splitlines() if TEXT_COLUMN.search(line)]
        assert [line for line in texts if " COLLATE DATABASE_DEFAULT" not in line] == []


@pytest.mark.parametrize("file", sorted((T_SQL / "calls").glob("*.sql")), ids=lambda f: f.stem)
def test_a_call_that_writes_more_than_once_is_a_transaction(file: Path) -> None:
    """By hand as from a program: what fails halfway leaves nothing of itself."""
    text = bare(file.read_text(encoding="utf-8"))
    if len(WRITES.findall(text)) > 1 and file.stem not in IN_STEPS:
        assert "SET XACT_ABORT ON" in text
        assert "BEGIN TRANSACTION" in text


@pytest.mark.parametrize("file", sorted(T_SQL.rglob("*.sql")), ids=lambda f: f.stem)
def test_readings_are_sought_by_their_time(file: Path) -> None:
    """No reading is looked for by how far it lies from something: an index finds bounds only."""
    assert FAR_AWAY.findall(bare(file.read_text(encoding="utf-8"))) == []


def test_temporary_tables_are_nobodys_but_ours() -> None:
    """On the server each has a name that no caller's own table is likely to have."""
    text = schema._with_own_names("SELECT 1 INTO #ids; SELECT i.N FROM #ids AS i")
    assert text == "SELECT 1 INTO #iot_ids; SELECT i.N FROM #iot_ids AS i"


# T-SQL: what Babelfish needs


def test_t_sql_is_written_for_sql_server() -> None:
    """What only Babelfish needs stands in no file but the function's own."""
    for file in T_SQL.rglob("*.sql"):
        if file.stem != "ufn_JsonText":
            assert "ufn_JsonText" not in bare(file.read_text(encoding="utf-8"))


READ_FROM_JSON = re.compile(r"OPENJSON\(@\w+\) WITH \(.*?\n *\) AS (\w+)", re.DOTALL)


def test_what_is_put_out_goes_where_it_may() -> None:
    """OUTPUT … INTO names no table with a CHECK or a foreign key, which SQL Server would refuse.

    Babelfish takes it, so that no run there tells.
    """
    scripts = [bare(file.read_text("utf-8")) for file in (T_SQL / "migrations").glob("*.sql")]
    statements = [s for text in scripts for s in re.split(r";|\bGO\b", text)]
    bound = {
        name
        for statement in statements
        if re.search(r"\bCHECK\s*\(|\bFOREIGN\s+KEY\b", statement)
        for name in re.findall(r"\b(?:TABLE|REFERENCES)\s+(iot\.\w+)", statement)
    }
    assert {"iot.AnomalyModelsKept", "iot.SensorReadings", "iot.Channels"} <= bound
    put_out = [
        target
        for file in T_SQL.rglob("*.sql")
        for target in re.findall(
            r"\bOUTPUT\s+(?:deleted|inserted)\.[^;()]*?\bINTO\s+(\S+)",
            bare(file.read_text("utf-8")),
        )
    ]
    assert "iot.SensorReadings_Archive" in put_out
    assert bound.isdisjoint(put_out)


MADE_BY_SELECT = re.compile(r"(?<!INSERT )\bINTO\s+(#\w+)(?!\s*\()")
ADDED = re.compile(r"\bINSERT INTO (#\w+) \([^;]*?\bSELECT\b([^;]*);")


def test_what_a_select_made_takes_no_null_later() -> None:
    """Nothing is put as NULL into a table that SELECT … INTO made, whose columns may not take it.

    On SQL Server they are NOT NULL where what was selected is (515); on Babelfish none is.
    """
    added = []
    for file in T_SQL.rglob("*.sql"):
        text = bare(sqlfiles.text("sqlserver", file.parent.name, file.stem))
        made = set(MADE_BY_SELECT.findall(text))
        added += [(name, values) for name, values in ADDED.findall(text) if name in made]
    assert {"#measured", "#binned", "#amounts"} <= {name for name, _ in added}
    assert [name for name, values in added if re.search(r"(?:^|,)\s*NULL\b", values)] == []


@pytest.mark.parametrize("file", sorted(T_SQL.rglob("*.sql")), ids=lambda f: f.stem)
def test_what_is_read_from_json_has_a_name_of_its_own(file: Path) -> None:
    """What Babelfish needs is done to the columns of that name, so that no other table has it."""
    text = bare(file.read_text(encoding="utf-8"))
    for alias, times in Counter(READ_FROM_JSON.findall(text)).items():
        assert len(re.findall(rf"\bAS {alias}\b", text)) == times


def test_babelfish_gets_what_it_needs() -> None:
    """There an object is dropped and created, has its caller's rights, and texts lose escapes."""
    batch = textwrap.dedent(
        """\
        CREATE OR ALTER PROCEDURE iot.usp_X @J NVARCHAR(MAX)
        WITH EXECUTE AS OWNER
        AS
            SELECT
                j.Number,
                j.Said,
                j.Short,
                j.Kind,
                HASHBYTES(N'SHA2_256', j.Said) AS Hash
            INTO #x
            FROM OPENJSON(@J) WITH (
                Number INT '$.Number',
                Said NVARCHAR(MAX) '$.Said',
                Short NVARCHAR(500) '$.Short',
                Kind NVARCHAR(10) '$.Kind'
            ) AS j;
        """
    )
    drop, create = standin.adapted(batch)
    assert drop == "DROP PROCEDURE IF EXISTS iot.usp_X"
    assert create.startswith("CREATE PROCEDURE iot.usp_X @J NVARCHAR(MAX)\nAS\n")
    assert "        iot.ufn_JsonText(j.Said) AS Said,\n" in create
    assert "        iot.ufn_JsonText(j.Short) AS Short,\n        j.Kind,\n" in create
    assert "HASHBYTES(N'SHA2_256', iot.ufn_JsonText(j.Said)) AS Hash" in create
    assert "Said NVARCHAR(MAX) '$.Said'" in create
    assert standin.adapted("SELECT 1;") == ["SELECT 1;"]


# T-SQL: who calls whom


@cache
def signatures() -> dict[str, dict[str, str]]:
    """Each procedure's parameters, with what stands behind their types: a default, OUTPUT."""
    found = {}
    for folder in CALLABLE:
        for name in sqlfiles.names("sqlserver", folder):
            text = bare(sqlfiles.text("sqlserver", folder, name))
            head = re.search(rf"PROCEDURE iot\.{name}\b(.*?)^AS$", text, re.MULTILINE | re.DOTALL)
            assert head, name
            shape = r"@(\w+) [A-Z]\w+(?: ?\([^)]*\))?([^,\n]*)"
            found[name] = {
                parameter: rest.strip() for parameter, rest in re.findall(shape, head[1])
            }
    return found


CALL = re.compile(r"\bEXEC(?:UTE)?\s+(?:@\w+\s*=\s*)?iot\.(\w+)([^;]*);", re.IGNORECASE)


@pytest.mark.parametrize("file", sorted(T_SQL.rglob("*.sql")), ids=lambda f: f.stem)
def test_every_call_is_of_a_procedure_that_is_there(file: Path) -> None:
    """A call names a procedure of ours and, by their names, parameters that it has and needs."""
    text = bare(file.read_text(encoding="utf-8"))
    calls = CALL.findall(text)
    assert len(calls) == len(re.findall(r"\bEXEC(?:UTE)?\s+(?:@\w+ = )?iot\.", text))
    for name, given in calls:
        known = signatures()[name]
        arguments = [argument for argument in given.split(",") if argument.strip()]
        named = [re.match(r"\s*@(\w+)\s*=", argument) for argument in arguments]
        assert all(named), f"{name} is given something by its place"
        names = [argument[1] for argument in named if argument]
        assert set(names) <= set(known) and len(set(names)) == len(names)
        assert {need for need, rest in known.items() if "=" not in rest} <= set(names)


SEEDS = {
    "usp_ProcessSensorReadings",
    "usp_CalculateDataQuality",
    "usp_DetectAnomalies",
    "usp_GetTrendAnalysis",
}
OPERATORS = {
    "usp_ArchiveBefore",
    "usp_ArchiveReadings",
    "usp_CompressArchive",
    "usp_ForgetChannel",
    "usp_RecountReadings",
    "usp_RemoveCorrection",
    "usp_SetCorrection",
}
"""Calls that not every run of the pipeline makes."""


def test_the_roles_may_call_what_they_need_and_nothing_more() -> None:
    """A loader runs everything but the operator's calls, a reader what reads; inner steps nobody.

    No role has a right on a procedure that is not there.
    """
    text = bare(sqlfiles.text("sqlserver", "security", "roles"))
    granted: dict[str, list[str]] = {}
    for name, role in re.findall(r"GRANT EXECUTE ON iot\.(\w+) TO (\w+);", text):
        granted.setdefault(role, []).append(name)
    assert all(len(set(names)) == len(names) for names in granted.values())
    queries, calls = (set(sqlfiles.names("sqlserver", folder)) for folder in ("queries", "calls"))
    assert {role: set(names) for role, names in granted.items()} == {
        "iot_reader": queries | {"usp_DetectAnomalies", "usp_GetTrendAnalysis"},
        "iot_loader": (queries | calls | SEEDS) - OPERATORS,
        "iot_operator": queries | calls | SEEDS | OPERATORS,
    }


# The dialects, side by side

ONLY_SQL_SERVER = {
    "usp_AppliedScripts": "the ledger is read by a procedure, for who may execute and not select",
    "usp_LoadReadings": "a load is one call; DuckDB's steps stand in load/ and read Arrow",
    "usp_OpenStaging": "a large load comes in pieces; DuckDB reads Arrow where it lies",
    "usp_StageReadings": "likewise",
    "usp_CloseStaging": "likewise",
}
PROCEDURES_THEMSELVES = {
    "usp_DetectAnomalies": "DuckDB's file of that name asks the macro; T-SQL calls the procedure",
    "usp_GetTrendAnalysis": "likewise",
    "usp_CalculateDataQuality": "likewise; DuckDB's macro only reads, its call keeps what it says",
    "usp_ProcessSensorReadings": "likewise",
}


@pytest.mark.parametrize("folder", ["queries", "calls"])
def test_the_dialects_lie_side_by_side(folder: str) -> None:
    """What may be asked or called is there under one name in both, or has its reason here."""
    theirs = set(sqlfiles.names("sqlserver", folder))
    ours = {procedure_name(name) for name in sqlfiles.names("duckdb", folder)}
    assert ours - theirs == ours & set(PROCEDURES_THEMSELVES)
    assert theirs - ours == theirs & set(ONLY_SQL_SERVER)
    assert set(PROCEDURES_THEMSELVES) <= set(sqlfiles.names("sqlserver", "procedures"))


def test_the_views_and_the_seeds_procedures_lie_side_by_side() -> None:
    """Views and the four procedures have the same names in both; no reason is left over."""
    assert sqlfiles.names("duckdb", "views") == sqlfiles.names("sqlserver", "views")
    assert set(sqlfiles.names("duckdb", "procedures")) == SEEDS == set(PROCEDURES_THEMSELVES)
    every = {name for folder in CALLABLE for name in sqlfiles.names("sqlserver", folder)}
    assert set(ONLY_SQL_SERVER) <= every


@pytest.mark.parametrize("folder", ["queries", "calls"])
def test_parameters_are_the_same(folder: str) -> None:
    """Every parameter that a DuckDB file takes is one of the procedure of that name."""
    for name in sqlfiles.names("duckdb", folder):
        text = re.sub(r"--[^\n]*", "", sqlfiles.text("duckdb", folder, name))
        parameters = dict.fromkeys(re.findall(r"\$([a-z]\w*)", text), 1)
        statement, values = call_text(name, parameters)
        assert f"EXEC iot.{procedure_name(name)} " in statement
        assert len(values) == len(parameters) == statement.count("?")
