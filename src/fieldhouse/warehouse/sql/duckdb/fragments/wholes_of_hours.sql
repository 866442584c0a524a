-- FROM: each of hours(ChannelID, PeriodStart, ...) in its day and in its week, as far as those are taken.
    FROM (
        SELECT
            o.*,
            unnest([
                {'Whole': 'DAILY', 'WholeStart': date_trunc('day', o.PeriodStart)},
                {'Whole': 'WEEKLY', 'WholeStart': date_trunc('week', o.PeriodStart)}
            ], recursive := TRUE)
        FROM hours AS o
    ) AS h
    JOIN taken AS t
        ON t.ChannelID = h.ChannelID AND t.AggregationType = h.Whole AND t.PeriodStart = h.WholeStart
