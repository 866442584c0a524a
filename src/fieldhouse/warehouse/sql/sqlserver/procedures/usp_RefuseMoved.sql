-- usp_RefuseMoved: entries came with another time than they are held with, #moved: says so of the first, and then,
-- for the program, how the first twenty are held. Called by usp_MergeTurn.
CREATE OR ALTER PROCEDURE iot.usp_RefuseMoved
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @said NVARCHAR(2000), @held NVARCHAR(MAX);
    SELECT TOP (1)
        @said = CONCAT(
            N'entry ',
            m.EntryID,
            N' of channel ',
            m.ChannelID,
            N' came with ',
            CONVERT(NVARCHAR(19), m.CreatedAt, 120),
            N' and is held with ',
            CONVERT(NVARCHAR(19), m.HeldAt, 120),
            N' (',
            (SELECT COUNT(*) FROM #moved AS n),
            N' such entries)'
        )
    FROM #moved AS m
    ORDER BY m.ChannelID, m.EntryID;
    SELECT
        @held = STRING_AGG(
            CAST(CONCAT(m.EntryID, N'@', CONVERT(NVARCHAR(26), m.HeldAt, 121)) AS NVARCHAR(MAX)),
            N','
        ) WITHIN GROUP (ORDER BY m.ChannelID, m.EntryID)
    FROM (
        SELECT TOP (20) n.ChannelID, n.EntryID, n.HeldAt FROM #moved AS n ORDER BY n.ChannelID, n.EntryID
    ) AS m;
    SET @said = CONCAT(@said, N'; held: ', @held);
    THROW 51003, @said, 1;
END;
