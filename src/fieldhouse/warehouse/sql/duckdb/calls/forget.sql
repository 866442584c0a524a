-- forget(runs_before, audit_before, loads_before): forget runs, lines of the audit trail and numbers of batches from
-- before an instant; NULL: none of them. Of each channel's runs the newest stays. There is no audit trail here.
DELETE FROM iot.LoadLedger WHERE LoadedAt < $loads_before::TIMESTAMP;
DELETE FROM iot.PipelineRuns AS p
WHERE
    p.StartedAt < $runs_before::TIMESTAMP
    AND EXISTS (
        SELECT 1 FROM iot.PipelineRuns AS n
        WHERE n.ChannelID = p.ChannelID AND (n.StartedAt, n.RunID) > (p.StartedAt, p.RunID)
    );
SELECT
    $runs_before::TIMESTAMP AS RunsBefore,
    $audit_before::TIMESTAMP AS AuditBefore,
    $loads_before::TIMESTAMP AS LoadsBefore;
