-- IsAnomaly: the one rule: a value lies beyond the threshold, in spreads, from the centre; never without spread.
CREATE OR REPLACE MACRO iot.IsAnomaly(Distance, Spread, Threshold) AS
Spread > 0 AND abs(Distance) > Threshold * Spread;
