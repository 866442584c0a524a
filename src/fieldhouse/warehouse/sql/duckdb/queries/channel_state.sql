-- channel_state(channel_ids): what planning needs of each channel that is known, of its newest epoch; and how
-- much there is to be asked for beside it. A label is of the field that has its number.
WITH
-- include newest_epochs
, spans AS (
    SELECT
        s.ChannelID, s.Epoch, count(*) AS Spans, min(s.SpanStart) AS CoveredFrom, max(s.SpanEnd) AS CoveredTo
    FROM iot.Coverage AS s
    WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], s.ChannelID)
    GROUP BY s.ChannelID, s.Epoch
),
gaps AS (
    SELECT g.ChannelID, g.Epoch, count(*) AS Gaps FROM iot.Gaps AS g
    WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], g.ChannelID)
    GROUP BY g.ChannelID, g.Epoch
),
disputes AS (
    SELECT d.ChannelID, count(*) AS Disputes FROM iot.Disputes AS d
    WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], d.ChannelID)
    GROUP BY d.ChannelID
),
older AS (
    SELECT e.ChannelID, max(e.LastCreatedAt) AS OlderUntil
    FROM iot.Epochs AS e
    JOIN newest AS n ON n.ChannelID = e.ChannelID AND e.Epoch < n.Epoch
    GROUP BY e.ChannelID
),
labels AS (
    SELECT
        l.ChannelID, TRUE AS AreSeen,
        any_value(l.Label) FILTER (l.FieldNumber = 1) AS Label1,
        any_value(l.Label) FILTER (l.FieldNumber = 2) AS Label2,
        any_value(l.Label) FILTER (l.FieldNumber = 3) AS Label3,
        any_value(l.Label) FILTER (l.FieldNumber = 4) AS Label4,
        any_value(l.Label) FILTER (l.FieldNumber = 5) AS Label5,
        any_value(l.Label) FILTER (l.FieldNumber = 6) AS Label6,
        any_value(l.Label) FILTER (l.FieldNumber = 7) AS Label7,
        any_value(l.Label) FILTER (l.FieldNumber = 8) AS Label8
    FROM iot.FieldLabels AS l
    WHERE
        l.SeenTo IS NULL
        AND ($channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], l.ChannelID))
    GROUP BY l.ChannelID
)
SELECT
    c.ChannelID, coalesce(n.Epoch, 1) AS Epoch, n.LastEntryID, n.HighestEntryID, n.NewestEntryID,
    n.NewestCreatedAt, coalesce(n.IDsCheckedTo, 0) AS IDsCheckedTo, n.FutureCheckedAt,
    n.BeganWith, coalesce(n.IsJudged, FALSE) AS IsJudged, n.SweptAt, n.SweptTo, n.AgainStart, n.AgainEnd,
    coalesce(n.Version, 0) AS Version, o.OlderUntil,
    coalesce(s.Spans, 0) AS Spans, s.CoveredFrom, s.CoveredTo,
    coalesce(g.Gaps, 0) AS Gaps, coalesce(d.Disputes, 0) AS Disputes,
    coalesce(l.AreSeen, FALSE) AS LabelsSeen,
    l.Label1, l.Label2, l.Label3, l.Label4, l.Label5, l.Label6, l.Label7, l.Label8,
    c.RefreshedAt AS MetadataAt
FROM iot.Channels AS c
LEFT JOIN newest AS n ON n.ChannelID = c.ChannelID
LEFT JOIN spans AS s ON s.ChannelID = n.ChannelID AND s.Epoch = n.Epoch
LEFT JOIN gaps AS g ON g.ChannelID = n.ChannelID AND g.Epoch = n.Epoch
LEFT JOIN disputes AS d ON d.ChannelID = c.ChannelID
LEFT JOIN older AS o ON o.ChannelID = c.ChannelID
LEFT JOIN labels AS l ON l.ChannelID = c.ChannelID
WHERE $channel_ids::BIGINT[] IS NULL OR list_contains($channel_ids::BIGINT[], c.ChannelID)
ORDER BY c.ChannelID;
