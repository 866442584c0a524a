-- usp_ClaimBatches: marks those of #batches that no load has brought yet, this one included, and those of their
-- channel's newest epoch; checks what they were planned on; makes the channels and first epochs that are not
-- there. A batch without rows is not remembered: it is known by its version. Called by usp_LoadReadings.
-- FORCESEEK, here and below it: a scan would wait for what loads of other channels have not committed.
CREATE OR ALTER PROCEDURE iot.usp_ClaimBatches @LoadID BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    UPDATE b
    SET IsFresh = 1
    FROM #batches AS b
    WHERE NOT EXISTS (SELECT 1 FROM iot.LoadLedger AS l WITH (FORCESEEK) WHERE l.BatchHash = b.BatchHash)
        AND NOT EXISTS (SELECT 1 FROM iot.AuditTrail AS a WITH (FORCESEEK) WHERE a.LoadID = @LoadID);

    UPDATE b
    SET Grows = 1
    FROM #batches AS b
    WHERE b.Epoch = COALESCE(
            (SELECT MAX(e.Epoch) FROM iot.Epochs AS e WITH (FORCESEEK) WHERE e.ChannelID = b.ChannelID),
            1
        );
    EXEC iot.usp_CheckPlans;

    INSERT INTO iot.LoadLedger (BatchHash)
    SELECT b.BatchHash FROM #batches AS b WHERE b.IsFresh = 1 AND b.HasRows = 1;
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
