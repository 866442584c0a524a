-- From sourced(Period, Field1..Field8), where Period is a number: statistics(Period, ...), one row a
-- period. Deviations are taken around the period's minimum, subtracted exactly, so that far-off levels
-- cost no digits.
centred AS (
    SELECT
        s.Period, count(*) AS ReadingCount,
        avg(s.Field1) AS Field1Avg, min(s.Field1) AS Field1Min, max(s.Field1) AS Field1Max,
        count(s.Field1) AS Field1Count,
        avg(s.Field2) AS Field2Avg, min(s.Field2) AS Field2Min, max(s.Field2) AS Field2Max,
        count(s.Field2) AS Field2Count,
        avg(s.Field3) AS Field3Avg, min(s.Field3) AS Field3Min, max(s.Field3) AS Field3Max,
        count(s.Field3) AS Field3Count,
        avg(s.Field4) AS Field4Avg, min(s.Field4) AS Field4Min, max(s.Field4) AS Field4Max,
        count(s.Field4) AS Field4Count,
        avg(s.Field5) AS Field5Avg, min(s.Field5) AS Field5Min, max(s.Field5) AS Field5Max,
        count(s.Field5) AS Field5Count,
        avg(s.Field6) AS Field6Avg, min(s.Field6) AS Field6Min, max(s.Field6) AS Field6Max,
        count(s.Field6) AS Field6Count,
        avg(s.Field7) AS Field7Avg, min(s.Field7) AS Field7Min, max(s.Field7) AS Field7Max,
        count(s.Field7) AS Field7Count,
        avg(s.Field8) AS Field8Avg, min(s.Field8) AS Field8Min, max(s.Field8) AS Field8Max,
        count(s.Field8) AS Field8Count
    FROM sourced AS s
    GROUP BY s.Period
),
spread AS (
    SELECT
        s.Period,
        stddev_samp((s.Field1::DECIMAL(38, 6) - c.Field1Min)::DOUBLE) AS Field1StdDev,
        stddev_samp((s.Field2::DECIMAL(38, 6) - c.Field2Min)::DOUBLE) AS Field2StdDev,
        stddev_samp((s.Field3::DECIMAL(38, 6) - c.Field3Min)::DOUBLE) AS Field3StdDev,
        stddev_samp((s.Field4::DECIMAL(38, 6) - c.Field4Min)::DOUBLE) AS Field4StdDev,
        stddev_samp((s.Field5::DECIMAL(38, 6) - c.Field5Min)::DOUBLE) AS Field5StdDev,
        stddev_samp((s.Field6::DECIMAL(38, 6) - c.Field6Min)::DOUBLE) AS Field6StdDev,
        stddev_samp((s.Field7::DECIMAL(38, 6) - c.Field7Min)::DOUBLE) AS Field7StdDev,
        stddev_samp((s.Field8::DECIMAL(38, 6) - c.Field8Min)::DOUBLE) AS Field8StdDev
    FROM sourced AS s
    JOIN centred AS c ON c.Period = s.Period
    GROUP BY s.Period
),
statistics AS (
    SELECT
        c.Period,
        c.Field1Avg, c.Field1Min, c.Field1Max, d.Field1StdDev, c.Field1Count,
        c.Field2Avg, c.Field2Min, c.Field2Max, d.Field2StdDev, c.Field2Count,
        c.Field3Avg, c.Field3Min, c.Field3Max, d.Field3StdDev, c.Field3Count,
        c.Field4Avg, c.Field4Min, c.Field4Max, d.Field4StdDev, c.Field4Count,
        c.Field5Avg, c.Field5Min, c.Field5Max, d.Field5StdDev, c.Field5Count,
        c.Field6Avg, c.Field6Min, c.Field6Max, d.Field6StdDev, c.Field6Count,
        c.Field7Avg, c.Field7Min, c.Field7Max, d.Field7StdDev, c.Field7Count,
        c.Field8Avg, c.Field8Min, c.Field8Max, d.Field8StdDev, c.Field8Count,
        c.ReadingCount
    FROM centred AS c
    JOIN spread AS d ON d.Period = c.Period
)
