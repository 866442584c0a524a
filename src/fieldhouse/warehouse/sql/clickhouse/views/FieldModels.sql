-- What a field's day is judged by, and those of days before that are kept.
CREATE OR REPLACE VIEW iot.FieldModels AS
SELECT
    m.ChannelID AS ChannelID, m.Day AS Day, m.FieldNumber AS FieldNumber, m.Levels AS Levels, m.Spreads AS Spreads,
    m.Far AS Far, m.Lean AS Lean, m.Last AS Last, m.Least AS Least, m.Greatest AS Greatest, m.Days AS Days,
    m.Readings AS Readings, m.Ups AS Ups, m.Downs AS Downs, m.LongestRun AS LongestRun, m.Silences AS Silences,
    m.LastValue AS LastValue, m.LastAt AS LastAt, m.LastRunAt AS LastRunAt, m.IsCounter AS IsCounter,
    m.GreatestRise AS GreatestRise
FROM iot.Models AS m FINAL;
