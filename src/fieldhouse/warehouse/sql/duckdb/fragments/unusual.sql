-- SELECT: while what is unusual in which field, as quality counts it: not a silence, in which there is nothing, not a
-- drift, which is of weeks and no fault of a reading, not of a field that does not know itself yet, and not what a
-- person called ok.
    SELECT a.ChannelID, a.FieldNumber, a.StartedAt, a.EndedAt
    FROM iot.Anomalies AS a
    WHERE
        a.Family NOT IN ('SILENCE', 'DRIFT') AND NOT a.IsYoung AND coalesce(a.IsReal, TRUE)
