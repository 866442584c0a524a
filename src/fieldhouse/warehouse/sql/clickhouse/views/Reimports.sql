-- Which epochs show again what an older one has, and from when to when: there the older one does not count.
CREATE OR REPLACE VIEW iot.Reimports AS
SELECT
    m.ChannelID AS ChannelID, m.Shown.Epoch AS Epoch, m.Shown.OlderEpoch AS OlderEpoch,
    m.Shown.SpanStart AS SpanStart, m.Shown.SpanEnd AS SpanEnd, m.Shown.OlderReadings AS OlderReadings,
    m.Shown.ShownAgain AS ShownAgain
FROM (
    SELECT
        r.ChannelID AS ChannelID,
        arrayJoin(JSONExtract(
            r.State,
            'Array(Tuple(
                Epoch Int32, OlderEpoch Int32, SpanStart DateTime64(6, \'UTC\'), SpanEnd DateTime64(6, \'UTC\'),
                OlderReadings Int64, ShownAgain Int64
            ))'
        )) AS Shown
    FROM iot.Rows AS r FINAL
    WHERE r.Kind = 9 AND NOT r.Deleted
) AS m;
