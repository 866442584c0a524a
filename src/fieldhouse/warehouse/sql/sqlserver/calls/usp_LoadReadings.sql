-- usp_LoadReadings(load_id, batches, readings, staging_id, check, texts, rejected, spans, gaps, channels,
-- labels): one load. Everything comes as JSON, or the readings as those staged under a number, whose sums must be
-- check's.
-- One transaction: all of it or none. Batches that an earlier load has brought are left out; a load whose own
-- number is found in the audit trail has been written, and answers what it did then. A row a channel.
-- Its steps read the temporary tables below, each with all its keys at once, so that the server may keep it for the
-- next load.
CREATE OR ALTER PROCEDURE iot.usp_LoadReadings
    @LoadID BIGINT,
    @Batches NVARCHAR(MAX),
    @Readings NVARCHAR(MAX) = NULL,
    @StagingID BIGINT = NULL,
    @Check NVARCHAR(MAX) = NULL,
    @Texts NVARCHAR(MAX) = NULL,
    @Rejected NVARCHAR(MAX) = NULL,
    @Spans NVARCHAR(MAX) = NULL,
    @Gaps NVARCHAR(MAX) = NULL,
    @Channels NVARCHAR(MAX) = NULL,
    @Labels NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    CREATE TABLE #batches (
        Batch INT NOT NULL,
        BatchHash CHAR(64) COLLATE DATABASE_DEFAULT NOT NULL,
        ChannelID INT NOT NULL,
        Epoch INT NOT NULL,
        Readings BIGINT NOT NULL,
        LastEntryID BIGINT,
        LowestEntryID BIGINT,
        HighestEntryID BIGINT,
        NewestEntryID BIGINT,
        NewestCreatedAt DATETIME2(6),
        IDsCheckedTo BIGINT,
        FutureCheckedAt DATETIME2(6),
        FirstCreatedAt DATETIME2(6),
        LastCreatedAt DATETIME2(6),
        BeganWith BIGINT,
        IsJudged BIT,
        SweptAt DATETIME2(6),
        SweptTo DATETIME2(6),
        AgainStart DATETIME2(6),
        AgainEnd DATETIME2(6),
        LabelsAt DATETIME2(6),
        Version BIGINT,
        HasProgress BIT NOT NULL,
        HasRows BIT NOT NULL,
        HasGaps BIT NOT NULL,
        IsShown BIT NOT NULL,
        IsFresh BIT NOT NULL,
        Grows BIT NOT NULL
    );
    CREATE TABLE #offered (
        ChannelID INT NOT NULL,
        Epoch INT NOT NULL,
        EntryID BIGINT NOT NULL,
        Turn INT NOT NULL,
        IsShown BIT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        Field# DECIMAL(18, 6), -- each field
        Latitude DECIMAL(18, 6),
        Longitude DECIMAL(18, 6),
        Elevation DECIMAL(18, 6),
        Status NVARCHAR(MAX) COLLATE DATABASE_DEFAULT,
        PRIMARY KEY CLUSTERED (ChannelID, Epoch, EntryID, Turn)
    );
    CREATE TABLE #held (
        ChannelID INT NOT NULL,
        Epoch INT NOT NULL,
        EntryID BIGINT NOT NULL,
        Turn INT NOT NULL,
        ReadingID BIGINT NOT NULL,
        CreatedAt DATETIME2(6) NOT NULL,
        IsWithdrawn BIT NOT NULL,
        IsChanged BIT NOT NULL,
        PRIMARY KEY CLUSTERED (ChannelID, Epoch, EntryID, Turn)
    );
    CREATE TABLE #texts (
        ChannelID INT NOT NULL,
        Epoch INT NOT NULL,
        EntryID BIGINT NOT NULL,
        ColumnName NVARCHAR(20) COLLATE DATABASE_DEFAULT NOT NULL,
        RawValue NVARCHAR(MAX) COLLATE DATABASE_DEFAULT NOT NULL,
        Reason NVARCHAR(20) COLLATE DATABASE_DEFAULT NOT NULL
    );
    CREATE TABLE #kept (
        ChannelID INT NOT NULL
    );
    CREATE TABLE #refused (
        ChannelID INT NOT NULL
    );

    INSERT INTO #batches (
        Batch,
        BatchHash,
        ChannelID,
        Epoch,
        Readings,
        LastEntryID,
        LowestEntryID,
        HighestEntryID,
        NewestEntryID,
        NewestCreatedAt,
        IDsCheckedTo,
        FutureCheckedAt,
        FirstCreatedAt,
        LastCreatedAt,
        BeganWith,
        IsJudged,
        SweptAt,
        SweptTo,
        AgainStart,
        AgainEnd,
        LabelsAt,
        Version,
        HasProgress,
        HasRows,
        HasGaps,
        IsShown,
        IsFresh,
        Grows
    )
    SELECT
        j.Batch,
        j.BatchHash,
        j.ChannelID,
        j.Epoch,
        j.Readings,
        j.LastEntryID,
        j.LowestEntryID,
        j.HighestEntryID,
        j.NewestEntryID,
        j.NewestCreatedAt,
        j.IDsCheckedTo,
        j.FutureCheckedAt,
        j.FirstCreatedAt,
        j.LastCreatedAt,
        j.BeganWith,
        j.IsJudged,
        j.SweptAt,
        j.SweptTo,
        j.AgainStart,
        j.AgainEnd,
        j.LabelsAt,
        j.Version,
        j.HasProgress,
        j.HasRows,
        j.HasGaps,
        j.IsShown,
        0,
        0
    FROM OPENJSON(@Batches) WITH (
        Batch INT '$.Batch',
        BatchHash CHAR(64) '$.BatchHash',
        ChannelID INT '$.ChannelID',
        Epoch INT '$.Epoch',
        Readings BIGINT '$.Readings',
        LastEntryID BIGINT '$.LastEntryID',
        LowestEntryID BIGINT '$.LowestEntryID',
        HighestEntryID BIGINT '$.HighestEntryID',
        NewestEntryID BIGINT '$.NewestEntryID',
        NewestCreatedAt DATETIME2(6) '$.NewestCreatedAt',
        IDsCheckedTo BIGINT '$.IDsCheckedTo',
        FutureCheckedAt DATETIME2(6) '$.FutureCheckedAt',
        FirstCreatedAt DATETIME2(6) '$.FirstCreatedAt',
        LastCreatedAt DATETIME2(6) '$.LastCreatedAt',
        BeganWith BIGINT '$.BeganWith',
        IsJudged BIT '$.IsJudged',
        SweptAt DATETIME2(6) '$.SweptAt',
        SweptTo DATETIME2(6) '$.SweptTo',
        AgainStart DATETIME2(6) '$.AgainStart',
        AgainEnd DATETIME2(6) '$.AgainEnd',
        LabelsAt DATETIME2(6) '$.LabelsAt',
        Version BIGINT '$.Version',
        HasProgress BIT '$.HasProgress',
        HasRows BIT '$.HasRows',
        HasGaps BIT '$.HasGaps',
        IsShown BIT '$.IsShown'
    ) AS j;
    DECLARE
        @ids NVARCHAR(MAX) = (
            SELECT CONCAT(N'[', STRING_AGG(CAST(c.ChannelID AS NVARCHAR(MAX)), N','), N']')
            FROM (
                SELECT DISTINCT b.ChannelID FROM #batches AS b
            ) AS c
        );

    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_ShareArchive;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        EXEC iot.usp_ClaimBatches @LoadID = @LoadID;
        EXEC iot.usp_KeepLabels @Labels = @Labels;

        INSERT INTO #offered (
            ChannelID,
            Epoch,
            EntryID,
            Turn,
            IsShown,
            CreatedAt,
            Field#, -- each field
            Latitude,
            Longitude,
            Elevation,
            Status
        )
        SELECT
            b.ChannelID,
            b.Epoch,
            j.EntryID,
            COALESCE(j.Turn, 0),
            b.IsShown,
            j.CreatedAt,
            j.Field#, -- each field
            j.Latitude,
            j.Longitude,
            j.Elevation,
            j.Status
        FROM OPENJSON(@Readings) WITH (
            Batch INT '$.b',
            Turn INT '$.u',
            EntryID BIGINT '$.e',
            CreatedAt DATETIME2(6) '$.t',
            Field1 DECIMAL(18, 6) '$."1"',
            Field2 DECIMAL(18, 6) '$."2"',
            Field3 DECIMAL(18, 6) '$."3"',
            Field4 DECIMAL(18, 6) '$."4"',
            Field5 DECIMAL(18, 6) '$."5"',
            Field6 DECIMAL(18, 6) '$."6"',
            Field7 DECIMAL(18, 6) '$."7"',
            Field8 DECIMAL(18, 6) '$."8"',
            Latitude DECIMAL(18, 6) '$.y',
            Longitude DECIMAL(18, 6) '$.x',
            Elevation DECIMAL(18, 6) '$.z',
            Status NVARCHAR(MAX) '$.s'
        ) AS j
        JOIN #batches AS b ON b.Batch = j.Batch
        WHERE b.IsFresh = 1;
        IF @StagingID IS NOT NULL
            EXEC iot.usp_TakeStaged @StagingID = @StagingID, @Check = @Check;

        IF @Texts IS NOT NULL
            INSERT INTO #texts (ChannelID, Epoch, EntryID, ColumnName, RawValue, Reason)
            SELECT b.ChannelID, b.Epoch, j.EntryID, j.ColumnName, j.RawValue, j.Reason
            FROM OPENJSON(@Texts) WITH (
                Batch INT '$.Batch',
                EntryID BIGINT '$.EntryID',
                ColumnName NVARCHAR(20) '$.ColumnName',
                RawValue NVARCHAR(MAX) '$.RawValue',
                Reason NVARCHAR(20) '$.Reason'
            ) AS j
            JOIN #batches AS b ON b.Batch = j.Batch
            WHERE b.IsFresh = 1;
        EXEC iot.usp_MergeOffered;
        EXEC iot.usp_KeepTexts @Rejected = @Rejected;
        EXEC iot.usp_KeepProgress @Spans = @Spans, @Gaps = @Gaps;
        EXEC iot.usp_TakePlace;
        IF @Channels IS NOT NULL
            EXEC iot.usp_MergeChannels @Channels = @Channels;
        EXEC iot.usp_CountLoad @LoadID = @LoadID;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
