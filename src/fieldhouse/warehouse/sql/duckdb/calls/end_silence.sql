-- end_silence(silence_id, ended_at): a silence holds no longer; how many that were.
CREATE OR REPLACE TEMP TABLE silenced AS
SELECT s.SilenceID FROM iot.AlertSilences AS s
WHERE s.SilenceID = $silence_id AND s.SilencedUntil > $ended_at::TIMESTAMP;

UPDATE iot.AlertSilences AS s
SET SilencedUntil = $ended_at
FROM silenced AS d
WHERE d.SilenceID = s.SilenceID;

SELECT count(*) AS Silences FROM silenced;
