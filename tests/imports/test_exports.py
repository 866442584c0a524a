"""What a file is read into: its entries, however they are packed and written, or one line."""

import csv
import gzip
import io
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldhouse.errors import ConfigurationError
from fieldhouse.readings import parse_time, type_text
from fieldhouse.sources.exports import Chunk, Options, members, open_export, streams
from fieldhouse.sources.exports.times import Clock

PLAIN = "created_at,entry_id,field1\n2026-01-05 00:01:00 UTC,1,1.5\n"
ROW = (1, datetime(2026, 1, 5, 0, 1), "1.500000")


def chunks(path: Path, **options: object) -> list[Chunk]:
    """All that a file holds."""
    given = Options(**options)  # type: ignore[arg-type]
    return [c for member in members(path) for c in open_export(member, given).chunks]


def rows(path: Path, **options: object) -> list[tuple[object, ...]]:
    """The readings of a file: id, time, first field."""
    return [
        (r["EntryID"], r["CreatedAt"], None if r["Field1"] is None else str(r["Field1"]))
        for chunk in chunks(path, **options)
        for r in chunk.readings.to_pylist()
    ]


def rejected(path: Path, **options: object) -> list[tuple[int, str]]:
    """What of a file is no reading: the line, and why."""
    return [(r.place, r.reason) for c in chunks(path, **options) for r in c.rejected]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a file may be written."""
    return tmp_path / "feeds.csv"


def zipped(*names: str) -> bytes:
    """An archive of files with one entry each."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for n, name in enumerate(names, 1):
            archive.writestr(name, PLAIN.replace(",1,", f",{n},"))
    return held.getvalue()


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (PLAIN.encode(), {}),
        (b"\xef\xbb\xbf" + PLAIN.encode(), {}),
        (PLAIN.encode("utf-16"), {}),
        (b"\xfe\xff" + PLAIN.encode("utf-16-be"), {}),
        (PLAIN.encode("utf-32"), {}),
        (PLAIN.encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (PLAIN.replace("\n", "\r\n").encode(), {}),
        (PLAIN.replace("\n", "\r").encode(), {}),
        (b"\n\r\n" + PLAIN.replace("\n", "\n\n").encode() + b"\n", {}),
        (PLAIN.replace(",", ";").encode(), {}),
        (PLAIN.replace(",", "\t").encode(), {}),
        (b"sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n").encode(), {}),
        (PLAIN.replace("1.5", '"1.5"').encode(), {}),
        (PLAIN.replace("created_at", '"Created_At" ').replace("field1", " FIELD1").encode(), {}),
        (b"field1,entry_id,created_at\n1.5,1,2026-01-05T01:01:00+01:00\n", {}),
        (b"created_at;entry_id;field1\n2026-01-05 00:01:00 UTC;1;1,5\n", {"decimal_comma": True}),
        (b"created_at,entry_id,field1\n2026-01-05 00:01:00 UTC,1,1,5\n", {"decimal_comma": True}),
        (PLAIN.encode()[:-1], {"whole": True}),
        (PLAIN.replace("field1", "Temp").encode(), {"fields": {1: "temp"}}),
        (PLAIN.replace("field1", "Temp").encode(), {"labels": {1: "temp", 2: "x"}}),
        (PLAIN.replace("field1", "field1,x").replace("1.5", "1.5,?").encode(), {"skip": ("X",)}),
        (gzip.compress(PLAIN.encode(), mtime=0), {}),
        (zipped("a.csv"), {}),
        (b'{"created_at":"2026-01-05T00:01:00Z","entry_id":1,"field1":"1.5"}', {}),
        (b' [ {"created_at":"2026-01-05T00:01:00Z","entry_id":1,"field1":1.5} ] ', {}),
        (
            b'{"feeds" : [{"entry_id":1,"created_at":"2026-01-05T00:01:00Z","field1":"1.5"}],'
            b'"channel":{"id":9}}',
            {},
        ),
        (
            b'<?xml version="1.0"?><feed><created-at type="dateTime">2026-01-05T00:01:00Z'
            b'</created-at><entry-id type="integer">1</entry-id><field1>1.5</field1>'
            b'<field2 nil="true"/></feed>',
            {},
        ),
    ],
)
def test_one_entry_is_the_same_in_every_form(
    file: Path, body: bytes, options: dict[str, object]
) -> None:
    """However it is packed, encoded, separated, ordered or named, the entry is the same."""
    file.write_bytes(body)
    assert rows(file, **options) == [ROW]


