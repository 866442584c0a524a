-- channel_state(channel_ids): what planning needs of each channel that is known, of its newest epoch; and how
-- much there is to be asked for beside it. A label is of the field that has its number.
WITH
-- include newest_epochs
, spans AS (
    SELECT
        s.ChannelID, s.Epoch, count() AS Spans, min(s.SpanStart) AS CoveredFrom, max(s.SpanEnd) AS CoveredTo
    FROM iot.Coverage AS s
    WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, s.ChannelID)
    GROUP BY s.ChannelID, s.Epoch
),
gaps AS (
    SELECT g.ChannelID, g.Epoch, count() AS Gaps FROM iot.Gaps AS g
    WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, g.ChannelID)
    GROUP BY g.ChannelID, g.Epoch
),
disputes AS (
    SELECT d.ChannelID, count() AS Disputes FROM iot.Disputes AS d
    WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, d.ChannelID)
    GROUP BY d.ChannelID
),
older AS (
    SELECT e.ChannelID, max(e.LastCreatedAt) AS OlderUntil
    FROM iot.Epochs AS e
    JOIN newest AS n ON n.ChannelID = e.ChannelID
    WHERE e.Epoch < n.Epoch
    GROUP BY e.ChannelID
),
labels AS (
    SELECT
        l.ChannelID, TRUE AS AreSeen,
        anyIf(l.Label, l.FieldNumber = #) AS Label# -- each field, comma between
    FROM iot.FieldLabels AS l
    WHERE l.SeenTo IS NULL AND (has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, l.ChannelID))
    GROUP BY l.ChannelID
)
SELECT
    c.ChannelID AS ChannelID, coalesce(n.Epoch, 1) AS Epoch, n.LastEntryID AS LastEntryID, n.HighestEntryID,
    n.NewestEntryID,
    n.NewestCreatedAt, coalesce(n.IDsCheckedTo, 0) AS IDsCheckedTo, n.FutureCheckedAt,
    n.BeganWith, coalesce(n.IsJudged, FALSE) AS IsJudged, n.SweptAt, n.SweptTo, n.AgainStart, n.AgainEnd,
    coalesce(n.Version, 0) AS Version, o.OlderUntil,
    coalesce(s.Spans, 0) AS Spans, s.CoveredFrom, s.CoveredTo,
    coalesce(g.Gaps, 0) AS Gaps, coalesce(d.Disputes, 0) AS Disputes,
    coalesce(l.AreSeen, FALSE) AS LabelsSeen,
    l.Label#, -- each field
    c.RefreshedAt AS MetadataAt
FROM iot.Channels AS c
LEFT JOIN newest AS n ON n.ChannelID = c.ChannelID
LEFT JOIN spans AS s ON s.ChannelID = n.ChannelID AND s.Epoch = n.Epoch
LEFT JOIN gaps AS g ON g.ChannelID = n.ChannelID AND g.Epoch = n.Epoch
LEFT JOIN disputes AS d ON d.ChannelID = c.ChannelID
LEFT JOIN older AS o ON o.ChannelID = c.ChannelID
LEFT JOIN labels AS l ON l.ChannelID = c.ChannelID
WHERE has({channel_ids:Array(Nullable(Int64))}, NULL) OR has({channel_ids:Array(Nullable(Int64))}, c.ChannelID)
ORDER BY c.ChannelID;
