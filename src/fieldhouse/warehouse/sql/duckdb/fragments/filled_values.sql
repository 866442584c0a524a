-- SET: offered values fill and replace ours, r; an offered NULL never erases. What is offered is there.
SET
    Field# = coalesce(o.Field#, r.Field#), -- each field
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
