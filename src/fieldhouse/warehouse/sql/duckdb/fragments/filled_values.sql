-- SET: offered values fill and replace ours, r; an offered NULL never erases. What is offered is there.
SET
    Field1 = coalesce(o.Field1, r.Field1),
    Field2 = coalesce(o.Field2, r.Field2),
    Field3 = coalesce(o.Field3, r.Field3),
    Field4 = coalesce(o.Field4, r.Field4),
    Field5 = coalesce(o.Field5, r.Field5),
    Field6 = coalesce(o.Field6, r.Field6),
    Field7 = coalesce(o.Field7, r.Field7),
    Field8 = coalesce(o.Field8, r.Field8),
    Latitude = coalesce(o.Latitude, r.Latitude),
    Longitude = coalesce(o.Longitude, r.Longitude),
    Elevation = coalesce(o.Elevation, r.Elevation),
    Status = coalesce(o.Status, r.Status),
    WithdrawnAt = NULL, Superseded = FALSE
FROM changed AS o
WHERE
    r.ChannelID = o.ChannelID AND r.Epoch = o.Epoch AND r.EntryID = o.EntryID
    AND r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.EntryID BETWEEN $first_entry AND $last_entry
