"""Derived fields of the settings' file: read, kept as the command keeps them, never lost."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from warehouse_kit import HOUR, T0, batch, row

from fieldhouse.derived.configured import sync_derived
from fieldhouse.derived.keeping import Wanted, declare
from fieldhouse.errors import ConfigurationError
from fieldhouse.parts import build
from fieldhouse.settings import Settings, load_settings
from fieldhouse.warehouse import Warehouse, open_warehouse

NOW = T0 + timedelta(days=30)
TWICE = '[derived.twice]\nchannel = 9\nexpression = "level * 2"\nunit = "m"\n'


def settings_of(folder: Path, text: str) -> Settings:
    """What a file of this text says."""
    (folder / "fieldhouse.toml").write_text(text, "utf-8")
    return load_settings({}, directory=folder, environ={})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Warehouse]:
    """Channel 9 with four hours."""
    with closing(open_warehouse(f"duckdb:///{tmp_path / 'w.duckdb'}")) as made:
        made.migrate()
        rows = [row(n, T0 + n * HOUR, Field1=n, Field2=10 * n) for n in range(1, 5)]
        made.load([batch(rows, channel_id=9)])
        made.call("upsert_channel", channel_id=9, name="Well", field1="Level", field2="Flow")
        made.call("refresh_aggregates")
        yield made


def synced(house: Warehouse, folder: Path, text: str, now: datetime = NOW) -> list[str]:
    """What is said when a file of this text is brought in."""
    return list(sync_derived(house, settings_of(folder, text).derived, now=now))


def values(house: Warehouse, channel: int, number: int) -> list[float]:
    found = house.query("readings", channel_id=channel)[f"Field{number}"].to_pylist()
    return [float(value) for value in found]


def test_a_field_is_made_once_and_again_where_it_changed(house: Warehouse, tmp_path: Path) -> None:
    """New or changed it is computed, and said; as it is it is left alone, if renamed as well."""
    said = "[derived.twice] is field 1 of channel -1 (Well (derived)): Twice (m)"
    assert synced(house, tmp_path, TWICE) == [said]
    assert values(house, -1, 1) == [2, 4, 6, 8]
    (kept,) = house.query("derived_fields").to_pylist()
    assert synced(house, tmp_path, TWICE, NOW + HOUR) == []
    house.call("upsert_channel", channel_id=9, name="Spring", field1="Level", field2="Flow")
    assert synced(house, tmp_path, TWICE, NOW + HOUR) == []
    assert house.query("derived_fields").to_pylist() == [kept]
    assert synced(house, tmp_path, TWICE.replace("* 2", "*  2 + flow"), NOW + HOUR) == [said]
    assert values(house, -1, 1) == [12, 24, 36, 48]
    within = synced(house, tmp_path, TWICE.replace("* 2", "* 2 + flow") + 'within = "10min"\n')
    assert within == [said]
    assert house.query("derived_fields")["WithinSeconds"].to_pylist() == [600]


def test_what_is_taken_out_stays_and_is_said(house: Warehouse, tmp_path: Path) -> None:
    """A field that the file names no longer is kept; one of a channel that is not named at all is
    somebody's own."""
    own = [Wanted("Half", "level / 2")]
    declare(house, 9, own, now=NOW, name="By hand")
    both = TWICE + '[derived.thrice]\nchannel = 9\nexpression = "level * 3"\n'
    assert len(synced(house, tmp_path, both)) == 2
    (line,) = synced(house, tmp_path, both.replace("derived.twice", "derived.other"))[1:]
    assert line == (
        "'Twice (m)', field 1 of channel -2, is kept, but [derived] does not name it:"
        " fieldhouse derived remove -2 1"
    )
    assert values(house, -2, 1) == [2, 4, 6, 8]
    assert synced(house, tmp_path, "") == []
    assert synced(house, tmp_path, '[derived.x]\nchannel = 7\nexpression = "field1"\n') == [
        "[derived.x] waits for channel 7: it is not read yet"
    ]


def test_an_expression_that_means_nothing_names_its_table(house: Warehouse, tmp_path: Path) -> None:
    """One line, and nothing is kept."""
    with pytest.raises(ConfigurationError) as raised:
        synced(house, tmp_path, TWICE.replace("level", "colour"))
    assert str(raised.value).startswith("[derived.twice]: ") and "colour" in str(raised.value)
    assert not house.query("derived_fields").num_rows


WRONG = {
    '[derived]\ntwice = "level"': "derived.twice must be a table, as in [derived.dew_point]",
    "[derived.a]\nchannel = 9": "[derived.a] needs expression, what it is made of",
    '[derived.a]\nexpression = "level"': "[derived.a] needs channel, a channel's number, as 9",
    '[derived.a]\nchannel = "9"\nexpression = "x"': "[derived.a] channel must be a channel's",
    "[derived.a]\nchannel = 9\nexpression = 1": "[derived.a] expression must be what it is made",
    '[derived.a]\nchanel = 9\nexpression = "x"': "[derived.a] chanel is no setting",
    TWICE + 'within = "2mo"\n': "[derived.twice] within must be a time from 1 second to 31 days",
    TWICE + 'label = ""\n': "[derived.twice] label must be a line of 1 to 200 characters",
    TWICE + TWICE.replace("twice", "again") + 'label = "Twice"\n': "the label of [derived.twice]",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_before_anything_runs(tmp_path: Path, text: str) -> None:
    """One line names the file, the table, the key and what would be right."""
    with pytest.raises(ConfigurationError) as raised:
        settings_of(tmp_path, text)
    line = str(raised.value)
    assert line.startswith("fieldhouse.toml: ") and WRONG[text] in line and "\n" not in line


def test_whoever_runs_keeps_them(house: Warehouse, tmp_path: Path) -> None:
    """Before anything is copied; what a run reads afterwards they follow by themselves."""
    house.close()
    settings = settings_of(tmp_path, f'[warehouse]\nurl = "w.duckdb"\n{TWICE}')
    with build(settings) as parts:
        assert values(parts.warehouse, -1, 1) == [2, 4, 6, 8]


def test_settings_are_described(tmp_path: Path) -> None:
    """Each has a line with where it comes from."""
    lines = settings_of(tmp_path, TWICE).described()
    assert ("derived.twice.expression", "level * 2", "fieldhouse.toml") in lines
    assert ("derived.twice.label", "Twice", "fieldhouse.toml") in lines
