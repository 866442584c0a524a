-- CTE: the days whose marks this turn takes.
asked AS (
    SELECT z.1 AS ChannelID, z.2 AS Day
    FROM (
        SELECT arrayJoin(arrayZip({Channels:Array(Int64)}, {Days:Array(Date32)}, {Dues:Array(Bool)})) AS z
    )
    WHERE z.3
)
