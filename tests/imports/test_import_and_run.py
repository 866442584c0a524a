"""Imports beside runs: whichever comes first, the rows are those that the API gives."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from import_kit import MINUTE, T0, bring, download, house, readings, run, write

from fieldhouse.errors import ConfigurationError
from fieldhouse.importing import Wanted, carrying, plan
from fieldhouse.parts import Parts
from fieldhouse.readings import Batch
from fieldhouse.simulator import Simulator, World
from fieldhouse.simulator.channel import Channel
from fieldhouse.sources.exports import Options, streams
from fieldhouse.times import utc_now

ALL = "?results=8000&location=true&status=true"
DOWNLOADS = {
    "api.csv": f"feeds.csv{ALL}",
    "zurich.csv": f"feeds.csv{ALL}&timezone=Europe/Zurich",
    "site.csv.gz": "stream",
    "kolkata.zip": "stream?timezone=Asia/Kolkata",
    "feeds.json": f"feeds.json{ALL}",
    "feeds.xml": f"feeds.json{ALL}",
}
"""The same entries in the ways that ThingSpeak gives them."""


@pytest.fixture
def channel(world: World) -> Channel:
    """A channel with 60 entries of all kinds."""
    channel = world.add_channel(id=9, name="Hut", fields={1: "Temperature", 2: "Door"})
    write(channel, 1, 60)
    return channel


@pytest.fixture
def polled(channel: Channel, simulator: Simulator, tmp_path: Path) -> list[tuple[object, ...]]:
    """What a run alone brings of it."""
    with house(tmp_path / "polled.duckdb", simulator) as parts:
        run(parts)
        return readings(parts.warehouse)


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_download_is_what_the_api_gives(
    name: str, polled: list[object], simulator: Simulator, tmp_path: Path
) -> None:
    """Every form of a download brings the rows that a run does, texts included, before and after.

    Imported once more it changes nothing; a run after it changes nothing of the rows.
    """
    file = download(simulator, tmp_path / name, DOWNLOADS[name])
    with house(tmp_path / "a.duckdb", simulator) as parts:
        done = bring(parts, file)
        assert (done.new, done.known, done.rejected) == (60, 0, 0)
        assert readings(parts.warehouse) == polled
        again = bring(parts, file)
        assert (again.new, again.known, again.differing) == (0, 60, 0)
        assert again.counts and again.counts.updated == again.counts.raw == 0
        run(parts)
        assert readings(parts.warehouse) == polled
    with house(tmp_path / "b.duckdb", simulator) as parts:
        run(parts)
        assert bring(parts, file).known == 60
        assert readings(parts.warehouse) == polled


def test_single_entries_and_fields_are_files_too(
    polled: list[object], simulator: Simulator, tmp_path: Path
) -> None:
    """A bare entry, a field's answers and an array of entries fit together to the whole."""
    last = download(simulator, tmp_path / "last.json", "feeds/last.json?location=true&status=true")
    field = download(simulator, tmp_path / "field2.json", "fields/2.json?results=8000")
    whole = download(simulator, tmp_path / "feeds.json", DOWNLOADS["feeds.json"])
    array = tmp_path / "array.json"
    text = whole.read_text("utf-8")
    array.write_text(text[text.index("[") : text.rindex("]") + 1], "utf-8")
    with house(tmp_path / "a.duckdb") as parts:
        assert bring(parts, last).new == 1
        assert bring(parts, field).new == 59
        done = bring(parts, array)
        assert (done.new, done.known, done.differing) == (0, 60, 59)
        assert readings(parts.warehouse) == polled


def test_a_file_of_an_ended_life_goes_to_its_epoch(
    channel: Channel, world: World, simulator: Simulator, tmp_path: Path
) -> None:
    """A channel is polled in part, cleared and used again: an old download completes the old life.

    Its entries that the warehouse knows say which; what the new life holds is not touched, and the
    next run has nothing to settle.
    """
    old = download(simulator, tmp_path / "old.csv", "stream")
    part = tmp_path / "part.csv"
    part.write_text("".join(old.read_text().splitlines(keepends=True)[:31]))
    with house(tmp_path / "a.duckdb", simulator) as parts:
        bring(parts, part)
        channel.clear()
        world.clock.advance(3600)
        write(channel, 1, 20, T0 + timedelta(days=40))
        run(parts)
        lives = parts.warehouse.query("lives", channel_id=9)
        assert lives["Epoch"].to_pylist() == [1, 2]
        done = bring(parts, old)
        assert done.epochs == {1: 60}
        assert (done.new, done.known, done.differing) == (60 - done.known, done.known, 0)
        held = parts.warehouse.query("lives", channel_id=9)
        assert held["Readings"].to_pylist() == [60, 20]
        assert held["HighestEntryID"].to_pylist()[0] == 60
        before = readings(parts.warehouse)
        run(parts)
        assert bring(parts, old).new == 0
        assert readings(parts.warehouse) == before
        assert parts.warehouse.query("lives", channel_id=9)["Superseded"].to_pylist() == [0, 0]


