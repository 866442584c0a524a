-- SET: a channel's metadata as last read.
    ChannelName = excluded.ChannelName, Description = excluded.Description,
    Latitude = excluded.Latitude, Longitude = excluded.Longitude, Elevation = excluded.Elevation,
    Field#Name = excluded.Field#Name, -- each field
    CreatedAt = excluded.CreatedAt, UpdatedAt = excluded.UpdatedAt,
    LastEntryID = excluded.LastEntryID, RefreshedAt = excluded.RefreshedAt
