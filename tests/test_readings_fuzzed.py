"""Typing held to an independent reading of its rules, by very many texts.

``FIELDHOUSE_TEXTS`` says how many (200,000 unless set), ``FIELDHOUSE_SEED`` which; a failure names
the seed and the column that it came in.
"""

import os

import pytest

from fieldhouse.readings import DECIMAL, type_text
from fieldhouse.typed import type_numbers
from texts_kit import Texts, reading_of

TEXTS = int(os.environ.get("FIELDHOUSE_TEXTS", "200000"))
SEED = int(os.environ.get("FIELDHOUSE_SEED", "1"))
PARTS = max(4, TEXTS // 500_000)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(PARTS))
def test_columns_texts_and_an_independent_reading_agree(part: int) -> None:
    """Whatever text, alone or among whatever neighbours: one value and one reason, the right ones.

    A third of the columns are of a channel that writes decimal commas.
    """
    texts, left = Texts(SEED * 1_000 + part), TEXTS // PARTS
    while left > 0:
        column = texts.column(most=left)
        left -= len(column)
        comma = texts.random.random() < 0.3
        typed = type_numbers(texts.laid_out(column), decimal_comma=comma)
        assert typed.values.type == DECIMAL
        found = zip(typed.values.to_pylist(), typed.reasons.to_pylist(), strict=True)
        for text, outcome in zip(column, found, strict=True):
            if text is None:
                assert outcome == (None, None)
                continue
            right = reading_of(text, decimal_comma=comma)
            alone = type_text(text, decimal_comma=comma)
            if not outcome == alone == right:
                pytest.fail(
                    f"{text!r} is {right}, alone {alone}, in its column {outcome}: FIELDHOUSE_SEED="
                    f"{SEED}, part {part}, decimal_comma={comma}, among {column!r}"
                )
