-- remove_correction(correction_id, removed_by, removed_at): a rule no longer holds; how many readings that changed,
-- and from before when they are archived, if some are. What the other rules do to them they still do.
SELECT CASE
    WHEN k.CorrectionID IS NULL THEN error('ConfigurationError: there is no correction ' || $correction_id)
    WHEN k.RemovedAt <> $removed_at::TIMESTAMP
    THEN error(
        'ConfigurationError: correction ' || $correction_id || ' was removed already, on '
        || strftime(k.RemovedAt, '%Y-%m-%d') || ' by ' || k.RemovedBy
    )
END
FROM (SELECT 1) AS o
LEFT JOIN iot.Corrections AS k ON k.CorrectionID = $correction_id;

UPDATE iot.Corrections AS k
SET RemovedBy = $removed_by, RemovedAt = $removed_at::TIMESTAMP
WHERE k.CorrectionID = $correction_id;

CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT r.ChannelID, r.CreatedAt
FROM iot.AllReadings AS r
JOIN iot.Corrections AS k ON k.CorrectionID = $correction_id
WHERE
    r.ChannelID = k.ChannelID AND r.CreatedAt >= k.SpanStart AND r.CreatedAt < k.SpanEnd
    AND r.CorrectedAt IS NOT NULL;
-- include correct_touched
-- include mark_judged_after

SELECT
    k.ChannelID,
    (SELECT count(DISTINCT m.ReadingID) FROM moved AS m) AS Readings,
    CASE WHEN c.ArchivedBefore > k.SpanStart THEN c.ArchivedBefore END AS ArchivedBefore
FROM iot.Corrections AS k
JOIN iot.Channels AS c ON c.ChannelID = k.ChannelID
WHERE k.CorrectionID = $correction_id;
