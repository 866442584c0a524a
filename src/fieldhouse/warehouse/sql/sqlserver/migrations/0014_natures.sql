-- More is known of a field, so that it is judged by its nature, and more kinds are found; what was found is found anew.
-- AnomalyModels, KNOWN: 11 is the nature (see usp_ModelDays), 13 the longest that a value other than zero ever stayed,
-- 14 how many were zero and 15 one, 16 steps of more than 180, 17 to 20 the four greatest of the days' greatest steps,
-- 21 and 22 the sums of sines and cosines, 23 the median of the last seven days, 24 that of the 21 before and 25 their
-- spread, 26 and 27 from where to where values were said to be right, 28 and 29 silences, 30 and 31 falls, 32 and 33
-- weeks. AnomalyChannels: RewoundFrom is the newest day judged, where a label has taken models back. AnomalyLabels: Low
-- and High are what an incident reaches from and to, values or, of a time, seconds.
ALTER TABLE iot.AnomalyChannels ADD RewoundFrom DATE;
ALTER TABLE iot.AnomalyLabels ADD EndedAt DATETIME2(6);
ALTER TABLE iot.AnomalyLabels ADD Low FLOAT;
ALTER TABLE iot.AnomalyLabels ADD High FLOAT;
DELETE FROM iot.AnomalySpells;
DELETE FROM iot.AnomalyModels;
DELETE FROM iot.AnomalyModelsKept;
DELETE FROM iot.AnomalyChannels;
ALTER TABLE iot.AnomalySpells ADD Jumps BIGINT NOT NULL;
ALTER TABLE iot.AnomalySpells DROP CONSTRAINT CK_AnomalySpells_Family;
ALTER TABLE iot.AnomalySpells ADD
    CONSTRAINT CK_AnomalySpells_Family CHECK (Family IN (N'VALUE', N'STUCK', N'SILENCE', N'FALL', N'DRIFT'));
INSERT INTO iot.AnomalyMarks (ChannelID, Day)
SELECT DISTINCT g.ChannelID, CAST(g.PeriodStart AS DATE)
FROM iot.AggregatedData AS g
WHERE g.AggregationType = N'DAILY'
    AND NOT EXISTS (
        SELECT 1
        FROM iot.AnomalyMarks AS m
        WHERE m.ChannelID = g.ChannelID AND m.Day = CAST(g.PeriodStart AS DATE)
    );
