-- The seed's INSERT of one reading.
INSERT INTO seed.SensorReadings (
    ChannelID,
    EntryID,
    CreatedAt,
    Field1,
    Field2,
    Field3,
    Field4,
    Field5,
    Field6,
    Field7,
    Field8,
    Latitude,
    Longitude,
    Elevation,
    Status
)
VALUES (
    @ChannelID,
    @EntryID,
    @CreatedAt,
    @Field1,
    @Field2,
    @Field3,
    @Field4,
    @Field5,
    @Field6,
    @Field7,
    @Field8,
    @Latitude,
    @Longitude,
    @Elevation,
    @Status
);
