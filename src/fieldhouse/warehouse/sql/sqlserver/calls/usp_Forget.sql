-- usp_Forget(runs_before, audit_before, loads_before): forget runs, lines of the audit trail and numbers of batches
-- from before an instant; NULL: none of them. Of each channel's runs the newest stays. Some thousands a transaction.
CREATE OR ALTER PROCEDURE iot.usp_Forget
    @RunsBefore DATETIME2(6) = NULL,
    @AuditBefore DATETIME2(6) = NULL,
    @LoadsBefore DATETIME2(6) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @some INT = 1, @lines BIGINT = 0;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.LoadLedger WITH (ROWLOCK, READPAST)
        WHERE LoadedAt < @LoadsBefore;
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) p
        FROM iot.PipelineRuns AS p WITH (ROWLOCK, READPAST)
        WHERE p.StartedAt < @RunsBefore
            AND EXISTS (
                SELECT 1
                FROM iot.PipelineRuns AS n
                WHERE n.ChannelID = p.ChannelID
                    AND (n.StartedAt > p.StartedAt OR (n.StartedAt = p.StartedAt AND n.RunID > p.RunID))
            );
        SET @some = @@ROWCOUNT;
    END;
    SET @some = 1;
    WHILE @some > 0
    BEGIN
        DELETE TOP (4000) FROM iot.AuditTrail WITH (ROWLOCK, READPAST)
        WHERE ChangedAt < @AuditBefore;
        SET @some = @@ROWCOUNT;
        SET @lines += @some;
    END;
    IF @lines > 0
        INSERT INTO iot.AuditTrail (Action, Updated, Detail)
        VALUES (
            N'usp_Forget',
            @lines,
            CONCAT(N'lines from before ', CONVERT(NVARCHAR(30), @AuditBefore, 126))
        );
    SELECT @RunsBefore AS RunsBefore, @AuditBefore AS AuditBefore, @LoadsBefore AS LoadsBefore;
    RETURN 0;
END;
