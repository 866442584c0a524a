-- Readings that their source did not show when asked.
CREATE OR REPLACE VIEW iot.Disputes AS
SELECT
    d.ChannelID AS ChannelID, d.Epoch AS Epoch, d.EntryID AS EntryID, d.CreatedAt AS CreatedAt,
    d.Said.RaisedAt AS RaisedAt, d.Said.State AS State
FROM (
    SELECT
        r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID, r.CreatedAt AS CreatedAt,
        JSONExtract(r.State, 'Tuple(RaisedAt DateTime64(6, \'UTC\'), State String)') AS Said
    FROM iot.Rows AS r FINAL
    WHERE r.Kind = 8 AND NOT r.Deleted
) AS d;
