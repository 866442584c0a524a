-- SELECT: the spells of the days, a row each.
SELECT
    f.ChannelID AS ChannelID, s.FieldNumber AS FieldNumber, s.Family AS Family, f.Day AS Day,
    s.StartedAt AS StartedAt, s.EndedAt AS EndedAt, s.Hits AS Hits, s.HitsAbove AS HitsAbove, s.Beyond AS Beyond,
    s.Jumps AS Jumps,    s.Score AS Score, s.PeakAt AS PeakAt, s.Value AS Value, s.Expected AS Expected, s.Spread AS Spread,
    s.Least AS Least, s.Greatest AS Greatest, s.DaysKnown AS DaysKnown
FROM iot.Findings AS f FINAL
ARRAY JOIN f.Spells AS s
