"""A report: one page on one or many channels, put together of what the warehouse says of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from fieldhouse.report import sections
from fieldhouse.report.dimensions import dimensions
from fieldhouse.report.facts import Facts, facts_of
from fieldhouse.report.figure import Figure, instant_of
from fieldhouse.report.gathering import Wanted
from fieldhouse.report.going import going_on
from fieldhouse.report.markup import Markup, tag
from fieldhouse.report.page import page
from fieldhouse.report.ticks import time_text, zone_text
from fieldhouse.report.words import clean

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = ["report_of"]

_POINTS = 380_000
"""Points that all lines of a page have together: some two megabytes."""


def report_of(
    house: "Warehouse",
    channels: Mapping[int, Sequence[Wanted]],
    spans: Mapping[int, tuple[datetime, datetime]],
    zone: tzinfo,
    now: datetime,
) -> str:
    """The page, HTML: each channel with its fields over its span ``[start, end)``, naive UTC."""
    lines = sum(len(fields) for fields in channels.values())
    points = max(1000, _POINTS // max(1, lines))
    all_facts = [
        facts_of(house, fields, *spans[number], points, zone) for number, fields in channels.items()
    ]
    figures: dict[str, Figure] = {}
    groups: dict[str, str] = {}
    parts = [_channel(facts, zone, figures, groups) for facts in all_facts]
    return page(_title(all_facts), [_head(all_facts, zone, now), tag("main", *parts)],
                figures, groups, zone)  # fmt: skip


def _title(all_facts: Sequence[Facts]) -> str:
    if len(all_facts) == 1:
        return f"{sections.name_of(all_facts[0])}: report"
    return f"Report on {len(all_facts)} channels"


def _head(all_facts: Sequence[Facts], zone: tzinfo, now: datetime) -> Markup:
    made = f"As of {time_text(instant_of(now), zone)}, {zone_text(zone)}."
    if len(all_facts) == 1:
        return tag("header", tag("p", made, class_="soft-text"))
    links = (
        tag("li", tag("a", sections.name_of(facts), href=f"#channel-{facts.channel['ChannelID']}"))
        for facts in all_facts
    )
    return tag(
        "header",
        tag("h1", _title(all_facts)),
        tag("p", made, class_="soft-text"),
        tag("nav", tag("ul", *links), aria_label="Channels"),
    )


def _channel(
    facts: Facts, zone: tzinfo, figures: dict[str, Figure], groups: dict[str, str]
) -> Markup:
    number = facts.channel["ChannelID"]
    about = sections.Section(facts, zone, f"c{number}", figures, groups)
    description = clean(facts.channel["Description"] or "")
    heading = tag("h1", tag("bdi", sections.name_of(facts)))
    parts: Iterable[str] = (
        heading,
        tag("p", tag("bdi", description)) if description else "",
        about.overview(),
        about.position(),
        about.fields(),
        about.quality(),
        dimensions(facts, zone),
        about.anomalies(),
        about.trends(),
        going_on(facts.going, about.id_, figures, groups),
        about.gaps(),
        about.corrections(),
        about.lives(),
    )
    return tag("section", *parts, id=f"channel-{number}", class_="channel")
