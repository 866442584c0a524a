-- settle_entries(channel_id, epoch, at, horizon, entry_ids, created_ats, findings): what was found out about
-- readings of an epoch. They are 'withdrawn', 'disputed', 'kept' (in spite of the source), 'present', 'dropped'.
CREATE OR REPLACE TEMP TABLE found AS
SELECT
    unnest($entry_ids::BIGINT[]) AS EntryID, unnest($created_ats::TIMESTAMP[]) AS CreatedAt,
    unnest($findings::VARCHAR[]) AS Finding;

DELETE FROM iot.Disputes AS d
USING found AS f
WHERE d.ChannelID = $channel_id AND d.Epoch = $epoch AND d.EntryID = f.EntryID;

INSERT INTO iot.Disputes (ChannelID, Epoch, EntryID, CreatedAt, RaisedAt, State)
SELECT $channel_id, $epoch, f.EntryID, f.CreatedAt, $at, CASE f.Finding WHEN 'kept' THEN 'kept' ELSE 'open' END
FROM found AS f
WHERE f.Finding IN ('disputed', 'kept');

CREATE OR REPLACE TEMP TABLE changed AS
SELECT r.EntryID, r.CreatedAt, CASE f.Finding WHEN 'withdrawn' THEN $at::TIMESTAMP END AS WithdrawnAt
FROM iot.AllReadings AS r
JOIN found AS f ON f.EntryID = r.EntryID AND f.CreatedAt = r.CreatedAt
WHERE
    r.ChannelID = $channel_id AND r.Epoch = $epoch
    AND f.Finding IN ('withdrawn', 'present')
    AND (r.WithdrawnAt IS NULL) = (f.Finding = 'withdrawn');

UPDATE iot.SensorReadings AS r
SET WithdrawnAt = c.WithdrawnAt
FROM changed AS c
WHERE r.ChannelID = $channel_id AND r.Epoch = $epoch AND r.EntryID = c.EntryID;
UPDATE iot.SensorReadings_Archive AS r
SET WithdrawnAt = c.WithdrawnAt
FROM changed AS c
WHERE r.ChannelID = $channel_id AND r.Epoch = $epoch AND r.EntryID = c.EntryID;

-- include marks_of_changed

-- the newest reading that counts is what the next poll expects to be shown again
UPDATE iot.Epochs AS e
SET NewestEntryID = n.Newest.EntryID, NewestCreatedAt = n.Newest.CreatedAt
FROM (
    SELECT max({'CreatedAt': r.CreatedAt, 'EntryID': r.EntryID}) AS Newest
    FROM iot.AllReadings AS r
    ANTI JOIN iot.Disputes AS d
        ON d.ChannelID = r.ChannelID AND d.Epoch = r.Epoch AND d.EntryID = r.EntryID
    WHERE
        r.ChannelID = $channel_id AND r.Epoch = $epoch
        AND r.CreatedAt < $horizon::TIMESTAMP AND r.WithdrawnAt IS NULL
) AS n
WHERE e.ChannelID = $channel_id AND e.Epoch = $epoch;

SELECT count(*) AS Readings FROM changed;
