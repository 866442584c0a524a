"""Bringing in a file: sent, looked at as a dry run, and only then imported."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response

from fieldhouse import names, times
from fieldhouse.errors import ConfigurationError, FieldhouseError, WarehouseUnavailable
from fieldhouse.importing import Import, Wanted, import_files, plan
from fieldhouse.parts import Parts
from fieldhouse.sources.exports import Options
from fieldhouse.state import Run
from fieldhouse.web.access import Scope
from fieldhouse.web.jobs import Job
from fieldhouse.web.kept import Upload
from fieldhouse.web.pages.shared import Given, Posted, done, given_in, show
from fieldhouse.web.pages.working import led_to
from fieldhouse.web.served import House, Served, Who, needs

__all__ = ["router"]

router = APIRouter()
_OPERATE = [needs(Scope.OPERATE)]
_FIELDS = range(1, 9)
_FORM = (
    *("channel", "tz", "encoding", "time", "time_format", "name", "epoch", "skip"),
    *("decimal_comma", "whole", "any_channel"),
    *(f"field{n}" for n in _FIELDS),
)
_LABELS = {
    "channel": "Channel",
    "tz": "Time zone",
    "encoding": "Encoding",
    "time": "Column of the time",
    "time-format": "Form of the time",
    "name": "Name of the channel",
    "epoch": "Life",
    "skip": "Columns to leave out",
    "decimal-comma": "Decimal comma",
    "whole": "The last line is whole",
    "any-channel": "Also of another channel",
}
"""What the command line's options are called here, for lines that name them."""
_GONE = "this file is here no more: send it again"
_OPTION = re.compile(r"--(?:field([1-8])|([a-z]+(?:-[a-z]+)*))")


@router.get("/import")
def import_page(request: Request) -> Response:
    """The form that takes a file."""
    return show(request, "import.html", given=given_in(request), upload=None, numbers=_FIELDS)


