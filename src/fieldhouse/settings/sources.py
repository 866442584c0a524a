"""Where values are given, but for ``fieldhouse.toml``: each source makes a layer of them."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from fieldhouse.settings.given import Given, Layer, error_line, filled, meant_by, read_text
from fieldhouse.settings.model import POINTERS, VARIABLES, Settings

__all__ = [
    "from_command_line",
    "from_stores",
    "from_variables",
    "read_dotenv",
    "refuse_near_misses",
]


# The command line, the environment and .env


def from_command_line(overrides: Mapping[str, object]) -> Layer:
    for key in overrides:
        if key not in Settings.model_fields:
            known = Settings.model_fields
            raise error_line(f"command line: {key} is no setting{meant_by(key, known)}")
    return {
        key: Given(value, "command line", f"command line: {key}")
        for key, value in overrides.items()
        if value is not None
    }


def from_variables(variables: Mapping[str, str], source: str, place: str) -> Layer:
    return {
        key: Given(variables[name], source.format(name), place.format(name))
        for key, name in VARIABLES.items()
        if name in variables
    }


def read_dotenv(path: Path) -> dict[str, str]:
    """The variables of a ``.env`` file as they are written: nothing in a value is replaced."""
    bindings = list(parse_stream(io.StringIO(read_text(path, ".env") or "")))
    for binding in bindings:
        if binding.error:
            raise error_line(f".env: line {binding.original.line} is not NAME=value")
    return filled({binding.key: binding.value for binding in bindings if binding.key})


def refuse_near_misses(dotenv: Iterable[str], references: set[str]) -> None:
    """A name in ``.env`` a letter or two from a setting's is a slip; others are somebody else's."""
    known = [*VARIABLES.values(), *POINTERS]
    for name in dotenv:
        if name in known or name in references or name[-1].isdigit():
            continue
        if meant := meant_by(name, known, cutoff=0.9):
            raise error_line(f".env: {name} is no setting{meant}")


# The stores of secrets


def from_stores(folder: Path, known: Mapping[str, str]) -> Iterator[Layer]:
    directory, vault, secret = (known.get(name) for name in POINTERS)
    if directory:
        yield _from_directory(folder / directory)
    if vault:
        label = f"Azure Key Vault {vault}"
        yield from_variables(_asked(_azure, vault, "azure", label), label, label + ": {}")
    if secret:
        label = f"AWS secret {secret}"
        yield from_variables(_asked(_aws, secret, "aws", label), label, label + ": {}")


def _from_directory(directory: Path) -> Layer:
    """One file for each secret, named as its variable in either case (Docker, Kubernetes)."""
    label = f"secrets directory {directory}"
    if not directory.is_dir():
        raise error_line(f"FIELDHOUSE_SECRETS_DIR: {directory} is not a directory")
    texts = {
        name: text.strip()
        for name in VARIABLES.values()
        for path in (directory / name.lower(), directory / name)
        if (text := read_text(path, f"{label}: {path.name}")) is not None
    }
    return from_variables(filled(texts), label, label + ": {}")


def _asked(
    ask: Callable[[str], Mapping[str, str | None]], name: str, extra: str, label: str
) -> dict[str, str]:
    try:
        return filled(ask(name))
    except ImportError:
        raise error_line(
            f"{label}: its library is missing; pip install '.[{extra}]' in a checkout"
        ) from None
    except Exception as error:  # a library's own tree, there only when it is installed
        raise error_line(f"{label}: cannot be read ({type(error).__name__})") from None


def _azure(url: str) -> Mapping[str, str | None]:
    """The vault's secrets, ``DB-PASSWORD`` for ``DB_PASSWORD``, with Azure's default credential."""
    from pydantic_settings import AzureKeyVaultSettingsSource

    credential = import_module("azure.identity").DefaultAzureCredential()
    return AzureKeyVaultSettingsSource(_stored(), url, credential, dash_to_underscore=True)()


def _aws(secret_id: str) -> Mapping[str, str | None]:
    """The secret's JSON object of variables, with the default AWS credential and region."""
    from pydantic_settings import AWSSecretsManagerSettingsSource

    return AWSSecretsManagerSettingsSource(_stored(), secret_id)()


def _stored() -> Any:
    """What a store may hold, in the shape that pydantic-settings asks with."""
    from pydantic import create_model
    from pydantic_settings import BaseSettings

    fields: dict[str, Any] = dict.fromkeys(VARIABLES.values(), (str | None, None))
    return create_model("_Stored", __base__=BaseSettings, **fields)
