-- Which label a field had, from when to when; none: the source hid the field, from FromReadingID on.
CREATE OR REPLACE VIEW iot.FieldLabels AS
SELECT
    l.ChannelID AS ChannelID, l.Seen.FieldNumber AS FieldNumber, l.Seen.Label AS Label, l.Seen.SeenFrom AS SeenFrom,
    l.Seen.SeenTo AS SeenTo, l.Seen.FromReadingID AS FromReadingID
FROM (
    SELECT
        r.ChannelID AS ChannelID,
        arrayJoin(JSONExtract(
            r.State,
            'Array(Tuple(
                FieldNumber Int32, Label Nullable(String), SeenFrom DateTime64(6, \'UTC\'),
                SeenTo Nullable(DateTime64(6, \'UTC\')), FromReadingID Int64
            ))'
        )) AS Seen
    FROM iot.Rows AS r FINAL
    WHERE r.Kind = 7 AND NOT r.Deleted
) AS l;
