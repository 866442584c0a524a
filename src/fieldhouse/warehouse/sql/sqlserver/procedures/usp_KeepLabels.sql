-- usp_KeepLabels: the labels of fields as the fresh batches' answers showed them, batch by batch; before their
-- readings are written, which have the values of just these fields. Called by usp_LoadReadings.
CREATE OR ALTER PROCEDURE iot.usp_KeepLabels @Labels NVARCHAR(MAX)
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @batch INT = -1, @channel INT, @epoch INT, @at DATETIME2(6);
    IF NOT EXISTS (SELECT 1 FROM #batches AS b WHERE b.IsFresh = 1 AND b.LabelsAt IS NOT NULL)
        RETURN 0;
    CREATE TABLE #labels (
        FieldNumber INT NOT NULL,
        Label NVARCHAR(MAX) COLLATE DATABASE_DEFAULT
    );
    WHILE 1 = 1
    BEGIN
        SET @batch = (
                SELECT MIN(b.Batch)
                FROM #batches AS b
                WHERE b.Batch > @batch AND b.IsFresh = 1 AND b.LabelsAt IS NOT NULL
            );
        IF @batch IS NULL
            BREAK;
        SELECT @channel = b.ChannelID, @epoch = b.Epoch, @at = b.LabelsAt
        FROM #batches AS b
        WHERE b.Batch = @batch;
        DELETE FROM #labels;
        INSERT INTO #labels (FieldNumber, Label)
        SELECT n.FieldNumber, j.Label
        FROM (VALUES
            (1),
            (2),
            (3),
            (4),
            (5),
            (6),
            (7),
            (8)
        ) AS n (FieldNumber)
        LEFT JOIN OPENJSON(@Labels) WITH (
            Batch INT '$.Batch',
            FieldNumber INT '$.FieldNumber',
            Label NVARCHAR(MAX) '$.Label'
        ) AS j ON j.Batch = @batch AND j.FieldNumber = n.FieldNumber;
        EXEC iot.usp_Relabel @ChannelID = @channel, @Epoch = @epoch, @At = @at;
    END;
    RETURN 0;
END;
