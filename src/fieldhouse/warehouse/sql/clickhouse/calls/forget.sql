-- forget(runs_before, audit_before, loads_before): forget runs, lines of the audit trail and numbers of batches from
-- before an instant; NULL: none of them. Of each channel's runs the newest stays. There is no audit trail here.
SELECT
    {loads_before:Nullable(DateTime64(6, 'UTC'))} IS NOT NULL AS Loads,
    {runs_before:Nullable(DateTime64(6, 'UTC'))} IS NOT NULL AS Runs;

-- if Loads
DELETE FROM iot.Rows WHERE Kind = 5 AND ImportedAt < {loads_before:Nullable(DateTime64(6, 'UTC'))};

-- states of epochs that others have taken the place of: a state and what deletes it, both
-- if Loads
DELETE FROM iot.Rows
WHERE
    Kind = 6 AND Sub < toUnixTimestamp64Nano({loads_before:Nullable(DateTime64(6, 'UTC'))})
    AND (ChannelID, Epoch, Sub) IN (
        SELECT r.ChannelID, r.Epoch, r.Sub FROM iot.Rows AS r FINAL WHERE r.Kind = 6 AND r.Deleted
    );

-- if Runs
DELETE FROM iot.Runs
WHERE
    StartedAt < {runs_before:Nullable(DateTime64(6, 'UTC'))}
    AND (ChannelID, StartedAt, RunID) NOT IN (
        SELECT p.ChannelID, max((p.StartedAt, p.RunID)).1, max((p.StartedAt, p.RunID)).2
        FROM iot.Runs AS p
        GROUP BY p.ChannelID
    );

SELECT
    {runs_before:Nullable(DateTime64(6, 'UTC'))} AS RunsBefore,
    {audit_before:Nullable(DateTime64(6, 'UTC'))} AS AuditBefore,
    {loads_before:Nullable(DateTime64(6, 'UTC'))} AS LoadsBefore;
