-- NormalTail: how likely a standard normal variable lies beyond |Z| to one side; Hart's rational approximation, and a
-- continued fraction far out, good to 1e-14 relative to 1.
CREATE OR REPLACE MACRO iot.NormalTail(Z) AS
exp(-Z * Z / 2) * CASE
    WHEN abs(Z) < 7.07106781186547
    THEN
        ((((((0.0352624965998911 * abs(Z) + 0.700383064443688) * abs(Z) + 6.37396220353165) * abs(Z)
        + 33.912866078383) * abs(Z) + 112.079291497871) * abs(Z) + 221.213596169931) * abs(Z) + 220.206867912376)
        / (((((((0.0883883476483184 * abs(Z) + 1.75566716318264) * abs(Z) + 16.064177579207) * abs(Z)
        + 86.7807322029461) * abs(Z) + 296.564248779674) * abs(Z) + 637.333633378831) * abs(Z)
        + 793.826512519948) * abs(Z) + 440.413735824752)
    ELSE
        1 / (2.506628274631 * (abs(Z) + 1 / (abs(Z) + 2 / (abs(Z) + 3 / (abs(Z) + 4 / (abs(Z) + 0.65))))))
END;
