"""Coverage: which time is proven complete."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fieldhouse.state import BEGINNING, SECOND, Coverage, Span

T0 = datetime(2024, 1, 1)
SPANS = st.lists(
    st.builds(
        lambda start, length: Span(T0 + start * SECOND, T0 + (start + length) * SECOND),
        st.integers(0, 50),
        st.integers(0, 10),
    )
)


def seconds(spans: tuple[Span, ...]) -> set[int]:
    return {
        second
        for span in spans
        for second in range((span.start - T0) // SECOND, (span.end - T0) // SECOND)
    }


@given(SPANS)
def test_coverage_is_the_union_of_its_spans(spans: list[Span]) -> None:
    """In any order, any number of times: the same seconds, in the fewest spans."""
    coverage = Coverage.of(spans)
    assert seconds(coverage.spans) == seconds(tuple(spans))
    assert coverage == Coverage.of([*reversed(spans), *spans]) == Coverage().add(*spans)
    ends = [edge for span in coverage.spans for edge in span]
    assert ends == sorted(set(ends))


@given(SPANS)
def test_holes_are_what_lies_before_the_newest_span_uncovered(spans: list[Span]) -> None:
    """Spans and holes together reach from the beginning to the end of coverage without overlap."""
    coverage = Coverage.of(spans)
    parts = sorted((*coverage.spans, *coverage.holes()))
    assert all(one.end == two.start for one, two in pairwise(parts))
    assert not parts or (parts[0].start, parts[-1].end) == (BEGINNING, coverage.end)


def test_the_watermark_needs_coverage_back_to_the_beginning() -> None:
    """A hole anywhere in the past holds the watermark back to before it."""
    hour = timedelta(hours=1)
    assert Coverage.of([Span(T0, T0 + hour)]).watermark is None
    reaching = Coverage.of([Span(BEGINNING, T0), Span(T0 + hour, T0 + 2 * hour)])
    assert reaching.watermark == T0
    assert reaching.add(Span(T0, T0 + hour)).watermark == T0 + 2 * hour
