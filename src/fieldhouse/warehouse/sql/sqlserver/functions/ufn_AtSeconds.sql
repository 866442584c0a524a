-- ufn_AtSeconds: the instant so many seconds after 1970, to the microsecond.
CREATE OR ALTER FUNCTION iot.ufn_AtSeconds (@Seconds FLOAT)
RETURNS DATETIME2(6)
AS
BEGIN
    DECLARE @micros BIGINT = ROUND(@Seconds * 1000000, 0);
    RETURN DATEADD(
        MICROSECOND,
        CAST(@micros % 86400000000 % 1000000 AS INT),
        DATEADD(
            SECOND,
            CAST(@micros % 86400000000 / 1000000 AS INT),
            DATEADD(DAY, CAST(@micros / 86400000000 AS INT), CAST('19700101' AS DATETIME2(6)))
        )
    );
END;
