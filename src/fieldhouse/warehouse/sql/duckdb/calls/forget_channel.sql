-- forget_channel(channel_id): delete a channel with all that is held of it. What says that it was read goes first,
-- and itself last, in a turn of its own: whatever ends this between two turns, a run or another try mends it.
SET VARIABLE is_bare = (
    SELECT count(*) = 0
    FROM (
        SELECT 1 FROM iot.AllReadings AS r WHERE r.ChannelID = $channel_id
        UNION ALL SELECT 1 FROM iot.AggregatedData AS a WHERE a.ChannelID = $channel_id
        UNION ALL SELECT 1 FROM iot.DataQuality AS q WHERE q.ChannelID = $channel_id
    ) AS x
);
DELETE FROM iot.Coverage WHERE ChannelID = $channel_id;
DELETE FROM iot.Gaps WHERE ChannelID = $channel_id;
DELETE FROM iot.Disputes WHERE ChannelID = $channel_id;
DELETE FROM iot.Reimports WHERE ChannelID = $channel_id;
DELETE FROM iot.FieldLabels WHERE ChannelID = $channel_id;
DELETE FROM iot.FieldRanges WHERE ChannelID = $channel_id;
DELETE FROM iot.ChannelTags WHERE ChannelID = $channel_id;
DELETE FROM iot.Corrections WHERE ChannelID = $channel_id;
DELETE FROM iot.CorrectedReadings WHERE ChannelID = $channel_id;
DELETE FROM iot.PeriodMarks WHERE ChannelID = $channel_id;
DELETE FROM iot.AnomalyMarks WHERE ChannelID = $channel_id;
DELETE FROM iot.AnomalyChannels WHERE ChannelID = $channel_id;
DELETE FROM iot.AnomalyModels WHERE ChannelID = $channel_id;
DELETE FROM iot.AnomalyModelsKept WHERE ChannelID = $channel_id;
DELETE FROM iot.AnomalySpells WHERE ChannelID = $channel_id;
DELETE FROM iot.AnomalyLabels WHERE ChannelID = $channel_id;
DELETE FROM iot.DerivedFields WHERE ChannelID = $channel_id;
DELETE FROM iot.DerivedSources WHERE ChannelID = $channel_id;
DELETE FROM iot.DerivedMarks WHERE ChannelID = $channel_id;
DELETE FROM iot.PipelineRuns WHERE ChannelID = $channel_id;
DELETE FROM iot.Epochs WHERE ChannelID = $channel_id;
DELETE FROM iot.RawValues WHERE ChannelID = $channel_id;
DELETE FROM iot.RejectedEntries WHERE ChannelID = $channel_id;
DELETE FROM iot.AggregatedData WHERE ChannelID = $channel_id;
DELETE FROM iot.DataQuality WHERE ChannelID = $channel_id;
DELETE FROM iot.SensorReadings WHERE ChannelID = $channel_id;
DELETE FROM iot.SensorReadings_Archive WHERE ChannelID = $channel_id;
-- batches that come again must be compared, not known
DELETE FROM iot.LoadLedger WHERE NOT getvariable('is_bare');
DELETE FROM iot.Channels WHERE ChannelID = $channel_id AND getvariable('is_bare');
SELECT NOT getvariable('is_bare') AS More;
