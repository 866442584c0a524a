-- usp_OpenEpoch(channel_id, number, started_at): a channel was cleared; only its newest epoch plus one opens.
CREATE OR ALTER PROCEDURE iot.usp_OpenEpoch @ChannelID INT, @Number INT, @StartedAt DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'), @newest INT, @said NVARCHAR(400);
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        SET @newest = (SELECT COALESCE(MAX(e.Epoch), 0) FROM iot.Epochs AS e WHERE e.ChannelID = @ChannelID);
        IF @newest + 1 <> @Number
        BEGIN
            SET @said = CONCAT(
                    N'epoch ',
                    @Number,
                    N' of channel ',
                    @ChannelID,
                    N' does not follow epoch ',
                    @newest
                );
            THROW 51002, @said, 1;
        END;
        INSERT INTO iot.Epochs (ChannelID, Epoch, StartedAt)
        VALUES (@ChannelID, @Number, @StartedAt);
        INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
        VALUES (N'usp_OpenEpoch', @ChannelID, CONCAT(N'epoch ', @Number));
        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0
            ROLLBACK TRANSACTION;
        THROW;
    END CATCH;
    SELECT @ChannelID AS ChannelID, @Number AS Epoch, @StartedAt AS StartedAt;
    RETURN 0;
END;
