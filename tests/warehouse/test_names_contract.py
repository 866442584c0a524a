"""Contract of every engine: channels and fields are found by what people call them."""

from typing import Any

import pytest

from fieldhouse.errors import ConfigurationError
from fieldhouse.names import find_channels, find_field, labels_of
from fieldhouse.warehouse import Warehouse

LABELS = {
    1: "Temperature",
    2: " temp  Inside ",
    3: "3",
    4: "5",
    5: "🌡️ Soil (°C)",
    6: "درجة الحرارة",
    7: "twice",
    8: "Twice",
}
HOSTILE = {
    1: "x'); DROP TABLE iot.Channels; --",
    2: 'say "1"',
    3: "Same",
    4: "same",
    5: "SAME",
    6: "field 7",
    7: "  ",
    8: "a\u202eb",
}


@pytest.fixture
def named(warehouse: Warehouse) -> Warehouse:
    """Channels 9, 11, 20 and -3, the first two with labels."""
    for number, labels in {9: LABELS, 11: HOSTILE, 20: {}, -3: {}}.items():
        fields: dict[str, Any] = {f"field{n}": label for n, label in labels.items()}
        warehouse.call("upsert_channel", channel_id=number, name=f"c{number}", **fields)
    return warehouse


def test_fields_by_number_and_by_label(named: Warehouse) -> None:
    """A number is a number, whatever labels say; case and blanks are forgiven; twins are not."""
    for word, number in {
        "4": 4,
        "field3": 3,
        "Field 5": 5,
        " TEMPERATURE ": 1,
        "Temp inside": 2,
        "3": 3,
        "5": 5,  # the label of field 4, but first of all a number
        "🌡️ Soil (°C)": 5,
        "🌡️ soil": 5,
        "درجة الحرارة": 6,
        "Twice": 8,  # to the letter
        "twice": 7,
    }.items():
        assert find_field(named, 9, word) == number, word
    assert find_field(named, 9, 6) == 6
    assert find_field(named, 11, HOSTILE[1]) == 1
    assert find_field(named, 11, 'SAY "1"') == 2
    assert find_field(named, 11, "field 7") == 7
    assert find_field(named, 11, HOSTILE[8]) == 8
    assert labels_of(named, 9) == LABELS
    assert 7 not in labels_of(named, 11) and labels_of(named, 20) == {}


def test_a_unit_need_not_be_written(named: Warehouse) -> None:
    """A label is found by what stands before its brackets, if no other is called so."""
    units = {"field1": "Wind (m/s)", "field2": "Wind [km/h]", "field3": "Wind direction (°)"}
    named.call("upsert_channel", channel_id=20, name="c20", **units)
    assert find_field(named, 20, "wind direction") == 3
    assert find_field(named, 20, "wind [km/h]") == 2
    with pytest.raises(ConfigurationError, match="2 fields called 'wind': write 1 or 2"):
        find_field(named, 20, "wind")


@pytest.mark.parametrize(
    ("channel", "word", "said"),
    [
        (9, "TWICE", "channel 9 has 2 fields called 'TWICE': write 7 or 8"),
        (11, "sAmE", "channel 11 has 3 fields called 'sAmE': write 3 or 4 or 5"),
        (9, "pressure", "channel 9 has no field 'pressure': there is 1 'Temperature', 2 "),
        (9, "9", "channel 9 has no field '9': there is 1 'Temperature'"),
        (9, "", "channel 9 has no field ''"),
        (20, "x", "channel 20 has no field 'x': its fields have no labels; write 1 to 8"),
        (11, "b\u202ea\n", r"channel 11 has no field 'b\\u202ea': there is 1 "),
    ],
)
def test_a_field_that_is_none_is_one_line_with_the_choices(
    named: Warehouse, channel: int, word: str, said: str
) -> None:
    """Unknown and ambiguous words say what may be written instead, in printable text."""
    with pytest.raises(ConfigurationError) as raised:
        find_field(named, channel, word)
    assert str(raised.value).startswith(said.replace("\\\\", "\\"))
    assert str(raised.value).isprintable()


def test_channels_by_number_range_and_address(named: Warehouse) -> None:
    """Each once, in the order of the words; a range takes those of it that are held."""
    for words, numbers in {
        (9,): (9,),
        ("9",): (9,),
        ("20", "9-20"): (20, 9, 11),
        ("-3",): (-3,),
        ("-5--1", 9): (-3, 9),
        ("https://thingspeak.com/channels/11",): (11,),
        ("thingspeak.com/channels/11/charts/1?days=1",): (11,),
        ("https://api.thingspeak.com/channels/9/feeds.json?results=2",): (9,),
        ("https://api.thingspeak.com/channels/9.json",): (9,),
        (): (),
    }.items():
        assert find_channels(named, words) == numbers, words


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (10, "channel 10 is not in the warehouse: fieldhouse run 10"),
        ("-7", "channel -7 is not in the warehouse"),
        ("12-15", "no channel from 12 to 15 is in the warehouse"),
        ("20-9", "20-9 is no range: write 9-20"),
        ("nine", "'nine' is no channel: "),
        ("", "'' is no channel: "),
        ("9,11", "'9,11' is no channel: "),
        ("٩", "'٩' is no channel: "),
        ("99999999999", "'99999999999' is no channel: "),
        ("https://example.org/9", "'https://example.org/9' is no channel: "),
        ("https://[/channels/9", "'https://[/channels/9' is no channel: "),
        ("0", "'0' is no channel: "),
    ],
)
def test_a_channel_that_is_none_is_one_line(named: Warehouse, word: str | int, said: str) -> None:
    """What a word is not, and what it might have been."""
    with pytest.raises(ConfigurationError) as raised:
        find_channels(named, [9, word])
    assert str(raised.value).startswith(said)
