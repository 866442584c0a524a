"""Pages that do things: what is done, by whom, and what is said of what was wrong."""

from datetime import datetime
from decimal import Decimal

import httpx2
import pytest
from pages_kit import Page, number, page_of
from web_kit import EMPTY, HOSTILE, HOSTILE_LABELS, NOW, PAUSED, Site

from fieldhouse.simulator import Entry
from fieldhouse.state import Run
from fieldhouse.web.access import Scope
from fieldhouse.web.pages import working

PEOPLE = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits for its job, however slow the machine is."""
    monkeypatch.setattr(working, "_PATIENCE", 60.0)


def after(web: httpx2.Client, address: str, **fields: object) -> Page:
    """The page that a deed leads to."""
    answer = web.post(address, data=fields, headers=PEOPLE)
    assert answer.status_code == 303, f"{answer.status_code}: {answer.text[:1500]}"
    return page_of(web.get(answer.headers["location"], headers=PEOPLE))


def refused(web: httpx2.Client, address: str, status: int = 400, **fields: object) -> Page:
    """The page that a form comes back with."""
    return page_of(web.post(address, data=fields, headers=PEOPLE), status)


def state(site: Site) -> dict[int, tuple[bool, bool]]:
    rows = site.served.warehouse.query("channels").to_pylist()
    return {row["ChannelID"]: (row["IsActive"], row["PausedAt"] is not None) for row in rows}


def tags(site: Site) -> set[tuple[int, str]]:
    rows = site.served.warehouse.query("channel_tags").to_pylist()
    return {(row["ChannelID"], row["Tag"]) for row in rows}


def test_channels_are_added_paused_tagged_and_removed(own: Site) -> None:
    """Each deed has its effect in the warehouse, for what is ticked and what is named."""
    for added in (20001, 20002):
        channel = own.world.add_channel(id=added, name=f"No. {added}", fields={1: "x"})
        channel.write_many([Entry(id=1, created_at=1_700_000_000, fields=("1", *[None] * 7))])
    with own.client() as web:
        page = after(web, "/manage/add", words="20001-20002, 77", called="Farm")
        assert "No. 20001" in str(page.tables) and state(own)[20001] == (True, False)
        assert {(20001, "farm"), (20002, "farm")} <= tags(own) and 77 not in state(own)
        assert own.served.warehouse.query("readings", channel_id=20002).num_rows == 1
        after(web, "/manage/change", deed="pause", named="farm")
        assert state(own)[20001] == state(own)[20002] == (True, True)
        page = after(web, "/manage/change", deed="resume", channel=["20001", str(PAUSED)])
        assert page.said == [f"Channels 20001, {PAUSED}: copied again from now on."]
        assert state(own)[20001] == (True, False) and state(own)[20002] == (True, True)
        after(web, "/manage/change", deed="remove", named="20001")
        assert state(own)[20001] == (False, False)
        assert own.served.warehouse.query("readings", channel_id=20001).num_rows == 1
        after(web, "/manage/change", deed="tag", tag="Barn", named=f"farm {EMPTY}")
        after(web, "/manage/change", deed="untag", tag="farm", channel="20002")
        assert tags(own) >= {(20001, "barn"), (20002, "barn"), (EMPTY, "barn"), (20001, "farm")}
        assert (20002, "farm") not in tags(own)


@pytest.mark.parametrize(
    ("address", "fields", "field", "line"),
    [
        ("/manage/add", {}, "words", "name channels by number"),
        ("/manage/add", {"words": "9 <x>"}, "words", "'<x>' is no channel's number, as 9 is one"),
        ("/manage/add", {"words": "9", "called": "7up"}, "called", "'7up' is no tag"),
        ("/manage/add", {"words": "1-9999999"}, "words", "at most 10,000 do"),
        ("/manage/change", {"deed": "pause"}, "named", "tick channels in the table"),
        ("/manage/change", {"deed": "pause", "channel": "5"}, "named", "channel 5 is not in"),
        ("/manage/change", {"deed": "burn", "named": "11"}, "deed", "choose what is to be done"),
        ("/manage/change", {"deed": "tag", "named": "11"}, "tag", "write the tag"),
        ("/jobs/run", {"words": "nowhere"}, "words", "'nowhere' is no channel"),
        ("/jobs/run", {"words": "11", "from": "x"}, "from", "'x' is no time"),
        ("/jobs/run", {"from": "2024-02", "to": "2024-01"}, "to", "is not after"),
        ("/tokens", {"scope": "read"}, "name", "say whose it is"),
        ("/tokens", {"name": "x"}, "scope", "a token needs a scope"),
        ("/tokens", {"name": "x", "scope": "all"}, "scope", "there are read, operate, write"),
        ("/tokens", {"name": "x" * 101, "scope": "read"}, "name", "1 to 100 characters"),
        ("/tokens", {"name": "x", "scope": "read", "lasts": "long"}, "lasts", "no length of time"),
    ],
)
def test_wrong_forms_come_back(
    web: httpx2.Client, address: str, fields: dict[str, str], field: str, line: str
) -> None:
    """With what was written, and one clear line at its field."""
    page = refused(web, address, **fields)
    assert line in page.wrong[field]
    for name, text in fields.items():
        if page.values.get(name):
            assert page.values[name] == text


def test_jobs_run_and_are_stopped(own: Site) -> None:
    """A run fetches what is new, a backfill reads a span again; one that goes on can be stopped."""
    with own.client() as web:
        entry = Entry(id=1, created_at=1_709_200_000, fields=("5", *[None] * 7))
        own.world.channels[EMPTY].write_many([entry])
        page = after(web, "/jobs/run", words=str(EMPTY))
        assert page.said == ["It has ended; this is what came of it."]
        assert own.served.warehouse.query("readings", channel_id=EMPTY).num_rows == 1
        after(web, "/jobs/run", words=str(HOSTILE), **{"from": "2024-02-28", "to": "2024-02-29"})
        job = own.served.jobs.all()[0]
        assert (job.kind, job.channel_ids) == ("backfill", (HOSTILE,))
        with own.served.warehouse.lock(HOSTILE):
            own.served.jobs.start([HOSTILE])
            number = own.served.jobs.all()[0].number
            shown = page_of(web.get("/jobs")).tables["Jobs"][1]
            assert shown[0] == str(number) and shown[4] == "goes on"
        after(web, f"/jobs/{number}/stop")
        assert own.served.jobs.all()[0].wait(20)
        assert web.post("/jobs/99999/stop").status_code == 404
        assert web.get("/jobs/99999").status_code == 404


# Rules


def rule_of(site: Site) -> dict[str, object]:
    return site.served.warehouse.query("corrections", channel_id=HOSTILE).to_pylist()[-1]


def test_a_rule_is_looked_at_made_and_undone(own: Site) -> None:
    """The look says how many readings it would touch and writes nothing; then it is as told."""
    house = own.served.warehouse
    asked = {
        **{"kind": "scale", "field": "2", "scale": "2", "offset": "0.5", "reason": "<i>x</i>"},
        **{"from": "2024-02-29T00:00:00Z", "to": "2024-02-29T12:00:00Z"},
    }
    before = house.query("readings", channel_id=HOSTILE)["Field2"].to_pylist()
    at = house.query("readings", channel_id=HOSTILE)["CreatedAt"].to_pylist()
    start, end = datetime(2024, 2, 29), datetime(2024, 2, 29, 12)
    with own.client() as web:
        answer = web.get(f"/channel/{HOSTILE}/corrections", params={**asked, "look": "1"})
        page = page_of(answer)
        touched = sum(start <= one < end for one in at)
        assert f"{touched} readings would be touched" in answer.text
        first = page.tables["The first of them"][1]
        assert number(first[4]) == number(first[3]) * 2 + 0.5
        assert house.query("corrections", channel_id=HOSTILE).num_rows == 0
        hidden = {name: page.values[name] for name in asked}
        page = after(web, f"/channel/{HOSTILE}/corrections", **hidden)
        assert page.said[0].startswith(f"Rule 1 changed {touched} readings")
        now = house.query("readings", channel_id=HOSTILE)["Field2"].to_pylist()
        assert now == [
            value * 2 + Decimal("0.5") if start <= when < end else value
            for when, value in zip(at, before, strict=True)
        ]
        assert (rule_of(own)["Reason"], rule_of(own)["MadeBy"]) == ("<i>x</i>", "this machine")
        assert page.tables["Rules"][1][5] == "<i>x</i>"
        page = after(web, f"/channel/{HOSTILE}/corrections/1/remove")
        assert page.said[0].startswith(f"Rule 1 is undone: {touched} readings")
        assert house.query("readings", channel_id=HOSTILE)["Field2"].to_pylist() == before
        assert web.post(f"/channel/{HOSTILE}/corrections/1/remove").status_code == 404
        assert web.post(f"/channel/{EMPTY}/corrections/1/remove").status_code == 404


def test_the_address_fills_in_the_rule(web: httpx2.Client) -> None:
    """What is marked in a plot is the form's beginning: the span, the field, hostile or not."""
    given = {"from": "2024-02-29T01:02:03Z", "to": '"><img onerror=x>', "field": "3"}
    page = page_of(web.get(f"/channel/{HOSTILE}/corrections", params=given))
    assert page.values["from"] == given["from"] and page.values["to"] == given["to"]
    chosen = [given for tag, given in page.tags if tag == "option" and "selected" in given]
    assert [one["value"] for one in chosen] == ["3"]
    assert HOSTILE_LABELS[3].startswith("=")


