-- usp_MergeOffered: writes #offered turn by turn; an epoch that is not the newest must hold it all already, but for
-- what a file brings. Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_MergeOffered
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @turn INT = 0, @last INT = (SELECT MAX(o.Turn) FROM #offered AS o);
    WHILE @turn <= @last
    BEGIN
        EXEC iot.usp_MergeTurn @Turn = @turn;
        SET @turn += 1;
    END;

    DECLARE
        @said NVARCHAR(400) = (
            SELECT TOP (1)
                CONCAT(N'epoch ', o.Epoch, N' of channel ', o.ChannelID, N' has ended: it takes nothing new')
            FROM #offered AS o
            WHERE EXISTS (
                    SELECT 1
                    FROM #batches AS b
                    WHERE b.ChannelID = o.ChannelID
                        AND b.Epoch = o.Epoch
                        AND b.IsFresh = 1
                        AND b.Grows = 0
                        AND b.IsShown = 1
                )
                AND NOT EXISTS (
                    SELECT 1
                    FROM #held AS h
                    WHERE h.ChannelID = o.ChannelID
                        AND h.Epoch = o.Epoch
                        AND h.EntryID = o.EntryID
                        AND h.Turn = o.Turn
                )
        );
    IF @said IS NOT NULL
        THROW 51002, @said, 1;
    RETURN 0;
END;