@router.post("/import", dependencies=_OPERATE)
async def send(request: Request, served: House, visitor: Who) -> Response:
    """Take a file in, and find out what importing it would do."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(415, "a file is sent as multipart/form-data, in the part file")
    form = await request.form(max_files=1, max_fields=100)  # 400 for what is none
    pairs = [(name, text) for name, text in form.multi_items() if isinstance(text, str)]
    given, file = Given(pairs), form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        given.refuse("file", "choose a file: CSV, JSON or XML, plain, .gz or .zip")
        return show(request, "import.html", given=given, upload=None, numbers=_FIELDS)
    try:
        upload = await run_in_threadpool(
            served.uploads.take_in, file.file, file.filename, visitor.name
        )
    except WarehouseUnavailable as error:
        given.refuse("file", str(error))
        return show(request, "import.html", given=given, status=503, upload=None, numbers=_FIELDS)
    finally:
        await form.close()
    await run_in_threadpool(_look, served, upload, given)
    return done(
        request, f"/import/{upload.word}", f"{upload.name} is here; nothing is written yet."
    )


@router.get("/import/{word}", dependencies=_OPERATE)
def upload_page(request: Request, served: House, word: str) -> Response:
    """What importing a file would do."""
    upload = _found(served, word)
    given = Given(list(upload.given.items()))
    given.errors.update(upload.errors)
    return show(
        request,
        "import.html",
        given=given,
        upload=upload,
        plan=upload.plan,
        numbers=_FIELDS,
        rows=_rows(upload.plan) if upload.plan else (),
    )


def _found(served: Served, word: str) -> Upload:
    if upload := served.uploads.get(word):
        return upload
    raise HTTPException(404, _GONE)


def _rows(done: Import) -> list[tuple[str, str]]:
    """What it would do, in figures."""
    channel = f"{done.channel_id}"
    if done.metadata and done.metadata["name"]:
        channel += f" ({done.metadata['name']})"
    rows = [
        ("Channel", channel),
        ("New entries", f"{done.new:,}"),
        ("Known entries", f"{done.known:,}"),
        ("Of these with other values", f"{done.differing:,}"),
        ("Rejected", f"{done.rejected:,}"),
    ]
    if done.epochs:
        rows.append(("Lives", ", ".join(str(epoch) for epoch in sorted(done.epochs))))
    left_out = [column for columns in done.left_out.values() for column in columns]
    return [*rows, *([("Columns left out", ", ".join(left_out))] if left_out else [])]


@router.post("/import/{word}/look", dependencies=_OPERATE)
def look_again(request: Request, served: House, word: str, given: Posted) -> Response:
    """Find out what importing it in another way would do."""
    upload = _found(served, word)
    _look(served, upload, given)
    return done(request, f"/import/{word}", "Looked at again; nothing is written yet.")


def _look(served: Served, upload: Upload, given: Given) -> None:
    """Plan the import as the form says; what is wrong is kept with the file."""
    upload.plan, upload.asked = None, None
    upload.given = {name: given.text(name) for name in _FORM if given.text(name)}
    wanted, options = _wanted(upload, given), _options(served, given)
    if not given.errors and wanted and options:
        try:
            upload.plan = plan(served.warehouse, [upload.path], wanted, options, served.clock())
            upload.asked = wanted, options
        except ConfigurationError as error:
            given.refuse("file", _in_words(str(error)))
    upload.errors = dict(given.errors)


def _in_words(line: str) -> str:
    """A line that names options of the command line, with the names that they have here."""

    def named(found: re.Match[str]) -> str:
        if found[1]:
            return f"“Column of field {found[1]}”"
        return f"“{_LABELS.get(found[2], found[2])}”"

    return _OPTION.sub(named, line)


def _wanted(upload: Upload, given: Given) -> Wanted:
    return Wanted(
        channel_id=given.read("channel", _channel),
        epoch=given.read("epoch", _epoch),
        name=given.text("name") or None,
        any_channel=bool(given.text("any_channel")),
        called={upload.path: upload.name},
    )


def _channel(text: str) -> int:
    if (number := names.channel_number(text)) is None:
        raise ConfigurationError(f"{text[:40]!r} is no channel's number, as 9 is one")
    return number


def _epoch(text: str) -> int | str:
    if text.lower() == "older":
        return "older"
    try:
        return int(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        raise ConfigurationError(f"{text[:40]!r} is no life: write its number, or older") from None


def _options(served: Served, given: Given) -> Options | None:
    fields: Mapping[int, str] = {
        n: given.text(f"field{n}") for n in _FIELDS if given.text(f"field{n}")
    }
    options = Options(
        encoding=given.text("encoding") or None,
        zone=given.read("tz", times.zone_of),
        time_format=given.text("time_format") or None,
        decimal_comma=bool(given.text("decimal_comma")),
        time=given.text("time") or None,
        fields=fields,
        skip=tuple(part.strip() for part in given.text("skip").split(",") if part.strip()),
        whole=bool(given.text("whole")),
    )
    number = given.read("channel", _channel)
    if number is None:
        return options
    comma = options.decimal_comma or served.settings.channel(number).decimal_comma
    return replace(options, decimal_comma=comma)


@router.post("/import/{word}/confirm", dependencies=_OPERATE)
def confirm(request: Request, served: House, word: str) -> Response:
    """Import it, as it was looked at; the file goes, whatever comes of it."""
    upload = _found(served, word)
    if upload.plan is None or upload.asked is None:
        return done(request, f"/import/{word}", "First its form has to be right.", is_error=True)
    work = _importing(upload, *upload.asked)
    if not served.uploads.take_out(word):  # confirmed twice: the first one has it
        raise HTTPException(404, _GONE)
    try:
        job = served.jobs.carry_out("import", [upload.plan.channel_id], work)
    except FieldhouseError:
        served.uploads.put_back(upload)
        raise
    return led_to(request, job, f"/jobs/{job.number}")


def _importing(
    upload: Upload, wanted: Wanted, options: Options
) -> Callable[[Parts, Job], list[Run]]:
    def work(parts: Parts, job: Job) -> list[Run]:
        try:
            ended = import_files(parts, [upload.path], wanted, options)
        except ConfigurationError as error:
            raise ConfigurationError(_in_words(str(error))) from error
        finally:
            upload.drop()
        job.lines.append(_said(upload, ended))
        return [ended.run] if ended.run else []

    return work


def _said(upload: Upload, ended: Import) -> str:
    line = (
        f"{upload.name} is in channel {ended.channel_id}: {ended.new:,} new entries,"
        f" {ended.known:,} known, {ended.rejected:,} rejected."
    )
    if ended.run and ended.run.raw:
        kept = ", ".join(f"{reason} {count:,}" for reason, count in ended.texts.items())
        line += f" Texts kept beside values: {kept}."
    return line


@router.post("/import/{word}/drop", dependencies=_OPERATE)
def drop(request: Request, served: House, word: str) -> Response:
    """Delete a file that was sent; nothing of it stays."""
    _found(served, word)
    if gone := served.uploads.take_out(word):
        gone.drop()
    return done(request, "/import", "The file is deleted; nothing was written.")
