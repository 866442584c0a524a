"""What a warehouse still lacks of this version's schema; the same rules for every engine.

Numbered migrations run once, in order, and never change after a release; views and procedures run
again whenever their text has changed, and are dropped when their file is no longer there.
``iot.SchemaMigrations`` is the ledger: a script's name and the checksum of the text that was
applied.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fieldhouse.errors import WarehouseUnusable
from fieldhouse.warehouse import sqlfiles
from fieldhouse.warehouse.registry import ENGINES

__all__ = ["Script", "check", "pending"]

_OBJECT = re.compile(r"(\w+)/(\w+)")


@dataclass(frozen=True, slots=True)
class Script:
    """One SQL file to be applied; ``name`` is how the ledger knows it, ``folder/file``."""

    name: str
    text: str

    @property
    def object(self) -> str:
        """The object that it makes, if it makes one."""
        return self.name.rpartition("/")[2]

    @property
    def checksum(self) -> str:
        """Of the text, whatever the line ends of the checkout."""
        return hashlib.sha256("\n".join(self.text.splitlines()).encode()).hexdigest()


def pending(engine: str, applied: Mapping[str, str]) -> list[Script]:
    """The scripts to run, in order, where ``applied`` maps names to checksums."""
    objects = [script for folder in ENGINES[engine].objects for script in _scripts(engine, folder)]
    wanted = objects + _farewells(engine, applied, {script.object for script in objects})
    changed = [script for script in wanted if applied.get(script.name) != script.checksum]
    return [s for s in _scripts(engine, "migrations") if s.name not in applied] + changed


def check(engine: str, applied: Mapping[str, str], *, where: str) -> None:
    """Raise WarehouseUnusable if a newer program, or a migration of another text, was here."""
    known = {script.name: script.checksum for script in _scripts(engine, "migrations")}
    for name in sorted(name for name in applied if name.startswith("migrations/")):
        if name not in known:
            raise WarehouseUnusable(
                f"{where}: a newer Fieldhouse has been here ({name}): upgrade this one"
            )
        if known[name] != applied[name]:
            raise WarehouseUnusable(
                f"{where}: {name} is not the text that was applied: restore the released one"
            )


def _farewells(engine: str, applied: Mapping[str, str], kept: Collection[str]) -> list[Script]:
    """What drops those objects of the ledger whose file has gone, and not to another folder."""
    kinds = ENGINES[engine].objects
    found = (_OBJECT.fullmatch(name) for name in sorted(applied))
    return [
        Script(it[0], f"DROP {kinds[it[1]]} IF EXISTS iot.{it[2]};\n")
        for it in found
        if it and kinds.get(it[1]) and it[2] not in kept
    ]


def _scripts(engine: str, folder: str) -> list[Script]:
    found = sqlfiles.names(engine, folder)
    return [Script(f"{folder}/{name}", sqlfiles.text(engine, folder, name)) for name in found]
