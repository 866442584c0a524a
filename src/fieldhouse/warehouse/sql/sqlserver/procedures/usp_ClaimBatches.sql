-- usp_ClaimBatches: marks those of #batches that no load has brought yet, checks that each names its channel's
-- newest epoch, and makes the channels and first epochs that are not there. Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_ClaimBatches @LoadID BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    UPDATE b
    SET IsFresh = 1
    FROM #batches AS b
    WHERE NOT EXISTS (SELECT 1 FROM iot.LoadLedger AS l WHERE l.BatchHash = b.BatchHash);

    DECLARE
        @said NVARCHAR(400) = (
            SELECT TOP (1)
                CONCAT(
                    N'channel ',
                    b.ChannelID,
                    N' is in epoch ',
                    COALESCE(e.Epoch, 1),
                    N', this load was planned for epoch ',
                    b.Epoch
                )
            FROM #batches AS b
            LEFT JOIN (
                SELECT n.ChannelID, MAX(n.Epoch) AS Epoch FROM iot.Epochs AS n GROUP BY n.ChannelID
            ) AS e ON e.ChannelID = b.ChannelID
            WHERE b.IsFresh = 1 AND b.Epoch <> COALESCE(e.Epoch, 1)
            ORDER BY b.ChannelID
        );
    IF @said IS NOT NULL
        THROW 51002, @said, 1;

    INSERT INTO iot.LoadLedger (BatchHash)
    SELECT b.BatchHash FROM #batches AS b WHERE b.IsFresh = 1;
    INSERT INTO iot.Channels (ChannelID)
    SELECT DISTINCT b.ChannelID
    FROM #batches AS b
    WHERE b.IsFresh = 1 AND NOT EXISTS (SELECT 1 FROM iot.Channels AS c WHERE c.ChannelID = b.ChannelID);
    INSERT INTO iot.Epochs (ChannelID, Epoch)
    SELECT DISTINCT b.ChannelID, 1
    FROM #batches AS b
    WHERE b.IsFresh = 1 AND NOT EXISTS (SELECT 1 FROM iot.Epochs AS e WHERE e.ChannelID = b.ChannelID);
    RETURN 0;
END;
