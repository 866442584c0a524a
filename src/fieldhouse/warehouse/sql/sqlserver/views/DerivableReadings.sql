-- DerivableReadings: the readings that count, as derived fields are made of them: values as floats, and the instant in
-- Unix seconds.
CREATE OR ALTER VIEW iot.DerivableReadings
AS
SELECT
    r.ChannelID,
    r.Epoch,
    r.EntryID,
    r.CreatedAt,
    DATEDIFF_BIG(MICROSECOND, '1970-01-01', r.CreatedAt) / 1000000E0 AS AtSecond,
    CAST(r.Field# AS FLOAT) AS Field# -- each field, comma between
FROM iot.CountedReadings AS r;
