-- usp_MergeChannels: channels' metadata, as last read, by the names of usp_UpsertChannel's parameters.
CREATE OR ALTER PROCEDURE iot.usp_MergeChannels @Channels NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        j.ChannelID,
        j.ChannelName,
        j.Description,
        TRY_CAST(j.Latitude AS DECIMAL(18, 6)) AS Latitude,
        TRY_CAST(j.Longitude AS DECIMAL(18, 6)) AS Longitude,
        j.Elevation,
        j.Field#Name, -- each field
        j.CreatedAt,
        j.UpdatedAt,
        j.LastEntryID,
        j.RefreshedAt
    INTO #channels
    FROM OPENJSON(@Channels) WITH (
        ChannelID INT '$.channel_id',
        ChannelName NVARCHAR(MAX) '$.name',
        Description NVARCHAR(MAX) '$.description',
        Elevation NVARCHAR(MAX) '$.elevation',
        Field1Name NVARCHAR(MAX) '$.field1',
        Field2Name NVARCHAR(MAX) '$.field2',
        Field3Name NVARCHAR(MAX) '$.field3',
        Field4Name NVARCHAR(MAX) '$.field4',
        Field5Name NVARCHAR(MAX) '$.field5',
        Field6Name NVARCHAR(MAX) '$.field6',
        Field7Name NVARCHAR(MAX) '$.field7',
        Field8Name NVARCHAR(MAX) '$.field8',
        Latitude NVARCHAR(40) '$.latitude',
        Longitude NVARCHAR(40) '$.longitude',
        CreatedAt DATETIME2(6) '$.created_at',
        UpdatedAt DATETIME2(6) '$.updated_at',
        LastEntryID BIGINT '$.last_entry_id',
        RefreshedAt DATETIME2(6) '$.refreshed_at'
    ) AS j;

    UPDATE c
    SET
        ChannelName = n.ChannelName,
        Description = n.Description,
        Latitude = n.Latitude,
        Longitude = n.Longitude,
        Elevation = n.Elevation,
        Field#Name = n.Field#Name, -- each field
        CreatedAt = n.CreatedAt,
        UpdatedAt = n.UpdatedAt,
        LastEntryID = n.LastEntryID,
        RefreshedAt = n.RefreshedAt
    FROM iot.Channels AS c WITH (ROWLOCK, FORCESEEK)
    JOIN #channels AS n ON n.ChannelID = c.ChannelID;

    INSERT INTO iot.Channels (
        ChannelID,
        ChannelName,
        Description,
        Latitude,
        Longitude,
        Elevation,
        Field#Name, -- each field
        CreatedAt,
        UpdatedAt,
        LastEntryID,
        RefreshedAt
    )
    SELECT
        n.ChannelID,
        n.ChannelName,
        n.Description,
        n.Latitude,
        n.Longitude,
        n.Elevation,
        n.Field#Name, -- each field
        n.CreatedAt,
        n.UpdatedAt,
        n.LastEntryID,
        n.RefreshedAt
    FROM #channels AS n
    WHERE NOT EXISTS (SELECT 1 FROM iot.Channels AS c WITH (FORCESEEK) WHERE c.ChannelID = n.ChannelID);
    RETURN 0;
END;
