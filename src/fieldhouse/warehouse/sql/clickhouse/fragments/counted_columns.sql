-- SELECT: the columns of a reading that counts; of AllReadings, or of those that are not archived.
    r.ReadingID AS ReadingID, r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID,
    r.CreatedAt AS CreatedAt,
    r.Field# AS Field#, -- each field
    r.Latitude AS Latitude, r.Longitude AS Longitude, r.Elevation AS Elevation, r.Status AS Status,
    r.Superseded AS Superseded, r.ImportedAt AS ImportedAt, r.WithdrawnAt AS WithdrawnAt, r.CorrectedAt AS CorrectedAt,
    r.CreatedAt AS OriginalAt
