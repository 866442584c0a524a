-- More is known of a field, so that it is judged by its nature, and more kinds are found; what was found is found anew.
-- AnomalyModels, KNOWN: 11 is the nature (see NatureOf), 13 the longest that a value other than zero ever stayed, 14
-- how many were zero and 15 one, 16 steps of more than 180, 17 to 20 the four greatest of the days' greatest steps, 21
-- and 22 the sums of sines and cosines, 23 the median of the last seven days, 24 that of the 21 before and 25 their
-- spread, 26 and 27 from where to where values were said to be right, 28 and 29 silences, 30 and 31 falls, 32 and 33
-- weeks. AnomalyChannels: RewoundFrom is the newest day judged, where a label has taken models back. AnomalyLabels: Low
-- and High are what an incident reaches from and to, values or, of a time, seconds.
DROP TABLE iot.AnomalySpells;
CREATE TABLE iot.AnomalySpells (
    ChannelID BIGINT NOT NULL,
    FieldNumber INTEGER NOT NULL,
    Family VARCHAR NOT NULL,
    Day DATE NOT NULL,
    StartedAt TIMESTAMP NOT NULL,
    EndedAt TIMESTAMP NOT NULL,
    Hits BIGINT NOT NULL,
    HitsAbove BIGINT NOT NULL,
    Beyond BIGINT NOT NULL,
    Jumps BIGINT NOT NULL,
    Score DOUBLE NOT NULL,
    PeakAt TIMESTAMP NOT NULL,
    Value DECIMAL(18, 6),
    Expected DOUBLE,
    Spread DOUBLE,
    Least DOUBLE,
    Greatest DOUBLE,
    DaysKnown INTEGER NOT NULL,
    CONSTRAINT CK_AnomalySpells_Family CHECK (Family IN ('VALUE', 'STUCK', 'SILENCE', 'FALL', 'DRIFT'))
);
ALTER TABLE iot.AnomalyChannels ADD COLUMN RewoundFrom DATE;
ALTER TABLE iot.AnomalyLabels ADD COLUMN EndedAt TIMESTAMP;
ALTER TABLE iot.AnomalyLabels ADD COLUMN Low DOUBLE;
ALTER TABLE iot.AnomalyLabels ADD COLUMN High DOUBLE;
DELETE FROM iot.AnomalyModels;
DELETE FROM iot.AnomalyModelsKept;
DELETE FROM iot.AnomalyChannels;
INSERT INTO iot.AnomalyMarks (ChannelID, Day)
SELECT DISTINCT g.ChannelID, g.PeriodStart::DATE
FROM iot.AggregatedData AS g
WHERE g.AggregationType = 'DAILY'
ON CONFLICT DO NOTHING;
