-- usp_AnomaliesKept(channel_ids, field_number, start_at, end_at, young): what is unusual in a span, end excluded, an
-- incident a row; NULL is all; field 0 is the whole channel. In the order of time; those of the first two weeks of a
-- field, which does not know itself yet, only where young says so.
CREATE OR ALTER PROCEDURE iot.usp_AnomaliesKept
    @ChannelIDs NVARCHAR(MAX) = NULL,
    @FieldNumber INT = NULL,
    @StartAt DATETIME2(6) = NULL,
    @EndAt DATETIME2(6) = NULL,
    @Young BIT = 0
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @first INT, @last INT;
    SELECT @first = MIN(CAST(j.value AS INT)), @last = MAX(CAST(j.value AS INT))
    FROM OPENJSON(@ChannelIDs) AS j;
    SELECT
        a.AnomalyID,
        a.ChannelID,
        a.FieldNumber,
        a.Kind,
        a.StartedAt,
        a.EndedAt,
        a.Hits,
        a.Jumps,
        a.Score,
        a.PeakAt,
        a.Value,
        a.Expected,
        a.Spread,
        a.Least,
        a.Greatest,
        a.DaysKnown,
        a.IsReal
    FROM iot.Anomalies AS a
    WHERE (
            @ChannelIDs IS NULL
            OR (
                a.ChannelID >= @first
                AND a.ChannelID <= @last
                AND a.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
            )
        )
        AND (@FieldNumber IS NULL OR a.FieldNumber IN (0, @FieldNumber))
        AND (@StartAt IS NULL OR a.EndedAt >= @StartAt)
        AND (@EndAt IS NULL OR a.StartedAt < @EndAt)
        AND (@Young = 1 OR a.IsYoung = 0)
    ORDER BY a.StartedAt, a.ChannelID, a.FieldNumber, a.Kind
    -- the bounds as they are: of other channels nothing is read
    OPTION (RECOMPILE);
    RETURN 0;
END;
