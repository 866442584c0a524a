"""The catalogue: what is declared is what every engine's files say, take and answer."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from warehouse_kit import DAY, ENGINES, FAR, T0, batch, opened, row

from fieldhouse.errors import ConfigurationError
from fieldhouse.state import Gap, Run, Span
from fieldhouse.warehouse import Warehouse, sqlfiles
from fieldhouse.warehouse.engines.sqlserver.session import procedure_name
from fieldhouse.warehouse.questions import CALLS, QUERIES, Question, kinds
from fieldhouse.warehouse.questions.kinds import Kind

FOLDERS: Mapping[str, Mapping[str, Question]] = {"queries": QUERIES, "calls": CALLS}
DECLARED = [(folder, question) for folder, all_ in FOLDERS.items() for question in all_.values()]
WHERE = "src/fieldhouse/warehouse/questions"

each = pytest.mark.parametrize(
    ("folder", "question"), DECLARED, ids=[question.name for _, question in DECLARED]
)


def file_of(engine: str, folder: str, question: Question) -> tuple[str, str]:
    """The folder and name of a question's file in an engine."""
    if engine != "sqlserver":
        return folder, question.name
    name = procedure_name(question.name)
    return (folder if name in sqlfiles.names(engine, folder) else "procedures"), name


def header(text: str) -> str:
    """A file's first comment, in one line."""
    lines = re.match(r"(?:--[^\n]*\n)+", text)
    assert lines
    return re.sub(r"\s*\n--\s*", " ", lines[0].rstrip()).removeprefix("-- ")


# The files


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_a_question_is_declared(folder: str) -> None:
    """No file of DuckDB's can be asked that the catalogue does not know, and none is missing."""
    files = set(sqlfiles.names("duckdb", folder))
    assert files - set(FOLDERS[folder]) == set(), f"declare these in {WHERE}/{folder}.py"
    assert set(FOLDERS[folder]) - files == set(), f"write sql/duckdb/{folder}/<name>.sql for these"


@each
@pytest.mark.parametrize("scheme", ENGINES)
def test_a_file_begins_as_it_is_declared(scheme: str, folder: str, question: Question) -> None:
    """Its header is the name, the parameters in their order, and the line of intent."""
    where, name = file_of(scheme, folder, question)
    said = header(sqlfiles.text(scheme, where, name))
    if where == "procedures":
        return  # a procedure of the seed's, whose own header is for those who read T-SQL
    said = said.replace("field1..field8", ", ".join(f"field{n}" for n in range(1, 9)))
    declared = f"{name}({', '.join(question.parameters)}): {question.intent}"
    assert said.startswith(declared), f"bring sql/{scheme}/{where}/{name}.sql and {WHERE} together"


@each
def test_a_statement_takes_what_is_declared(folder: str, question: Question) -> None:
    """DuckDB's statements name every declared parameter, and no other."""
    text = re.sub(r"--[^\n]*", "", sqlfiles.text("duckdb", folder, question.name))
    named = set(re.findall(r"\$([a-z]\w*)", text))
    tables = {name for name, p in question.parameters.items() if pa.types.is_struct(p.kind.arrow)}
    assert named == set(question.parameters) - tables, f"declare the same parameters in {WHERE}"
    assert all(re.search(rf"\b{table}\b", text) for table in tables)


PARAMETER = re.compile(r"@(\w+) ([A-Z]\w*(?:\([^)]*\))?)(?: = (?:N?'([^']*)'|([\w.-]+)))?")
T_SQL = {
    kinds.INT.arrow: {"INT"},
    kinds.LONG.arrow: {"BIGINT"},
    kinds.NUMBER.arrow: {"DECIMAL(18, 6)", "NVARCHAR(40)"},
    kinds.FACTOR.arrow: {"DECIMAL(19, 12)"},
    kinds.FLOAT.arrow: {"FLOAT"},
    kinds.TEXT.arrow: {"NVARCHAR(10)", "NVARCHAR(MAX)"},
    kinds.FLAG.arrow: {"BIT"},
    kinds.INSTANT.arrow: {"DATETIME2(6)"},
    kinds.DAY.arrow: {"DATE"},
}
"""What a kind may be in T-SQL; lists and tables are JSON, NVARCHAR(MAX)."""


