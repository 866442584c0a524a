-- set_correction(request_id, channel_id, field_number, kind, span_start, span_end, condition, low_value, high_value,
-- is_outside, scale_factor, offset_value, shift_seconds, reason, made_by, made_at): keep a rule and apply it; its id,
-- and how many readings it changed. The same request once more changes nothing: the answer may have been lost.
-- This asks what is to be known before; the rule and what it makes of readings are written at once.
SELECT
    (SELECT count() FROM iot.Channels AS c WHERE c.ChannelID = {channel_id:Int64}) > 0 AS IsKnown,
    (SELECT any(c.ArchivedBefore) FROM iot.Channels AS c WHERE c.ChannelID = {channel_id:Int64}) AS ArchivedBefore,
    (SELECT anyOrNull(k.CorrectionID) FROM iot.Corrections AS k WHERE k.RequestID = {request_id:Int64}) AS MadeAs,
    (SELECT max(k.CorrectionID) FROM iot.Corrections AS k) AS Newest;
