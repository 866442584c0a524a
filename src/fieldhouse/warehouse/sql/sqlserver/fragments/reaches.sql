-- The one rule for an anomaly: a value of #spreads(Period, Field, Centre, Spread) that is farther from the centre
-- than its reach; without spread there is none.
SELECT s.Period, s.Field, s.Centre, CASE WHEN s.Spread > 0 THEN @ThresholdStdDev * s.Spread END AS Reach
INTO #reaches
FROM #spreads AS s;
