-- JudgedValue: what is judged of a field: its value; of a counter (1) its rise, NULL where it fell; of a direction (5)
-- the level and the angle from there, to either side.
CREATE OR REPLACE MACRO iot.JudgedValue(Value, ValueBefore, Nature, Level) AS
CASE
    WHEN Nature = 1 THEN CASE WHEN Value >= ValueBefore THEN Value - ValueBefore END
    WHEN Nature = 5 AND Value >= 0 AND Value <= 360 THEN Value - 360 * floor((Value - Level + 180) / 360)
    ELSE Value
END;
