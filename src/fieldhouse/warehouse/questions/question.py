"""What a declaration of a question is: how parameters are held to it, and answers brought to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from fieldhouse.errors import ConfigurationError, WarehouseError
from fieldhouse.warehouse.questions.kinds import Kind

__all__ = ["Parameter", "Question", "catalogue", "optional", "takes"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's kind; one that is not ``required`` may be None, which means ``default``."""

    kind: Kind
    required: bool = True
    default: Any = None


@dataclass(frozen=True, slots=True)
class Question:
    """What can be asked of every engine by its name; no columns: it answers nothing."""

    name: str
    intent: str
    parameters: Mapping[str, Parameter]
    columns: pa.Schema

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.parameters)})"

    def only(self, wanted: Sequence[str] | None) -> "Question":
        """The same question, answered in some of its columns; None: in all. ConfigurationError."""
        if wanted is None:
            return self
        if unknown := [name for name in wanted if name not in self.columns.names]:
            raise ConfigurationError(f"{self.name} answers no {unknown[0]!r}")
        return replace(self, columns=pa.schema([self.columns.field(name) for name in wanted]))

    def bound(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter's value, as engines bind it. Raises ConfigurationError, in one line."""
        if unknown := given.keys() - self.parameters.keys():
            said = " ".join(", ".join(sorted(unknown))[:60].split())  # of one line, whatever it is
            raise ConfigurationError(f"{self.name} takes no {said}: it is {self}")
        needed = (name for name, parameter in self.parameters.items() if parameter.required)
        if missing := [name for name in needed if given.get(name) is None]:
            raise ConfigurationError(f"{self.name} needs {', '.join(missing)}: it is {self}")
        return {name: self._value(name, given.get(name)) for name in self.parameters}

    def shaped(self, answer: pa.Table) -> pa.Table:
        """An engine's answer in the declared columns and types. Raises WarehouseError."""
        if answer.schema.equals(self.columns):
            return answer
        if not self.columns.names:
            return self.columns.empty_table()
        return _cast(answer.select(self._found_in(answer.schema)), self)

    def shaped_batches(
        self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
    ) -> pa.RecordBatchReader:
        """As ``shaped``, of an answer that comes batch by batch."""
        if not schema.equals(self.columns):
            batches = self._shaped_each(self._found_in(schema), batches)
        return pa.RecordBatchReader.from_batches(self.columns, batches)

    def _value(self, name: str, value: Any) -> Any:
        parameter = self.parameters[name]
        if value is None:
            return parameter.default
        try:
            return parameter.kind.read(value)
        except (ValueError, TypeError, KeyError, OverflowError, pa.ArrowException):
            said = repr(value) if isinstance(value, (str, int, float)) else type(value).__name__
            raise ConfigurationError(
                f"{self.name}: {name} must be {parameter.kind.right}, not {said[:60]}"
            ) from None

    def _found_in(self, schema: pa.Schema) -> list[str]:
        """The declared columns' names, all of which an answer must have."""
        if absent := [name for name in self.columns.names if name not in schema.names]:
            raise WarehouseError(
                f"{self.name} answers without {', '.join(absent)}, which warehouse/questions"
                " declares: bring the declaration and the engine's file together"
            )
        return list(self.columns.names)

    def _shaped_each(
        self, names: list[str], batches: Iterable[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _cast(batch.select(names), self)


def _cast(rows: Any, question: Question) -> Any:
    try:
        return rows.cast(question.columns)
    except pa.ArrowException as error:
        raise WarehouseError(f"{question.name} answers what it should not: {error}") from error


def optional(kind: Kind, default: Any = None) -> Parameter:
    """A parameter that need not be given."""
    return Parameter(kind, required=False, default=default)


def takes(**kinds: Kind | Parameter) -> dict[str, Parameter]:
    """Parameters by their names, in order; a bare kind must be given."""
    return {
        name: Parameter(kind) if isinstance(kind, Kind) else kind for name, kind in kinds.items()
    }


def catalogue(*questions: Question) -> dict[str, Question]:
    """Questions by their names."""
    return {question.name: question for question in questions}
