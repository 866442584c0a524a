-- What a field's day is judged by, and those of days before that are kept.
CREATE OR REPLACE VIEW iot.FieldModels AS
SELECT
    m.ChannelID AS ChannelID, m.Day AS Day, m.FieldNumber AS FieldNumber, m.Levels AS Levels, m.Spreads AS Spreads,
    m.Far AS Far, m.Lean AS Lean, m.Last AS Last, m.Least AS Least, m.Greatest AS Greatest, m.Days AS Days,
    m.Readings AS Readings, m.Ups AS Ups, m.Downs AS Downs, m.LongestRun AS LongestRun, m.Silences AS Silences,
    m.LastValue AS LastValue, m.LastAt AS LastAt, m.LastRunAt AS LastRunAt, m.Nature AS Nature,
    m.GreatestRise AS GreatestRise, m.LongestOther AS LongestOther, m.Zeros AS Zeros, m.Ones AS Ones, m.Turns AS Turns,
    m.Steps AS Steps, m.Sines AS Sines, m.Cosines AS Cosines, m.Week AS Week, m.Older AS Older,
    m.OlderSpread AS OlderSpread, m.RightLows AS RightLows, m.RightHighs AS RightHighs
FROM iot.Models AS m FINAL;
