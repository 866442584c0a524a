-- SELECT: the columns of a reading that counts, of CorrectedReadings.
    c.ReadingID, c.ChannelID, c.Epoch, c.EntryID, c.CreatedAt,
    c.Field#, -- each field
    c.Latitude, c.Longitude, c.Elevation, c.Status, FALSE, c.ImportedAt,
    CAST(NULL, 'Nullable(DateTime64(6, \'UTC\'))'), toNullable(c.CorrectedAt),
    c.OriginalAt
