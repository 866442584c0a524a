-- #periods: what is taken, perhaps more than once; #taken: each once, by number, with its end.
CREATE TABLE #periods (
    ChannelID INT NOT NULL,
    AggregationType NVARCHAR(10) COLLATE DATABASE_DEFAULT NOT NULL,
    PeriodStart DATETIME2(6) NOT NULL
);
CREATE TABLE #taken (
    Period BIGINT NOT NULL,
    ChannelID INT NOT NULL,
    AggregationType NVARCHAR(10) COLLATE DATABASE_DEFAULT NOT NULL,
    PeriodStart DATETIME2(6) NOT NULL,
    PeriodEnd DATETIME2(6) NOT NULL
);
