-- EXPRESSION: what a field is by all that is known of it: 1 a counter, which rises, and fell back in no more than one
-- step of fifty; 2 sparse, four of five readings are zero; 3 a switch, zero or one; 4 a light, zero for a part of the
-- time and never less; 5 a direction in degrees, which turns past north; 0 none of these.
multiIf(
    Days < 2, 0,
    100 * (Zeros + Ones) >= 99 * Readings, 3,
    Ups >= 50 AND 50 * Downs <= Ups, 1,
    5 * Zeros >= 4 * Readings, 2,
    Turns >= 20 AND 50 * Turns >= Ups + Downs AND Least >= 0 AND Greatest > 340 AND Greatest <= 360, 5,
    5 * Zeros > Readings AND Least >= 0, 4,
    0
)
