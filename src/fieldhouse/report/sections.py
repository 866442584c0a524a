"""The sections of a report, each of what the facts say; empty ones say so."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

import numpy as np

from fieldhouse.insight.unusual import evidence
from fieldhouse.report import pointing
from fieldhouse.report.embedded import decimals, given_decimals
from fieldhouse.report.facts import Facts, Trend
from fieldhouse.report.figure import SECOND, Figure, Line, Panel, instant_of
from fieldhouse.report.gathering import Wanted, length_text
from fieldhouse.report.legend import beside
from fieldhouse.report.locator import locator
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.page import Column, chart, table
from fieldhouse.report.thinning import gaps, longest_pause
from fieldhouse.report.ticks import number_text, time_text
from fieldhouse.report.words import clean, unit_of

__all__ = ["Section", "name_of"]

_MOST = 50
"""Rows of a table; what is left out is counted."""
_NONE = "\N{EN DASH}"
_DAY = 86_400 * SECOND


def name_of(facts: Facts) -> str:
    """A channel's name and number."""
    name = clean(facts.channel["ChannelName"] or "")
    number = facts.channel["ChannelID"]
    return f"{name} ({number})" if name else f"Channel {number}"


@dataclass(frozen=True, slots=True)
class Section:
    """Writes the sections of one channel; its figures are entered as they are drawn."""

    facts: Facts
    zone: tzinfo
    id_: str
    figures: dict[str, Figure]
    groups: dict[str, str]

    def overview(self) -> Markup:
        """What there is, in a few figures."""
        facts = self.facts
        lives, judged = facts.lives, facts.quality[-1] if facts.quality else None
        current = sum(life["Readings"] - life["Superseded"] - life["Withdrawn"] for life in lives)
        cadence = judged and judged["CadenceSeconds"]
        complete = facts.coverage[-1]["SpanEnd"] if facts.coverage else None
        said: list[tuple[str, Sequence[str]]] = [
            ("Shown", (_whole(self._when(facts.start)), " to ", _whole(self._when(facts.end)))),
            ("Readings that count, in all", (f"{current:,}",)),
            ("Usual distance", (length_text(round(cadence)) if cadence else _NONE,)),
            (
                "Quality of the last day",
                (f"{judged['QualityScore']:.1f} of 100" if judged else _NONE,),
            ),
            ("Complete to", (_whole(self._when(complete)),)),
            ("Last run", self._last_run()),
            ("Elevation", (clean(facts.channel["Elevation"] or "") or _NONE,)),
        ]
        entries = (tag("div", tag("dt", name), tag("dd", *value)) for name, value in said)
        return tag("dl", *entries, class_="facts")

    def position(self) -> Markup:
        """A map, where there is a position that is one."""
        latitude, longitude = (self.facts.channel[name] for name in ("Latitude", "Longitude"))
        # 0, 0 is what the source writes for "not given"
        if latitude is None or longitude is None or not (latitude or longitude):
            return Markup()
        return locator(float(latitude), float(longitude)) or Markup()

    def fields(self) -> Markup:
        """Every field's plot."""
        if not self.facts.lines:
            return joined([tag("h2", "Readings"), tag("p", "There are no readings in this span.")])
        drawn = [self._field(field, line) for field, line in self.facts.lines.items()]
        shown = [self.figures[f"{self.id_}-field{field.number}"] for field in self.facts.lines]
        whole = replace(shown[0], panels=tuple(panel for each in shown for panel in each.panels))
        return joined([tag("h2", "Readings"), beside(whole), *drawn])

    def _field(self, field: Wanted, line: Line) -> Markup:
        facts, (title, unit) = self.facts, unit_of(field.label)
        unusual = pointing.of_field(facts.incidents, field.number)
        panel = Panel(
            title,
            (line,),
            unit,
            marks=pointing.peaks(unusual, line, self.zone),
            shades=(
                *pointing.shades(line, facts.start, facts.end, facts.rules, field.number),
                *pointing.spans(unusual, facts.start, facts.end, self.zone),
            ),
            boundaries=facts.boundaries,
            has_heading=False,
        )
        places, given = decimals(line), given_decimals(line)
        mean = float(np.average(line.mean, weights=line.count))
        low, high = (number_text(float(v), given) for v in (line.least.min(), line.greatest.max()))
        of = f" {clean(unit)}" if unit else ""
        count = _many(int(line.count.sum()), "value")
        reach = f"{low}{of}" if low == high else f"{low}{of} to {high}{of}"
        said = f"{reach}, mean {number_text(mean, places)}{of}, of {count}"
        return self._chart(f"field{field.number}", panel, said, field.label)

    def _chart(self, name: str, panel: Panel, caption: str, heading: str) -> Markup:
        id_ = f"{self.id_}-{name}"
        figure = Figure(
            panel.title, instant_of(self.facts.start), instant_of(self.facts.end), self.zone,
            (panel,),
        )  # fmt: skip
        self.figures[id_], self.groups[id_] = figure, self.id_
        return joined([tag("h3", tag("bdi", clean(heading))), chart(id_, figure, caption)])

    def quality(self) -> Markup:
        """The score by day, and the days on which most was wrong."""
        days = self.facts.quality
        if not days:
            return joined([tag("h2", "Quality"), tag("p", "No day of this span was judged yet.")])
        start = np.array([instant_of(_midnight(day["CheckDate"])) for day in days])
        score = np.array([day["QualityScore"] for day in days], np.float64)
        ones = np.ones(len(days), np.int64)
        line = Line("score", start, start + _DAY, score, score, score, ones)
        panel = Panel(
            "Score",
            (line,),
            "of 100",
            shades=pointing.shades(line, self.facts.start, self.facts.end),
            bounds=(0.0, 100.0),
            has_heading=False,
        )
        lost = [day for day in days if day["QualityScore"] < 100]
        said = (
            f"Mean {score.mean():.1f} of {_many(len(days), 'day')} (UTC), {len(lost):,} below 100"
        )
        drawn = self._chart("quality", panel, said, "Score by day")
        worst = sorted(lost, key=lambda day: (day["QualityScore"], day["CheckDate"]))[:_MOST]
        rows = (
            (
                str(day["CheckDate"]), f"{day['QualityScore']:.1f}", f"{day['TotalReadings']:,}",
                _reasons(day),
            )
            for day in worst
        )  # fmt: skip
        columns = [Column("Day (UTC)", "time"), Column("Score", "number"),
                   Column("Readings", "number"), Column("Why", "words")]  # fmt: skip
        caption = _of_all("worst", "day below 100", "days below 100", len(worst), len(lost))
        unranged = days[-1]["Notes"]
        return joined(
            [
                tag("h2", "Quality"),
                drawn,
                _folded(caption, columns, rows) if worst else "",
                tag("p", _sentence(clean(unranged)), class_="soft-text") if unranged else "",
            ]
        )

    def anomalies(self) -> Markup:
        """What is unusual, the strongest of it."""
        found = self.facts.incidents
        heading = tag("h2", "Anomalies")
        if not found:
            return joined([heading, tag("p", "Nothing unusual in this span.")])
        labels = {field.number: clean(field.label) for field in self.facts.lines}
        names = [labels.get(row["FieldNumber"], "all fields") for row in found]
        strongest = sorted(zip(found, names, strict=True), key=lambda pair: -pair[0]["Score"])
        shown = sorted(strongest[:_MOST], key=lambda pair: pair[0]["StartedAt"])
        rows = (
            (
                self._when(row["StartedAt"]), self._when(row["EndedAt"]), name,
                row["Kind"].lower(), evidence(row, self.zone),
            )
            for row, name in shown
        )  # fmt: skip
        columns = [Column("From", "time"), Column("To", "time"), Column("Field", "words"),
                   Column("What"), Column("Why", "words")]  # fmt: skip
        said = "; ".join(f"{name}: {count:,}" for name, count in Counter(names).items())
        caption = _of_all("strongest", "anomaly", "anomalies", len(shown), len(found))
        return joined(
            [
                heading,
                tag("p", f"In this span: {said}."),
                _folded(caption, columns, rows, opened=len(shown) <= 12),
            ]
        )

    def trends(self) -> Markup:
        """Where each field goes."""
        known = [trend for trend in self.facts.trends if trend.days]
        heading = tag("h2", "Trend")
        if not known:
            return joined([heading, tag("p", "There is no whole day with a value.")])
        rows = [self._trend(trend) for trend in known]
        columns = [Column("Field", "words"), Column("Last day", "time"),
                   *(Column(name, "number") for name in
                     ("Mean", "Change", "Seven-day mean", "30 days ago")),
                   Column("Direction")]  # fmt: skip
        caption = "The last whole day of each field, against the day and the month before"
        return joined([heading, table(columns, rows, caption)])

    def _trend(self, trend: Trend) -> Sequence[str]:
        first, last = trend.days[0], trend.days[-1]
        places = decimals(self.facts.lines[trend.wanted])

        def text(value: float | None) -> str:
            return _NONE if value is None else number_text(value, places)

        change = last["ChangeFromPrevious"]
        return (
            clean(trend.wanted.label),
            str(last["ReadingDate"]),
            text(last["AvgValue"]),
            _NONE if change is None else ("+" if change > 0 else "") + text(change),
            text(last["MovingAvg7Day"]),
            text(first["MovingAvg7Day"]),
            last["Trend"] or _NONE,
        )

    def gaps(self) -> Markup:
        """When there was nothing, and what is not there at all."""
        facts = self.facts
        start, end = instant_of(facts.start), instant_of(facts.end)
        found = gaps(facts.presence, start, end) if len(facts.presence) else []
        longest = sorted(found, key=lambda gap: gap[0] - gap[1])[:_MOST]
        rows = (
            (self._at(begin), self._at(until), _long(until - begin))
            for begin, until in sorted(longest)
        )
        columns = [Column("From", "time"), Column("To", "time"), Column("Length")]
        pause = length_text(max(1, round(longest_pause(facts.presence) / SECOND)))
        if found:
            total = _long(sum(until - begin for begin, until in found))
            said = f"{len(found):,} longer than {pause}, {total} in all."
        else:
            said = f"None longer than {pause}." if len(facts.presence) else "There are no readings."
        caption = _of_all("longest", "gap", "gaps", len(longest), len(found))
        return joined(
            [
                tag("h2", "Gaps"),
                tag("p", said),
                _folded(caption, columns, rows, opened=len(found) <= 12) if found else "",
                tag("p", self._missing()) if facts.missing else "",
            ]
        )

    def _missing(self) -> str:
        """The entry ids that no page has shown, by what is known of them."""
        counts: Counter[str] = Counter()
        for run in self.facts.missing:
            counts[run["State"]] += run["LastEntryID"] - run["FirstEntryID"] + 1
        known = {
            "open": "still to be asked for",
            "absent": "absent: their source does not have them",
            "unreachable": "unreachable",
            "older": "an older life's",
        }
        said = "; ".join(f"{count:,} {known.get(state, state)}" for state, count in counts.items())
        return f"Entry ids that no page has shown: {said}."

    def corrections(self) -> Markup:
        """What people said of readings that were wrong; nothing, where nobody said anything."""
        if not self.facts.rules:
            return Markup()
        rows = [
            (
                rule["Kind"].lower(),
                f"{rule['FieldNumber']}" if rule["FieldNumber"] else "all",
                self._when(rule["SpanStart"]),
                self._when(rule["SpanEnd"]),
                clean(rule["Condition"] or _NONE),
                clean(rule["Reason"]),
                f"{clean(rule['MadeBy'])}, {self._when(rule['MadeAt'])}",
            )
            for rule in self.facts.rules
        ]
        columns = [
            Column("What"),
            Column("Field", "number"),
            Column("From", "time"),
            Column("To", "time"),
            *(Column(name, "words") for name in ("Where", "Why", "Who and when")),
        ]
        caption = "Rules that the readings above follow; the originals are kept"
        return joined([tag("h2", "Corrections"), table(columns, rows, caption)])

    def lives(self) -> Markup:
        """The channel's epochs, where there is more to say than that there is one."""
        rows = [
            (
                str(life["Epoch"]), self._when(life["FirstCreatedAt"]),
                self._when(life["LastCreatedAt"]),
                *(f"{life[name]:,}"
                  for name in ("Readings", "Superseded", "Withdrawn", "Disputed")),
                clean(life["Evidence"] or _NONE),
            )
            for life in self.facts.lives
        ]  # fmt: skip
        columns = [Column("Life", "number"), Column("First reading", "time"),
                   Column("Last reading", "time"),
                   *(Column(name, "number") for name in
                     ("Readings", "Superseded", "Withdrawn", "In dispute")),
                   Column("Proved by", "words")]  # fmt: skip
        caption = "A channel that is cleared begins a new life"
        return joined(
            [tag("h2", "Lives"), table(columns, rows, caption) if rows else tag("p", "None.")]
        )

    def _last_run(self) -> Sequence[str]:
        run = self.facts.last_run
        return (
            (_whole(self._when(run["StartedAt"])), f": {clean(run['Outcome'])}")
            if run
            else (_NONE,)
        )

    def _when(self, instant: datetime | None) -> str:
        return _NONE if instant is None else self._at(instant_of(instant))

    def _at(self, instant: int, *, seconds: bool = False) -> str:
        return time_text(instant, self.zone, seconds=seconds)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _whole(text: str) -> Markup:
    """A text that stays in one line."""
    return tag("span", text, class_="time")


