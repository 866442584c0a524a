-- usp_Corrections(channel_id, removed): the rules about readings of one channel or of all, in the order in which they
-- apply; those removed too, if asked for.
CREATE OR ALTER PROCEDURE iot.usp_Corrections @ChannelID INT = NULL, @Removed BIT = 0
AS
BEGIN
    SET NOCOUNT ON;
    SELECT
        k.CorrectionID,
        k.ChannelID,
        k.FieldNumber,
        k.Kind,
        k.SpanStart,
        k.SpanEnd,
        k.Condition,
        k.ScaleFactor,
        k.OffsetValue,
        k.ShiftSeconds,
        k.Reason,
        k.MadeBy,
        k.MadeAt,
        k.RemovedBy,
        k.RemovedAt
    FROM iot.Corrections AS k
    WHERE (@ChannelID IS NULL OR k.ChannelID = @ChannelID) AND (k.RemovedAt IS NULL OR @Removed = 1)
    ORDER BY k.CorrectionID;
    RETURN 0;
END;