def refused(parts: Parts, file: Path, *words: str, **said: object) -> None:
    """It is refused in one line with these words, and nothing has changed."""
    before = readings(parts.warehouse)
    with pytest.raises(ConfigurationError) as error:
        bring(parts, file, **said)
    line = str(error.value)
    assert "\n" not in line
    for word in words:
        assert word in line, line
    assert readings(parts.warehouse) == before


def test_a_life_before_all_is_brought_in_by_a_persons_word(
    channel: Channel, world: World, simulator: Simulator, tmp_path: Path
) -> None:
    """The years before a clear that nobody polled: refused with the entries that contradict.

    With --epoch older they are a life of their own, numbered below 1, which counts where no newer
    reading stands; the file once more, and a run, change nothing.
    """
    old = download(simulator, tmp_path / "old.csv", "stream")
    channel.clear()
    world.clock.advance(3600)
    write(channel, 1, 20, T0 + timedelta(days=40))
    write(channel, 21, 22, T0 + 9 * MINUTE)  # two late rows, at times that the old life has
    with house(tmp_path / "a.duckdb", simulator) as parts:
        run(parts)
        refused(parts, old, "entry 1 of 2026-01-05 00:01:00", "epoch 1", "--epoch older")
        done = bring(parts, old, epoch="older")
        assert (done.epochs, done.new) == ({-1: 60}, 60)
        lives = parts.warehouse.query("lives", channel_id=9).to_pylist()
        assert [(e["Epoch"], e["Readings"], e["Superseded"]) for e in lives] == [
            (-1, 60, 2),
            (1, 22, 0),
        ]
        counted = parts.warehouse.query("readings", channel_id=9)
        assert counted.num_rows == 80
        before = readings(parts.warehouse)
        assert bring(parts, old).known == 60
        run(parts)
        assert readings(parts.warehouse) == before
        write(channel, 23, 23, T0 + 2 * MINUTE)
        run(parts)  # a newer reading takes an older life's place as it comes
        assert parts.warehouse.query("readings", channel_id=9).num_rows == 80


def test_a_file_that_came_before_a_clear_is_an_older_life(
    channel: Channel, world: World, simulator: Simulator, tmp_path: Path
) -> None:
    """Imported first, then the channel is found cleared: the run opens the next life by itself.

    Also where no id of the new life is one of the file's: the counter says it.
    """
    old = download(simulator, tmp_path / "old.csv", "stream")
    head, *lines = old.read_text().splitlines(keepends=True)
    records = "".join(lines)
    late = tmp_path / "late.csv"
    late.write_text(head + records[records.index("2026-01-05T00:41:00") :])
    channel.clear()
    world.clock.advance(3600)
    write(channel, 1, 20, T0 + timedelta(days=40))
    for file, count in ((old, 60), (late, 20)):
        with house(tmp_path / f"{count}.duckdb", simulator) as parts:
            bring(parts, file)
            run(parts)
            lives = parts.warehouse.query("lives", channel_id=9)
            assert lives["Readings"].to_pylist() == [count, 20], file
            run(parts)
            assert bring(parts, file).new == 0


def test_a_file_without_a_known_entry_goes_where_it_fits(
    channel: Channel, world: World, simulator: Simulator, tmp_path: Path
) -> None:
    """By time and id between what an epoch holds; where it would stand out of order, it is refused.

    A person's word settles that.
    """
    whole = download(simulator, tmp_path / "old.csv", "stream").read_text()
    head, *_ = whole.splitlines(keepends=True)
    cut = whole.index("2026-01-05T00:31:00")
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(whole[:cut])
    second.write_text(head + whole[cut:])
    with house(tmp_path / "a.duckdb", simulator) as parts:
        bring(parts, first)
        channel.clear()
        world.clock.advance(3600)
        write(channel, 1, 10, T0 + timedelta(days=40))
        run(parts)
        assert bring(parts, second).epochs == {1: 30}
    with house(tmp_path / "b.duckdb", simulator) as parts:
        run(parts)
        refused(parts, second, "shares no entry", "--epoch 1", "--epoch older")
        assert bring(parts, second, epoch="older").epochs == {-1: 30}
        assert bring(parts, first, epoch=-1).epochs == {-1: 30}
        refused(parts, first, "no epoch 7", epoch=7)