def _midnight(day: Any) -> datetime:
    return datetime(day.year, day.month, day.day)


def _reasons(day: dict[str, Any]) -> str:
    """What a day's score lost its points for, and how much was not there at all."""
    total = max(1, day["TotalReadings"])
    causes = (
        ("without any value", day["MissingReadings"], 30),
        ("out of range", day["OutOfRangeReadings"], 40),
        ("anomalous", day["AnomaliesDetected"], 30),
    )
    said = [
        f"{count:,} {what} (\N{MINUS SIGN}{weight * count / total:.1f})"
        for what, count, weight in causes
        if count
    ]
    if not day["TotalReadings"]:
        said.append("no readings")
    if day["AbsentReadings"]:
        said.append(f"{day['AbsentReadings']:,} of {day['ExpectedReadings']:,} expected absent")
    return "; ".join(said)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _long(length: int) -> str:
    """A length of time in its two largest units."""
    minutes = length // SECOND // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days:,} d {hours} h" if hours else f"{days:,} d"
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _of_all(which: str, one: str, many: str, shown: int, count: int) -> str:
    """What a table holds."""
    if shown < count:
        return f"The {which} {shown} of {count:,} {many}"
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def _folded(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, opened: bool = False
) -> Markup:
    """A table behind a line that opens it; on paper it is there if it was open."""
    inner = table(columns, rows, caption)
    return tag("details", tag("summary", caption), inner, open="" if opened else None)
