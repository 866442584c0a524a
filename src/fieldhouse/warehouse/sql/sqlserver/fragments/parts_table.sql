-- #parts: what periods are merged from, each with the number of its period.
CREATE TABLE #parts (
    Period BIGINT NOT NULL,
    ReadingCount BIGINT NOT NULL,
    -- each field, comma between
    Field#Min DECIMAL(18, 6),
    Field#Max DECIMAL(18, 6),
    Field#StdDev FLOAT,
    Field#Count BIGINT NOT NULL,
    Field#Sum DECIMAL(38, 6)
    -- end
);