def test_two_lives_in_one_file_are_refused(
    channel: Channel, world: World, simulator: Simulator, tmp_path: Path
) -> None:
    """An id that stands for two times in a file, or in two, is two lives: nothing is guessed."""
    old = download(simulator, tmp_path / "old.csv", "stream")
    channel.clear()
    write(channel, 1, 10, T0 + timedelta(days=40))
    new = download(simulator, tmp_path / "new.csv", "stream")
    both = tmp_path / "both.csv"
    both.write_text(old.read_text() + "".join(new.read_text().splitlines(keepends=True)[1:]))
    with house(tmp_path / "a.duckdb") as parts:
        refused(parts, both, "entry 1 of 2026-01-05 00:01:00", "entry 1 of 2026-02-14", "two lives")
        with pytest.raises(ConfigurationError, match="two lives"):
            bring(parts, old, new)


def test_a_file_wakes_nothing_that_does_not_count(
    channel: Channel, world: World, simulator: Simulator, tmp_path: Path
) -> None:
    """A reading that its source has withdrawn stays so, though an old file still has it."""
    old = download(simulator, tmp_path / "old.csv", "stream")
    with house(tmp_path / "a.duckdb", simulator) as parts:
        run(parts)
        channel.delete([30])
        for _ in range(3):
            world.clock.advance(26 * 3600)
            run(parts)
        gone = parts.warehouse.query("withdrawn", channel_id=9)
        assert gone["EntryID"].to_pylist() == [30]
        before = readings(parts.warehouse)
        done = bring(parts, old)
        assert (done.new, done.known, done.differing) == (0, 60, 0)
        assert readings(parts.warehouse) == before


def test_what_differs_is_shown_before_and_kept_after(
    channel: Channel, simulator: Simulator, tmp_path: Path
) -> None:
    """A dry run says what an import does, to the entry; a replaced value is kept as such."""
    file = download(simulator, tmp_path / "feeds.csv", "feeds.csv?results=8000")
    text = file.read_text().replace(",5,4.9", ",5").replace(",0.5,", ",0.7,")
    rows = text.splitlines(keepends=True)
    file.write_text("".join([*rows, "2026-01-05 09:00:00 UTC,,1,\n", "yesterday,77,1,\n"]))
    with house(tmp_path / "a.duckdb", simulator) as parts:
        run(parts)
        said = plan(parts.warehouse, [file], Wanted(channel_id=9), Options(), utc_now())
        done = bring(parts, file)
        for each in (said, done):
            assert (each.new, each.known, each.differing, each.rejected) == (0, 60, 1, 2)
            ((_, place, difference),) = each.differences
            assert (difference.entry_id, difference.held, difference.offered) == (
                5,
                "0.500000",
                "0.700000",
            )
            assert place == "line"
            reasons = [(rejected.place, rejected.reason) for _, _, rejected in each.rejections]
            lines = len(file.read_text().split("\n")) - 1
            assert reasons == [
                (lines - 1, "no usable entry_id"),
                (lines, "no usable created_at"),
            ]
        assert said.counts is None
        assert done.counts and (done.counts.updated, done.counts.rejected) == (1, 2)
        assert done.run and done.run.source == str(file)
        assert (9, 5) in [
            (row["ChannelID"], row["EntryID"])
            for row in parts.warehouse.stream(
                "SELECT ChannelID, EntryID FROM iot.RawValues WHERE Reason = 'replaced'"
            )
            .read_all()
            .to_pylist()
        ]
        latest = parts.warehouse.query("runs", channel_id=9).to_pylist()[0]
        assert (latest["Source"], latest["Requests"], latest["Updated"]) == (str(file), 0, 1)


def test_an_interrupted_import_is_done_again(
    channel: Channel, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between two chunks it is recorded as interrupted; once more it ends in the rows."""
    write(channel, 61, 400)
    monkeypatch.setattr(streams, "PIECE", 4096)
    file = download(simulator, tmp_path / "feeds.csv", "stream")
    batches = carrying._batches

    def stopped(*given: Any) -> Iterator[Batch]:
        yield from islice(batches(*given), 3)
        raise KeyboardInterrupt

    with house(tmp_path / "whole.duckdb") as parts:
        assert bring(parts, file).new == 400
        whole = readings(parts.warehouse)
    with house(tmp_path / "a.duckdb") as parts:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(carrying, "_batches", stopped)
            bring(parts, file)
        assert 0 < len(readings(parts.warehouse)) < len(whole)
        assert parts.warehouse.query("runs")["Outcome"].to_pylist() == ["interrupted"]
        bring(parts, file)
        assert readings(parts.warehouse) == whole
