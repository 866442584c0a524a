"""Calls that read, decide and write, as one at a time: alerts, messages about them, leases.

Where one process has all, its lock makes them exact. On a server they hold a lock that all
processes see, as a channel's is (see ``locks``): of inserts that are read back none can tell which
came first, for two may each see their own alone.
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.warehouse.engines.clickhouse.session import Session

__all__ = ["ALONE", "settle_alerts"]

ALONE: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "acknowledge_alerts",
            "claim_notices",
            "end_silence",
            "mark_notice",
            "settle_alerts",
            "silence_alerts",
        ),
        "alerts",
    ),
    **dict.fromkeys(("announce_worker", "give_leases_back", "take_leases"), "leases"),
}
"""Calls, and the lock that each of them holds."""

_PART = 500
"""Findings in a statement: parameters go to a server in its address, which has an end."""
_NOTICE = 2
"""The kind of a message, as ``migrations/0011_alerts`` has it."""


def settle_alerts(session: Session, values: Mapping[str, Any]) -> pa.Table:
    """What fires is kept, in parts; then what follows of it is written in one insert."""
    given = dict(values)
    firing: pa.Table = given.pop("firing")
    see, follow, answer = session.statements("calls", "settle_alerts")
    for start in range(0, firing.num_rows, _PART):
        session.do(see, {**given, **firing.slice(start, _PART).to_pydict()})
    rows = session.answer(follow, given)
    if rows.num_rows:
        session.transport.insert(session.named("iot.Incidents"), rows, {})
    made = pc.sum(pc.equal(rows["Kind"], _NOTICE), min_count=0).as_py()
    return session.answer(answer, {**given, "made": made})
