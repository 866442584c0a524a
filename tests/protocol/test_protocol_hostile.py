"""What nobody means well with: ids, zones, callbacks, texts and headers."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_kit import Serve

from fieldhouse.protocol import xml
from fieldhouse.protocol.routes import is_callback
from fieldhouse.simulator import InProcess, Request, World
from fieldhouse.warehouse import Warehouse


@pytest.fixture(scope="module")
def closed(copied: Warehouse, serve: Serve) -> Iterator[httpx2.Client]:
    """A client of the copy, of which pages of other sites may see nothing."""
    with httpx2.Client(base_url=serve(copied), timeout=60) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/channels/" + "9" * 40 + "/feeds.json",
        "/channels/-0009999999999/feeds.json",
        "/channels/4294967295/feeds.json",
        "/channels/9999999999/feeds.json",
        "/channels/9/feeds/" + "9" * 40 + ".json",
        "/channels/٩/feeds.json",
        "/channels/9%00/feeds.json",
        "/channels/9/../../etc/passwd",
        "/channels/9;DROP TABLE iot.Channels/feeds.json",
        "/users/" + "x" * 5000 + "/channels.json",
    ],
)
def test_a_path_that_names_nothing_is_404(ours: httpx2.Client, path: str) -> None:
    """Whatever stands in the place of an id."""
    assert ours.get(path).status_code == 404


@pytest.mark.parametrize(
    "zone", ["Mars/X", "../../etc/passwd", "America", "a\0b", "x" * 9000, "\udcff"]
)
def test_a_bad_zone_is_utc(ours: httpx2.Client, zone: str) -> None:
    """As with ThingSpeak; no file is told of."""
    named = quote(zone.encode("utf-8", "surrogateescape"))
    plain = ours.get("/channels/9/feeds.json?results=3").content
    assert ours.get(f"/channels/9/feeds.json?results=3&timezone={named}").content == plain


@pytest.mark.parametrize(
    "callback",
    ["alert(1)", "x;y", "</script>", "a\r\nSet-Cookie: b=c", "a.b.", ".a", "1", "é", "a" * 201],
)
def test_a_callback_is_an_identifier(ours: httpx2.Client, callback: str) -> None:
    """Anything else would be a script of the asker's own on our address: 400, not repeated."""
    answer = ours.get("/channels/9/feeds.json", params={"callback": callback})
    assert answer.status_code == 400 and callback not in answer.text
    assert "set-cookie" not in answer.headers
    assert ours.get("/channels/9/feeds.json?callback=a.b_c&results=0").text.startswith('a.b_c({"ch')


@given(text=st.text())
def test_callbacks_have_one_form(text: str) -> None:
    """Letters, digits, points, `_` and `$` alone pass."""
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.")
    assert not is_callback(text) or set(text) <= allowed


def test_other_sites_see_nothing_unless_told(closed: httpx2.Client, ours: httpx2.Client) -> None:
    """No script of another page gets at the answers: neither by JSONP nor across origins."""
    refused = closed.get("/channels/9/feeds.json?callback=steal")
    assert refused.status_code == 401 and "steal" not in refused.text
    assert "access-control-allow-origin" not in closed.get("/channels/9/feeds.json").headers
    shared = ours.get("/channels/9/feeds.json").headers
    assert shared["access-control-allow-origin"] == "*"
    assert shared["x-content-type-options"] == "nosniff"


def test_no_header_is_made_of_a_parameter(ours: httpx2.Client) -> None:
    """Line ends in any parameter make no header and no second answer."""
    evil = quote("x\r\nX-Evil: 1\r\n\r\n<html>")
    for name in ("timezone", "prepend", "append", "tag", "results", "start", "api_key", "round"):
        answer = ours.get(f"/channels/9/fields/1/last.txt?{name}={evil}")
        assert "x-evil" not in answer.headers
        assert answer.headers["content-type"].startswith("text/plain")


