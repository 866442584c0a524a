-- usp_Relabel: the labels of a channel's fields are those of #labels; a field without one is hidden. When one
-- appears, what the epoch holds from the time when it was hidden is to be read again. Called by usp_KeepLabels.
CREATE OR ALTER PROCEDURE iot.usp_Relabel @ChannelID INT, @Epoch INT, @At DATETIME2(6)
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        l.FieldNumber,
        l.Label,
        CASE WHEN h.FieldNumber IS NULL THEN 0 ELSE 1 END AS IsSeen,
        CASE WHEN h.Label IS NULL AND l.Label IS NOT NULL THEN h.FromReadingID END AS HiddenFrom
    INTO #differing
    FROM #labels AS l
    LEFT JOIN iot.FieldLabels AS h WITH (FORCESEEK)
        ON h.ChannelID = @ChannelID AND h.FieldNumber = l.FieldNumber AND h.SeenTo IS NULL
    WHERE h.FieldNumber IS NULL
        OR (h.Label IS NULL AND l.Label IS NOT NULL)
        OR (h.Label IS NOT NULL AND l.Label IS NULL)
        OR h.Label COLLATE Latin1_General_BIN2 <> l.Label COLLATE Latin1_General_BIN2
        OR DATALENGTH(h.Label) <> DATALENGTH(l.Label);
    IF NOT EXISTS (SELECT 1 FROM #differing)
        RETURN 0;

    DECLARE @hidden BIGINT = (SELECT MIN(d.HiddenFrom) FROM #differing AS d), @next BIGINT = 0;
    IF @hidden IS NOT NULL
        UPDATE e
        SET
            AgainStart = CASE WHEN e.AgainStart < a.FirstAt THEN e.AgainStart ELSE a.FirstAt END,
            AgainEnd = CASE WHEN e.AgainEnd > a.LastAt THEN e.AgainEnd ELSE a.LastAt END
        FROM (
            SELECT
                MIN(r.CreatedAt) AS FirstAt,
                DATEADD(MICROSECOND, -DATEPART(MICROSECOND, MAX(r.CreatedAt)), MAX(r.CreatedAt)) AS LastAt
            FROM iot.AllReadings AS r
            WHERE r.ChannelID = @ChannelID AND r.Epoch = @Epoch AND r.ReadingID >= @hidden
        ) AS a
        JOIN iot.Epochs AS e WITH (ROWLOCK, FORCESEEK) ON e.ChannelID = @ChannelID AND e.Epoch = @Epoch
        WHERE a.FirstAt IS NOT NULL;
    IF EXISTS (SELECT 1 FROM #differing AS d WHERE d.IsSeen = 1)
        SET @next = (
                SELECT COALESCE(MAX(r.ReadingID), 0) + 1
                FROM iot.AllReadings AS r
                WHERE r.ChannelID = @ChannelID
            );

    UPDATE h
    SET SeenTo = @At
    FROM #differing AS d
    JOIN iot.FieldLabels AS h WITH (ROWLOCK, FORCESEEK)
        ON h.ChannelID = @ChannelID AND h.FieldNumber = d.FieldNumber
    WHERE h.SeenTo IS NULL;
    INSERT INTO iot.FieldLabels (ChannelID, FieldNumber, Label, SeenFrom, FromReadingID)
    SELECT @ChannelID, d.FieldNumber, d.Label, @At, CASE WHEN d.IsSeen = 1 THEN @next ELSE 0 END
    FROM #differing AS d;
    RETURN 0;
END;