@pytest.mark.parametrize(
    ("fields", "field", "line"),
    [
        ({}, "rule", "this would exclude all"),
        ({"kind": "melt"}, "kind", "a rule excludes"),
        ({"field": "9"}, "field", "has no field '9'"),
        ({"field": "1", "where": "> eighty"}, "where", "eighty"),
        ({"field": "1", "kind": "scale"}, "rule", "change nothing"),
        ({"field": "1", "kind": "scale", "scale": "1,5"}, "scale", "is no number"),
        ({"kind": "shift"}, "shift", "say by how much"),
        ({"kind": "shift", "shift": "an hour"}, "shift", "no length of time"),
        ({"field": "1", "from": "2024-03-02", "to": "2024-03-01"}, "to", "not after"),
        ({"field": "1", "where": "> 80"}, "reason", "say why"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(
    web: httpx2.Client, fields: dict[str, str], field: str, line: str
) -> None:
    """At its field, whether it is looked at or made; nothing is made."""
    address = f"/channel/{HOSTILE}/corrections"
    assert line in refused(web, address, **fields).wrong[field]
    if field != "reason":
        page = page_of(web.get(address, params={**fields, "look": "1"}, headers=PEOPLE), 400)
        assert line in page.wrong[field]


# Tokens, and who may


def test_a_token_is_shown_once_and_revoked(own: Site) -> None:
    """It lets in what it says, its text stands in no list, and revoked it lets in nobody."""
    with own.client() as web:
        page = after(web, "/tokens", name="<b>Ada</b>", scope=["read", "operate"], lasts="1d")
        text = page.said[0].rpartition(" ")[2]
        again = web.get("/tokens").text
        assert text not in again and "&lt;b&gt;Ada&lt;/b&gt;" in again
        visitor = own.served.tokens.visitor(text, NOW)
        assert visitor and visitor.scopes == {Scope.READ, Scope.OPERATE}
        page = after(web, f"/tokens/{visitor.token_id}/revoke")
        assert page.tables["Tokens"][1][5] == "revoked"
        assert own.served.tokens.visitor(text, NOW) is None
        assert web.post("/tokens/nothing/revoke").status_code == 404


DEEDS = [
    "/manage/add", "/manage/change", "/jobs/run", "/jobs/1/stop", "/import", "/import/x/look",
    "/import/x/confirm", "/import/x/drop", f"/channel/{HOSTILE}/corrections",
    f"/channel/{HOSTILE}/corrections/1/remove", "/query/save", "/query/forget", "/tokens",
    "/tokens/x/revoke",
]  # fmt: skip


def test_who_may_not_sees_no_form(own: Site) -> None:
    """With the scope read a page has no form that does something, and its deeds are refused."""
    with own.client(own.token()) as web:
        looked = [
            "/manage",
            "/jobs",
            "/import",
            "/query?sql=SELECT+1",
            f"/channel/{HOSTILE}/corrections",
        ]
        for address in looked:
            page = page_of(web.get(address))
            assert not [1 for tag, given in page.tags if given.get("method") == "post"
                        and given["action"] != "/manage/change"], address  # fmt: skip
        for address in DEEDS:
            assert web.post(address, data={"name": "x"}).status_code == 403, address
        assert web.get("/tokens").status_code == 403
    with own.client(own.token(Scope.READ, Scope.OPERATE)) as web:
        assert web.get("/tokens").status_code == 403
        assert web.post("/tokens", data={"name": "x", "scope": "write"}).status_code == 403
    assert own.served.warehouse.query("access_tokens").num_rows == 2


def test_another_sites_forms_do_nothing(site: Site, web: httpx2.Client) -> None:
    """A browser that says it was led from elsewhere is refused every deed."""
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": site.url},
    ):
        for address in DEEDS:
            answer = web.post(address, data={"name": "x"}, headers=headers)
            assert answer.status_code == 403, (address, headers)


def test_a_channel_of_files_is_not_said_to_be_copied(own: Site) -> None:
    """No source has it: neither copied nor paused says what it is, and no job reads it."""
    own.served.warehouse.call("upsert_channel", channel_id=-5, name="A logger")
    with own.client() as web:
        page = page_of(web.get("/manage", headers=PEOPLE))
        assert next(row for row in page.tables["Channels"] if row[1] == "-5")[3] == "of files"
        own.served.warehouse.call("tag_channels", channel_ids=[-5, EMPTY], tags=["shed"])
        for words in ("-5", "shed"):
            said = refused(web, "/jobs/run", words=words).wrong["words"]
            assert said.startswith("-5 is a channel of files")


def test_what_a_long_jobs_page_leaves_out_is_said(own: Site) -> None:
    """Of more channels and lines than a page holds, it says how many there are."""
    job = own.served.jobs.carry_out(
        "long", [], lambda *_: [Run(channel_id=HOSTILE, started_at=NOW)] * 501
    )
    assert job.wait(60)
    job.lines += [f"line {n}" for n in range(201)]
    with own.client() as web:
        text = web.get(f"/jobs/{job.number}", headers=PEOPLE).text
    assert "the first 500 of 501" in text and "The last 200 of 201 lines" in text
    assert "line 200<" in text and "line 0<" not in text
