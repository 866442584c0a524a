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
    ChannelID INT NOT NULL,
    Day DATE NOT NULL,
    CONSTRAINT PK_AnomalyMarks PRIMARY KEY CLUSTERED (ChannelID, Day)
);
CREATE TABLE iot.AnomalyChannels (
    ChannelID INT NOT NULL,
    FirstDay DATE NOT NULL,
    NewestDay DATE NOT NULL,
    CONSTRAINT PK_AnomalyChannels PRIMARY KEY CLUSTERED (ChannelID)
);
CREATE TABLE iot.AnomalyModels (
    ChannelID INT NOT NULL,
    Day DATE NOT NULL,
    Measure NVARCHAR(10) NOT NULL,
    Item INT NOT NULL,
    Field# FLOAT, -- each field
    CONSTRAINT PK_AnomalyModels PRIMARY KEY CLUSTERED (ChannelID, Day, Measure, Item),
    CONSTRAINT CK_AnomalyModels_Measure CHECK (Measure IN (
            N'LEVEL',
            N'SPREAD',
            N'FAR',
            N'LEAN',
            N'LAST',
            N'KNOWN'
        ))
);
CREATE TABLE iot.AnomalyModelsKept (
    ChannelID INT NOT NULL,
    Day DATE NOT NULL,
    Measure NVARCHAR(10) NOT NULL,
    Item INT NOT NULL,
    Field# FLOAT, -- each field
    CONSTRAINT PK_AnomalyModelsKept PRIMARY KEY CLUSTERED (ChannelID, Day, Measure, Item),
    CONSTRAINT CK_AnomalyModelsKept_Measure CHECK (Measure IN (
            N'LEVEL',
            N'SPREAD',
            N'FAR',
            N'LEAN',
            N'LAST',
            N'KNOWN'
        ))
);
CREATE TABLE iot.AnomalySpells (
    ChannelID INT NOT NULL,
    FieldNumber INT NOT NULL,
    Family NVARCHAR(10) NOT NULL,
    Day DATE NOT NULL,
    StartedAt DATETIME2(6) NOT NULL,
    EndedAt DATETIME2(6) NOT NULL,
    Hits BIGINT NOT NULL,
    HitsAbove BIGINT NOT NULL,
    Beyond BIGINT NOT NULL,
    Score FLOAT NOT NULL,
    PeakAt DATETIME2(6) NOT NULL,
    Value DECIMAL(18, 6),
    Expected FLOAT,
    Spread FLOAT,
    Least FLOAT,
    Greatest FLOAT,
    DaysKnown INT NOT NULL,
    CONSTRAINT CK_AnomalySpells_Family CHECK (Family IN (N'VALUE', N'STUCK', N'SILENCE'))
);
CREATE CLUSTERED INDEX IX_AnomalySpells_ChannelID_Day ON iot.AnomalySpells(ChannelID, Day);
CREATE TABLE iot.AnomalyLabels (
    ChannelID INT NOT NULL,
    FieldNumber INT NOT NULL,
    Family NVARCHAR(10) NOT NULL,
    StartedAt DATETIME2(6) NOT NULL,
    IsReal BIT NOT NULL,
    LabelledBy NVARCHAR(200) NOT NULL,
    LabelledAt DATETIME2(6) NOT NULL,
    CONSTRAINT PK_AnomalyLabels PRIMARY KEY CLUSTERED (ChannelID, FieldNumber, Family, StartedAt)
);
INSERT INTO iot.AnomalyMarks (ChannelID, Day)
SELECT DISTINCT g.ChannelID, CAST(g.PeriodStart AS DATE)
FROM iot.AggregatedData AS g
WHERE g.AggregationType = N'DAILY';
