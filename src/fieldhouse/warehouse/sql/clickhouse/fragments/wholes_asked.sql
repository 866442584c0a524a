-- CTE: the days or weeks of hours_asked, and those of the span that there were.
wholes AS (
    SELECT w.ChannelID, w.AggregationType, w.PeriodStart
    FROM (
        SELECT
            h.ChannelID, {aggregation_type:String} AS AggregationType,
            if(
                AggregationType = 'DAILY', toStartOfDay(h.PeriodStart), toDateTime64(toMonday(h.PeriodStart), 6, 'UTC')
            ) AS PeriodStart
        FROM hours AS h
        UNION DISTINCT
        SELECT g.ChannelID, g.AggregationType, g.PeriodStart
        FROM iot.AggregatedData AS g
        WHERE
            g.ChannelID = {channel_id:Int64} AND g.AggregationType = {aggregation_type:String}
            AND g.PeriodStart BETWEEN {FirstAt:DateTime64(6, 'UTC')} AND {LastAt:DateTime64(6, 'UTC')}
    ) AS w
    WHERE {ArchivedBefore:Nullable(DateTime64(6, 'UTC'))} IS NULL OR w.PeriodStart >= {ArchivedBefore:Nullable(DateTime64(6, 'UTC'))}
)
