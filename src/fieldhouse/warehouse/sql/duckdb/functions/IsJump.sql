-- IsJump: a step twice as great as those of all days but three; three times where most are zero (2), when a hundred
-- others are known. Counters (1), switches (3) and directions (5) do not jump.
CREATE OR REPLACE MACRO iot.IsJump(Nature, Step, UsualStep, Others) AS
CASE
    WHEN Nature IN (1, 3, 5) THEN FALSE
    WHEN Nature = 2 THEN Step > 3 * UsualStep AND Others >= 100
    ELSE Step > 2 * UsualStep
END;
