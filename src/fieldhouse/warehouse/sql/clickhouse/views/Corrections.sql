-- Rules that exclude or correct readings, and who made them.
CREATE OR REPLACE VIEW iot.Corrections AS
SELECT
    k.CorrectionID AS CorrectionID, k.Rule.RequestID AS RequestID, k.ChannelID AS ChannelID,
    k.Rule.FieldNumber AS FieldNumber, k.Rule.Kind AS Kind, k.Rule.SpanStart AS SpanStart, k.Rule.SpanEnd AS SpanEnd,
    k.Rule.Condition AS Condition, k.Rule.LowValue AS LowValue, k.Rule.HighValue AS HighValue,
    k.Rule.IsOutside AS IsOutside, k.Rule.ScaleFactor AS ScaleFactor, k.Rule.OffsetValue AS OffsetValue,
    k.Rule.ShiftSeconds AS ShiftSeconds, k.Rule.Reason AS Reason, k.Rule.MadeBy AS MadeBy, k.Rule.MadeAt AS MadeAt,
    k.Rule.RemovedBy AS RemovedBy, k.Rule.RemovedAt AS RemovedAt
FROM (
    SELECT
        r.ChannelID AS ChannelID, r.EntryID AS CorrectionID,
        JSONExtract(
            r.State,
            'Tuple(
                RequestID Int64, FieldNumber Nullable(Int32), Kind String, SpanStart DateTime64(6, \'UTC\'),
                SpanEnd DateTime64(6, \'UTC\'), Condition Nullable(String), LowValue Decimal(18, 6),
                HighValue Decimal(18, 6), IsOutside Bool, ScaleFactor Nullable(Decimal(19, 12)),
                OffsetValue Nullable(Decimal(18, 6)), ShiftSeconds Nullable(Int64), Reason String, MadeBy String,
                MadeAt DateTime64(6, \'UTC\'), RemovedBy Nullable(String), RemovedAt Nullable(DateTime64(6, \'UTC\'))
            )'
        ) AS Rule
    FROM iot.Rows AS r FINAL
    WHERE r.Kind = 10 AND NOT r.Deleted
) AS k;
