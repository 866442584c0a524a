-- SET: offered values fill and replace ours, r; an offered NULL never erases. What the source shows is there.
SET
    Field# = coalesce(o.Field#, r.Field#), -- each field
    Latitude = coalesce(o.Latitude, r.Latitude),
    Longitude = coalesce(o.Longitude, r.Longitude),
    Elevation = coalesce(o.Elevation, r.Elevation),
    Status = coalesce(o.Status, r.Status),
    WithdrawnAt = CASE WHEN NOT o.IsShown THEN r.WithdrawnAt END,
    Superseded = r.Superseded AND NOT o.IsShown
FROM changed AS o
WHERE
    r.ChannelID = o.ChannelID AND r.Epoch = o.Epoch AND r.EntryID = o.EntryID
    AND r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.EntryID BETWEEN $first_entry AND $last_entry
