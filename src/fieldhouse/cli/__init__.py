"""The command line: parse, build, call, print.

Exit codes: 0 all well, 1 something failed (a channel, a check), 2 usage or configuration,
130 Ctrl-C, or the signal TERM, which does the same.
Heavy libraries are imported by the commands that use them, so that ``--help`` answers at once.
"""

import re
import sys
from typing import Annotated

import typer

import fieldhouse
from fieldhouse import interrupts
from fieldhouse.cli import (
    alerting,
    asking,
    channels,
    copying,
    correcting,
    deriving,
    drawing,
    exporting,
    importing,
    keeping,
    lives,
    looking,
    moving,
    output,
    querying,
    relating,
    scheduling,
    scoring,
    serving,
    setup,
    streaming,
    suggesting,
)
from fieldhouse.errors import ConfigurationError, FieldhouseError, Interrupted

__all__ = ["app", "main"]

_INTERRUPTED = 130

app = typer.Typer(
    name="fieldhouse",
    help="Your ThingSpeak channels, in a warehouse you own.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_ROOMS = (
    copying,
    looking,
    asking,
    scoring,
    querying,
    relating,
    suggesting,
    correcting,
    deriving,
    drawing,
    exporting,
    importing,
    keeping,
    moving,
    lives,
    scheduling,
    alerting,
    serving,
    streaming,
    setup,
)
for room in _ROOMS:
    room.add_to(app)
app.add_typer(channels.app, name="channels")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fieldhouse {fieldhouse.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Copy ThingSpeak channels into a SQL warehouse, keep them current, and question them there."""


def main() -> None:
    """Run the command line; whatever a user can cause ends in one line and an exit code."""
    output.set_up_streams()
    interrupts.listen()
    try:
        code = app(_as_meant(sys.argv[1:]), standalone_mode=False)
        sys.stdout.flush()
    except ConfigurationError as error:
        sys.exit(_complain(str(error), 2))
    except FieldhouseError as error:
        sys.exit(_complain(str(error), 1))
    except Interrupted as stopped:
        interrupts.end_at_once(_INTERRUPTED)
        sys.exit(_complain(str(stopped), _INTERRUPTED))
    except (KeyboardInterrupt, typer.Abort):
        interrupts.end_at_once(_INTERRUPTED)
        code = _INTERRUPTED
    except BrokenPipeError:
        output.let_go_of_stdout()
        sys.exit(1)
    except OSError as error:
        if not output.is_of_stdout(error):
            raise
        output.let_go_of_stdout()
        sys.exit(_complain(f"standard output cannot be written: {error.strerror}", 1))
    except Exception as error:
        # typer's usage errors have no public base class; what they share is a message to format
        if not hasattr(error, "format_message"):
            raise
        if not error.format_message():  # help was shown, since nothing was asked
            sys.exit(2)
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context else ""
        sys.exit(_complain(f"{_worded(error.format_message())}{hint}", 2))
    if code == _INTERRUPTED:
        _complain("interrupted", code)
    sys.exit(code if isinstance(code, int) else 0)


_WORDS = {
    "Value error, ": "",
    "Input should be greater than or equal to": "the least is",
    "Input should be less than or equal to": "the greatest is",
    "Input should be a valid integer, unable to parse string as an integer": "it is a whole number",
    "Input should be a valid number, unable to parse string as a number": "it is a number",
    "Got unexpected extra argument(s)": "more than it takes:",
}
"""How the library that parses says it, and how we do."""


def _worded(message: str) -> str:
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    return message


def _as_meant(words: list[str]) -> list[str]:
    """Let what only looks like an option be what it is.

    A channel of files, -3: its sign becomes a minus sign, which is read as one; what follows an
    option stays as it is. A SELECT that begins with a comment, ``-- of yesterday``: a blank more.
    """
    return [
        "\N{MINUS SIGN}" + word[1:]
        if re.fullmatch(r"-[0-9]+", word, re.ASCII) and not before.startswith("-")
        else f" {word}"
        if re.match(r"--\s", word)
        else word
        for before, word in zip(["", *words], words, strict=False)
    ]


def _complain(message: str, code: int) -> int:
    line = " ".join(message.split())
    typer.echo(f"fieldhouse: {line}", err=True)
    return code
