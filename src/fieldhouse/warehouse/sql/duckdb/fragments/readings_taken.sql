-- FROM: the readings of the hours of taken.
    FROM iot.CurrentReadings AS r
    JOIN taken AS t ON t.ChannelID = r.ChannelID AND t.PeriodStart = date_trunc('hour', r.CreatedAt)
    WHERE
        t.AggregationType = 'HOURLY'
        AND r.ChannelID BETWEEN getvariable('bounds').FirstChannel AND getvariable('bounds').LastChannel
        AND r.CreatedAt >= getvariable('bounds').FirstHour
        AND r.CreatedAt < getvariable('bounds').LastHour + INTERVAL 1 HOUR
