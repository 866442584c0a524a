-- ScaledValue: a value times a factor plus an offset, exact, and rounded half away from zero as values are typed;
-- NULL for what no value can be. Beyond twice that nothing that can be added brings a product back.
CREATE OR REPLACE MACRO iot.ScaledValue(Value, ScaleFactor, OffsetValue) AS
TRY_CAST(
    round(
        greatest(
            least(Value * ScaleFactor, 2000000000000::DECIMAL(37, 18)), (-2000000000000)::DECIMAL(37, 18)
        )::DECIMAL(32, 18) + OffsetValue,
        6
    ) AS DECIMAL(18, 6)
);
