-- #made: the statistics of periods, by number.
CREATE TABLE #made (
    Period BIGINT NOT NULL,
    ReadingCount BIGINT NOT NULL,
    -- each field, comma between
    Field#Avg FLOAT,
    Field#Min DECIMAL(18, 6),
    Field#Max DECIMAL(18, 6),
    Field#StdDev FLOAT,
    Field#Count BIGINT NOT NULL,
    Field#Sum DECIMAL(38, 6)
    -- end
);
