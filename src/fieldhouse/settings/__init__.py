"""The configuration: read once by `load_settings`, then a frozen value.

A setting is taken from the first of these that has it: the command line, the environment, ``.env``,
the stores of secrets (a directory, Azure Key Vault, AWS Secrets Manager), ``fieldhouse.toml``, the
default. Whatever is wrong is one `ConfigurationError` of one line, which never repeats a secret.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.assembly import assembled
from fieldhouse.settings.given import channel_number, filled
from fieldhouse.settings.model import ChannelSettings, Settings
from fieldhouse.settings.sources import (
    from_command_line,
    from_stores,
    from_variables,
    read_dotenv,
    refuse_near_misses,
)
from fieldhouse.settings.toml import TomlFile

__all__ = ["ChannelSettings", "Settings", "channel_number", "load_settings"]


def load_settings(
    overrides: Mapping[str, object] | None = None,
    *,
    directory: Path | None = None,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the configuration once.

    ``overrides`` are the command line's, by setting's name; None means not given. ``directory``
    holds ``.env`` and ``fieldhouse.toml`` (default: the current one); neither need be there, but a
    ``config_file`` that is named must be. ``environ`` stands in for the process's environment.

    Raises `ConfigurationError`, in one line, for whatever is wrong.
    """
    folder = _here() if directory is None else directory
    env = filled(os.environ if environ is None else environ)
    dotenv = read_dotenv(folder / ".env")
    known = {**dotenv, **env}
    file = TomlFile.read(folder, config_file, known)
    refuse_near_misses(dotenv, file.references())
    return assembled(
        [
            from_command_line(overrides or {}),
            from_variables(env, "environment {}", "environment {}"),
            from_variables(dotenv, ".env", ".env: {}"),
            *from_stores(folder, known),
            file.layer(),
        ],
        file.label,
    )


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise ConfigurationError(
            "the folder that this is run in is gone: change to one that is there"
        ) from None
