-- What is unusual, kept. AnomalyMarks: days to be judged anew. AnomalyChannels: from which day to which each channel
-- has been judged. AnomalyModels: what the newest day of each channel is judged by, made of the days before it, and
-- frozen when that day is first judged; AnomalyModelsKept: that of days before, for what comes late. Field1..Field8
-- hold a measure's item of each field: LEVEL and SPREAD (item: the hour of the day), FAR and LEAN (how many readings
-- so far scored in a bin), LAST (the scores of the last readings before the day, item 1 the newest), KNOWN (0 least, 1
-- greatest, 2 days, 3 readings, 4 steps up, 5 steps down, 6 the longest that one value ever stayed, in seconds, 7
-- silences, 8 last value, 9 its time and 10 since when it is the same, in Unix seconds, 11 whether the field is a
-- counter, 12 the greatest rise). AnomalySpells: hits that follow one another within six hours, as far as they lie in
-- one day; see the view Anomalies.
CREATE TABLE iot.AnomalyMarks (
    ChannelID BIGINT NOT NULL,
    Day DATE NOT NULL,
    CONSTRAINT PK_AnomalyMarks PRIMARY KEY (ChannelID, Day)
);
CREATE TABLE iot.AnomalyChannels (
    ChannelID BIGINT NOT NULL,
    FirstDay DATE NOT NULL,
    NewestDay DATE NOT NULL,
    CONSTRAINT PK_AnomalyChannels PRIMARY KEY (ChannelID)
);
CREATE TABLE iot.AnomalyModels (
    ChannelID BIGINT NOT NULL,
    Day DATE NOT NULL,
    Measure VARCHAR NOT NULL,
    Item INTEGER NOT NULL,
    Field# DOUBLE, -- each field
    CONSTRAINT CK_AnomalyModels_Measure CHECK (Measure IN ('LEVEL', 'SPREAD', 'FAR', 'LEAN', 'LAST', 'KNOWN'))
);
CREATE TABLE iot.AnomalyModelsKept (
    ChannelID BIGINT NOT NULL,
    Day DATE NOT NULL,
    Measure VARCHAR NOT NULL,
    Item INTEGER NOT NULL,
    Field# DOUBLE, -- each field
    CONSTRAINT CK_AnomalyModelsKept_Measure CHECK (Measure IN ('LEVEL', 'SPREAD', 'FAR', 'LEAN', 'LAST', 'KNOWN'))
);
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
    Score DOUBLE NOT NULL,
    PeakAt TIMESTAMP NOT NULL,
    Value DECIMAL(18, 6),
    Expected DOUBLE,
    Spread DOUBLE,
    Least DOUBLE,
    Greatest DOUBLE,
    DaysKnown INTEGER NOT NULL,
    CONSTRAINT CK_AnomalySpells_Family CHECK (Family IN ('VALUE', 'STUCK', 'SILENCE'))
);
CREATE TABLE iot.AnomalyLabels (
    ChannelID BIGINT NOT NULL,
    FieldNumber INTEGER NOT NULL,
    Family VARCHAR NOT NULL,
    StartedAt TIMESTAMP NOT NULL,
    IsReal BOOLEAN NOT NULL,
    LabelledBy VARCHAR NOT NULL,
    LabelledAt TIMESTAMP NOT NULL,
    CONSTRAINT PK_AnomalyLabels PRIMARY KEY (ChannelID, FieldNumber, Family, StartedAt)
);
INSERT INTO iot.AnomalyMarks (ChannelID, Day)
SELECT DISTINCT g.ChannelID, g.PeriodStart::DATE
FROM iot.AggregatedData AS g
WHERE g.AggregationType = 'DAILY';
