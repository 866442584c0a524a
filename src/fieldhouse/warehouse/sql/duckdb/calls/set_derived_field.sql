-- set_derived_field(channel_id, field_number, base_channel_id, within_seconds, expression, formula, source_ids,
-- defined_at): what a field is made of; no expression: it is none any more. The sources are those of all the channel's
-- fields. All hours of its base are to be computed anew.
DELETE FROM iot.DerivedFields AS d
WHERE d.ChannelID = $channel_id AND d.FieldNumber = $field_number;
INSERT INTO iot.DerivedFields (
    ChannelID, FieldNumber, BaseChannelID, WithinSeconds, Expression, Formula, DefinedAt
)
SELECT
    $channel_id, $field_number, $base_channel_id, $within_seconds, $expression, $formula, $defined_at::TIMESTAMP
WHERE $expression IS NOT NULL;
DELETE FROM iot.DerivedSources AS s WHERE s.ChannelID = $channel_id;
INSERT INTO iot.DerivedSources (ChannelID, SourceChannelID)
SELECT DISTINCT $channel_id::BIGINT, unnest($source_ids::BIGINT[]);
INSERT INTO iot.DerivedMarks (ChannelID, Hour)
SELECT DISTINCT $channel_id::BIGINT, g.PeriodStart
FROM iot.AggregatedData AS g
WHERE g.AggregationType = 'HOURLY' AND g.ChannelID IN ($base_channel_id, $channel_id);
