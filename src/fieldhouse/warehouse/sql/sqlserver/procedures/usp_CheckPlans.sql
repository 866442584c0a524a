-- usp_CheckPlans: a fresh batch of #batches was planned on the newest epoch, and on its version or on one that a
-- batch before it makes; one of an older epoch only shows again what that holds. Called by usp_ClaimBatches.
CREATE OR ALTER PROCEDURE iot.usp_CheckPlans
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @said NVARCHAR(400);
    SELECT TOP (1)
        @said = CASE
            WHEN p.Grows = 0 THEN CONCAT(
                N'channel ',
                p.ChannelID,
                N' is in epoch ',
                p.Newest,
                N', this load was planned for epoch ',
                p.Epoch
            )
            ELSE CONCAT(N'channel ', p.ChannelID, N' has moved on since this load was planned')
        END
    FROM (
        SELECT
            b.Batch,
            b.ChannelID,
            b.Epoch,
            b.Grows,
            b.HasProgress,
            b.Version,
            COALESCE(e.Epoch, 1) AS Newest,
            COALESCE(e.Version, 0) +
            SUM(CAST(b.Grows AS INT)) OVER (
                PARTITION BY b.ChannelID
                ORDER BY b.Batch
                ROWS UNBOUNDED PRECEDING
            ) -
            1 AS Wanted
        FROM #batches AS b
        OUTER APPLY (
            SELECT TOP (1) n.Epoch, n.Version
            FROM iot.Epochs AS n WITH (FORCESEEK)
            WHERE n.ChannelID = b.ChannelID
            ORDER BY n.Epoch DESC
        ) AS e
        WHERE b.IsFresh = 1
    ) AS p
    WHERE p.Epoch > p.Newest OR (p.Grows = 0 AND p.HasProgress = 1) OR (p.Grows = 1 AND p.Version <> p.Wanted)
    ORDER BY p.Batch;
    IF @said IS NOT NULL
        THROW 51002, @said, 1;
    RETURN 0;
END;
