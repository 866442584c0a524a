-- ScoreBin: the bin, 0 to 63, of a score: four to a doubling. Rounded before it is cut, since what lies on an edge must
-- not fall to either side by a float's last digit.
CREATE OR REPLACE MACRO iot.ScoreBin(Score) AS
least(63, floor(round(4 * log2(1 + Score), 9)))::INTEGER;
