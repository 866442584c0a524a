-- SET: a channel's metadata as last read.
    ChannelName = excluded.ChannelName, Description = excluded.Description,
    Latitude = excluded.Latitude, Longitude = excluded.Longitude, Elevation = excluded.Elevation,
    Field1Name = excluded.Field1Name,
    Field2Name = excluded.Field2Name,
    Field3Name = excluded.Field3Name,
    Field4Name = excluded.Field4Name,
    Field5Name = excluded.Field5Name,
    Field6Name = excluded.Field6Name,
    Field7Name = excluded.Field7Name,
    Field8Name = excluded.Field8Name,
    CreatedAt = excluded.CreatedAt, UpdatedAt = excluded.UpdatedAt,
    LastEntryID = excluded.LastEntryID, RefreshedAt = excluded.RefreshedAt
