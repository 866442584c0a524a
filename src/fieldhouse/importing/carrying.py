"""Files into the warehouse, as ``planning`` has found out where their entries belong.

An import that was killed is done again: what is there already is known, and the rows in the end are
the same.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse import events, recall
from fieldhouse.errors import ConfigurationError, FieldhouseError, StateMoved
from fieldhouse.importing.planning import chunks_of, knowing, plan
from fieldhouse.importing.wanted import Import, Wanted
from fieldhouse.parts import Parts
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.sources.exports import Options, Rejected
from fieldhouse.state import Progress, Run
from fieldhouse.steps import analyse, record
from fieldhouse.writer import Ticket

__all__ = ["import_files"]

logger = logging.getLogger(__name__)

_COMMA = r"^\s*[+-]?[0-9]+,[0-9]+\s*$"
_NEAR = timedelta(days=1)
"""What is dated further ahead is the far future's, as for what is polled."""


def import_files(parts: Parts, paths: Sequence[Path], wanted: Wanted, options: Options) -> Import:
    """Plan, load, aggregate, score and record; what came of it.

    The channel's lock is held from when the plan is known to hold still. Raises what ``errors``
    draws, and KeyboardInterrupt; what was written before stays, and the same import once more
    carries on from it.
    """
    options = knowing(options, parts.warehouse, wanted)
    made = partial(plan, parts.warehouse, paths, wanted, options)
    run = Run(channel_id=0, started_at=parts.clock())
    done = made(parts.clock(), parts.observe)
    with parts.warehouse.lock(done.channel_id):
        if recall.channel_state(parts.warehouse, done.channel_id) != done.state:
            moved, done = done.channel_id, made(parts.clock(), parts.observe)
            if done.channel_id != moved:
                raise StateMoved(f"channel {moved} was taken meanwhile: import once more")
        run = replace(run, channel_id=done.channel_id, source=done.source)
        ticket = Ticket(done.channel_id)
        try:
            _load(parts, done, options, ticket)
        except KeyboardInterrupt:
            _give_up(parts, replace(run, outcome="interrupted"), done, ticket)
            raise
        except FieldhouseError as error:
            _give_up(parts, replace(run, outcome="failed", error=str(error)), done, ticket)
            raise
    _finish(parts, run, done, ticket)
    return done


def _load(parts: Parts, done: Import, options: Options, ticket: Ticket) -> None:
    """Write what the files bring, chunk by chunk, and judge what it does to other lives."""
    if done.metadata:
        parts.writer.call("upsert_channel", **done.metadata)
    if done.opens:
        recall.open_epoch(parts.warehouse, done.channel_id, done.opens)
    version = done.state.epoch.version
    for batch in _batches(parts, done, options):
        is_newest = batch.epoch == done.state.epoch.number
        parts.writer.put(ticket, replace(batch, version=version if is_newest else None))
        version += is_newest
    ticket.wait()
    for epoch in done.later if done.grown else ():
        parts.writer.call("judge_epoch", channel_id=done.channel_id, epoch=epoch)


def _batches(parts: Parts, done: Import, options: Options) -> Iterator[Batch]:
    newest = done.state.epoch.number
    blank = Batch(
        channel_id=done.channel_id,
        epoch=newest,
        readings=READINGS.empty_table(),
        raw=RAW.empty_table(),
        rejected=REJECTED.empty_table(),
        progress=Progress(),
        horizon=parts.clock() + _NEAR,
        recalled=True,
    )
    if (proven := _proven(done)) != Progress():
        yield replace(blank, progress=proven)
    for file in done.files:
        begin = 0
        for chunk in chunks_of(file.member, file.ids, options, parts.observe, "loading", done):
            epochs = file.epochs[begin : begin + chunk.readings.num_rows]
            begin += chunk.readings.num_rows
            if begin > len(file.epochs):
                break
            _note_texts(done, chunk.raw)
            for epoch in np.unique(epochs).tolist():
                own = chunk.chosen(epochs == epoch)
                yield replace(blank, epoch=epoch, readings=own.readings, raw=own.raw)
            if chunk.rejected:
                yield replace(blank, rejected=_rejected(chunk.rejected))
        if begin != len(file.epochs):
            raise ConfigurationError(f"{file.name} was changed while it was read: once more")


def _proven(done: Import) -> Progress:
    """What the files say of the newest life: its counter, and that older lives must be judged."""
    epoch = done.state.epoch
    counted = done.highest if done.channel_id > 0 and epoch.number in done.epochs else 0
    return Progress(
        last_entry_id=counted if counted > (epoch.last_entry_id or 0) else None,
        judged=False if done.grown else None,
        labels=done.labels,
    )


def _note_texts(done: Import, raw: pa.Table) -> None:
    """Count texts by why they are kept."""
    for each in raw["Reason"].value_counts().to_pylist():
        done.texts[each["values"]] += each["counts"]
    odd = raw.filter(pc.equal(raw["Reason"], "unparseable"))["RawValue"]
    done.has_commas |= bool(pc.any(pc.match_substring_regex(odd, _COMMA)).as_py())


def _rejected(rejected: Sequence[Rejected]) -> pa.Table:
    rows = [{"EntryText": each.text, "Reason": each.reason} for each in rejected]
    return pa.Table.from_pylist(rows, REJECTED)


def _give_up(parts: Parts, run: Run, done: Import, ticket: Ticket) -> None:
    """Record what came of an import that ended early, as far as that is to be had."""
    try:
        _finish(parts, run, done, ticket)
    except FieldhouseError as error:
        logger.error("The import could not be recorded: %s", error)


def _finish(parts: Parts, run: Run, done: Import, ticket: Ticket) -> None:
    with suppress(FieldhouseError):
        ticket.wait()
    done.counts = ticket.counts
    parts.tell(events.AnalysisStarted((done.channel_id,)))
    scores = analyse(parts, [done.channel_id])
    done.run = replace(
        run,
        fetched=done.new + done.known + done.rejected,
        **asdict(ticket.counts),
        quality_score=scores.get(done.channel_id),
        ended_at=parts.clock(),
    )
    record(parts, [done.run])
    parts.tell(events.RunEnded(done.run))
