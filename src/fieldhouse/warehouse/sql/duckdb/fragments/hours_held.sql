-- FROM: the hours as they are held, of the days and weeks that are due, but for those that are due themselves.
    FROM iot.AggregatedData AS g
    ANTI JOIN (SELECT t.HeldRow FROM taken AS t WHERE t.AggregationType = 'HOURLY') AS n ON n.HeldRow = g.rowid
    WHERE
        g.AggregationType = 'HOURLY'
        AND g.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND g.PeriodStart >= getvariable('bounds').FirstWhole AND g.PeriodStart < getvariable('bounds').EndOfWholes
