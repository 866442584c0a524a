-- FROM: the epochs' states, read.
FROM (
    SELECT
        r.ChannelID AS ChannelID, r.Epoch AS Epoch,
        JSONExtract(
            r.State,
            'Tuple(
                StartedAt Nullable(DateTime64(6, \'UTC\')), LastEntryID Nullable(Int64), LowestEntryID Nullable(Int64),
                HighestEntryID Nullable(Int64), NewestEntryID Nullable(Int64),
                NewestCreatedAt Nullable(DateTime64(6, \'UTC\')), IDsCheckedTo Int64,
                FutureCheckedAt Nullable(DateTime64(6, \'UTC\')), Evidence Nullable(String),
                FirstCreatedAt Nullable(DateTime64(6, \'UTC\')), LastCreatedAt Nullable(DateTime64(6, \'UTC\')),
                BeganWith Nullable(Int64), IsJudged Bool, SweptAt Nullable(DateTime64(6, \'UTC\')),
                SweptTo Nullable(DateTime64(6, \'UTC\')), AgainStart Nullable(DateTime64(6, \'UTC\')),
                AgainEnd Nullable(DateTime64(6, \'UTC\')), Version Int64,
                Spans Array(Tuple(DateTime64(6, \'UTC\'), DateTime64(6, \'UTC\'))),
                Gaps Array(Tuple(
                    FirstEntryID Int64, LastEntryID Int64, State String, AtSecond Nullable(DateTime64(6, \'UTC\')),
                    DueAt Nullable(DateTime64(6, \'UTC\')), OlderEpoch Nullable(Int32)
                ))
            )'
        ) AS Life
    FROM iot.Rows AS r FINAL
    WHERE r.Kind = 6 AND NOT r.Deleted
    ORDER BY r.Sub DESC -- two stand beside each other until the next load has joined them
    LIMIT 1 BY r.ChannelID, r.Epoch
) AS e
