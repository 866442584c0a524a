-- usp_CalculateDataQuality(channel_id, check_date, as_of): judge one day of a channel and keep the
-- judgement; its row. A NULL date is the day of as-of; one before the channel's first reading is refused. A
-- day from before the channel's ArchivedBefore keeps what it was judged.
SET VARIABLE as_of = coalesce($as_of::TIMESTAMP, make_timestamp(epoch_us(now())));
SET VARIABLE check_date = coalesce($check_date::DATE, getvariable('as_of')::DATE);
SELECT CASE
    WHEN f.FirstDay IS NULL AND $check_date::DATE IS NOT NULL
    THEN error('ConfigurationError: channel ' || $channel_id || ' has no reading yet')
    WHEN f.FirstDay > getvariable('check_date')
    THEN error(
        'ConfigurationError: channel ' || $channel_id || ' has nothing to judge on ' || getvariable('check_date')
        || ': its first reading is of ' || f.FirstDay
    )
END
FROM (
    SELECT
        least(
            (SELECT min(r.CreatedAt) FROM iot.AllReadings AS r WHERE r.ChannelID = $channel_id),
            (SELECT min(c.CreatedAt) FROM iot.CorrectedReadings AS c WHERE c.ChannelID = $channel_id)
        )::DATE AS FirstDay
) AS f;

CREATE OR REPLACE TEMP TABLE asked AS
SELECT c.ChannelID, getvariable('check_date') AS CheckDate
FROM iot.Channels AS c
WHERE c.ChannelID = $channel_id AND (c.ArchivedBefore IS NULL OR c.ArchivedBefore <= getvariable('check_date'));
-- include judge_asked

SELECT q.* FROM iot.DataQuality AS q WHERE q.ChannelID = $channel_id AND q.CheckDate = getvariable('check_date');
