-- usp_ChannelState(channel_ids): what planning needs of each channel that is known, of its newest epoch; and how
-- much there is to be asked for beside it. A label is of the field that has its number.
CREATE OR ALTER PROCEDURE iot.usp_ChannelState @ChannelIDs NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        c.ChannelID,
        COALESCE(e.Epoch, 1) AS Epoch,
        e.LastEntryID,
        e.HighestEntryID,
        e.NewestEntryID,
        e.NewestCreatedAt,
        COALESCE(e.IDsCheckedTo, 0) AS IDsCheckedTo,
        e.FutureCheckedAt,
        e.BeganWith,
        CAST(COALESCE(e.IsJudged, 0) AS BIT) AS IsJudged,
        e.SweptAt,
        e.SweptTo,
        e.AgainStart,
        e.AgainEnd,
        COALESCE(e.Version, 0) AS Version,
        o.OlderUntil,
        s.Spans,
        s.CoveredFrom,
        s.CoveredTo,
        g.Gaps,
        d.Disputes,
        CAST(CASE WHEN l.Labels > 0 THEN 1 ELSE 0 END AS BIT) AS LabelsSeen,
        l.Label1,
        l.Label2,
        l.Label3,
        l.Label4,
        l.Label5,
        l.Label6,
        l.Label7,
        l.Label8,
        c.RefreshedAt AS MetadataAt
    FROM iot.Channels AS c
    LEFT JOIN iot.Epochs AS e
        ON e.ChannelID = c.ChannelID
            AND e.Epoch = (SELECT MAX(n.Epoch) FROM iot.Epochs AS n WHERE n.ChannelID = c.ChannelID)
    OUTER APPLY (
        SELECT MAX(n.LastCreatedAt) AS OlderUntil
        FROM iot.Epochs AS n
        WHERE n.ChannelID = c.ChannelID AND n.Epoch < e.Epoch
    ) AS o
    OUTER APPLY (
        SELECT COUNT_BIG(*) AS Spans, MIN(n.SpanStart) AS CoveredFrom, MAX(n.SpanEnd) AS CoveredTo
        FROM iot.Coverage AS n
        WHERE n.ChannelID = c.ChannelID AND n.Epoch = e.Epoch
    ) AS s
    OUTER APPLY (
        SELECT COUNT_BIG(*) AS Gaps FROM iot.Gaps AS n WHERE n.ChannelID = c.ChannelID AND n.Epoch = e.Epoch
    ) AS g
    OUTER APPLY (
        SELECT COUNT_BIG(*) AS Disputes FROM iot.Disputes AS n WHERE n.ChannelID = c.ChannelID
    ) AS d
    OUTER APPLY (
        SELECT
            COUNT_BIG(*) AS Labels,
            MAX(CASE WHEN n.FieldNumber = 1 THEN n.Label END) AS Label1,
            MAX(CASE WHEN n.FieldNumber = 2 THEN n.Label END) AS Label2,
            MAX(CASE WHEN n.FieldNumber = 3 THEN n.Label END) AS Label3,
            MAX(CASE WHEN n.FieldNumber = 4 THEN n.Label END) AS Label4,
            MAX(CASE WHEN n.FieldNumber = 5 THEN n.Label END) AS Label5,
            MAX(CASE WHEN n.FieldNumber = 6 THEN n.Label END) AS Label6,
            MAX(CASE WHEN n.FieldNumber = 7 THEN n.Label END) AS Label7,
            MAX(CASE WHEN n.FieldNumber = 8 THEN n.Label END) AS Label8
        FROM iot.FieldLabels AS n
        WHERE n.ChannelID = c.ChannelID AND n.SeenTo IS NULL
    ) AS l
    WHERE (
            @ChannelIDs IS NULL
            OR c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
        )
    ORDER BY c.ChannelID
    OPTION (RECOMPILE);
    RETURN 0;
END;
