-- SELECT: while what is unusual in which field, as quality counts it: not a silence, in which there is nothing, not of
-- a field that does not know itself yet, and not what a person called ok.
        SELECT
            a.ChannelID AS ChannelID, a.FieldNumber AS FieldNumber, a.StartedAt AS StartedAt, a.EndedAt AS EndedAt
        FROM iot.Anomalies AS a
        WHERE a.Family <> 'SILENCE' AND NOT a.IsYoung AND ifNull(a.IsReal, TRUE)
