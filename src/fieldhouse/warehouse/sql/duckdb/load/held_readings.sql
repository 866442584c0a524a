-- Which of the offered readings are held, and whether they bring values that ours lack or differ in, or
-- show that a reading which did not count is there.
SELECT
    o.Ordinal,
    (
        (o.Field1 IS NOT NULL AND o.Field1 IS DISTINCT FROM r.Field1)
        OR (o.Field2 IS NOT NULL AND o.Field2 IS DISTINCT FROM r.Field2)
        OR (o.Field3 IS NOT NULL AND o.Field3 IS DISTINCT FROM r.Field3)
        OR (o.Field4 IS NOT NULL AND o.Field4 IS DISTINCT FROM r.Field4)
        OR (o.Field5 IS NOT NULL AND o.Field5 IS DISTINCT FROM r.Field5)
        OR (o.Field6 IS NOT NULL AND o.Field6 IS DISTINCT FROM r.Field6)
        OR (o.Field7 IS NOT NULL AND o.Field7 IS DISTINCT FROM r.Field7)
        OR (o.Field8 IS NOT NULL AND o.Field8 IS DISTINCT FROM r.Field8)
        OR (o.Latitude IS NOT NULL AND o.Latitude IS DISTINCT FROM r.Latitude)
        OR (o.Longitude IS NOT NULL AND o.Longitude IS DISTINCT FROM r.Longitude)
        OR (o.Elevation IS NOT NULL AND o.Elevation IS DISTINCT FROM r.Elevation)
        OR (o.Status IS NOT NULL AND o.Status IS DISTINCT FROM r.Status)
        OR (o.IsShown AND (r.Superseded OR r.WithdrawnAt IS NOT NULL))
    ) AS IsChanged
FROM offered AS o
JOIN iot.AllReadings AS r
    ON r.ChannelID = o.ChannelID AND r.Epoch = o.Epoch AND r.EntryID = o.EntryID
WHERE
    r.ChannelID BETWEEN $first_channel AND $last_channel
    AND r.EntryID BETWEEN $first_entry AND $last_entry;
