-- IsBeyond: a value lies outside of all that was known, Off by so much of its range: by a quarter, or by a twentieth
-- where that is five spreads off its level; a switch (3) by half; by all of it a counter's rise (1), and what is sparse
-- (2), when twenty other than zero are known.
CREATE OR REPLACE MACRO iot.IsBeyond(Nature, Off, Known, Deviation, Others) AS
CASE
    WHEN Off IS NULL OR Known IS NULL THEN FALSE
    WHEN Nature = 1 THEN Off > Known
    WHEN Nature = 2 THEN Off > Known AND Others >= 20
    WHEN Nature = 3 THEN Off > 0.5 * Known
    ELSE Off > 0.25 * Known OR (Off > 0.05 * Known AND coalesce(abs(Deviation) >= 5, FALSE))
END;
