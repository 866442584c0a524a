-- @AggregationType is one of three, in capitals: those of a fixed collation, since Turkish has another I.
SET @AggregationType = UPPER(@AggregationType COLLATE Latin1_General_CI_AS);
IF @AggregationType IS NULL OR @AggregationType NOT IN (N'HOURLY', N'DAILY', N'WEEKLY')
    THROW 51001, N'the aggregation types are HOURLY, DAILY and WEEKLY', 1;
