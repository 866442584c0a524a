-- #sourced: readings, each with the number of its period.
CREATE TABLE #sourced (
    Period BIGINT NOT NULL,
    Field# DECIMAL(18, 6) -- each field, comma between
);
