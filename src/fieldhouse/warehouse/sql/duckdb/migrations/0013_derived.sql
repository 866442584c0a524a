-- Fields that are made of others. DerivedFields: what each is, of a channel of its own; Formula is the expression with
-- fields by their numbers. DerivedSources: which channels a derived one is made of. DerivedMarks: hours whose derived
-- readings are to be computed anew; IsTaken, once somebody has begun with it.
CREATE TABLE iot.DerivedFields (
    ChannelID BIGINT NOT NULL,
    FieldNumber INTEGER NOT NULL,
    BaseChannelID BIGINT NOT NULL,
    WithinSeconds BIGINT NOT NULL,
    Expression VARCHAR NOT NULL,
    Formula VARCHAR NOT NULL,
    DefinedAt TIMESTAMP NOT NULL,
    CONSTRAINT PK_DerivedFields PRIMARY KEY (ChannelID, FieldNumber),
    CONSTRAINT CK_DerivedFields_Field CHECK (FieldNumber BETWEEN 1 AND 8)
);
CREATE TABLE iot.DerivedSources (
    ChannelID BIGINT NOT NULL,
    SourceChannelID BIGINT NOT NULL,
    CONSTRAINT PK_DerivedSources PRIMARY KEY (ChannelID, SourceChannelID)
);
CREATE TABLE iot.DerivedMarks (
    ChannelID BIGINT NOT NULL,
    Hour TIMESTAMP NOT NULL,
    IsTaken BOOLEAN NOT NULL DEFAULT FALSE
);
