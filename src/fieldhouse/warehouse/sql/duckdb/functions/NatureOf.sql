-- NatureOf: what a field is by all that is known of it: 1 a counter, which rises, and fell back in no more than one
-- step of fifty; 2 sparse, four of five readings are zero; 3 a switch, zero or one; 4 a light, zero for a part of the
-- time and never less; 5 a direction in degrees, which turns past north; 0 none of these.
CREATE OR REPLACE MACRO iot.NatureOf(Days, Readings, Ups, Downs, Zeros, Ones, Turns, Least, Greatest) AS
CASE
    WHEN Days < 2 THEN 0
    WHEN 100 * (Zeros + Ones) >= 99 * Readings THEN 3
    WHEN Ups >= 50 AND 50 * Downs <= Ups THEN 1
    WHEN 5 * Zeros >= 4 * Readings THEN 2
    WHEN Turns >= 20 AND 50 * Turns >= Ups + Downs AND Least >= 0 AND Greatest > 340 AND Greatest <= 360 THEN 5
    WHEN 5 * Zeros > Readings AND Least >= 0 THEN 4
    ELSE 0
END;