@each
def test_a_procedure_takes_what_is_declared(folder: str, question: Question) -> None:
    """SQL Server's procedure has the declared parameters in their order, types and defaults."""
    where, name = file_of("sqlserver", folder, question)
    text = sqlfiles.text("sqlserver", where, name)
    head = text[text.index("CREATE OR ALTER PROCEDURE") : text.index("\nAS\n")]
    found = PARAMETER.findall(head)
    assert len(found) == len(question.parameters), f"declare the same parameters in {WHERE}"
    for (wanted, parameter), (given, kind, text, number) in zip(
        question.parameters.items(), found, strict=True
    ):
        assert given.lower() == {"as_of": "asoftime"}.get(wanted, wanted.replace("_", ""))
        assert kind in T_SQL.get(parameter.kind.arrow, {"NVARCHAR(MAX)"}), given
        default = text or number
        if parameter.required:
            assert default == "", f"@{given} of {name} has a default, and must be given"
        else:
            held = parameter.default
            says = "NULL" if held is None else str(int(held) if held is False else held)
            assert default == says, f"@{given} of {name} is declared with the default {says}"


# The answers


def fitting(name: str, kind: Kind) -> Any:
    """Something to ask with: any of its kind will do, but where it belongs to something else."""
    return FITTING.get(name, kind.example)


FITTING = {
    "channel_id": 9,
    "span_end": FAR,
    **dict.fromkeys(("scale_factor", "offset_value", "shift_seconds")),  # not for an exclusion
}


def examples(question: Question) -> Iterator[dict[str, Any]]:
    """Once with all parameters, once with those only that must be given."""
    given = {name: fitting(name, parameter.kind) for name, parameter in question.parameters.items()}
    yield given
    yield {name: value for name, value in given.items() if question.parameters[name].required}


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Something to answer with: three days of a channel, judged, and a run."""
    rows = [row(n, T0 + n * timedelta(minutes=10), Field1=n % 7, Status="x") for n in range(1, 400)]
    warehouse.load([batch(rows, covered=(Span(T0, T0 + DAY),), gaps=(Gap(500, 501),))])
    for kind in ("HOURLY", "DAILY", "WEEKLY"):
        warehouse.call("refresh_aggregates", aggregation_type=kind)
    warehouse.call("refresh_quality", as_of=T0 + 3 * DAY)
    warehouse.call("record_runs", runs=CALLS["record_runs"].parameters["runs"].kind.example)
    return warehouse


def test_the_answers_are_as_declared(filled: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every engine's own answers have the declared columns; ours have them in the declared types,
    all at once and batch by batch."""
    for question in QUERIES.values():
        for parameters in examples(question):
            with _native(monkeypatch) as native:
                answer = filled.query(question.name, **parameters)
            _check(question, answer, native)
            scanned = filled.scan(question.name, **parameters).read_all()
            if "as_of" in parameters or "as_of" not in question.parameters:  # else it is later now
                assert scanned.equals(answer), question.name


LAST = ("remove_correction", "archive_readings", "forget_channel")
"""Calls that leave less for others to be asked about."""


