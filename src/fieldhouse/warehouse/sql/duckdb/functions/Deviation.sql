-- Deviation: how many spreads a value lies off its level.
CREATE OR REPLACE MACRO iot.Deviation(Value, Level, Spread) AS
(Value - Level) / greatest(Spread, 1e-9);
