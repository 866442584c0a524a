-- FROM: the periods t whose marks this turn takes, each by its channel, its kind's number, its hour since 1970, its mark,
-- and whether it is to be recomputed.
FROM (
    SELECT
        z.1 AS ChannelID, z.2 AS Number, fromUnixTimestamp64Micro(z.3 * 3600000000, 'UTC') AS PeriodStart, z.4 AS Mark, z.5 AS IsDue,
        ['HOURLY', 'DAILY', 'WEEKLY'][Number] AS AggregationType
    FROM (
        SELECT arrayJoin(arrayZip(
            {Channels:Array(Int64)}, {Numbers:Array(UInt8)}, {Hours:Array(Int64)}, {Marks:Array(Int64)}, {Dues:Array(Bool)}
        )) AS z
    )
) AS t