def test_the_calls_answers_are_as_declared(
    filled: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same of what calls answer, one after the other."""
    for name in sorted(CALLS, key=lambda name: LAST.index(name) + 1 if name in LAST else 0):
        parameters = next(examples(CALLS[name]))
        if "correction_id" in parameters:  # one that there is, whatever its number
            parameters["correction_id"] = filled.query("corrections")["CorrectionID"][0].as_py()
        with _native(monkeypatch) as native:
            answer = filled.call(name, **parameters)
        _check(CALLS[name], answer, native)


@contextmanager
def _native(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The names of the columns in which an engine itself answers."""
    names: list[list[str]] = []
    shaped = Question.shaped
    with monkeypatch.context() as patched:
        patched.setattr(
            Question,
            "shaped",
            lambda q, table: names.append(table.column_names) or shaped(q, table),
        )
        yield names


def _check(question: Question, answer: pa.Table, native: list[list[str]]) -> None:
    assert answer.schema.equals(question.columns), question.name
    for names in native if question.columns.names else []:
        assert sorted(names) == sorted(question.columns.names), (
            f"the answer of {question.name} and its declaration in {WHERE} have different columns:"
            " bring the declaration and each engine's file together"
        )


# What is asked wrongly


def told(warehouse: Warehouse, name: str, /, **parameters: Any) -> str:
    """The one line by which a question is refused, whichever way it is asked."""
    lines = []
    for ask in (warehouse.query, warehouse.scan) if name in QUERIES else (warehouse.call,):
        with pytest.raises(ConfigurationError) as refused:
            ask(name, **parameters)
        lines.append(str(refused.value))
    assert len(set(lines)) == 1 and "\n" not in lines[0]
    return lines[0]


def test_a_question_without_what_it_needs_is_refused(warehouse: Warehouse) -> None:
    """No answer is empty only because a parameter was left out, or None: it is asked for."""
    line = "readings needs channel_id: it is readings(channel_id, start_at, end_at, original)"
    assert told(warehouse, "readings") == line
    assert told(warehouse, "readings", channel_id=None, start_at=T0) == line
    assert told(warehouse, "missing_ids", epoch=1).startswith(
        "missing_ids needs channel_id, above, upto: "
    )
    for question in (*QUERIES.values(), *CALLS.values()):
        if any(parameter.required for parameter in question.parameters.values()):
            assert f"{question.name} needs " in told(warehouse, question.name)


def test_what_there_is_not_is_refused_by_name(warehouse: Warehouse) -> None:
    """A name or parameter that is none of the catalogue's is said, with what there is."""
    for ask, line in (
        (warehouse.query, "no 'reading' among the queries: did you mean readings?"),
        (warehouse.scan, "no 'reading' among the queries: did you mean readings?"),
        (warehouse.call, "no 'reading' among the calls: "),
    ):
        with pytest.raises(ConfigurationError) as refused:
            ask("reading")
        assert str(refused.value).startswith(line)
    for ask in (warehouse.query, warehouse.call):
        with pytest.raises(ConfigurationError, match=r": there are a.*, .*"):
            ask("xyz")
    line = (
        "readings takes no channel, since: it is readings(channel_id, start_at, end_at, original)"
    )
    assert told(warehouse, "readings", channel=9, since=T0) == line
    for name in ("upsert_channel", "../queries/channels", "usp_Channels", "channels;"):
        with pytest.raises(ConfigurationError, match="among the queries"):
            warehouse.query(name)
    for name in ("channels", "usp_CountLoad", "usp_Lock", "load_readings"):
        with pytest.raises(ConfigurationError, match="among the calls"):
            warehouse.call(name)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("readings", {"channel_id": "9"}, "channel_id must be a whole number of 32 bits, not '9'"),
        ("readings", {"channel_id": True}, "a whole number of 32 bits, not True"),
        ("readings", {"channel_id": 9.0}, "a whole number of 32 bits, not 9.0"),
        ("readings", {"channel_id": 2**31}, "a whole number of 32 bits, not 2147483648"),
        ("readings", {"start_at": "yesterday"}, "start_at must be a time"),
        ("readings", {"start_at": 1700000000}, "start_at must be a time"),
        ("requests_on", {"day": "never\nmore"}, r"day must be a date, not 'never\nmore'"),
        ("requests_on", {"day": T0}, "day must be a date, not datetime"),
        ("aggregates", {"aggregation_type": "MONTHLY"}, "one of HOURLY, DAILY and WEEKLY, not 'M"),
        ("usp_DetectAnomalies", {"method": ""}, "method must be one of ZSCORE and MAD, not ''"),
        ("usp_DetectAnomalies", {"threshold_stddev": "3"}, "threshold_stddev must be a number"),
        ("usp_DetectAnomalies", {"threshold_stddev": float("nan")}, "a number, not nan"),
        ("coverage", {"channel_ids": 9}, "a list, of which each is a whole number of 32 bits"),
        ("coverage", {"channel_ids": "9"}, "a list, of which each is a whole number of 32 bits"),
        ("coverage", {"channel_ids": [9, None]}, "channel_ids must be a list"),
        ("known_entries", {"entry_ids": [2**63]}, "entry_ids must be a list"),
        ("sync_field_ranges", {"minima": ["none"]}, "a list, of which each is a number"),
        ("sync_field_ranges", {"minima": [10**12]}, "a list, of which each is a number"),
        ("sync_field_ranges", {"minima": [float("inf")]}, "a list, of which each is a number"),
        ("record_runs", {"runs": pa.table({"channel_id": [9]})}, "an Arrow table, or a list of"),
        ("record_runs", {"runs": [{"channel_id": "nine"}]}, "an Arrow table, or a list of"),
        ("upsert_channel", {"latitude": "north"}, "latitude must be a number below 10^12"),
        ("upsert_channel", {"name": 9}, "name must be a text, not 9"),
    ],
)
def test_a_value_of_another_kind_is_refused(
    warehouse: Warehouse, name: str, given: dict[str, Any], said: str
) -> None:
    """A value that its parameter cannot take is named, with what would be right."""
    question = {**QUERIES, **CALLS}[name]
    line = told(warehouse, name, **{**next(examples(question)), **given})
    assert line.startswith(f"{name}: ") and said in line