def test_an_archive_has_all_its_files(file: Path) -> None:
    """Each of them, but what a computer puts beside them; none of them is one line."""
    file.write_bytes(zipped("b/2.csv", "a.csv", "__MACOSX/a.csv", "b/.DS_Store"))
    assert [member.inner for member in members(file)] == ["a.csv", "b/2.csv"]
    assert [row[0] for row in rows(file)] == [2, 1]


ISO = "created_at,entry_id,field1\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no text"),
        (PLAIN.encode("utf-16-le"), "--encoding utf-16-le"),
        (PLAIN.replace("1.5", "\xe9").encode("latin-1"), "line 2: the byte 0xE9"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b'<?xml version="1.0"?>\n<rss></rss>', "web page or another XML"),
        (b"-1", "read key"),
        (b'"-1"', "read key"),
        (b"a,b\n1,2\n", "no column created_at among a, b: --time"),
        (b"created_at,x,x\n", "two columns are called 'x'"),
        (b"created_at,field1,Field1\n", "'field1' and 'Field1' are both field1"),
        (b"2026-01-05 00:01:00 UTC,1,1.5\n", "is an entry, no header"),
        (PLAIN.replace("field1", "Temp").encode(), "--field1 Temp"),
        (PLAIN.replace("field1", "My temp").encode(), '--skip "My temp"'),
        (PLAIN.replace("UTC", "CET").encode(), "--tz"),
        (PLAIN.replace("1.5", "1,5").encode(), "line 2 has 4 cells and the header 3"),
        (ISO.encode() + b'2026-01-05 00:01:00 UTC,1,5" pipe\n' * 4, "put such cells in quotes"),
        (ISO.encode() + b'x,1,"' + b"y\n" * 40_000, "line 2: a quote"),
        (gzip.compress(PLAIN.encode() * 900, mtime=0)[:-40], "is cut"),
        (zipped("a.csv")[:-30], "damaged"),
        (zipped("xl/workbook.xml"), "save it as CSV"),
        (zipped("mimetype", "content.xml"), "save it as CSV"),
        (zipped(), "no file in it"),
        (b'{"channel":{"id":9},"feeds":[{"entry_id":1', "is cut"),
        (b'{"feeds":{}}', "neither feeds nor an entry"),
        (b'{"channel":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b',"feeds":[]}', "no feed"),
        (b'{"status":"404"', "no JSON of ThingSpeak's"),
        (b"[1, 2]", "no entry"),
        (b"<channel><feeds><feed>", "is cut"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><channel/>', "web page or another XML"),
        (b"<channel><!-- <!DOCTYPE --><feeds/></channel>", "DOCTYPE"),
        (b"<error><status>404</status></error>", "an error that ThingSpeak answered"),
    ],
)
def test_what_is_no_export_is_one_line(file: Path, body: bytes, words: str) -> None:
    """It names the file, what is wrong with it and where, and what would be right."""
    file.write_bytes(body)
    with pytest.raises(ConfigurationError) as error:
        rows(file)
    assert words in str(error.value) and "\n" not in str(error.value)
    assert str(file) in str(error.value)


def test_what_is_not_there_is_one_line(tmp_path: Path) -> None:
    """A missing file and a folder are told, and so is an encoding that there is not."""
    with pytest.raises(ConfigurationError, match=r"x\.csv cannot be read: No such file"):
        members(tmp_path / "x.csv")
    with pytest.raises(ConfigurationError, match="is a folder"):
        members(tmp_path)
    (tmp_path / "a.csv").write_text(PLAIN)
    for name in ("nonsense", "hex"):
        with pytest.raises(ConfigurationError, match="no text encoding"):
            rows(tmp_path / "a.csv", encoding=name)


def test_an_encoding_is_named_and_broken_bytes_are_kept(file: Path) -> None:
    """With cp1252 a text is what it was; with utf-8, said so, each broken byte stays visible."""
    text = "created_at,entry_id,field1,status\n2026-01-05 00:01:00 UTC,1,1.5,caf\xe9\n"
    file.write_bytes(text.encode("cp1252"))
    (named,) = chunks(file, encoding="cp1252")
    assert named.readings["Status"].to_pylist() == ["café"]
    (kept,) = chunks(file, encoding="utf-8")
    assert kept.readings["Status"].to_pylist() == [r"caf\xe9"]


