-- From hours(ChannelID, PeriodStart): what these come to, of their readings, as rows of iot.Periods. One without
-- readings is to go.
sourced AS (
    SELECT
        (r.ChannelID, toStartOfHour(r.CreatedAt)) AS Period,
        r.Field# -- each field, comma between
    FROM iot.CurrentReadings AS r
    WHERE (r.ChannelID, toStartOfHour(r.CreatedAt)) IN (SELECT h.ChannelID, h.PeriodStart FROM hours AS h)
),
-- include period_statistics
SELECT
    h.ChannelID, 'HOURLY', h.PeriodStart,
    least(h.PeriodStart + INTERVAL 1 HOUR, toDateTime64('9999-12-31 23:59:59.999999', 6, 'UTC')),
    s.Fields[#].2, s.Fields[#].3, s.Fields[#].4, s.Fields[#].5, s.Fields[#].6, s.Fields[#].7, -- each field
    coalesce(s.ReadingCount, 0), {Version:UInt64}, empty(s.Fields)
FROM hours AS h
LEFT JOIN statistics AS s ON s.Period.1 = h.ChannelID AND s.Period.2 = h.PeriodStart;
