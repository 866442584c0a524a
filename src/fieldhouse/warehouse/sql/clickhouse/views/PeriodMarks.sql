-- Periods that are still to be computed. Mark is what a refresh says to be done: the mark as it was read.
CREATE OR REPLACE VIEW iot.PeriodMarks AS
SELECT
    r.ChannelID AS ChannelID, CAST(r.ColumnName, 'String') AS AggregationType, r.CreatedAt AS PeriodStart,
    assumeNotNull(r.Mark) AS Mark
FROM iot.Rows AS r FINAL
WHERE r.Kind = 3 AND r.Mark <> ifNull(r.Done, 0);
