-- archive_readings(before): move the readings of all channels from before an instant to the archive; how
-- many. Nothing before it is recomputed from then on, for any channel that has readings.
SELECT count() AS Readings FROM iot.SensorReadings AS r WHERE r.CreatedAt < {before:DateTime64(6, 'UTC')};

INSERT INTO iot.Rows (ChannelID, Kind, State)
SELECT
    c.ChannelID, 14,
    toJSONString(CAST(
        tuple(greatest(ifNull(c.ArchivedBefore, {before:DateTime64(6, 'UTC')}), {before:DateTime64(6, 'UTC')})),
        'Tuple(Before Nullable(DateTime64(6, \'UTC\')))'
    ))
FROM iot.Channels AS c
WHERE c.ChannelID IN (SELECT e.ChannelID FROM iot.Epochs AS e WHERE e.FirstCreatedAt IS NOT NULL);

-- nothing moves: what is there now and older is archived from here on
INSERT INTO iot.ArchiveCuts (CutBefore, CutAt) SELECT {before:DateTime64(6, 'UTC')}, now64(6, 'UTC');

SELECT {Readings:Int64} AS Readings;