@pytest.mark.parametrize(
    ("tail", "count", "reasons"),
    [
        ("2026-01-05 00:03:00 UTC,3,2.50", 3, []),
        ("2026-01-05 00:03:00 UTC,3,2.5", 2, ["cut: it has no line end (--whole takes it so)"]),
        ("2026-01-05 00:03:00 UTC,3,2", 2, ["cut: it has no line end (--whole takes it so)"]),
        ("2026-01-05 00:03", 2, ["cut: it has no line end (--whole takes it so)"]),
        ('2026-01-05 00:03:00 UTC,3,"2.5', 2, ["cut: a quote in it is never closed"]),
        ("2026-01-05 00:03:00 UTC,3\n", 2, ["2 cells, the header has 3"]),
    ],
)
def test_a_cut_file_gives_no_cut_value(
    file: Path, tail: str, count: int, reasons: list[str]
) -> None:
    """The last line is an entry only where its last digit cannot be missing; else it is shown."""
    file.write_text(f"{ISO}2026-01-05 00:01:00 UTC,1,1.50\n2026-01-05 00:02:00 UTC,2,1.75\n{tail}")
    assert len(rows(file)) == count
    assert rejected(file) == [(4, reason) for reason in reasons]


def test_torn_numbers_are_put_together_where_there_is_one_way(file: Path) -> None:
    """``26,5,9`` in two fields may be 26.5 and 9, or 26 and 5.9: then it is rejected."""
    head = "created_at,entry_id,field1,field2,status\n"
    file.write_text(
        f"{head}2026-01-05 00:01:00 UTC,1,26,5,95,25,ok\n2026-01-05 00:02:00 UTC,2,26,5,9,\n"
    )
    (chunk,) = chunks(file, decimal_comma=True)
    fields = chunk.readings.select(["Field1", "Field2", "Status"]).to_pylist()
    assert [list(map(str, each.values())) for each in fields] == [["26.500000", "95.250000", "ok"]]
    assert rejected(file, decimal_comma=True) == [(3, "6 cells, the header has 5")]


def lexed(text: str) -> list[list[str | None]]:
    """CSV read letter by letter: an unquoted empty cell is None."""
    records: list[list[str | None]] = []
    cells: list[str | None] = []
    cell, was_quoted, at = "", False, 0
    while at < len(text):
        if text[at] == '"':
            was_quoted, at = True, at + 1
            while text[at] != '"' or text[at : at + 2] == '""':
                cell += text[at]
                at += 2 if text[at] == '"' else 1
            at += 1
        elif text[at] in ",\n":
            cells.append(cell if cell or was_quoted else None)
            cell, was_quoted = "", False
            if text[at] == "\n":
                records.append(cells)
                cells = []
            at += 1
        elif text[at : at + 2] == "\r\n":
            at += 1
        else:
            cell += text[at]
            at += 1
    return records


