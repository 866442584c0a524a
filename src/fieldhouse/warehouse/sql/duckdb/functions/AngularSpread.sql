-- AngularSpread: how far angles lie about their mean, in degrees, by the sums of their sines and cosines.
CREATE OR REPLACE MACRO iot.AngularSpread(Sines, Cosines, Readings) AS
degrees(sqrt(-2 * ln(greatest(0.001, least(0.9999, sqrt(Sines * Sines + Cosines * Cosines) / Readings)))));
