-- end_silence(silence_id, ended_at): a silence holds no longer; how many that were.
SELECT count() AS Held FROM iot.AlertSilences AS s
WHERE s.SilenceID = {silence_id:Int64} AND s.SilencedUntil > {ended_at:DateTime64(6, 'UTC')};

-- if Held
INSERT INTO iot.Silences
SELECT s.* REPLACE ({ended_at:DateTime64(6, 'UTC')} AS SilencedUntil, s.Version + 1 AS Version)
FROM iot.Silences AS s FINAL
WHERE s.SilenceID = {silence_id:Int64};

SELECT {Held:Int64} AS Silences;
