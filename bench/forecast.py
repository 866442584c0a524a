"""Forecasts against what came: python -m bench.forecast WAREHOUSE.

WAREHOUSE is a warehouse whose channels are asked: of ``fieldhouse run --simulated``, or one's own.
From origins in the past of every field that has six weeks of hours and varies, a
day and a week ahead: the mean absolute error, in that of the same hour of the day before throughout
the history (MASE), beside the same of the naive forecast, the last known day repeated; and how much
of what came lies in the intervals of 95 %.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np

from fieldhouse.warehouse import Warehouse, open_warehouse

DAY, KNOWN, APART, MOST = 24, 84 * 24, 29, 40
"""Hours of a day, of what a forecast looks back on, between two origins; origins of a field."""
LEAST = 42 * DAY
Hours = dict[int, float]


def fields(house: Warehouse) -> Iterator[tuple[str, Hours]]:
    """The hours' means of every field that has enough of them."""
    for channel in house.query("channels")["ChannelID"].to_pylist():
        table = house.query("buckets_of_hours", channel_id=channel, seconds=3600)
        places = table["BucketStart"].cast("int64").to_numpy() // 3_600_000_000
        for number in range(1, 9):
            means = zip(places.tolist(), table[f"Field{number}Avg"].to_pylist(), strict=True)
            hours = {place: mean for place, mean in means if mean is not None}
            is_long = len(hours) > LEAST / 2 and max(hours) - min(hours) > LEAST + 7 * DAY
            if is_long and len(set(hours.values())) > 1:
                yield f"{channel} field {number}", hours


def errors(
    house: Warehouse, hours: Hours, horizon: int
) -> tuple[list[float], list[float], list[bool]]:
    """By forecast: how far off it was, how far the naive one; by interval: whether it held."""
    last = max(hours) - horizon
    origins = range(last, max(min(hours) + LEAST, last - MOST * APART), -APART)
    held = [
        (n, place, mean)
        for n, origin in enumerate(origins)
        for place, mean in hours.items()
        if origin - KNOWN < place <= origin
    ]
    series, places, amounts = (list(each) for each in zip(*held, strict=True))
    found = house.query(
        "forecasts", series=series, places=places, amounts=amounts, horizon=horizon
    ).to_pylist()
    off, naive, within = [], [], []
    back = -(-horizon // DAY) * DAY
    for row in found:
        came, before = (hours.get(row["Place"] - ago) for ago in (0, back))
        if came is not None:
            off.append(abs(came - row["Forecast"]))
            naive += [abs(came - before)] if before is not None else []
            within += [row["Low"] <= came <= row["High"]] if row["Low"] is not None else []
    return off, naive, within


def scale(hours: Hours) -> float:
    """What the same hour of the day before is off by, on average."""
    pairs = ((mean, hours.get(place - DAY)) for place, mean in hours.items())
    return float(np.mean([abs(mean - before) for mean, before in pairs if before is not None]))


def measure(house: Warehouse, horizon: int) -> None:
    """Print a line for each field, and one for all."""
    scores: list[float] = []
    held: list[bool] = []
    print(f"{horizon} h ahead{'':<20} MASE   naive  in 95 %")
    for name, hours in fields(house):
        off, naive, within = errors(house, hours, horizon)
        if off and naive and within:
            unit = scale(hours)
            scores.append(float(np.mean(off)) / unit)
            held += within
            figures = (scores[-1], np.mean(naive) / unit, np.mean(within))
            print(f"{name:<28}" + "".join(f" {figure:6.3f} " for figure in figures))
    if scores:
        below = np.mean(np.array(scores) < 1)
        print(f"{len(scores)} fields: MASE below 1 on {below:.0%}, {np.mean(held):.1%} in 95 %")


def main(given: Sequence[str]) -> None:
    """Measure, and print."""
    if len(given) != 1:
        sys.exit("python -m bench.forecast WAREHOUSE")
    with closing(open_warehouse(given[0])) as house:
        for horizon in (DAY, 7 * DAY):
            measure(house, horizon)


if __name__ == "__main__":
    main(sys.argv[1:])
