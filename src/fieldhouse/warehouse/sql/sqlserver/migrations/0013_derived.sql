-- Fields that are made of others. DerivedFields: what each is, of a channel of its own; Formula is the expression with
-- fields by their numbers. DerivedSources: which channels a derived one is made of. DerivedMarks: hours whose derived
-- readings are to be computed anew; IsTaken, once somebody has begun with it.
CREATE TABLE iot.DerivedFields (
    ChannelID INT NOT NULL,
    FieldNumber INT NOT NULL,
    BaseChannelID INT NOT NULL,
    WithinSeconds BIGINT NOT NULL,
    Expression NVARCHAR(MAX) NOT NULL,
    Formula NVARCHAR(MAX) NOT NULL,
    DefinedAt DATETIME2(6) NOT NULL,
    CONSTRAINT PK_DerivedFields PRIMARY KEY CLUSTERED (ChannelID, FieldNumber),
    CONSTRAINT CK_DerivedFields_Field CHECK (FieldNumber BETWEEN 1 AND 8)
);
CREATE TABLE iot.DerivedSources (
    ChannelID INT NOT NULL,
    SourceChannelID INT NOT NULL,
    CONSTRAINT PK_DerivedSources PRIMARY KEY CLUSTERED (ChannelID, SourceChannelID)
);
CREATE TABLE iot.DerivedMarks (
    ChannelID INT NOT NULL,
    Hour DATETIME2(6) NOT NULL,
    IsTaken BIT NOT NULL CONSTRAINT DF_DerivedMarks_IsTaken DEFAULT 0
);
CREATE CLUSTERED INDEX IX_DerivedMarks_ChannelID_Hour ON iot.DerivedMarks(ChannelID, Hour);
