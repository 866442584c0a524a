"""What is written to channels of one's own, which have numbers below zero and no ThingSpeak.

An entry is typed and loaded as any other. Ids are given out under the channel's lock.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import chain
from typing import Any

import pyarrow as pa

from fieldhouse.derived.keeping import derived_channels
from fieldhouse.protocol import Entry, Refused, Request, Response, Route
from fieldhouse.protocol import writing as sent
from fieldhouse.protocol.exchange import data
from fieldhouse.protocol.listing import owned
from fieldhouse.protocol.routes import C, F
from fieldhouse.readings import FIELDS, RAW, REJECTED, Batch, type_text
from fieldhouse.recall import channel_state
from fieldhouse.state import Epoch, Progress
from fieldhouse.typed import type_columns
from fieldhouse.warehouse import Warehouse
from fieldhouse.web.thingspeak import columns
from fieldhouse.web.thingspeak.held import Held

__all__ = ["ROUTES", "Receiver"]

MOST_UPDATES = 14_400
"""Rows of one bulk update, as on a paid licence of ThingSpeak's."""
_NUMBERING = 0
"""Whose lock is held while a channel gets its number: no channel's."""
_NEAR = timedelta(days=1)
_LONGEST = 2_000
"""Characters of a channel's name or label, and of each text of its description."""


class Receiver(Held):
    """The channels of a warehouse, as one request sees them that may write."""

    def __init__(
        self,
        warehouse: Warehouse,
        clock: Callable[[], int],
        may_write: Callable[[int | None], bool],
        written: Callable[[int], object],
    ) -> None:
        """``written`` is told the channel after each write."""
        super().__init__(warehouse, clock)
        self.may_write, self.written = may_write, written

    def is_own(self, channel_id: int) -> bool:
        """Whether entries may be put into a channel: it is no copy, and not made of others."""
        return channel_id < 0 and channel_id not in self._derived

    @cached_property
    def _derived(self) -> Collection[int]:
        return derived_channels(self.warehouse)


def update(house: Receiver, request: Request, format: str) -> Response:
    """`/update`: one entry; the text answer is its id, or 0 if nothing was written.

    The channel is the one that the request names as `channel_id` or behind its key (`KEY@-2`), or
    the only one that its key may write to.
    """
    channel_id = _meant(house, request)
    if channel_id is None:
        return sent.refused(format, 400)

    def made(first_id: int) -> Sequence[Entry]:
        return [sent.update(request, first_id, house.now())]

    try:
        (entry,) = _load(house, channel_id, made)
    except ValueError:
        return sent.refused(format, 400)
    return sent.written(request, channel_id, entry, format)


def bulk_update(house: Receiver, request: Request, id: str, format: str) -> Response:
    """`/channels/ID/bulk_update`: many entries at once, all of them or none."""
    channel_id = house.row(int(id))["ChannelID"]
    if not house.is_own(channel_id):
        raise Refused(409)
    if not house.may_write(channel_id):
        raise Refused(401)

    def made(first_id: int) -> Sequence[Entry]:
        return sent.bulk_update(request, format, first_id, house.now())

    try:
        if sent.count_of(request, format) > MOST_UPDATES:
            raise Refused(413)
        _load(house, channel_id, made)
    except (ValueError, TypeError, AttributeError):
        raise Refused(400) from None
    return sent.accepted()


def create(house: Receiver, request: Request, format: str) -> Response:
    """`POST /channels`: a new channel, as ThingSpeak makes one; its number is below zero."""
    if not house.may_write(None):
        raise Refused(401)
    described = _settings(request.params)
    now = columns.instant(house.now())
    with house.warehouse.lock(_NUMBERING):
        number = min([0, *Held(house.warehouse, house.now).numbers]) - 1
        name = described.pop("name") or f"Channel {number}"
        dates = {"created_at": now, "updated_at": now, "refreshed_at": now}
        with house.warehouse.lock(number):
            house.warehouse.call(
                "upsert_channel", channel_id=number, name=name, **described, **dates
            )
    made = Held(house.warehouse, house.now).listed(number)
    return data(owned(request, made), format, "channel")


ROUTES = (
    Route("GET", rf"/update{F}", update, "txt"),
    Route("POST", rf"/update{F}", update, "txt"),
    Route("POST", rf"{C}/bulk_update{F}", bulk_update),
    Route("POST", r"/channels\.(?P<format>json|xml)", create),
)


def _meant(house: Receiver, request: Request) -> int | None:
    """The channel that an update is for, if it may be written to."""
    named = request.params.get("channel_id")  # of JSON it may be a number
    if named is None or named == "":
        named = request.key_channel
    if named is not None:
        try:
            wanted = [house.row(int(str(named)))["ChannelID"]]
        except (ValueError, Refused):
            return None
    else:
        wanted = list(house.numbers)
    found = [number for number in wanted if house.is_own(number) and house.may_write(number)]
    return found[0] if len(found) == 1 else None


def _load(
    house: Receiver, channel_id: int, made: Callable[[int], Sequence[Entry]]
) -> Sequence[Entry]:
    """Give entries the next ids, and load them; raises what `made` does, and nothing is loaded."""
    with house.warehouse.lock(channel_id):
        epoch = channel_state(house.warehouse, channel_id).epoch
        entries = made(max(epoch.last_entry_id or 0, epoch.highest_id or 0) + 1)
        house.warehouse.load([_batch(channel_id, epoch, entries, house.now())])
    house.written(channel_id)
    return entries


def _batch(channel_id: int, epoch: Epoch, entries: Sequence[Entry], now: int) -> Batch:
    named = dict(zip(FIELDS, zip(*(entry.fields for entry in entries), strict=True), strict=True))
    named |= {
        name: tuple(getattr(entry, name.lower()) for entry in entries)
        for name in ("Latitude", "Longitude", "Elevation", "Status")
    }
    texts = {name: pa.array(map(_sound, values), pa.string()) for name, values in named.items()}
    ids = [entry.id for entry in entries]
    times = [columns.instant(entry.created_at) for entry in entries]
    rows = type_columns(
        pa.array(ids, pa.int64()), pa.array(times, pa.timestamp("us")), texts, texts["Status"]
    )
    return Batch(
        channel_id=channel_id,
        epoch=epoch.number,
        readings=rows.readings,
        raw=rows.raw if rows.raw.num_rows else RAW.empty_table(),
        rejected=REJECTED.empty_table(),
        progress=Progress(last_entry_id=ids[-1]),
        horizon=columns.instant(now) + _NEAR,
        version=epoch.version,
    )


def _sound(value: Any) -> str | None:
    r"""Write what no warehouse can hold, NUL and half characters, as ``\x00`` and ``\udcff``."""
    if value is None:
        return None
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", r"\x00")


def _settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """What a request says of a new channel, as the columns of ``iot.Channels``."""
    names = chain(("name", "description", "elevation"), (f"field{n}" for n in range(1, 9)))
    said = {name: (_sound(params.get(name)) or "")[:_LONGEST] or None for name in names}
    places = {name: type_text(str(params.get(name) or ""))[0] for name in ("latitude", "longitude")}
    return said | places
