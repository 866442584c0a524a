-- usp_UpsertChannel(channel_id, name, description, latitude, longitude, elevation, field1..field8,
--   created_at, updated_at, last_entry_id, refreshed_at): a channel's metadata, as last read.
CREATE OR ALTER PROCEDURE iot.usp_UpsertChannel
    @ChannelID INT,
    @Name NVARCHAR(MAX) = NULL,
    @Description NVARCHAR(MAX) = NULL,
    @Latitude NVARCHAR(40) = NULL,
    @Longitude NVARCHAR(40) = NULL,
    @Elevation NVARCHAR(MAX) = NULL,
    @Field# NVARCHAR(MAX) = NULL, -- each field
    @CreatedAt DATETIME2(6) = NULL,
    @UpdatedAt DATETIME2(6) = NULL,
    @LastEntryID BIGINT = NULL,
    @RefreshedAt DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE
        @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'),
        @channel NVARCHAR(MAX) = (
            SELECT
                @ChannelID AS channel_id,
                @Name AS name,
                @Description AS description,
                @Latitude AS latitude,
                @Longitude AS longitude,
                @Elevation AS elevation,
                @Field1 AS field1,
                @Field2 AS field2,
                @Field3 AS field3,
                @Field4 AS field4,
                @Field5 AS field5,
                @Field6 AS field6,
                @Field7 AS field7,
                @Field8 AS field8,
                @CreatedAt AS created_at,
                @UpdatedAt AS updated_at,
                @LastEntryID AS last_entry_id,
                @RefreshedAt AS refreshed_at
            FOR JSON PATH
        );
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        EXEC iot.usp_MergeChannels @Channels = @channel;
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    RETURN 0;
END;
