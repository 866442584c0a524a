-- usp_AnalysesDue(channel_ids, as_of): each channel's score of today, and whether there is anything to compute: a
-- touched period or day, or a judgement of today that is missing or an hour old. No channel ids: all channels.
CREATE OR ALTER PROCEDURE iot.usp_AnalysesDue @ChannelIDs NVARCHAR(MAX) = NULL, @AsOfTime DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET @AsOfTime = COALESCE(@AsOfTime, SYSUTCDATETIME());
    SELECT
        c.ChannelID,
        q.QualityScore,
        CAST(
            CASE
                WHEN q.AsOfTime > DATEADD(HOUR, -1, @AsOfTime)
                AND q.AsOfTime <= @AsOfTime
                AND NOT EXISTS (
                    SELECT 1
                    FROM iot.PeriodMarks AS m
                    WHERE m.ChannelID = c.ChannelID AND m.AggregationType IN (N'HOURLY', N'DAILY', N'WEEKLY')
                )
                AND NOT EXISTS (
                    SELECT 1
                    FROM iot.PeriodMarks AS m
                    WHERE m.ChannelID = c.ChannelID
                        AND m.AggregationType = N'QUALITY'
                        AND m.PeriodStart < @AsOfTime
                ) THEN 0
                ELSE 1
            END AS BIT
        ) AS IsDue
    FROM iot.Channels AS c
    LEFT JOIN iot.DataQuality AS q ON q.ChannelID = c.ChannelID AND q.CheckDate = CAST(@AsOfTime AS DATE)
    WHERE @ChannelIDs IS NULL OR c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j)
    ORDER BY c.ChannelID
    OPTION (RECOMPILE);
    RETURN 0;
END;
