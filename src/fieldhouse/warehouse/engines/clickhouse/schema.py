"""The schema brought up to this version: scripts applied in order, each known by its text."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from fieldhouse.errors import WarehouseUnusable
from fieldhouse.warehouse import migrations
from fieldhouse.warehouse.engines.clickhouse import binding
from fieldhouse.warehouse.engines.clickhouse.errors import NO_SCHEMA, translated
from fieldhouse.warehouse.engines.clickhouse.session import ENGINE, Session

__all__ = ["applied", "migrate"]


def migrate(session: Session) -> Sequence[str]:
    """Apply what is lacking; the names, in order.

    Every statement may be run again, so that two who migrate at once do no harm.
    """
    session.run("migrate", "ledger", database=session.database)
    done = applied(session)
    migrations.check(ENGINE, done, where=session.transport.where)
    scripts = migrations.pending(ENGINE, done)
    once = [script for script in scripts if script.name.startswith("migrations/")]
    objects = [script for script in scripts if script not in once]
    for script in once:
        _apply(session, script)
        _record(session, [script])
    for script in objects:
        _apply(session, script)
    _record(session, objects)  # together: each insert costs as much as a view
    return [script.name for script in scripts]


def _apply(session: Session, script: migrations.Script) -> None:
    for statement in binding.statements(script.text):
        session.do(session.named(statement), {})


def _record(session: Session, scripts: Sequence[migrations.Script]) -> None:
    if scripts:
        names = [script.name for script in scripts]
        checksums = [script.checksum for script in scripts]
        session.run("migrate", "record_script", names=names, checksums=checksums)


def applied(session: Session) -> Mapping[str, str]:
    """What the ledger holds; nothing if there is none yet."""
    try:
        with translated(session.transport.where):
            rows: pa.Table = session.ask("migrate", "applied_scripts")
    except WarehouseUnusable as error:
        if NO_SCHEMA not in str(error):
            raise
        return {}
    return dict(zip(rows["ScriptName"].to_pylist(), rows["Checksum"].to_pylist(), strict=True))
