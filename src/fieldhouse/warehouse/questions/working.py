"""What workers ask that share channels: who is there, who has what, how often channels send."""

from fieldhouse.warehouse.questions.kinds import (
    CHANNEL_IDS,
    FLOAT,
    INSTANT,
    LONG,
    TEXT,
    columns,
)
from fieldhouse.warehouse.questions.question import Question, optional, takes

__all__ = ["SHARING", "WORKING"]

WORKING = (
    Question(
        "cadences",
        "what is known of channels that decides how often they are asked",
        takes(channel_ids=optional(CHANNEL_IDS)),
        columns(
            ChannelID=LONG,
            CadenceSeconds=FLOAT,
            NewestCreatedAt=INSTANT,
            FirstRunAt=INSTANT,
            LastAskedAt=INSTANT,
            Failures=LONG,
        ),
    ),
    Question(
        "leases",
        "which worker has which channel, since when and for how long",
        takes(),
        columns(ChannelID=LONG, WorkerName=TEXT, TakenAt=INSTANT, ExpiresAt=INSTANT),
    ),
    Question(
        "workers",
        "the workers that are there, and how many channels each has",
        takes(),
        columns(
            WorkerName=TEXT, StartedAt=INSTANT, SeenAt=INSTANT, ExpiresAt=INSTANT, Channels=LONG
        ),
    ),
)
"""What is asked."""

SHARING = (
    Question(
        "announce_worker",
        "a worker is there for so long, by the warehouse's own clock",
        takes(worker=TEXT, seconds=FLOAT),
        columns(WorkerName=TEXT),
    ),
    Question(
        "give_leases_back",
        "a worker has some channels no longer",
        takes(worker=TEXT, channel_ids=optional(CHANNEL_IDS)),
        columns(),
    ),
    Question(
        "take_leases",
        "a worker keeps those of some channels that it has, and takes those that nobody has",
        takes(worker=TEXT, channel_ids=CHANNEL_IDS, seconds=FLOAT),
        columns(ChannelID=LONG),
    ),
)
"""What is carried out."""
