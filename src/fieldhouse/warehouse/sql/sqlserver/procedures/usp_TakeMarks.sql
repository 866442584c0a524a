-- usp_TakeMarks: takes marks of some channels' periods away, into #periods, under the channels' locks: 20,000 hours
-- as long as there are more, and then as many days and weeks, with the hours that are left. @More says whether
-- there may be others. Days and weeks are taken before hours: what a load marks meanwhile is a mark of its own,
-- and none is merged before the hours that were marked with it.
CREATE OR ALTER PROCEDURE iot.usp_TakeMarks
    @AggregationType NVARCHAR(10),
    @ChannelIDs NVARCHAR(MAX),
    @More BIT OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    CREATE TABLE #asked_ids (
        ChannelID INT NOT NULL PRIMARY KEY
    );
    INSERT INTO #asked_ids (ChannelID)
    SELECT c.ChannelID
    FROM iot.Channels AS c
    WHERE @ChannelIDs IS NULL OR c.ChannelID IN (SELECT CAST(j.value AS INT) FROM OPENJSON(@ChannelIDs) AS j);
    DELETE m
    FROM #asked_ids AS i
    JOIN iot.Channels AS c ON c.ChannelID = i.ChannelID
    CROSS JOIN (VALUES
        (N'HOURLY'),
        (N'DAILY'),
        (N'WEEKLY'),
        (N'QUALITY')
    ) AS k (AggregationType)
    JOIN iot.PeriodMarks AS m WITH (ROWLOCK, FORCESEEK)
        ON m.AggregationType = k.AggregationType
            AND m.ChannelID = i.ChannelID
            AND m.PeriodStart < c.ArchivedBefore
    OPTION (LOOP JOIN);

    CREATE TABLE #wanted (
        ChannelID INT NOT NULL,
        AggregationType NVARCHAR(10) COLLATE DATABASE_DEFAULT NOT NULL,
        PeriodStart DATETIME2(6) NOT NULL
    );

    -- in the order of the index, so that a turn is of few channels
    INSERT INTO #wanted (ChannelID, AggregationType, PeriodStart)
    SELECT TOP (20000) m.ChannelID, m.AggregationType, m.PeriodStart
    FROM #asked_ids AS i
    JOIN iot.PeriodMarks AS m WITH (FORCESEEK) ON m.AggregationType = N'HOURLY' AND m.ChannelID = i.ChannelID
    ORDER BY m.ChannelID, m.PeriodStart
    OPTION (LOOP JOIN);
    DECLARE @onlyHours BIT = CASE WHEN @@ROWCOUNT = 20000 THEN 1 ELSE 0 END;
    SET @More = @onlyHours;
    IF @onlyHours = 0
    BEGIN
        INSERT INTO #wanted (ChannelID, AggregationType, PeriodStart)
        SELECT TOP (20000) m.ChannelID, m.AggregationType, m.PeriodStart
        FROM #asked_ids AS i
        CROSS JOIN (VALUES
            (N'DAILY'),
            (N'WEEKLY')
        ) AS k (AggregationType)
        JOIN iot.PeriodMarks AS m WITH (FORCESEEK)
            ON m.AggregationType = k.AggregationType AND m.ChannelID = i.ChannelID
        WHERE @AggregationType IS NULL OR k.AggregationType = @AggregationType
        ORDER BY m.ChannelID, m.AggregationType, m.PeriodStart
        OPTION (LOOP JOIN);
        SET @More = CASE WHEN @@ROWCOUNT = 20000 THEN 1 ELSE 0 END;
    END;

    DECLARE
        @ids NVARCHAR(MAX) = (
            SELECT CONCAT(N'[', STRING_AGG(CAST(w.ChannelID AS NVARCHAR(MAX)), N','), N']')
            FROM (
                SELECT DISTINCT x.ChannelID FROM #wanted AS x
            ) AS w
        );
    EXEC iot.usp_LockChannels @Name = N'refresh', @ChannelIDs = @ids;
    DELETE m
    OUTPUT deleted.ChannelID, deleted.AggregationType, deleted.PeriodStart
    INTO #periods (ChannelID, AggregationType, PeriodStart)
    FROM #wanted AS w
    JOIN iot.PeriodMarks AS m WITH (ROWLOCK, FORCESEEK)
        ON m.AggregationType = w.AggregationType
            AND m.ChannelID = w.ChannelID
            AND m.PeriodStart = w.PeriodStart
    WHERE @onlyHours = 1 OR w.AggregationType <> N'HOURLY'
    OPTION (LOOP JOIN);
    IF @onlyHours = 0
        DELETE m
        OUTPUT deleted.ChannelID, deleted.AggregationType, deleted.PeriodStart
        INTO #periods (ChannelID, AggregationType, PeriodStart)
        FROM (
            SELECT DISTINCT x.ChannelID FROM #wanted AS x
        ) AS w
        JOIN iot.PeriodMarks AS m WITH (ROWLOCK, FORCESEEK)
            ON m.AggregationType = N'HOURLY' AND m.ChannelID = w.ChannelID
        OPTION (LOOP JOIN);
    RETURN 0;
END;
