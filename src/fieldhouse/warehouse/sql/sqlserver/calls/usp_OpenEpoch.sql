-- usp_OpenEpoch(channel_id, number, started_at, evidence): a channel has a new life; only its newest epoch plus
-- one opens, or below 1, for a life that ended before all that are held, its oldest less one (-1 before 1).
-- The same number and start once more is no error: the answer to the first may have been lost.
CREATE OR ALTER PROCEDURE iot.usp_OpenEpoch
    @ChannelID INT,
    @Number INT,
    @StartedAt DATETIME2(6) = NULL,
    @Evidence NVARCHAR(MAX) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ids NVARCHAR(MAX) = CONCAT(N'[', @ChannelID, N']'), @said NVARCHAR(400);
    DECLARE @newest INT, @oldest INT, @is_there BIT = 0;
    BEGIN TRY
        BEGIN TRANSACTION;
        EXEC iot.usp_LockChannels @Name = N'load', @ChannelIDs = @ids;
        SELECT @newest = MAX(e.Epoch), @oldest = CASE WHEN MIN(e.Epoch) < 0 THEN MIN(e.Epoch) ELSE 0 END
        FROM iot.Epochs AS e
        WHERE e.ChannelID = @ChannelID;
        IF EXISTS (
               SELECT 1
               FROM iot.Epochs AS e
               WHERE e.ChannelID = @ChannelID
                   AND e.Epoch = @Number
                   AND (e.StartedAt = @StartedAt OR COALESCE(e.StartedAt, @StartedAt) IS NULL)
           )
            SET @is_there = 1;
        ELSE IF COALESCE(@newest, 0) + 1 <> @Number AND (@newest IS NULL OR @oldest - 1 <> @Number)
        BEGIN
            SET @said = CONCAT(
                    N'epoch ',
                    @Number,
                    N' of channel ',
                    @ChannelID,
                    N' does not follow epoch ',
                    COALESCE(@newest, 0)
                );
            THROW 51002, @said, 1;
        END;
        IF @is_there = 0
        BEGIN
            INSERT INTO iot.Epochs (ChannelID, Epoch, StartedAt, Evidence)
            VALUES (@ChannelID, @Number, @StartedAt, @Evidence);
            INSERT INTO iot.AuditTrail (Action, ChannelID, Detail)
            VALUES (N'usp_OpenEpoch', @ChannelID, CONCAT(N'epoch ', @Number));
        END;
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
