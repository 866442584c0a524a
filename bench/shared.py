"""What the parts of the benchmark share."""

import shutil
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import history
from bench.processes import fresh
from bench.report import megabytes, say
from bench.server import Server
from bench.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Bench:
    """Sizes, a folder, a server, and the warehouses filled so far."""

    sizes: Sizes
    folder: Path
    server: Server
    _filled: dict[str, Path] = field(default_factory=dict)

    def warehouse(self, name: str, channel_ids: Sequence[int], rows: int) -> Path:
        """A warehouse with a history, filled when it is first asked for; not to be changed."""
        if name not in self._filled:
            file = self.folder / f"{name}.duckdb"
            took = fresh(history.fill, file, channel_ids, rows)
            say(
                f"filled {name!r}: {rows:,} rows, {len(channel_ids)} channel(s), in {took.load:.0f}"
                f" s, aggregated in {took.refresh:.0f} s; {megabytes(file.stat().st_size)}"
            )
            self._filled[name] = file
        return self._filled[name]

    @contextmanager
    def copy(self, file: Path) -> Iterator[Path]:
        """A copy to be changed, gone afterwards."""
        target = self.folder / f"copy-of-{file.name}"
        shutil.copyfile(file, target)
        try:
            yield target
        finally:
            for each in self.folder.glob(f"{target.name}*"):
                each.unlink()

    def median(self, measure: Callable[[], float]) -> float:
        """The median of the repetitions."""
        return statistics.median(measure() for _ in range(self.sizes.repeats))
