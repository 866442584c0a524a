-- @AggregationType is one of three, in capitals.
SET @AggregationType = UPPER(@AggregationType);
IF @AggregationType IS NULL OR @AggregationType NOT IN (N'HOURLY', N'DAILY', N'WEEKLY')
    THROW 51001, N'the aggregation types are HOURLY, DAILY and WEEKLY', 1;
