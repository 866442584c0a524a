-- All readings that are held, the archived ones among them; the columns of SensorReadings, as their source sent them.
CREATE OR REPLACE VIEW iot.AllReadings AS
SELECT
    assumeNotNull(r.ReadingID) AS ReadingID, r.ChannelID AS ChannelID, r.Epoch AS Epoch, r.EntryID AS EntryID,
    r.CreatedAt AS CreatedAt,
    r.Field# AS Field#, -- each field
    r.Latitude AS Latitude, r.Longitude AS Longitude, r.Elevation AS Elevation, r.Status AS Status,
    ifNull(r.Superseded, FALSE) AS Superseded, assumeNotNull(r.ImportedAt) AS ImportedAt,
    nullIf(r.WithdrawnAt, toDateTime64(0, 6, 'UTC')) AS WithdrawnAt,
    nullIf(r.CorrectedAt, toDateTime64(0, 6, 'UTC')) AS CorrectedAt
FROM iot.Rows AS r FINAL
WHERE r.Kind = 1 AND NOT r.Deleted;
