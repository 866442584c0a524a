-- usp_ShowContent: what each epoch of a channel shows, to #content: its own readings, and those of older ones
-- that the source shows beside them. Of those the newest epoch has all; an epoch that is over has what was ever
-- asked for once more and found (nothing of it is due): the rest was left of a clear. Called by usp_JudgeEpoch.
CREATE OR ALTER PROCEDURE iot.usp_ShowContent @ChannelID INT, @Epoch INT
AS
BEGIN
    SET NOCOUNT ON;
    INSERT INTO #content (InEpoch, Epoch, ReadingID, CreatedAt, IsWithdrawn, IsConfirmed)
    SELECT r.Epoch, r.Epoch, r.ReadingID, r.CreatedAt, CASE WHEN r.WithdrawnAt IS NULL THEN 0 ELSE 1 END, 1
    FROM iot.AllReadings AS r
    WHERE r.ChannelID = @ChannelID;

    INSERT INTO #content (InEpoch, Epoch, ReadingID, CreatedAt, IsWithdrawn, IsConfirmed)
    SELECT
        b.InEpoch,
        b.Epoch,
        b.ReadingID,
        b.CreatedAt,
        b.IsWithdrawn,
        CASE WHEN b.InEpoch = @Epoch THEN b.IsConfirmed ELSE 1 END
    FROM (
        SELECT
            g.Epoch AS InEpoch,
            r.Epoch,
            r.ReadingID,
            r.CreatedAt,
            CASE WHEN r.WithdrawnAt IS NULL THEN 0 ELSE 1 END AS IsWithdrawn,
            CASE WHEN g.DueAt IS NULL THEN 1 ELSE 0 END AS IsConfirmed,
            MAX(CASE WHEN g.DueAt IS NULL THEN 1 ELSE 0 END) OVER (
                PARTITION BY r.ReadingID
            ) AS IsEverConfirmed
        FROM iot.Gaps AS g
        JOIN iot.AllReadings AS r
            ON r.ChannelID = g.ChannelID
                AND r.Epoch = g.OlderEpoch
                AND r.EntryID BETWEEN g.FirstEntryID AND g.LastEntryID
        WHERE g.ChannelID = @ChannelID AND g.State = N'older'
    ) AS b
    WHERE b.InEpoch = @Epoch OR b.IsEverConfirmed = 1;
    RETURN 0;
END;
