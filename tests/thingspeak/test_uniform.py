"""Entries of one form, read by their bytes."""

import json
import random
from typing import Any

import pytest

from fieldhouse.sources.thingspeak import uniform
from texts_kit import Texts

PUT = [bytes([sign]) for sign in b'\0\n":,{}[]01- \\\xff'] + [b"", b"null", b'","field1":"']
KEYS = ("created_at", "entry_id", "field1", "field3", "status")


def entries(texts: Texts, count: int) -> list[dict[str, Any]]:
    """Entries of one form, or nearly so: some keys null throughout, values of any kind."""
    kind = texts.random.choice(texts.kinds)
    keys = [key for key in KEYS if texts.random.random() < 0.97]
    empty = {key for key in keys if texts.random.random() < 0.3}
    found = []
    for number in range(count):
        entry: dict[str, Any] = {key: None if key in empty else kind() for key in keys}
        entry["created_at"] = f"2024-01-01T00:00:{number:02}Z"
        entry["entry_id"] = texts.random.choice((number + 1, number + 1, 10**number))
        if texts.random.random() < 0.02:
            key = texts.random.choice(KEYS)
            entry[key] = texts.random.choice((None, 1.5, True, [], -3, "}", '"', "é", "\\"))
        found.append(entry)
    return found


def spoilt(feeds: bytes, random: random.Random) -> bytes:
    """The same with a few bytes put in, taken out, exchanged or copied from elsewhere."""
    for _ in range(random.randint(0, 2)):
        place, length = random.randrange(len(feeds)), random.choice((0, 1, 1, 2, 9))
        elsewhere = random.randrange(len(feeds))
        put = random.choice(
            (
                b"",
                b"\0",
                b"\n",
                b'"',
                b":",
                b",",
                b"}",
                b"{",
                b"0",
                b" ",
                b"\\",
                b"\xff",
                b"null",
                b'","field1":"',
                b"},{",
            )
        )
        put = random.choice((put, feeds[elsewhere : elsewhere + length]))
        feeds = feeds[:place] + put + feeds[place + length :]
    return feeds


def plainly(feeds: bytes) -> list[dict[str, Any]]:
    """The entries as a JSON library reads them, without what is null throughout."""
    found = json.loads(b"[" + feeds + b"]")
    keys = dict.fromkeys(key for entry in found for key in entry)
    held = [key for key in keys if any(entry.get(key) is not None for entry in found)]
    return [{key: entry.get(key) for key in held} for entry in found]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_by_its_bytes_is_what_the_json_says(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the bytes: the texts that a JSON library finds there, or no answer at all.

    It does not matter into how many parts they are cut.
    """
    texts, read = Texts(seed), 0
    if seed % 2:
        monkeypatch.setattr(uniform, "_PART", 10 * seed)
    for _ in range(500):
        entries_ = entries(texts, texts.random.choice((1, 2, 3, 8)))
        feeds = json.dumps(entries_, separators=(",", ":"), ensure_ascii=False).encode()[1:-1]
        feeds = spoilt(feeds, texts.random)
        columns = uniform.read(feeds)
        if columns is None:
            continue
        read += 1
        names = list(columns)
        rows = zip(*(columns[name].to_pylist() for name in names), strict=True)
        assert [dict(zip(names, row, strict=True)) for row in rows] == plainly(feeds)
    assert read > 100


def test_the_common_page_is_read_by_its_bytes() -> None:
    """A channel with fields, without a place and without statuses, as ThingSpeak writes it."""
    feeds = ",".join(
        f'{{"created_at":"2024-01-01T00:00:{n:02}Z","entry_id":{n},"field1":"{n * n}.5",'
        '"field2":"ON","latitude":null,"longitude":null,"elevation":null,"status":null}'
        for n in range(8, 12)
    )
    columns = uniform.read(feeds.encode())
    assert columns is not None
    assert {name: column.to_pylist() for name, column in columns.items()} == {
        "created_at": [f"2024-01-01T00:00:{n:02}Z" for n in range(8, 12)],
        "entry_id": [8, 9, 10, 11],
        "field1": ["64.5", "81.5", "100.5", "121.5"],
        "field2": ["ON"] * 4,
    }