def test_cells_are_data(ours: httpx2.Client) -> None:
    """What a sheet might take for a formula goes out as it came in."""
    assert ",=1+1," in ours.get("/channels/9/feeds.csv?results=8000").text


def test_methods_are_those_of_the_protocol(ours: httpx2.Client) -> None:
    """HEAD is GET without a body; any other is 405."""
    head, get = ours.head("/channels/9/feeds.json"), ours.get("/channels/9/feeds.json")
    assert head.content == b"" and head.headers["content-length"] == get.headers["content-length"]
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        assert ours.request(method, "/channels/9/feeds.json").status_code == 405


def test_an_unreachable_warehouse_is_said(tmp_path: Path, house: Warehouse, serve: Serve) -> None:
    """A warehouse that cannot answer is an error of ThingSpeak's form, without our paths."""
    url = serve(house)
    house.close()
    answer = httpx2.get(f"{url}/channels/9/feeds.json")
    assert answer.status_code in (500, 503)
    assert json.loads(answer.text)["status"] == str(answer.status_code)
    assert str(tmp_path) not in answer.text


# XML


@settings(max_examples=60)
@given(text=st.text())
def test_any_text_is_in_the_xml(text: str) -> None:
    """A parser reads what was written, line ends included; what no XML can hold is marked."""
    world = World()
    world.add_channel(9, name=text).write(fields={1: text})
    sound = xml.escaped(text)
    body = InProcess(world).answer(Request("GET", "/channels/9/feeds.xml")).body
    root = ET.fromstring(body)
    wanted = ET.fromstring(f"<a>{sound}</a>").text or ""
    assert (root.findtext("name"), root.findtext("feeds/feed/field1")) == (wanted, wanted)
    legal = all(
        c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        for c in text
    )
    assert wanted == text or not legal


def test_xml_is_of_the_documented_form() -> None:
    """Types, nulls and the trailing id stand as in ThingSpeak's documentation."""
    world = World()
    made = datetime(2010, 12, 14, 1, 20, 6, tzinfo=UTC)
    channel = world.add_channel(
        9, name="my_house", fields={1: "Light", 2: "Temp"}, created_at=made, latitude="40.44"
    )
    channel.write(datetime(2014, 2, 26, 21, 27, 21, tzinfo=UTC), {1: "176"})
    server = InProcess(world)
    feed = (
        '<feed>\n  <created-at type="dateTime">2014-02-26T21:27:21Z</created-at>\n'
        '  <entry-id type="integer">1</entry-id>\n  <field1>176</field1>\n'
        '  <field2 nil="true"/>\n  <id type="integer" nil="true"/>\n</feed>\n'
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    last = server.answer(Request("GET", "/channels/9/feeds/last.xml"))
    assert last.body.decode() == head + feed
    assert last.content_type == "application/xml; charset=utf-8"
    inner = "".join(f"    {line}\n" for line in feed.splitlines())
    whole = server.answer(Request("GET", "/channels/9/feeds.xml")).body.decode()
    assert whole == (
        f'{head}<channel>\n  <id type="integer">9</id>\n  <name>my_house</name>\n'
        '  <latitude type="decimal">40.44</latitude>\n'
        '  <longitude type="decimal">0.0</longitude>\n'
        "  <field1>Light</field1>\n  <field2>Temp</field2>\n"
        '  <created-at type="dateTime">2010-12-14T01:20:06Z</created-at>\n'
        '  <updated-at type="dateTime">2010-12-14T01:20:06Z</updated-at>\n'
        '  <last-entry-id type="integer">1</last-entry-id>\n'
        f'  <feeds type="array">\n{inner}  </feeds>\n</channel>\n'
    )
    empty = server.answer(Request("GET", "/channels/9/feeds.xml", "results=0")).body
    assert b'  <feeds type="array"/>\n' in empty
    unknown = server.answer(Request("GET", "/channels/1/feeds.xml"))
    assert unknown.status == 404
    assert ET.fromstring(unknown.body).findtext("error/error-code") == "error_resource_not_found"
