"""Files that hold entries of a channel: ThingSpeak's exports, `fieldhouse export`'s, others' CSV.

``open_export`` says what a file is and gives its entries chunk by chunk, typed as those of a page:

    for member in members(Path("feeds.zip")):
        export = open_export(member, Options())
        for chunk in export.chunks:
            chunk.readings                      # fieldhouse.readings.READINGS

- streams: the text of a file, unpacked and decoded as it is read
- header, delimited, torn: CSV
- own, lines: what `fieldhouse export` wrote, in CSV and in other formats
- documents: JSON and XML
- times: what a file says of time
- chunk, options: what comes out, and how to read what a file does not say
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from fieldhouse.errors import ConfigurationError
from fieldhouse.sources.exports import delimited, documents, lines
from fieldhouse.sources.exports.chunk import Chunk, Rejected
from fieldhouse.sources.exports.header import Header
from fieldhouse.sources.exports.options import Options
from fieldhouse.sources.exports.streams import Member, Progress, members, pieces

__all__ = ["Chunk", "Export", "Member", "Options", "Rejected", "members", "open_export"]

_SHOWN = 4096


@dataclass(frozen=True, slots=True)
class Export:
    """One file's entries. ``chunks`` can be read once; ``open_export`` opens it again.

    ``place`` is what a chunk's places count: lines, or entries. ``channel`` is ThingSpeak's channel
    object, empty where the file has none. ``labels`` are the names that the file itself has for its
    fields, ``left_out`` its columns that are not read. ``tells_each``: each entry says whose it is,
    and ``channel`` has the id of the first one's; there may be several. ``guessed`` are columns
    that are fields, by number, by their order alone, which is that of the first one's channel.
    """

    name: str
    chunks: Iterator[Chunk]
    has_ids: bool = True
    place: str = "line"
    channel: Mapping[str, Any] = field(default_factory=dict)
    tells_each: bool = False
    labels: Mapping[int, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    guessed: Mapping[int, str] = field(default_factory=dict)


def open_export(member: Member, options: Options, progress: Progress | None = None) -> Export:
    """Find out what a file is, and read it; ``progress`` is told the bytes that were read.

    Raises ConfigurationError, here or out of ``chunks``: one line that says what is wrong, in which
    line of the file, and what would be right.
    """
    if form := lines.form_of(member):
        return _of_rows(member.name, *lines.read_table(member, form, options, progress), "entry")
    stream = pieces(member, options.encoding, progress)
    head = b""
    while len(head) < _SHOWN and (piece := next(stream, None)) is not None:
        head += piece
    stream, start = chain([head], stream), head.lstrip()[:_SHOWN].lower()
    if not start:
        raise ConfigurationError(f"{member.name} is empty")
    if start.strip() in (b"-1", b'"-1"'):
        raise ConfigurationError(
            f"{member.name} holds ThingSpeak's answer -1: without a read key it gave no entries"
        )
    if start.startswith(b"<"):
        return _xml(member.name, start, stream, options)
    if start.startswith(b"{") and lines.are_lines(head.lstrip()):
        return _of_rows(member.name, *lines.read_lines(stream, member.name, options))
    if lines.are_periods(head.lstrip()):
        raise ConfigurationError(
            f"{member.name} holds periods, no entries: export them as CSV, and --time and --field1"
            " read that as a channel of its own"
        )
    if start.startswith((b"{", b"[")):
        channel, chunks = documents.read_json(stream, member.name, options)
        return Export(member.name, chunks, place="entry", channel=channel)
    header, chunks = delimited.read(stream, member.name, options)
    return _of_rows(member.name, header, chunks)


def _of_rows(name: str, header: Header, chunks: Iterator[Chunk], place: str = "line") -> Export:
    """Rows under a header; in a file of our own the first tells whose it is."""
    export = Export(
        name,
        chunks,
        has_ids="entry_id" in header.keys,
        place=place,
        labels=header.labels,
        left_out=header.left_out,
        guessed=header.guessed,
    )
    if not header.rows:
        return export
    before = []
    for chunk in chunks:
        before.append(chunk)
        if chunk.channels is not None and len(chunk.channels):
            whose = int(chunk.channels[0])
            return replace(
                export,
                chunks=chain(before, chunks),
                channel={"id": whose} if whose > 0 else {},
                tells_each=True,
            )
    return replace(export, chunks=iter(before), tells_each=True)


def _xml(name: str, start: bytes, stream: Iterator[bytes], options: Options) -> Export:
    root = re.match(rb"(?:<\?xml[^>]*\?>|<!--.*?-->|\s)*<([a-z!][^\s>/]*)", start, re.DOTALL)
    if not root or root[1] not in (b"channel", b"feed", b"hash", b"error"):
        raise ConfigurationError(
            f"{name} is a web page or another XML, no export: log in, and download the channel's"
            " data (Data Import / Export), or ask the API for feeds.csv"
        )
    if root[1] in (b"hash", b"error"):
        raise ConfigurationError(f"{name} holds an error that ThingSpeak answered, no entries")
    channel, chunks = documents.read_xml(stream, name, options)
    return Export(name, chunks, place="entry", channel=channel)
