-- The readings that count, as derived fields are made of them: values as floats, and the instant in Unix seconds.
CREATE OR REPLACE VIEW iot.DerivableReadings AS
SELECT
    r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt,
    toUnixTimestamp64Micro(r.CreatedAt) / 1000000 AS AtSecond,
    toFloat64(r.Field#) AS Field# -- each field, comma between
FROM iot.CountedReadings AS r;
