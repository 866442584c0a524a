"""What is unusual, as pages show it, and what people say of it."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pages_kit import page_of
from web_kit import NOW, WEATHER, Scope, Site

from fieldhouse.insight.unusual import evidence

LIST = f"/channel/{WEATHER}/anomalies"
API = f"/api/channels/{WEATHER}/anomalies"
YOUNG: tuple[dict[str, str], dict[str, bool]] = ({"young": "yes"}, {"young": True})
PEOPLE = {"Accept": "text/html"}


def kept(site: Site, **asked: Any) -> list[dict[str, Any]]:
    """The incidents of the full site's station, the newest first."""
    found = site.served.warehouse.query("anomalies_kept", channel_ids=[WEATHER], **asked)
    return found.to_pylist()[::-1]


@pytest.fixture
def incident(site: Site) -> Iterator[dict[str, Any]]:
    """One about readings, of which nothing is said, before and afterwards."""
    one = next(row for row in kept(site) if row["Kind"] != "SILENCE")
    yield one
    with site.client(site.token(Scope.READ, Scope.OPERATE)) as web:
        web.put(f"{API}/{one['AnomalyID']}/label", json={"is_real": None})


def flagged(site: Site, incident: dict[str, Any]) -> int:
    """How many readings of an incident's days count as anomalous."""
    first, last = incident["StartedAt"].date(), incident["EndedAt"].date()
    days = site.served.warehouse.query(
        "quality_days", channel_id=WEATHER, start_at=first, end_at=last + timedelta(days=1)
    )
    return sum(days["AnomaliesDetected"].to_pylist())


def test_the_list_has_every_incident_with_its_evidence(site: Site, web: httpx2.Client) -> None:
    """Those of the span, the newest first; of one field, and of young ones, where asked for."""
    span = {"from": "2024-01-01", "to": "2024-02-29"}
    whole = {"start_at": datetime(2024, 1, 1), "end_at": datetime(2024, 3, 1)}
    for more, asked in (({}, {}), ({"field": "2"}, {"field_number": 2}), YOUNG):
        page = page_of(web.get(LIST, params={**span, **more}))
        wanted = [evidence(row, UTC) for row in kept(site, **whole, **asked)]
        shown = [row[4] for row in page.tables.get("Anomalies", [[]])[1:]]
        assert shown == wanted[:100] and (shown or more.get("field"))


@pytest.mark.parametrize("method", ["zscore", "mad"])
def test_the_other_methods_are_there_by_name(site: Site, web: httpx2.Client, method: str) -> None:
    """A field's readings far from the mean, or the median, of the span, the newest first."""
    page = page_of(web.get(LIST, params={"method": method, "field": 1, "to": "2024-02-29"}))
    found = site.served.warehouse.query(
        "usp_DetectAnomalies",
        channel_id=WEATHER, field_number=1, method=method, as_of=NOW.replace(hour=0),
    )  # fmt: skip
    rows = page.tables["Anomalies"][1:]
    assert [int(row[1].replace("\u2009", "")) for row in rows] == (
        found["EntryID"].to_pylist()[::-1][: len(rows)]
    )
    assert rows
    page_of(web.get(LIST, params={"method": "odd"}), 400)


def test_what_a_person_says_counts(site: Site, incident: dict[str, Any]) -> None:
    """Who may operate says by a button, or over the API, what an incident was; what was fine is
    shown in no picture and costs its days nothing; it is taken back. Who may only read may not."""
    name, before = incident["AnomalyID"], flagged(site, incident)
    assert before > 0
    day = incident["PeakAt"].date()
    figure = f"/channel/{WEATHER}/figure?from={day}&to={day}"
    with (
        site.client(site.token(name="Ada")) as reader,
        site.client(site.token(Scope.READ, Scope.OPERATE, name="Bob")) as operator,
    ):
        why = f"{incident['Kind'].lower()}: {evidence(incident, UTC)}"
        assert why in operator.get(figure).text
        assert "was fine</button>" not in reader.get(LIST, headers=PEOPLE).text
        assert reader.post(f"{LIST}/{name}", data={"said": "ok"}).status_code == 403
        assert reader.put(f"{API}/{name}/label", json={"is_real": False}).status_code == 403
        answer = operator.post(f"{LIST}/{name}", data={"said": "ok", "query": f"from={day}"})
        assert answer.status_code == 303 and f"from={day}" in answer.headers["location"]
        page = operator.get(answer.headers["location"], headers=PEOPLE)
        assert "It was ok: that is kept." in page.text and "take back" in page.text
        assert why not in operator.get(figure).text and flagged(site, incident) < before
        said = operator.put(f"{API}/{name}/label", json={"is_real": True})
        assert said.json() == {"anomaly_id": name, "is_real": True}
        assert why in operator.get(figure).text and flagged(site, incident) == before
        (row,) = (one for one in kept(site) if one["AnomalyID"] == name)
        assert row["IsReal"] is True
        for body, status in (({}, 422), ({"is_real": "yes"}, 422), ({"is_real": 1}, 422)):
            assert operator.put(f"{API}/{name}/label", json=body).status_code == status
        for gone in (f"{API}/{WEATHER}-1-v1/label", f"{API}/77-1-v1/label"):
            assert operator.put(gone, json={"is_real": True}).status_code == 404
        assert operator.post(f"{LIST}/{name}", data={"said": "odd"}).status_code == 400
        assert operator.post(f"{LIST}/x", data={"said": "ok"}).status_code == 404


@pytest.mark.parametrize("field", range(1, 9))
def test_each_method_is_shown_on_the_channels_own_readings(
    site: Site, web: httpx2.Client, field: int
) -> None:
    """The strongest of the last days off the band of its hour, with why; readings far from mean
    and median, as many as there are, at most two hundred; a counter is told as one."""
    house = site.served.warehouse
    text = web.get(f"/channel/{WEATHER}/insight", params={"field": field}).text
    page_of(web.get(f"/channel/{WEATHER}/insight", params={"field": field}))
    (newest,) = house.query("newest_reading", channel_id=WEATHER, as_of=NOW)["CreatedAt"]
    end = newest.as_py() + timedelta(seconds=1)
    late = [
        one
        for one in kept(site, start_at=end - timedelta(days=8), end_at=end)
        if one["FieldNumber"] == field and one["Kind"] not in ("STUCK", "SILENCE")
    ]
    model = house.query("model_of_day", channel_id=WEATHER, field_number=field, day=end.date())
    pictures = dict(re.findall(r'<figure id="(\w+)"(.*?)</figure>', text, re.DOTALL))
    has_levels = model.num_rows == 24 and model["Nature"][0].as_py() not in (1, 5)
    assert ("seasonal" in pictures) == has_levels
    if has_levels:
        assert "three spreads</" in pictures["seasonal"] and "such hours" in pictures["seasonal"]
    if late and has_levels:
        strongest = max(late, key=lambda one: one["Score"])
        why = html.escape(f"{strongest['Kind'].lower()}: {evidence(strongest, UTC)}", quote=False)
        assert why in pictures["seasonal"]
        assert why[1:] in re.sub("<figure.*?</figure>", "", text, flags=re.DOTALL)
    for method in ("zscore", "mad"):
        found = house.query(
            "usp_DetectAnomalies",
            channel_id=WEATHER, field_number=field, method=method, as_of=end,
        )  # fmt: skip
        assert pictures.get(method, "").count(" spreads off") > 0 or not found.num_rows
