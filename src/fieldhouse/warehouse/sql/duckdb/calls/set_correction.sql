-- set_correction(request_id, channel_id, field_number, kind, span_start, span_end, condition, low_value, high_value,
-- is_outside, scale_factor, offset_value, shift_seconds, reason, made_by, made_at): keep a rule and apply it; its id,
-- and how many readings it changed. The same request once more changes nothing: the answer may have been lost.
SELECT CASE
    WHEN c.ChannelID IS NULL
    THEN error('ConfigurationError: channel ' || $channel_id || ' is not in the warehouse')
    WHEN c.ArchivedBefore > $span_start::TIMESTAMP
    THEN error(
        'ConfigurationError: what is before ' || strftime(c.ArchivedBefore, '%Y-%m-%d') || ' of channel '
        || $channel_id || ' is archived and stays as it was computed: begin there or later'
    )
END
FROM (SELECT 1) AS o
LEFT JOIN iot.Channels AS c ON c.ChannelID = $channel_id;

CREATE OR REPLACE TEMP TABLE made AS
SELECT k.CorrectionID FROM iot.Corrections AS k WHERE k.RequestID = $request_id;
INSERT INTO iot.Corrections (
    RequestID, ChannelID, FieldNumber, Kind, SpanStart, SpanEnd, Condition, LowValue, HighValue, IsOutside,
    ScaleFactor, OffsetValue, ShiftSeconds, Reason, MadeBy, MadeAt
)
SELECT
    $request_id, $channel_id, $field_number, $kind, $span_start::TIMESTAMP, $span_end::TIMESTAMP, $condition,
    $low_value::DECIMAL(18, 6), $high_value::DECIMAL(18, 6), $is_outside,
    $scale_factor::DECIMAL(19, 12), $offset_value::DECIMAL(18, 6), $shift_seconds, $reason, $made_by,
    $made_at::TIMESTAMP
WHERE NOT EXISTS (SELECT 1 FROM made);

CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT r.ChannelID, r.CreatedAt
FROM iot.AllReadings AS r
WHERE
    r.ChannelID = $channel_id AND r.CreatedAt >= $span_start::TIMESTAMP AND r.CreatedAt < $span_end::TIMESTAMP
    AND NOT EXISTS (SELECT 1 FROM made);
-- include correct_touched
-- include mark_judged_after

SELECT
    k.CorrectionID,
    (SELECT count(DISTINCT m.ReadingID) FROM moved AS m) AS Readings,
    (SELECT count(*) FROM corrected AS c SEMI JOIN moved AS m ON m.ReadingID = c.ReadingID WHERE c.IsBeyond) AS Beyond
FROM iot.Corrections AS k
WHERE k.RequestID = $request_id;