def test_values_are_taken_as_people_give_them(warehouse: Warehouse) -> None:
    """A time may have a zone, be a date, or ISO text; a list may be any; a word in any case."""
    warehouse.load([batch([row(1, T0, Field1=1), row(2, T0 + DAY, Field1=2)])])
    east = timezone(timedelta(hours=2))
    for start in (
        T0 + DAY,
        (T0 + DAY).date(),
        "2024-01-02",
        "2024-01-02T02:00:00+02:00",
        datetime(2024, 1, 2, tzinfo=UTC),
        datetime(2024, 1, 2, 2, tzinfo=east),
    ):
        found = warehouse.query("readings", channel_id=9, start_at=start)
        assert found["EntryID"].to_pylist() == [2], start
    for ids in ({1, 2}, (1, 2), range(1, 3), pa.array([1, 2]), iter([1, 2])):
        assert warehouse.query("known_entries", channel_id=9, entry_ids=ids).num_rows == 2
    warehouse.call("refresh_aggregates", aggregation_type="daily")
    daily = warehouse.query("aggregates", channel_id=9, aggregation_type="Daily")
    assert daily["PeriodStart"].to_pylist() == [T0, T0 + DAY]
    assert warehouse.query("requests_on", day="2024-01-01")["Requests"].to_pylist() == [0]


def test_a_refusal_needs_no_server(url: str) -> None:
    """What is asked wrongly is told before anything is opened or sent, so even once closed."""
    with closing(opened(url)) as warehouse:
        warehouse.migrate()
    line = told(warehouse, "readings")
    assert line.startswith("readings needs channel_id")


def test_a_run_is_recorded_whole() -> None:
    """The rows of record_runs have the fields of a Run, every one, in their order."""
    rows = CALLS["record_runs"].parameters["runs"].kind.arrow
    assert [field.name for field in rows] == [field.name for field in fields(Run)]


def test_no_parameter_is_called_as_an_argument_is() -> None:
    """Names are single, in small letters, and say the same kind wherever they stand."""
    assert not set(QUERIES) & set(CALLS)
    for _, question in DECLARED:
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in question.parameters)
        assert question.intent and "\n" not in question.intent
        assert len(set(question.columns.names)) == len(question.columns.names)
