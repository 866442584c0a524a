-- usp_ClaimBatches: marks those of #batches that no load has brought yet, checks that each names its channel's
-- newest epoch, and makes the channels and first epochs that are not there. Called by usp_LoadReadings.
-- FORCESEEK, here and below it: a scan would wait for what loads of other channels have not committed.
CREATE OR ALTER PROCEDURE iot.usp_ClaimBatches
AS
BEGIN
    SET NOCOUNT ON;
    UPDATE b
    SET IsFresh = 1
    FROM #batches AS b
    WHERE NOT EXISTS (SELECT 1 FROM iot.LoadLedger AS l WITH (FORCESEEK) WHERE l.BatchHash = b.BatchHash);

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
            OUTER APPLY (
                SELECT TOP (1) n.Epoch
                FROM iot.Epochs AS n WITH (FORCESEEK)
                WHERE n.ChannelID = b.ChannelID
                ORDER BY n.Epoch DESC
            ) AS e
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
    WHERE b.IsFresh = 1
        AND NOT EXISTS (SELECT 1 FROM iot.Channels AS c WITH (FORCESEEK) WHERE c.ChannelID = b.ChannelID);
    INSERT INTO iot.Epochs (ChannelID, Epoch)
    SELECT DISTINCT b.ChannelID, 1
    FROM #batches AS b
    WHERE b.IsFresh = 1
        AND NOT EXISTS (SELECT 1 FROM iot.Epochs AS e WITH (FORCESEEK) WHERE e.ChannelID = b.ChannelID);
    RETURN 0;
END;
