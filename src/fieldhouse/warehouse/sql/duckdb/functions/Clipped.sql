-- Clipped: a deviation, no more than six to either side, NULL where there is none.
CREATE OR REPLACE MACRO iot.Clipped(Deviation) AS
CASE WHEN abs(Deviation) > 6 THEN 6 * sign(Deviation) ELSE Deviation END;
