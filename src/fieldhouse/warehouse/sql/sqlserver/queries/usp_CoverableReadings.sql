-- usp_CoverableReadings(channel_id, field_number, span_start, span_end, low_value, high_value, is_outside, limit): the
-- readings, as they count now, that a new rule would cover; the first ones, each with how many they are in all. No
-- bounds: whatever their values are.
CREATE OR ALTER PROCEDURE iot.usp_CoverableReadings
    @ChannelID INT,
    @FieldNumber INT = NULL,
    @SpanStart DATETIME2(6),
    @SpanEnd DATETIME2(6),
    @LowValue DECIMAL(18, 6) = NULL,
    @HighValue DECIMAL(18, 6) = NULL,
    @IsOutside BIT = 0,
    @Limit BIGINT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        r.OriginalAt,
        r.CreatedAt,
        r.Epoch,
        r.EntryID,
        r.Field# -- each field, comma between
    INTO #coverable
    FROM iot.CurrentReadings AS r
    WHERE r.ChannelID = @ChannelID
        AND r.OriginalAt >= @SpanStart
        AND r.OriginalAt < @SpanEnd
        AND (
            (@LowValue IS NULL AND @FieldNumber IS NULL)
            -- each field
            OR (
                COALESCE(@FieldNumber, #) = #
                AND r.Field# IS NOT NULL
                AND (
                    @LowValue IS NULL
                    OR (@IsOutside = 0 AND r.Field# BETWEEN @LowValue AND @HighValue)
                    OR (@IsOutside = 1 AND (r.Field# < @LowValue OR r.Field# > @HighValue))
                )
            )
            -- end
        )
    OPTION (RECOMPILE);
    SELECT TOP (@Limit)
        c.OriginalAt,
        c.CreatedAt,
        c.Epoch,
        c.EntryID,
        c.Field#, -- each field
        (SELECT COUNT_BIG(*) FROM #coverable) AS Readings
    FROM #coverable AS c
    ORDER BY c.OriginalAt, c.Epoch, c.EntryID;
    RETURN 0;
END;