texts = st.one_of(
    st.none(),
    st.sampled_from(
        ["", " ", "1.5", "-0.25", "12,5", 'say "hi"', "a\nb", "\r\n\r\n", "é€😀", "nan"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
)


@given(
    st.lists(st.tuples(texts, texts), max_size=40),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(min_value=20, max_value=400),
)
@settings(max_examples=40)
def test_cells_are_what_a_plain_reading_says(
    tmp_path_factory: pytest.TempPathFactory,
    entries: list[tuple[str | None, str | None]],
    end: str,
    piece: int,
) -> None:
    """However a stream is cut into pieces, each cell is its text, null apart from empty.

    Every entry has the line that it begins in.
    """
    lines, begins, line = [f"entry_id,created_at,field1,status{end}"], [], 2
    for n, (value, status) in enumerate(entries, 1):
        cells = [str(n), "2026-01-05 00:00:00 UTC", quoted(value), quoted(status)]
        lines.append(",".join(cells) + end)
        begins.append(line)
        line += lines[-1].count("\n")
    path = tmp_path_factory.getbasetemp() / "cells.csv"
    path.write_bytes("".join(lines).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "PIECE", piece)
        found = chunks(path)
    assert [place for chunk in found for place in chunk.places] == begins
    read = [row for chunk in found for row in chunk.readings.to_pylist()]
    kept = {r["EntryID"]: r["RawValue"] for chunk in found for r in chunk.raw.to_pylist()}
    for record, row in zip(lexed("".join(lines))[1:], read, strict=True):
        value, status = record[2:]
        assert row["Status"] == status
        typed, reason = type_text(value) if value is not None else (None, None)
        assert row["Field1"] == typed
        assert kept.get(row["EntryID"]) == (value if reason else None)


def quoted(value: str | None) -> str:
    """A cell as a writer has it; it quotes more than it must."""
    if value is None:
        return ""
    bare = value.isalnum() and value.isascii()
    return value if bare else '"' + value.replace('"', '""') + '"'


def test_a_stream_of_json_is_cut_between_entries(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever pieces end, within texts full of brackets too, the entries are whole."""
    monkeypatch.setattr(streams, "PIECE", 37)
    entries = [
        {"created_at": "2026-01-05T00:01:00Z", "entry_id": n, "field1": str(n), "status": text}
        for n, text in enumerate(['"},{"', "\\", '\\"}]', "é[{", None, "", "]}"] * 30, 1)
    ]
    channel = {"id": 9, "name": 'feeds":[', "field1": "T"}
    file.write_text(json.dumps({"channel": channel, "feeds": entries}, ensure_ascii=False))
    export = open_export(members(file)[0], Options())
    found = [row for chunk in export.chunks for row in chunk.readings.to_pylist()]
    assert [(r["EntryID"], r["Status"]) for r in found] == [
        (e["entry_id"], e["status"]) for e in entries
    ]
    assert export.channel == channel


# Times

ZURICH = ZoneInfo("Europe/Zurich")


def read_times(*texts: str, **clock: object) -> list[datetime | None]:
    """What a clock reads."""
    found: list[datetime | None] = Clock(**clock).read(pa.array(texts)).to_pylist()  # type: ignore[arg-type]
    return found


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2099, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["T{} Z", "T{}Z", " {} UTC", " {}", "T{}{}", " {} {}", " {}{}"]),
)
def test_a_time_with_a_zone_is_what_the_rules_say(at: datetime, offset: int, form: str) -> None:
    """As `parse_time` reads it, which the API's times go through, or as one of its forms."""
    sign, minutes = ("-", -offset) if offset < 0 else ("+", offset)
    zone = f"{sign}{minutes // 60:02}{':' if offset % 2 else ''}{minutes % 60:02}"
    text = f"{at:%Y-%m-%d}" + form.format(f"{at:%H:%M:%S}", zone)
    wanted = parse_time(text)
    assert wanted is not None
    assert read_times(text, "never") == [wanted, None]
    assert read_times(text, text, text) == [wanted] * 3


def test_local_times_are_those_of_their_zone() -> None:
    """An hour that comes twice is told by its order, or its abbreviation; a skipped one is none."""
    begin = datetime(2025, 10, 26)
    hours = [begin - timedelta(hours=2) + timedelta(minutes=20 * n) for n in range(18)]
    local = [
        f"{(at.replace(tzinfo=ZoneInfo('UTC'))).astimezone(ZURICH):%Y-%m-%d %H:%M}" for at in hours
    ]
    assert read_times(*local, zone=ZURICH) == hours
    assert read_times(*local[::-1], zone=ZURICH) == hours[::-1]
    assert read_times("2025-10-26 02:30 CEST", "2025-10-26 02:30 CET", zone=ZURICH) == [
        datetime(2025, 10, 26, 0, 30),
        datetime(2025, 10, 26, 1, 30),
    ]
    assert read_times("2025-03-30 02:30:00", zone=ZURICH) == [None]
    assert read_times("2025-07-01", "2025-07-01T12:00:00Z", zone=ZURICH) == [
        datetime(2025, 6, 30, 22),
        datetime(2025, 7, 1, 12),
    ]


def test_other_forms_are_named() -> None:
    """Unix seconds and milliseconds, and strptime's forms, with a zone of their own or the one."""
    at = datetime(2025, 7, 1, 12, 0, 0, 250_000)
    assert read_times("1751371200.25", "x", "", form="unix") == [at, None, None]
    assert read_times("1751371200250", form="unix-ms") == [at]
    form = "%d.%m.%Y %H:%M"
    assert read_times("01.07.2025 14:00", zone=ZURICH, form=form) == [datetime(2025, 7, 1, 12)]
    assert read_times("01.07.2025 14:00 +0200", form=f"{form} %z") == [datetime(2025, 7, 1, 12)]


def test_recorded_exports_are_read_to_the_last_entry(recorded: Path) -> None:
    """Ten real exports: Python's own CSV module finds as many, and what was cut is shown."""
    left = {}
    for path in sorted((recorded / "csv").glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            entries = [row for row in csv.reader(lines) if row][1:]
        torn = path.name.startswith("flavio")
        found = chunks(path, decimal_comma=torn)
        ids = [each for c in found for each in c.readings["EntryID"].to_pylist()]
        refused = [each for c in found for each in c.rejected]
        assert len(ids) + len(refused) == len(entries)
        assert set(ids) <= {int(row[1]) for row in entries}
        left[path.name.split("_")[0]] = len(refused)
        if not torn:
            value = [c["Field1"].to_pylist() for c in (each.readings for each in found)]
            texts = [type_text(row[2])[0] if row[2] else None for row in entries]
            assert [v for part in value for v in part] == texts[: len(ids)]
    assert {name: count for name, count in left.items() if count} == {"flavio": 240, "pranav941": 1}
