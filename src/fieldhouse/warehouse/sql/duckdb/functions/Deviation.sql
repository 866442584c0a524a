-- Deviation: how many spreads a value lies off its level; of a counter its rise, NULL where it fell.
CREATE OR REPLACE MACRO iot.Deviation(Value, ValueBefore, IsCounter, Level, Spread) AS
(CASE WHEN NOT IsCounter THEN Value WHEN Value >= ValueBefore THEN Value - ValueBefore END - Level)
/ greatest(Spread, 1e-9);
