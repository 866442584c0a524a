"""An epoch's state and a channel's labels, as a load finds them and leaves them (pure)."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Self

from fieldhouse.state import Coverage, Labels, Span
from fieldhouse.warehouse.offer import Proven

__all__ = ["Label", "Life", "relabelled"]

Older = tuple[int, int, int]
"""A run of ids, both ends included, that are shown as those of an older epoch: (epoch, ids)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A row of ``iot.Epochs`` with its coverage and gaps, by the columns' names."""

    StartedAt: datetime | None = None
    LastEntryID: int | None = None
    LowestEntryID: int | None = None
    HighestEntryID: int | None = None
    NewestEntryID: int | None = None
    NewestCreatedAt: datetime | None = None
    IDsCheckedTo: int = 0
    FutureCheckedAt: datetime | None = None
    Evidence: str | None = None
    FirstCreatedAt: datetime | None = None
    LastCreatedAt: datetime | None = None
    BeganWith: int | None = None
    IsJudged: bool = False
    SweptAt: datetime | None = None
    SweptTo: datetime | None = None
    AgainStart: datetime | None = None
    AgainEnd: datetime | None = None
    Version: int = 0
    Spans: tuple[Span, ...] = ()
    Gaps: tuple[dict[str, Any], ...] = ()

    @classmethod
    def read(cls, state: str) -> Self:
        """From ``State``."""
        told = json.loads(state)
        times = {name: _time(told[name]) for name in _TIMES if told.get(name)}
        spans = tuple(Span(_instant(start), _instant(end)) for start, end in told["Spans"])
        gaps = tuple(told["Gaps"])
        return cls(**{**told, **times, "Spans": spans, "Gaps": gaps})

    def told(self) -> dict[str, Any]:
        """As ``State`` says it."""
        return asdict(self)

    def joined(self, other: "Life") -> "Life":
        """With what another says, written at the same time without a lock; the later stands."""
        older, newer = sorted((self, other), key=lambda life: life.Version)
        told = {name: _known(value, getattr(older, name)) for name, value in newer._told()}
        newest = older._newest(newer.NewestCreatedAt, newer.NewestEntryID)
        return replace(
            Life(**told),
            LowestEntryID=_least(older.LowestEntryID, newer.LowestEntryID),
            HighestEntryID=_greatest(older.HighestEntryID, newer.HighestEntryID),
            FirstCreatedAt=_least(older.FirstCreatedAt, newer.FirstCreatedAt),
            LastCreatedAt=_greatest(older.LastCreatedAt, newer.LastCreatedAt),
            NewestCreatedAt=newest[0],
            NewestEntryID=newest[1],
            Spans=Coverage.of((*older.Spans, *newer.Spans)).spans,
        )

    def to_read(self, first_at: datetime, last_at: datetime) -> "Life":
        """With a span that is to be read again."""
        return replace(
            self,
            AgainStart=_least(self.AgainStart, first_at),
            AgainEnd=_greatest(self.AgainEnd, last_at),
        )

    def moved(self, entry_id: int | None, at: datetime | None) -> "Life":
        """With another newest reading that counts."""
        return replace(self, NewestEntryID=entry_id, NewestCreatedAt=at)

    def grown(self, proven: Proven) -> "Life":
        """With what a load proves; None leaves what there is, ids only grow."""
        said = proven.row()
        newest = self._newest(said["NewestCreatedAt"], said["NewestEntryID"])
        again = (self.AgainStart, self.AgainEnd) if proven.again is None else proven.again
        if again[0] == again[1]:
            again = (None, None)
        swept = proven.swept_at is not None
        return replace(
            self,
            LastEntryID=_known(said["LastEntryID"], self.LastEntryID),
            LowestEntryID=_least(said["LowestEntryID"], self.LowestEntryID),
            HighestEntryID=_greatest(said["HighestEntryID"], self.HighestEntryID),
            FirstCreatedAt=_least(said["FirstCreatedAt"], self.FirstCreatedAt),
            LastCreatedAt=_greatest(said["LastCreatedAt"], self.LastCreatedAt),
            NewestCreatedAt=newest[0],
            NewestEntryID=newest[1],
            IDsCheckedTo=_known(said["IDsCheckedTo"], self.IDsCheckedTo),
            FutureCheckedAt=_known(said["FutureCheckedAt"], self.FutureCheckedAt),
            BeganWith=_least(self.BeganWith, said["BeganWith"]),
            IsJudged=_known(said["IsJudged"], self.IsJudged),
            SweptTo=said["SweptTo"] if swept else self.SweptTo,
            SweptAt=said["SweptAt"] if swept else self.SweptAt,
            AgainStart=again[0],
            AgainEnd=again[1],
            Version=self.Version + proven.batches,
            Spans=Coverage.of((*self.Spans, *proven.covered)).spans,
            Gaps=self.Gaps if proven.gaps is None else tuple(_gaps(proven)),
        )

    def _newest(
        self, at: datetime | None, entry_id: int | None
    ) -> tuple[datetime | None, int | None]:
        held = self.NewestCreatedAt
        if held is None or (at is not None and at > held):
            return at, entry_id
        if at == held:
            return held, _greatest(entry_id, self.NewestEntryID)
        return held, self.NewestEntryID

    def _told(self) -> Iterator[tuple[str, Any]]:
        return ((each.name, getattr(self, each.name)) for each in fields(self))

    def shows_beside(self) -> Iterator[Older]:
        """The entries that are shown as those of an older epoch."""
        for gap in self.Gaps:
            if gap["State"] == "older" and gap["OlderEpoch"] is not None:
                yield gap["OlderEpoch"], gap["FirstEntryID"], gap["LastEntryID"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A row of ``iot.FieldLabels``."""

    FieldNumber: int
    Label: str | None
    SeenFrom: datetime
    SeenTo: datetime | None = field(default=None)
    FromReadingID: int = 0

    @classmethod
    def read(cls, state: str) -> tuple[Self, ...]:
        """All of a channel's, from ``State``."""
        return tuple(
            cls(**{**told, **{n: _time(told[n]) for n in ("SeenFrom", "SeenTo") if told[n]}})
            for told in json.loads(state)
        )

    def told(self) -> dict[str, Any]:
        """As ``State`` says it, with a channel's others."""
        return asdict(self)


def relabelled(
    held: Iterable[Label], shown: Labels, number: int
) -> tuple[tuple[Label, ...], int | None]:
    """The labels as an answer showed them; and the first reading that lacked what is shown now.

    ``number`` is that of the next reading. A field without a label is hidden: its readings lack
    values, from that one on.
    """
    held = tuple(held)
    live = {label.FieldNumber: label for label in held if label.SeenTo is None}
    texts = dict(shown.texts)
    kept = [label for label in held if label.SeenTo is not None]
    hidden_since: list[int] = []
    for field_number in range(1, 9):
        seen, text = live.get(field_number), texts.get(field_number)
        if seen is not None and seen.Label == text:
            kept.append(seen)
            continue
        if seen is not None:
            kept.append(replace(seen, SeenTo=shown.at))
            if seen.Label is None:
                hidden_since.append(seen.FromReadingID)
        kept.append(
            Label(
                FieldNumber=field_number,
                Label=text,
                SeenFrom=shown.at,
                FromReadingID=0 if seen is None else number,
            )
        )
    return tuple(kept), min(hidden_since, default=None)


def _gaps(proven: Proven) -> Iterator[dict[str, Any]]:
    for row in proven.gap_rows():
        del row["ChannelID"], row["Epoch"]
        yield row


def _known(said: Any, held: Any) -> Any:
    return held if said is None else said


def _least(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


def _greatest(*values: Any) -> Any:
    return max((value for value in values if value is not None), default=None)


def _time(text: str | None) -> datetime | None:
    return _instant(text) if text else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


_TIMES = (
    "StartedAt",
    "NewestCreatedAt",
    "FutureCheckedAt",
    "FirstCreatedAt",
    "LastCreatedAt",
    "SweptAt",
    "SweptTo",
    "AgainStart",
    "AgainEnd",
)
