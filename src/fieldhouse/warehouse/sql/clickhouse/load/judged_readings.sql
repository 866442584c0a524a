-- The readings of epochs before one that count otherwise than they were held, where these older epochs are shown again
-- in these spans. A reading's place is taken by epochs after the one that showed it last.
WITH
-- include epoch_content
, last_shown AS (
    SELECT c.Epoch AS Epoch, c.EntryID AS EntryID, any(c.CreatedAt) AS CreatedAt, max(c.InEpoch) AS InEpoch
    FROM content AS c
    GROUP BY c.Epoch, c.EntryID
),
newest_at AS (
    SELECT c.CreatedAt AS CreatedAt, max(c.InEpoch) AS InEpoch FROM content AS c GROUP BY c.CreatedAt
),
judged AS (
    SELECT
        l.Epoch AS Epoch, l.EntryID AS EntryID,
        n.InEpoch > l.InEpoch OR arrayExists(
            (older, first_at, last_at) -> older = l.InEpoch AND l.CreatedAt BETWEEN first_at AND last_at,
            {older_epochs:Array(Int32)}, {first_ats:Array(DateTime64(6, 'UTC'))},
            {last_ats:Array(DateTime64(6, 'UTC'))}
        ) AS IsReplaced
    FROM last_shown AS l
    JOIN newest_at AS n ON n.CreatedAt = l.CreatedAt
)
SELECT
    r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt,
    toBool(j.IsReplaced) AS Superseded
FROM iot.AllReadings AS r
JOIN judged AS j ON j.Epoch = r.Epoch AND j.EntryID = r.EntryID
WHERE r.ChannelID = {channel_id:Int64} AND r.Epoch < {epoch:Int32} AND r.Superseded <> j.IsReplaced;
